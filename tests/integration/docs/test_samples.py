"""The output that the pages quote is what the commands print today: the story is run, moments made alike.

After a change of the output: `WRITE_SAMPLES=1 scripts/test tests/integration/docs`, read it, `scripts/docs`.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.cli import Project
from support.emulator import Emulator
from support.jobs import store_of

DATA = Path(__file__).parents[2] / "data"
SAMPLES = Path(__file__).resolve().parents[3] / "docs" / "samples"
APP = "661e000000000000000543cf"

PROGRAM = (DATA / "programs" / "samples.txt").read_text()

ALIKE = (
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{3})?(?=Z| UTC)", "2026-11-21 18:04:05"),
    (r"in \d+\.\d s", "in 0.4 s"),
    (r"\d+ (s|min) before", "5 s before"),
    (r"[0-9a-f]{32}", "34b5ab03d8b24f5591a7be1218b7a376"),
)
"""What differs from run to run, and what stands for it; of the same length, so that lines break alike."""


@pytest.mark.rotating
@pytest.mark.engine
def test_what_the_pages_quote_is_what_is_printed(tmp_path: Path, emulator: Emulator) -> None:
    printed = _outputs(tmp_path, emulator)
    if os.environ.get("WRITE_SAMPLES"):
        for name, text in printed.items():
            (SAMPLES / name).write_text(text)
    assert {file.name for file in SAMPLES.iterdir()} == set(printed)
    for name, text in printed.items():
        assert (SAMPLES / name).read_text() == text, name


def _outputs(folder: Path, emulator: Emulator) -> dict[str, str]:
    """The story's outputs, by the name of their file."""
    emulator.request("PUT", "/jobs/pace", {"queuedSeconds": 0, "runningSeconds": 0})
    project = Project(folder, PROGRAM, emulator.environment)
    project.up().ok()
    outputs = dict(_reviews(project)) | dict(_drift_runs(project, emulator))
    return {name: _alike(text) for name, text in outputs.items()}


def _reviews(project: Project) -> Iterator[tuple[str, str]]:
    change = {"CHANGED": "yes"}
    yield "review.txt", project.videosnap("review", "--no-measure", env=change).ok().output
    yield "review.md", project.videosnap("review", "--no-measure", "--markdown", env=change).ok().output
    yield "review-nothing.txt", project.videosnap("review", "--no-measure").ok().output


def _drift_runs(project: Project, emulator: Emulator) -> Iterator[tuple[str, str]]:
    yield "drift-none.txt", project.videosnap("drift").ok().output
    emulator.change(f"{APP}/lobby/stories.dev.lobby", interval=30)
    emulator.stop(f"{APP}/hall/stories.dev.hall")
    store_of(emulator.environment).delete_object(Bucket="frames", Key="output_00002.jpg")
    yield "drift.txt", project.videosnap("drift").exits(1).output
    yield "drift-refresh.txt", _of_the_engine(project.drift().exits(7).output)
    away = {"VOLCENGINE_RTC_ENDPOINT": "http://127.0.0.1:9"}
    yield "drift-incomplete.txt", project.videosnap("drift", env=away).exits(2).output
    healed = project.videosnap("drift", "--heal", "--yes").ok().output
    yield "drift-healed.txt", healed[healed.index("No drift in") :]


def _of_the_engine(output: str) -> str:
    """What it says of resources, in one order."""
    found = re.findall(r"^ {4}[~+-] .*?(?=^ {4}[~+-] |^Resources:)", output, re.DOTALL | re.MULTILINE)
    return "".join(sorted(found))


def _alike(output: str) -> str:
    for pattern, text in ALIKE:
        output = re.sub(pattern, text, output)
    return output
