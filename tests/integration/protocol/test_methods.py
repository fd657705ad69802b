"""Every method of the provider's server, as the engine calls it: floats in, floats out."""

from __future__ import annotations

import copy
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2

from integration.protocol.fake_rtc import KIND, URN, FakeRtc, unknown_task
from support.data import load
from support.plugin import PROVIDER, Plugin, PluginError
from unit.inputs.tasks import ABSENT, STORAGES, complete, edited

ID = "661e543cf/Room1/Task1"
STARTED = "2023-11-14T22:13:20.000Z"
START = {"at": STARTED, "event": "start", "interval": 5}


def task(**changes: Any) -> dict[str, Any]:
    """A complete task of the vendor's only account."""
    return {**{name: value for name, value in complete().items() if name != "profile"}, **changes}


def test_check_completes_the_inputs_and_names_no_property(plugin: Plugin) -> None:
    least = {name: task()[name] for name in ("appId", "roomId", "taskId", "storageConfig")}
    answer = plugin.stub.Check(provider_pb2.CheckRequest(urn=URN, news=plugin.with_provider(least)))
    assert not answer.failures
    inputs = dict(answer.inputs)
    assert plugin.native or inputs["__provider"] == PROVIDER
    assert (inputs["maxIdleTime"], inputs["keepRunning"]) == (180.0, False)
    assert inputs["imageConfig"]["interval"] == 2.0
    wrong = plugin.with_provider(task(maxIdleTime=0.0))
    answer = plugin.stub.Check(provider_pb2.CheckRequest(urn=URN, news=wrong))
    # So that the engine prints no value.
    assert [failure.property for failure in answer.failures] == [""]


@pytest.mark.parametrize("row", load("inputs/task_diffs.json"), ids=lambda row: str(row["at"]))
def test_diff_names_what_needs_another_task(plugin: Plugin, row: dict[str, Any]) -> None:
    changed = edited(task(), {tuple(row["at"]): row.get("value", ABSENT)})
    assert plugin.diff(URN, ID, task(), changed) == row["replaces"]


def test_diff_as_a_whole(plugin: Plugin) -> None:
    outputs = {**task(), "status": "running", "startTime": STARTED}
    assert plugin.diff(URN, ID, outputs, task()) == []
    replaces = plugin.diff(URN, ID, task(), task(storageConfig=STORAGES["veimagex"]))
    fields = ("type", "tosConfig.bucket", "veImageXConfig.serviceId")
    assert {f"storageConfig.{field}" for field in fields} <= set(replaces), "both blocks are named"
    olds, news = plugin.with_provider(task()), plugin.with_provider(task(roomId="R2"))
    answer = plugin.stub.Diff(provider_pb2.DiffRequest(urn=URN, id=ID, olds=olds, news=news))
    some, unknown = provider_pb2.DiffResponse.DIFF_SOME, provider_pb2.DiffResponse.DIFF_UNKNOWN
    assert answer.changes == (some if plugin.native else unknown), "or else the engine finds the difference"
    assert answer.deleteBeforeReplace


def test_create_starts_the_task_with_whole_numbers_and_records_floats(plugin: Plugin, rtc: FakeRtc) -> None:
    id_, outputs = plugin.create(URN, task())
    assert rtc.actions == ["StartSnapshot", "GetSnapshotTask"]
    assert id_ == ID
    assert outputs == {**task(), "status": "running", "startTime": STARTED, "history": [START]}
    assert b".0" not in rtc.requests[0].body
    assert b'"Interval":5' in rtc.requests[0].body
    properties = plugin.with_provider(task(taskId="floats"))
    properties = plugin.stub.Create(provider_pb2.CreateRequest(urn=URN, properties=properties)).properties
    assert plugin.native or properties["__provider"] == PROVIDER
    assert properties.fields["maxIdleTime"].WhichOneof("kind") == "number_value"
    assert properties.fields["keepRunning"].WhichOneof("kind") == "bool_value"


def test_read_finds_what_was_created(plugin: Plugin, rtc: FakeRtc) -> None:
    id_, outputs = plugin.create(URN, task())
    rtc.task["ImageConfig"]["Interval"] = 9
    found, properties, inputs = plugin.read(URN, id_, outputs)
    drifted = edited(task(), {("imageConfig", "interval"): 9})
    assert found == ID
    assert inputs == drifted
    [started, changed] = properties.pop("history")
    assert started == START
    assert (changed["event"], changed["interval"]) == ("interval", 9)
    assert properties == {**drifted, "status": "running", "startTime": STARTED}


def test_read_of_an_unknown_task(plugin: Plugin, rtc: FakeRtc) -> None:
    rtc.behaviour = unknown_task
    young = {**task(), "startTime": "2999-01-01T00:00:00.000Z"}
    assert plugin.read(URN, ID, young) == ("", {}, None), "gone"
    recorded = {**task(), "status": "running", "startTime": STARTED}
    before = len(plugin.log.lines)
    assert plugin.read(URN, ID, recorded) == (ID, recorded, None), "too old to be read: kept"
    [line] = plugin.log.lines[before:]
    assert (line.urn, line.ephemeral, line.severity) == (URN, False, 2)
    assert "cannot be read any more" in line.message


def test_a_get_of_a_task_finds_it_or_is_an_error(plugin: Plugin, rtc: FakeRtc) -> None:
    plugin.create(URN, task())
    request = provider_pb2.ReadRequest(urn=URN, id=ID, inputs=plugin.with_provider(task()))
    answer = plugin.stub.Read(request)
    assert (answer.id, answer.properties["status"]) == (ID, "running")
    rtc.behaviour = unknown_task
    with pytest.raises(grpc.RpcError, match="GetSnapshotTask found no such task"):
        plugin.stub.Read(request)


def test_update_changes_the_interval_and_calls_nothing_for_a_switch_of_ours(
    plugin: Plugin, rtc: FakeRtc
) -> None:
    id_, outputs = plugin.create(URN, task())
    rtc.requests.clear()
    assert plugin.update(URN, id_, outputs, task(keepRunning=False))["keepRunning"] is False
    assert rtc.actions == []
    faster = edited(task(), {("imageConfig", "interval"): 1})
    updated = plugin.update(URN, id_, outputs, faster)
    history = [(entry["event"], entry["interval"]) for entry in updated.pop("history")]
    assert history == [("start", 5), ("interval", 1)]
    del outputs["history"]
    assert updated == {**outputs, **faster}
    assert rtc.actions == ["UpdateSnapshot", "GetSnapshotTask"]


def test_delete(plugin: Plugin, rtc: FakeRtc) -> None:
    plugin.delete(URN, "661e543cf/Room1/of-an-earlier-run", task(taskId="of-an-earlier-run"))
    assert rtc.actions == ["StopSnapshot"]
    assert b'"BusinessId":"B1"' in rtc.requests[0].body
    id_, outputs = plugin.create(f"{KIND}new-name", task(taskId="renamed"))
    rtc.requests.clear()
    plugin.delete(f"{KIND}old-name", id_, outputs)
    assert rtc.actions == [], "a task that this run has taken over is left alone"
    rtc.behaviour = unknown_task
    plugin.delete(URN, "661e543cf/Room1/ended", task(taskId="ended"))
    assert plugin.log.messages(URN)[-1] == "had ended already"
    for invalid in ("", "Task1", "a/b", "a/b/c/d", "a//c"):
        with pytest.raises(PluginError, match="is not of the form app/room/task"):
            plugin.delete(URN, invalid, task())


def test_four_tasks_are_made_at_once(plugin: Plugin) -> None:
    names = [f"crowd{number}" for number in range(12)]
    with ThreadPoolExecutor(12) as threads:
        made = threads.map(lambda name: plugin.create(KIND + name, task(taskId=name)), names)
        assert [id_ for id_, _ in made] == [f"661e543cf/Room1/{name}" for name in names]
    for name in names:
        assert plugin.log.messages(KIND + name) == ["starting", "running"]


def test_the_server_tells_its_version_and_takes_a_cancel(plugin: Plugin) -> None:
    assert plugin.stub.GetPluginInfo(empty_pb2.Empty()).version
    assert plugin.stub.Cancel(empty_pb2.Empty()) == empty_pb2.Empty()


def test_inputs_and_outputs_that_go_in_come_back_unharmed(plugin: Plugin) -> None:
    inputs = task(triggers=[1.5, {"deep": [True, "x", {"er": 2}]}, "é"], taskId="unharmed")
    before = copy.deepcopy(inputs)
    checked, refused = plugin.check(URN, inputs)
    assert refused == []
    assert checked == before
    _, outputs = plugin.create(URN, checked)
    assert outputs["triggers"] == before["triggers"]
