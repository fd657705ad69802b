"""State that released versions wrote, and how that of a new one is recorded: `scripts/baseline VERSION`."""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from support.cli import Project
from support.data import read
from support.emulator import Emulator, running_emulator

FOLDER = Path(__file__).parents[1] / "data" / "baselines"
THIRD_PARTY = {"FRAMES_KEY": "AKIADUMMY", "FRAMES_SECRET": "dummy-secret"}
PROGRAM = "programs/baseline.txt"
"""What a new baseline declares: every kind of resource, of storage, of secret and of job."""


def project_of(folder: Path, emulator: Emulator, program: str) -> Project:
    """A project with the program of a baseline."""
    return Project(folder, read(program), {**emulator.environment, **THIRD_PARTY})


def make_world(project: Project, emulator: Emulator) -> None:
    """Two runs of the program: state has histories, frames and finished jobs then."""
    emulator.request("PUT", "/jobs/pace", {"queuedSeconds": 0, "runningSeconds": 0})
    project.up(env={"STEP": "1"}).ok()
    emulator.advance(30)
    project.up().ok()


def record(target: Path, folder: Path, emulator: Emulator) -> dict[str, Any]:
    """Write the program and the state that the present code makes of it; returns the state."""
    project = project_of(folder, emulator, PROGRAM)
    make_world(project, emulator)
    target.mkdir(parents=True)
    (target / "program.py").write_text(read(PROGRAM))
    state = project.export()
    (target / "stack.json").write_text(json.dumps(state, indent=1, sort_keys=True) + "\n")
    project.destroy().ok()
    return state


def main() -> None:
    """Record a baseline of the version that the command line names."""
    if len(sys.argv) != 2 or not sys.argv[1] or "/" in sys.argv[1]:
        sys.exit("usage: scripts/baseline VERSION")
    target = FOLDER / sys.argv[1]
    if target.exists():
        sys.exit(f"{target} exists: a baseline is never written again")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with running_emulator(folder, "--pace", "manual") as emulator:
            record(target, folder / "project", emulator)
    print(f"wrote {target}: commit it with the release")


if __name__ == "__main__":
    main()
