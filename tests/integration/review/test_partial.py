"""What a review says of what `--target` or `--exclude` leaves out, and of warnings, with the real engine."""

from __future__ import annotations

import json
from typing import Any

import pytest

from integration.review.conftest import Stack
from pulumi_videosnap.cli import main as videosnap
from support.sampling import sample

NAMES = "abc"
WARNING = "is below 10 seconds"


def program(**idle: int) -> dict[str, Any]:
    """A room for each name, of which some have another `max_idle_time`."""
    storage = {"tos_config": {"account_id": "1", "bucket": "frames"}}
    return {
        name: {
            "kind": "room",
            "options": {},
            "inputs": {
                "app_id": "partial",
                "room_id": name,
                "storage_config": storage,
                "max_idle_time": idle.get(name, 180),
            },
        }
        for name in NAMES
    }


CASES = [  # the program, options of the preview, what is left out, what has a warning
    ({"b": 5}, ["--target", "**::b"], "ac", "b"),
    ({"a": 5, "c": 9}, ["--exclude", "**::a"], "a", "c"),
    ({"a": 5}, ["--target", "**::b", "--refresh"], "ac", ""),
    ({"a": 5, "b": 5}, [], "", "ab"),
    ({}, ["--refresh"], "", ""),
]


@pytest.mark.rotating
def test_a_review_of_a_targeted_preview_says_so_in_every_format(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    file = stack.preview(program(b=5), "--show-sames", "--target", "**::b")
    assert reviewed(file, capsys) == ("ac", "b", 1), "before anything is created"
    stack.up(program()).ok()
    for idle, options, left_out, warned in sample(CASES, 0.4):
        file = stack.preview(program(**idle), "--show-sames", *options)
        assert reviewed(file, capsys) == (left_out, warned, len(NAMES) - len(left_out)), options
        texts = [file.with_suffix(".html")]
        videosnap(["review", str(file), "--no-measure", "--html", str(texts[0])])
        text, page = capsys.readouterr().out, texts[0].read_text()
        videosnap(["review", str(file), "--no-measure", "--markdown"])
        for form in (text, page, capsys.readouterr().out):
            assert ("partial, " in form) == ("leaves out" in form) == bool(left_out)
            assert (WARNING in " ".join(form.split())) == bool(warned)
    less = {name: task for name, task in program().items() if name != "a"}
    file = stack.preview(less, "--show-sames", "--target", "**::b")
    assert reviewed(file, capsys)[0] == "ac", "also what the program no longer declares"


def reviewed(file: Any, capsys: pytest.CaptureFixture[str]) -> tuple[str, str, int]:
    """The names that are left out, those that have a warning, and how many tasks the preview is about."""
    videosnap(["review", str(file), "--no-measure", "--json"])
    review = json.loads(capsys.readouterr().out)
    assert all(WARNING in one["text"] for one in review["warnings"])
    about = len(review["tasks"]) + review["unchanged"]
    return "".join(review["leftOut"]), "".join(one["task"] for one in review["warnings"]), about
