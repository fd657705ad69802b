"""Two hundred jobs that each take five seconds: waiting side by side, and with the SDK's four threads."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from bench.compare import report, timed
from support.cli import Project
from support.emulator import Emulator, running_emulator

JOBS = 200
SECONDS = 5
PARALLEL = 64

PROGRAM = f"""\
from pulumi_videosnap import alibaba

place = {{"location": "oss-cn-hangzhou", "bucket": "frames"}}
for number in range({JOBS}):
    alibaba.SnapshotJob(
        f"job{{number}}", input={{**place, "bucket": "media", "object": "input.mp4"}},
        snapshot_config={{"output_file": {{**place, "object": f"{{number}}.jpg"}}, "time": 2000, "num": 1}},
    )
"""


def waiting_jobs(folder: Path) -> None:
    """`up` with the threads that the engine asks for, beside the four of the SDK's server."""
    wide: list[float] = []
    four: list[float] = []
    for threads, seconds in ((PARALLEL, wide), (4, four)):
        home = folder / f"threads{threads}"
        home.mkdir()
        with running_emulator(home, "--job-seconds", str(SECONDS)) as emulator:
            project = Project(home / "project", PROGRAM, emulator.environment)
            print(f"{JOBS} jobs of {SECONDS} s with {threads} threads …", flush=True)
            with timed(seconds):
                project.up("--parallel", str(PARALLEL), env={"VIDEOSNAP_THREADS": str(threads)}).ok()
            _calls(emulator)
    report(f"`pulumi up --parallel {PARALLEL}` of {JOBS} jobs of {SECONDS} s", wide, "four threads", four)


def _calls(emulator: Emulator) -> None:
    made = Counter(call["action"] for call in emulator.calls())
    print("  " + ", ".join(f"{count} {action}" for action, count in sorted(made.items())), flush=True)
