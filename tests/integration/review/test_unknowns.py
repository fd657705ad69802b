"""Whatever part of a task a preview hides or does not know yet, the review says something."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration.review.test_risks import JOB, PLACE, SHEETS, TYPE, UNKNOWN, inputs, step
from pulumi_videosnap.cli import main

ROOM: dict[str, Any] = inputs(targetStreams={"streamList": [{"userId": "user0", "index": 0}]})
FILE: dict[str, Any] = {
    "input": {**PLACE, "object": "input.mp4"},
    "owner": "shop.dev.a",
    "onDelete": "delete-frames",
    "waitFor": "finished",
    "snapshotConfig": SHEETS,
    "result": "success",
}
SECRET = "[secret]"
ENDED = {"status": "ended", "state": "Success", "frames": ["a.jpg"], "tileFrames": ["s.jpg"], "count": 1}
OPERATIONS = ("same", "create", "update", "replace", "delete")


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every part of the inputs."""
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in items:
        yield from paths(item, (*path, name))


def put(value: Any, path: tuple[Any, ...], part: Any) -> Any:
    """A copy with another part."""
    if not path:
        return part
    if isinstance(value, list):
        return [put(item, path[1:], part) if at == path[0] else item for at, item in enumerate(value)]
    return {**value, path[0]: put(value[path[0]], path[1:], part)} if isinstance(value, dict) else value


def hidden(base: dict[str, Any], *marks: str) -> st.SearchStrategy[dict[str, Any]]:
    """The inputs with some parts marked."""
    changes = st.lists(st.tuples(st.sampled_from(list(paths(base))), st.sampled_from(marks)), max_size=4)

    def applied(chosen: list[tuple[tuple[Any, ...], str]]) -> dict[str, Any]:
        told: dict[str, Any] = base
        for path, mark in sorted(chosen, key=lambda one: -len(one[0])):
            told = put(told, path, mark)
        return told

    return changes.map(applied)


@pytest.mark.parametrize(("kind", "base"), [(TYPE, ROOM), (JOB, FILE)], ids=["room", "job"])
def test_a_preview_that_hides_parts_is_reviewed(kind: str, base: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "preview.json"

    @given(
        op=st.sampled_from(OPERATIONS),
        old=hidden(base, SECRET),
        new=hidden(base, SECRET, UNKNOWN),
        ended=st.booleans(),
    )
    def reviewed(op: str, old: dict[str, Any], new: dict[str, Any], ended: bool) -> None:
        told = step(op, "a", None if op == "create" else old, None if op == "delete" else new, kind)
        told.get("oldState", {}).get("outputs", {}).update(ENDED if ended else {})
        file.write_text(json.dumps({"steps": [told]}))
        for form in ("--json", "--markdown"):
            said = io.StringIO()
            with redirect_stdout(said):
                assert main(["review", str(file), "--no-measure", form]) == 0
            assert UNKNOWN not in said.getvalue()

    reviewed()
