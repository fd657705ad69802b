"""Every method of the provider's server, as the engine calls it: floats in, floats out."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import provider_pb2

from integration.protocol.fake_rtc import FakeRtc, documented, unknown_task
from integration.protocol.process import KIND, URN, Spoken
from support.plugin import PROVIDER, UNKNOWN, PluginError
from unit.inputs.tasks import ABSENT, STORAGES, complete, edited

ID = "661e543cf/Room1/Task1"


@pytest.fixture(autouse=True)
def documented_behaviour(rtc: FakeRtc) -> Iterator[None]:
    yield
    rtc.behaviour = documented


def struct(values: dict[str, Any]) -> struct_pb2.Struct:
    made = struct_pb2.Struct()
    made.update({**values, "__provider": PROVIDER})
    return made


def task(**changes: Any) -> dict[str, Any]:
    """A complete task of the vendor's only account."""
    return {**{name: value for name, value in complete().items() if name != "profile"}, **changes}


def test_check_completes_the_inputs_and_keeps_the_provider(spoken: Spoken) -> None:
    least = {name: task()[name] for name in ("appId", "roomId", "taskId", "storageConfig")}
    answer = spoken.stub.Check(provider_pb2.CheckRequest(urn=URN, news=struct(least)))
    assert not answer.failures
    inputs = dict(answer.inputs)
    assert inputs["__provider"] == PROVIDER
    assert inputs["maxIdleTime"] == 180.0
    assert inputs["keepRunning"] is False
    assert inputs["imageConfig"]["interval"] == 2.0


def test_check_knows_no_property_by_name_so_that_the_engine_prints_no_value(spoken: Spoken) -> None:
    answer = spoken.stub.Check(provider_pb2.CheckRequest(urn=URN, news=struct(task(maxIdleTime=1.0))))
    assert [failure.property for failure in answer.failures] == [""]


def test_diff_of_the_same_is_nothing(spoken: Spoken) -> None:
    outputs = {**task(), "status": "running", "startTime": "2023-11-14T22:13:20.000Z"}
    assert spoken.plugin.diff(URN, ID, outputs, task()) == []


@pytest.mark.parametrize(
    ("path", "value", "replaces"),
    [
        (("imageConfig", "interval"), 9.0, []),
        (("keepRunning",), False, []),
        (("state",), "ended: StopByAPI", []),
        (("imageConfig", "width"), 640.0, ["imageConfig.width"]),
        (("roomId",), "Room2", ["roomId"]),
        (("roomId",), UNKNOWN, ["roomId"]),
        (("imageConfig", "interval"), UNKNOWN, []),
        (("imageConfig",), UNKNOWN, ["imageConfig.format", "imageConfig.width", "imageConfig.height"]),
        (("businessId",), ABSENT, ["businessId"]),
        (("triggers",), ["v2"], ["triggers"]),
        (("targetStreams", "streamList"), [], ["targetStreams.streamList"]),
        (("targetStreams", "streamList", 1, "userId"), UNKNOWN, ["targetStreams.streamList"]),
    ],
)
def test_diff_names_what_needs_another_task(
    spoken: Spoken, path: tuple[Any, ...], value: Any, replaces: list[str]
) -> None:
    assert spoken.plugin.diff(URN, ID, task(), edited(task(), {path: value})) == replaces


def test_diff_between_storages_names_both_blocks(spoken: Spoken) -> None:
    replaces = spoken.plugin.diff(URN, ID, task(), task(storageConfig=STORAGES["veimagex"]))
    assert "storageConfig.type" in replaces
    assert "storageConfig.tosConfig.bucket" in replaces
    assert "storageConfig.veImageXConfig.serviceId" in replaces


def test_diff_leaves_the_display_to_the_engine_and_deletes_first(spoken: Spoken) -> None:
    request = provider_pb2.DiffRequest(urn=URN, id=ID, olds=struct(task()), news=struct(task(roomId="R2")))
    answer = spoken.stub.Diff(request)
    assert answer.changes == provider_pb2.DiffResponse.DIFF_UNKNOWN
    assert answer.deleteBeforeReplace


STARTED = "2023-11-14T22:13:20.000Z"
START = {"at": STARTED, "event": "start", "interval": 5}


def test_create_starts_the_task(spoken: Spoken, rtc: FakeRtc) -> None:
    rtc.requests.clear()
    id_, outputs = spoken.plugin.create(URN, task())
    assert rtc.actions == ["StartSnapshot", "GetSnapshotTask"]
    assert id_ == ID
    assert outputs == {**task(), "status": "running", "startTime": STARTED, "history": [START]}


def test_create_keeps_the_provider_and_writes_every_number_as_a_float(spoken: Spoken) -> None:
    request = provider_pb2.CreateRequest(urn=URN, properties=struct(task(taskId="floats")))
    properties = spoken.stub.Create(request).properties
    assert properties["__provider"] == PROVIDER
    assert properties.fields["maxIdleTime"].WhichOneof("kind") == "number_value"
    assert properties.fields["keepRunning"].WhichOneof("kind") == "bool_value"


def test_create_sends_whole_numbers(spoken: Spoken, rtc: FakeRtc) -> None:
    rtc.requests.clear()
    spoken.plugin.create(URN, task(taskId="whole"))
    assert b".0" not in rtc.requests[0].body
    assert b'"Interval":5' in rtc.requests[0].body


def test_read_finds_what_was_created(spoken: Spoken, rtc: FakeRtc) -> None:
    id_, outputs = spoken.plugin.create(URN, task())
    rtc.task["ImageConfig"]["Interval"] = 9
    found, properties, inputs = spoken.plugin.read(URN, id_, outputs)
    drifted = edited(task(), {("imageConfig", "interval"): 9})
    assert found == ID
    assert inputs == drifted
    [started, changed] = properties.pop("history")
    assert started == START
    assert (changed["event"], changed["interval"]) == ("interval", 9)
    assert properties == {**drifted, "status": "running", "startTime": STARTED}


def test_read_of_a_young_task_that_is_unknown_says_that_it_is_gone(spoken: Spoken, rtc: FakeRtc) -> None:
    rtc.behaviour = unknown_task
    found, properties, inputs = spoken.plugin.read(
        URN, ID, {**task(), "startTime": "2999-01-01T00:00:00.000Z"}
    )
    assert (found, properties, inputs) == ("", {}, None)


def test_read_of_an_old_task_that_is_unknown_keeps_it_and_says_so(spoken: Spoken, rtc: FakeRtc) -> None:
    rtc.behaviour = unknown_task
    recorded = {**task(), "status": "running", "startTime": "2023-11-14T22:13:20.000Z"}
    before = len(spoken.log.lines)
    assert spoken.plugin.read(URN, ID, recorded) == (ID, recorded, None)
    [line] = spoken.log.lines[before:]
    assert line.urn == URN
    assert not line.ephemeral
    assert line.severity == 2
    assert "cannot be read any more" in line.message


def test_a_get_of_a_task_finds_it(spoken: Spoken, rtc: FakeRtc) -> None:
    spoken.plugin.create(URN, task())
    answer = spoken.stub.Read(provider_pb2.ReadRequest(urn=URN, id=ID, inputs=struct(task())))
    assert answer.id == ID
    assert answer.properties["status"] == "running"


def test_a_get_of_a_task_that_is_not_there_is_an_error(spoken: Spoken, rtc: FakeRtc) -> None:
    rtc.behaviour = unknown_task
    with pytest.raises(grpc.RpcError, match="GetSnapshotTask found no such task"):
        spoken.stub.Read(provider_pb2.ReadRequest(urn=URN, id=ID, inputs=struct(task())))


def test_update_changes_the_interval(spoken: Spoken, rtc: FakeRtc) -> None:
    id_, outputs = spoken.plugin.create(URN, task())
    rtc.requests.clear()
    faster = edited(task(), {("imageConfig", "interval"): 1})
    updated = spoken.plugin.update(URN, id_, outputs, faster)
    assert [(entry["event"], entry["interval"]) for entry in updated.pop("history")] == [
        ("start", 5),
        ("interval", 1),
    ]
    del outputs["history"]
    assert updated == {**outputs, **faster}
    assert rtc.actions == ["UpdateSnapshot", "GetSnapshotTask"]


def test_update_of_a_switch_of_ours_calls_nothing(spoken: Spoken, rtc: FakeRtc) -> None:
    id_, outputs = spoken.plugin.create(URN, task())
    rtc.requests.clear()
    assert spoken.plugin.update(URN, id_, outputs, task(keepRunning=False))["keepRunning"] is False
    assert rtc.actions == []


def test_delete_stops_the_task(spoken: Spoken, rtc: FakeRtc) -> None:
    rtc.requests.clear()
    spoken.plugin.delete(URN, "661e543cf/Room1/of-an-earlier-run", task(taskId="of-an-earlier-run"))
    assert rtc.actions == ["StopSnapshot"]
    assert b'"BusinessId":"B1"' in rtc.requests[0].body


def test_delete_of_a_task_that_has_ended_is_a_success(spoken: Spoken, rtc: FakeRtc) -> None:
    rtc.behaviour = unknown_task
    spoken.plugin.delete(URN, "661e543cf/Room1/ended", task(taskId="ended"))
    assert spoken.log.messages(URN)[-1] == "had ended already"


def test_delete_leaves_a_task_alone_that_this_run_has_taken_over(spoken: Spoken, rtc: FakeRtc) -> None:
    id_, outputs = spoken.plugin.create(f"{KIND}new-name", task(taskId="renamed"))
    rtc.requests.clear()
    spoken.plugin.delete(f"{KIND}old-name", id_, outputs)
    assert rtc.actions == []


@pytest.mark.parametrize("id_", ["", "Task1", "a/b", "a/b/c/d", "a//c"])
def test_an_id_of_another_form_is_refused(spoken: Spoken, id_: str) -> None:
    with pytest.raises(PluginError, match="is not of the form app/room/task"):
        spoken.plugin.delete(URN, id_, task())


def test_four_tasks_are_made_at_once(spoken: Spoken) -> None:
    names = [f"crowd{number}" for number in range(12)]
    with ThreadPoolExecutor(12) as threads:
        made = threads.map(lambda name: spoken.plugin.create(KIND + name, task(taskId=name)), names)
        assert [id_ for id_, _ in made] == [f"661e543cf/Room1/{name}" for name in names]
    for name in names:
        assert spoken.log.messages(KIND + name) == ["starting", "running"]


def test_the_server_tells_its_version_and_takes_a_cancel(spoken: Spoken) -> None:
    assert spoken.stub.GetPluginInfo(empty_pb2.Empty()).version
    assert spoken.stub.Cancel(empty_pb2.Empty()) == empty_pb2.Empty()


def test_inputs_and_outputs_that_go_in_come_back_unharmed(spoken: Spoken) -> None:
    inputs = task(triggers=[1.5, {"deep": [True, "x", {"er": 2}]}, "é"], taskId="unharmed")
    before = copy.deepcopy(inputs)
    checked, refused = spoken.plugin.check(URN, inputs)
    assert refused == []
    assert checked == before
    _, outputs = spoken.plugin.create(URN, checked)
    assert outputs["triggers"] == before["triggers"]
