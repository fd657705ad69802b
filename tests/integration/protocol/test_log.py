"""What the engine's log gets: progress on the resource's own row, and nothing that could get in the way."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pulumi.runtime.proto import engine_pb2

from integration.protocol.fake_rtc import FakeRtc, conflicting, documented, unknown_task
from integration.protocol.process import KEYS, KIND, Spoken, spoken_plugin, surroundings
from unit.inputs.tasks import complete

TASK = {name: value for name, value in complete().items() if name not in ("state", "profile")}


@pytest.fixture(autouse=True)
def documented_behaviour(rtc: FakeRtc) -> Iterator[None]:
    yield
    rtc.behaviour = documented


def create(spoken: Spoken, name: str) -> tuple[str, dict[str, Any]]:
    return spoken.plugin.create(KIND + name, {**TASK, "taskId": name})


def test_progress_is_shown_on_the_resources_row_and_gone_at_the_end(spoken: Spoken) -> None:
    create(spoken, "shown")
    lines = [line for line in spoken.log.lines if line.urn == f"{KIND}shown"]
    assert [line.message for line in lines] == ["starting", "running"]
    assert all(line.ephemeral and line.severity == engine_pb2.INFO for line in lines)


def test_a_name_with_colons_is_still_its_own_row(spoken: Spoken) -> None:
    spoken.plugin.create(f"{KIND}a::b$c", {**TASK, "taskId": "colons"})
    assert spoken.log.messages(f"{KIND}a::b$c") == ["starting", "running"]


def test_nothing_is_said_of_what_takes_no_time(spoken: Spoken) -> None:
    before = len(spoken.log.lines)
    urn = f"{KIND}silent"
    spoken.plugin.check(urn, {**TASK, "taskId": "silent"})
    spoken.plugin.diff(urn, "661e543cf/Room1/silent", TASK, TASK)
    spoken.plugin.read(urn, "661e543cf/Room1/silent", TASK)
    assert spoken.log.lines[before:] == []


def test_every_line_names_a_resource(spoken: Spoken, rtc: FakeRtc) -> None:
    id_, outputs = create(spoken, "named")
    rtc.behaviour = unknown_task
    spoken.plugin.delete(f"{KIND}another", "661e543cf/Room1/another", TASK)
    spoken.plugin.delete(f"{KIND}old-name", id_, outputs)
    rtc.behaviour = conflicting
    with pytest.raises(Exception, match="exists with other settings"):
        create(spoken, "conflict")
    assert all(line.urn.startswith(KIND) for line in spoken.log.lines)
    assert spoken.log.messages(f"{KIND}another") == ["had ended already"]
    assert spoken.log.messages(f"{KIND}old-name")[-1].startswith("left running: ")


def _dead_address() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{free.getsockname()[1]}"


@pytest.mark.parametrize("address", ["dead", None, "no address", "127.0.0.1:99999", "-"])
def test_an_engine_that_cannot_be_told_is_no_failure(
    rtc: FakeRtc, tmp_path: Path, address: str | None
) -> None:
    address = _dead_address() if address == "dead" else address
    with spoken_plugin(surroundings(rtc, tmp_path, **KEYS), address=address) as spoken:
        id_, outputs = create(spoken, "unheard")
        assert spoken.plugin.read(f"{KIND}unheard", id_, outputs)[0] == id_
        rtc.behaviour = unknown_task
        spoken.plugin.read(f"{KIND}unheard", id_, outputs)
    assert outputs["status"] == "running"
    assert (spoken.stdout, spoken.stderr) == ("", "")
