"""What a user reads of a failed call: one line that says what was wrong and what to do, and no traceback."""

import re
from pathlib import Path
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2, status_pb2

from integration.protocol import fake_rtc
from integration.protocol.fake_rtc import BAD_BEHAVIOURS, KEYS, URN, Behaviour, FakeRtc, surroundings
from support.data import load
from support.fake_server import Request, Response
from support.plugin import Plugin, PluginError, request_of, running_plugin
from unit.inputs.tasks import complete

CALL_BUDGET = fake_rtc.HASTE
hung_up = BAD_BEHAVIOURS["hung up"]
TASK = {name: value for name, value in complete().items() if name not in ("state", "profile")}
ID = "661e543cf/Room1/Task1"
FASTER = {**TASK, "imageConfig": {**TASK["imageConfig"], "interval": 1}}
RECORDED = {**TASK, "status": "running", "startTime": "2023-11-14T22:13:20.000Z"}

CALLS: dict[str, Any] = {
    "create": lambda plugin: plugin.create(URN, TASK),
    "read": lambda plugin: plugin.read(URN, ID, RECORDED),
    "update": lambda plugin: plugin.update(URN, ID, RECORDED, FASTER),
    "delete": lambda plugin: plugin.delete(URN, ID, RECORDED),
}


def failure(plugin: Plugin, call: Any = "create") -> str:
    """The sentence that a call fails with, of these names or of the test's own."""
    with pytest.raises(PluginError) as raised:
        CALLS.get(call, call)(plugin)
    return str(raised.value)


def assert_one_line(error: str) -> None:
    assert error.startswith("videosnap: ")
    assert "\n" not in error
    assert "Traceback" not in error
    assert ".py" not in error
    assert not re.search(r"\bline \d+", error)
    assert len(error) < 1000


WAYS_OUT = load("rtc/ways_out.json")


@pytest.mark.parametrize("behaviour", [m for m in BAD_BEHAVIOURS if m != "conflicting"])
@pytest.mark.parametrize("call", CALLS)
def test_a_failure_is_one_line_with_a_way_out(
    plugin: Plugin, rtc: FakeRtc, call: str, behaviour: str
) -> None:
    rtc.behaviour = BAD_BEHAVIOURS[behaviour]
    error = failure(plugin, call)
    assert_one_line(error)
    assert re.match(r"videosnap: (Start|Get|Update|Stop)Snapshot(Task)? (was|got|failed)", error)
    assert call != "create" or WAYS_OUT.get(behaviour, "") in error


LOST: dict[str, tuple[Behaviour, Behaviour, str]] = {
    "acted, and readable": (hung_up, fake_rtc.documented, "adopted"),
    "acted, and not readable": (hung_up, hung_up, "recorded"),
    "acted, and a fault of the read": (hung_up, BAD_BEHAVIOURS["fault"], "recorded"),
    "acted, and not there": (hung_up, fake_rtc.unknown_task, "recorded"),
    "a gateway's page": (BAD_BEHAVIOURS["gateway's page"], hung_up, "recorded"),
    "a fault": (BAD_BEHAVIOURS["fault"], hung_up, "recorded"),
    "refused": (BAD_BEHAVIOURS["refused"], hung_up, "failed"),
    "throttled": (BAD_BEHAVIOURS["throttled"], hung_up, "failed"),
}
"""How the service answers StartSnapshot and GetSnapshotTask, and what becomes of the create."""


@pytest.mark.parametrize("name", LOST)
def test_a_start_whose_answer_is_lost_is_adopted_or_recorded(plugin: Plugin, rtc: FakeRtc, name: str) -> None:
    start, read, outcome = LOST[name]

    def respond(rtc: FakeRtc, request: Request) -> Response:
        is_start = fake_rtc.action_of(request) == "StartSnapshot"
        if is_start:
            fake_rtc.documented(rtc, request)
        return (start if is_start else read)(rtc, request)

    rtc.behaviour = respond
    request = request_of("Create", URN, properties=plugin.with_provider(TASK))
    if outcome == "adopted":
        assert plugin.stub.Create(request, timeout=60).id == ID
        assert any("is adopted" in message for message in plugin.log.messages(URN))
        return
    with pytest.raises(grpc.RpcError) as raised:
        plugin.stub.Create(request, timeout=60)
    metadata: Any = raised.value.trailing_metadata() or ()
    details = dict(metadata).get("grpc-status-details-bin", b"")
    status, failed = status_pb2.Status.FromString(details), provider_pb2.ErrorResourceInitFailed()
    assert [one.Unpack(failed) for one in status.details] == [True] * (outcome == "recorded")
    if outcome == "recorded":
        assert (failed.id, failed.properties["status"]) == (ID, "not confirmed")
        assert {"appId", *([] if plugin.native else ["__provider"])} <= set(failed.properties)
        assert list(failed.reasons) == [status.message]
        assert f"{ID} may be running nevertheless and is recorded" in status.message


def test_a_plugin_ends_with_its_engine(rtc: FakeRtc, tmp_path: Path) -> None:
    with running_plugin(surroundings(rtc, tmp_path, **KEYS)) as plugin:
        plugin.create(URN, TASK)
        plugin.end_engine()
        assert plugin.process.wait(20) == 1


def test_a_conflict_lists_the_differences_and_the_ways_out(plugin: Plugin, rtc: FakeRtc) -> None:
    rtc.behaviour = fake_rtc.conflicting
    error = failure(plugin)
    assert_one_line(error)
    assert "max_idle_time: running with 11, declared 200" in error
    assert "image_config.width: running with 1, declared 800" in error
    assert "give this one another task_id" in error
    assert "interval" not in error


def test_a_mistake_of_ours_is_one_line_without_a_value(plugin: Plugin, rtc: FakeRtc) -> None:
    never_checked = failure(plugin, lambda plugin: plugin.create(URN, {"roomId": "canary"}))
    rtc.behaviour = fake_rtc.unknown_task
    recorded = {**TASK, "startTime": "canary"}
    never_written = failure(plugin, lambda plugin: plugin.read(URN, ID, recorded))
    for error in (never_checked, never_written):
        assert_one_line(error)
        assert "unexpected" in error
        assert "VIDEOSNAP_DEBUG=1" in error
        assert "canary" not in error


@pytest.mark.parametrize(("debug", "shown"), [("1", True), ("yes", True), ("0", False), ("", False)])
def test_a_traceback_is_shown_on_demand(
    rtc: FakeRtc, tmp_path: Path, front: str, debug: str, shown: bool
) -> None:
    rtc.behaviour = BAD_BEHAVIOURS["refused"]
    with running_plugin(surroundings(rtc, tmp_path, **KEYS, VIDEOSNAP_DEBUG=debug), front=front) as plugin:
        error = failure(plugin)
    assert error.startswith("Traceback (most recent call last):") is shown
    assert ("lifecycle.py" in error) is shown
    assert "the signature does not match" in error.splitlines()[-1]
    if not shown:
        assert_one_line(error)


def test_missing_credentials_say_where_was_looked(rtc: FakeRtc, tmp_path: Path, front: str) -> None:
    with running_plugin(surroundings(rtc, tmp_path), front=front) as plugin:
        error = failure(plugin)
        assert plugin.check(URN, TASK) == (({**TASK, "state": "running"}), [])
        assert plugin.diff(URN, ID, RECORDED, TASK) == []
    assert_one_line(error)
    assert "set VOLCENGINE_ACCESS_KEY and VOLCENGINE_SECRET_KEY" in error
    assert "videosnap:volcengineAccessKey" in error
