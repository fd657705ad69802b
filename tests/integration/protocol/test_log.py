"""What the engine's log gets: progress on the resource's own row, and nothing that could get in the way."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest
from pulumi.runtime.proto import engine_pb2

from integration.protocol.fake_rtc import KEYS, KIND, FakeRtc, conflicting, surroundings, unknown_task
from support.plugin import Plugin, PluginError, running_plugin
from support.sampling import sample
from unit.inputs.tasks import complete

TASK = {name: value for name, value in complete().items() if name not in ("state", "profile")}


def create(plugin: Plugin, name: str) -> tuple[str, dict[str, Any]]:
    return plugin.create(KIND + name, {**TASK, "taskId": name})


def test_progress_is_shown_on_the_resources_row_and_gone_at_the_end(plugin: Plugin) -> None:
    create(plugin, "shown")
    plugin.create(f"{KIND}a::b$c", {**TASK, "taskId": "colons"})
    for urn in (f"{KIND}shown", f"{KIND}a::b$c"):
        lines = [line for line in plugin.log.lines if line.urn == urn]
        assert [line.message for line in lines] == ["starting", "running"]
        assert all(line.ephemeral and line.severity == engine_pb2.INFO for line in lines)


def test_nothing_is_said_of_what_takes_no_time(plugin: Plugin) -> None:
    before, urn, id_ = len(plugin.log.lines), f"{KIND}silent", "661e543cf/Room1/silent"
    plugin.check(urn, {**TASK, "taskId": "silent"})
    plugin.diff(urn, id_, TASK, TASK)
    plugin.read(urn, id_, TASK)
    assert plugin.log.lines[before:] == []


def test_every_line_names_a_resource(plugin: Plugin, rtc: FakeRtc) -> None:
    id_, outputs = create(plugin, "named")
    rtc.behaviour = unknown_task
    plugin.delete(f"{KIND}another", "661e543cf/Room1/another", TASK)
    plugin.delete(f"{KIND}old-name", id_, outputs)
    rtc.behaviour = conflicting
    with pytest.raises(PluginError, match="exists with other settings"):
        create(plugin, "conflict")
    assert all(line.urn.startswith(KIND) for line in plugin.log.lines)
    assert plugin.log.messages(f"{KIND}another") == ["had ended already"]
    assert plugin.log.messages(f"{KIND}old-name")[-1].startswith("left running: ")


def _dead_address() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{free.getsockname()[1]}"


@pytest.mark.parametrize("address", sample(["dead", None, "no address", "127.0.0.1:99999", "-"], 0.4))
def test_an_engine_that_cannot_be_told_is_no_failure(
    rtc: FakeRtc, tmp_path: Path, front: str, address: str | None
) -> None:
    address = _dead_address() if address == "dead" else address
    with running_plugin(surroundings(rtc, tmp_path, **KEYS), address=address, front=front) as plugin:
        id_, outputs = create(plugin, "unheard")
        assert plugin.read(f"{KIND}unheard", id_, outputs)[0] == id_
        rtc.behaviour = unknown_task
        plugin.read(f"{KIND}unheard", id_, outputs)
    assert outputs["status"] == "running"
    assert (plugin.stdout, plugin.stderr) == ("", "")
