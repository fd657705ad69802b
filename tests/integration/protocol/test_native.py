"""What only the native front can do, as the engine asks for it."""

import json
import os
import re
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.dynamic.dynamic import serialize_provider
from pulumi.runtime.proto import plugin_pb2, provider_pb2, status_pb2

from integration.protocol.fake_rtc import KEYS, FakeRtc, surroundings, unknown_task
from pulumi_videosnap import alibaba, volcengine
from pulumi_videosnap.alibaba.resource import SnapshotJobProvider
from pulumi_videosnap.kinds import kinds
from pulumi_videosnap.native.package import FILE, schema
from pulumi_videosnap.native.schema import generate
from pulumi_videosnap.volcengine.resource import SnapshotTaskProvider
from support.data import load
from support.emulator import Emulator
from support.jobs import job_inputs
from support.plugin import (
    DYNAMIC_TYPE,
    NATIVE_TYPE,
    UNKNOWN,
    Plugin,
    PluginError,
    request_of,
    running_plugin,
    to_struct,
)
from support.sampling import sample
from unit.inputs.tasks import edited
from unit.inputs.tasks import plain_task as inputs

TASK = "urn:pulumi:dev::stories::videosnap:volcengine:SnapshotTask::lobby"
JOB = "urn:pulumi:dev::stories::my:Site$videosnap:alibaba:SnapshotJob::stills"
ID = "661e543cf/Room1/Task1"
NOT_READ = {
    "task": ["businessId", "keepRunning", "framePrefix", "triggers", "profile"],
    "job": ["format", "subOut.isSptFrag", "blackLevel", "pixelBlackThreshold"],
}


def secret(value: Any) -> dict[str, Any]:
    mark = "1b47061264138c4ac30d75fd1eb44270"
    return {"4dabf18193072939515e22adb298388d": mark, "value": value}


def plain(struct: struct_pb2.Struct) -> dict[str, Any]:
    found: dict[str, Any] = json_format.MessageToDict(struct)
    return found


@pytest.fixture(scope="module")
def front() -> str:
    return "native"


@pytest.fixture(scope="module")
def jobs(shared_emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plugin]:
    """A plugin of jobs, which the emulator runs when its clock is advanced."""
    emulator, home = shared_emulator, tmp_path_factory.mktemp("home")
    emulator.reset()
    emulator.request("PUT", "/jobs/pace", {"queuedSeconds": 10, "runningSeconds": 10})
    with running_plugin(emulator.surroundings(home), front="native") as plugin:
        yield plugin


@pytest.fixture(scope="module")
def dynamic(service: FakeRtc, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plugin]:
    with running_plugin(surroundings(service, tmp_path_factory.mktemp("home"), **KEYS)) as plugin:
        yield plugin


def test_the_schema_is_current_and_holds_no_secret() -> None:
    assert FILE.read_text() == generate(), "run scripts/docs"
    assert set(schema()["resources"]) >= {f"videosnap:{kind.token}" for kind in kinds()}
    for resource in schema()["resources"].values():
        texts = [spec.get("description", "") for spec in resource["inputProperties"].values()]
        assert not any(text.lower().startswith("set by the ") for text in texts)
        assert not re.search("[a-z]_[a-z]", json.dumps(resource)), "names are as state has them"
        assert all(spec.get("description") for spec in resource["properties"].values())
    variables = schema()["config"]["variables"]
    assert {name for name in variables if name.endswith(("Key", "KeyId", "Token", "Secret", "SecretId"))} <= {
        name for name, variable in variables.items() if variable.get("secret")
    }


def test_the_words_of_the_schema_are_constants_of_the_package() -> None:
    """`pulumi import` writes programs that use them."""
    found = {token: one["enum"] for token, one in schema()["types"].items() if "enum" in one}
    assert len(found) > 8
    for token, words in found.items():
        _, cloud, name = token.split(":")
        constants = getattr({"volcengine": volcengine, "alibaba": alibaba}[cloud], name)
        assert [one.value for one in constants] == [word["value"] for word in words]
        assert [one.name.replace("_", "") for one in constants] == [word["name"].upper() for word in words]


def test_a_handshake_and_what_the_engine_asks_of_a_provider(plugin: Plugin) -> None:
    assert plugin.stub.Handshake(provider_pb2.ProviderHandshakeRequest()).accept_secrets
    assert json.loads(plugin.stub.GetSchema(provider_pb2.GetSchemaRequest()).schema)["name"] == "videosnap"
    plugin.stub.Attach(plugin_pb2.PluginAttach(address=plugin.engine))
    answer = plugin.stub.DiffConfig(provider_pb2.DiffRequest())
    assert list(answer.replaces) == []


MISTAKES = {
    "volcengineSecretkey": "did you mean volcengineSecretKey?",
    "volcengine_access_key": "did you mean volcengineAccessKey?",
    "alibabaAccessKeySecrt": "did you mean alibabaAccessKeySecret?",
    "colour": "known fields: alibabaAccessKeyId, ",
}


def test_a_setting_that_is_none_is_refused_and_one_of_the_stack_is_hidden(plugin: Plugin) -> None:
    provider = "urn:pulumi:dev::stories::pulumi:providers:videosnap::"
    right = {"native": "true", "volcengineAccessKey": "AKLT", "volcengineRegion": "cn-north-1"}
    news = {**right, **dict.fromkeys(MISTAKES, "canary")}

    def check(name: str, settings: dict[str, Any]) -> Any:
        return plugin.stub.CheckConfig(request_of("Check", provider + name, news=settings))

    for name in ("default", "default_0_1_0"):
        checked = check(name, news)
        hidden = {key: secret(news[key]) for key in (*MISTAKES, "volcengineAccessKey")}
        assert (plain(checked.inputs), [*checked.failures]) == ({**news, **hidden}, [])
    refused = [one.reason for one in check("own", news).failures]
    assert len(refused) == len(MISTAKES)
    for reason, (name, hint) in zip(sorted(refused), sorted(MISTAKES.items()), strict=True):
        assert reason.startswith(f"{name} is not a setting of this provider; {hint}")
        assert "canary" not in reason
    assert not check("own", right).failures


def test_a_preview_calls_nothing_and_knows_what_the_program_says(plugin: Plugin, rtc: FakeRtc) -> None:
    declared = inputs(roomId=UNKNOWN)
    planned = plain(plugin.ask("Create", TASK, properties=declared, preview=True).properties)
    assert planned.items() >= declared.items()
    recorded = {**inputs(), "status": "running", "startTime": "2023-11-14T22:13:20.000Z"}
    faster = edited(inputs(), {("imageConfig", "interval"): 9})
    updated = plain(plugin.ask("Update", TASK, id=ID, olds=recorded, news=faster, preview=True).properties)
    assert (updated["imageConfig"]["interval"], updated["taskId"]) == (9, "Task1")
    known_later = ("status", "startTime", "history", "endTime", "stopReason")
    assert {found[name] for found in (planned, updated) for name in known_later} == {UNKNOWN}
    assert rtc.requests == []


DIFFS: dict[str, tuple[dict[Any, Any], dict[str, str]]] = {
    "in place": ({("imageConfig", "interval"): 9}, {"imageConfig.interval": "UPDATE"}),
    "added": ({("profile",): "x"}, {"profile": "ADD_REPLACE"}),
    "replaced": ({("imageConfig", "width"): 9}, {"imageConfig.width": "UPDATE_REPLACE"}),
    "in a list": (
        {("targetStreams", "streamList"): [{"userId": "user9", "index": 3, "streamType": "screen"}]},
        {
            "targetStreams.streamList[0].userId": "UPDATE_REPLACE",
            "targetStreams.streamList[1]": "DELETE_REPLACE",
        },
    ),
    "a key with dots": ({("triggers",): [{"a.b": 1}]}, {"triggers[0]": "ADD_REPLACE"}),
    "not known yet": ({("maxIdleTime",): UNKNOWN}, {"maxIdleTime": "UPDATE_REPLACE"}),
    "left out": ({("businessId",): None}, {"businessId": "DELETE_REPLACE"}),
    "nothing": ({}, {}),
}


@pytest.mark.parametrize("case", DIFFS)
def test_a_diff_is_shown_property_by_property(plugin: Plugin, case: str) -> None:
    changes, wanted = DIFFS[case]
    old = inputs(triggers=[])
    recorded = {**old, "status": "running", "__provider": "of the dynamic front"}
    news = {name: value for name, value in edited(old, changes).items() if value is not None}
    answer = plugin.ask("Diff", TASK, id=ID, olds=recorded, old_inputs=old, news=news)
    kinds = provider_pb2.PropertyDiff.Kind
    assert {path: kinds.Name(one.kind) for path, one in answer.detailedDiff.items()} == wanted
    assert all(one.inputDiff for one in answer.detailedDiff.values())
    some, none = provider_pb2.DiffResponse.DIFF_SOME, provider_pb2.DiffResponse.DIFF_NONE
    assert answer.changes == (some if wanted else none)
    assert bool(answer.replaces) == any(kind.endswith("REPLACE") for kind in wanted.values())


def test_secrets_stay_secret_where_they_are_and_no_refusal_repeats_one(plugin: Plugin) -> None:
    keys = {"accessKey": "canary-1", "secretKey": secret("canary-2")}
    custom = {"bucket": "b", **keys, "vendor": "aws", "region": 0}
    declared = inputs(
        storageConfig={"type": "custom", "customConfig": custom},
        businessId=secret("B1"),
        triggers=["plain", secret("canary-3")],
        taskId="hush",
    )
    answer = plugin.ask("Check", TASK, news=declared)
    assert not answer.failures
    created = plugin.ask("Create", TASK, properties=answer.inputs)
    read = plugin.ask("Read", TASK, id=created.id, properties=created.properties)
    for found in map(plain, (answer.inputs, created.properties, read.properties, read.inputs)):
        block = found["storageConfig"]["customConfig"]
        assert (block["accessKey"], block["secretKey"]) == (secret("canary-1"), secret("canary-2"))
        assert found["businessId"] == secret("B1")
        assert found["triggers"] == secret(["plain", "canary-3"])
    for name, value in (("businessId", "canary 1"), ("maxIdleTime", 987654), ("roomId", "canary/2")):
        [refused] = plugin.ask("Check", TASK, news=inputs(**{name: secret(value)})).failures
        assert str(value) not in refused.reason
        assert refused.reason.endswith("not [secret]")


RUNTIMES = {
    "runtime: yaml": False,
    "runtime: {name: nodejs, options: {typescript: true}}": False,
    '{"name": "stories", "runtime": "go"}': False,
    "runtime: python": True,
    "runtime:\n  name: python\n  options: {virtualenv: venv}": True,
    "runtime: [": False,
}
"""Projects' files, and whether their programs write names as Python does."""
SPELLED: list[tuple[list[str], Any, str, str]] = load("rtc/spelled_names.json")
"""A path and its value, and a part of the refusal in Python's names and in others'."""


@pytest.mark.parametrize("project", sample(list(RUNTIMES), 0.5, by=lambda one: RUNTIMES[str(one)]))
def test_a_message_has_the_names_of_the_programs_language(rtc: FakeRtc, tmp_path: Path, project: str) -> None:
    (tmp_path / "Pulumi.yaml").write_text(project)
    (tmp_path / "program").mkdir()
    environment = surroundings(rtc, tmp_path, **KEYS)
    with running_plugin(environment, front="native", folder=tmp_path / "program") as plugin:
        for path, value, pythons, others in SPELLED:
            _, [refusal] = plugin.check(TASK, edited(inputs(), {tuple(path): value}))
            assert (pythons if RUNTIMES[project] else others) in refusal


def _failed(call: Any) -> provider_pb2.ErrorResourceInitFailed:
    """What the engine records of a call that failed although the task exists."""
    with pytest.raises(grpc.RpcError) as raised:
        call()
    status = status_pb2.Status()
    trailer: Any = dict(raised.value.trailing_metadata())  # type: ignore[arg-type]
    status.ParseFromString(trailer["grpc-status-details-bin"])
    assert status.code == raised.value.code().value[0] == 2, "or the engine does not read the details"
    partial = provider_pb2.ErrorResourceInitFailed()
    assert status.details[0].Unpack(partial)
    return partial


def test_a_job_that_is_given_up_is_recorded_and_waited_for_again(
    jobs: Plugin, shared_emulator: Emulator
) -> None:
    declared = to_struct(job_inputs("given-up", triggers=["given up"]))
    create = request_of("Create", JOB, properties=declared, timeout=0.3)
    partial = _failed(lambda: jobs.stub.Create(create))
    [reason] = partial.reasons
    assert "is still Submitted after 0 s; it goes on: run `pulumi up` again" in reason
    assert (plain(partial.inputs), partial.properties["jobId"]) == (plain(declared), partial.id)
    read = request_of("Read", JOB, id=partial.id, properties=partial.properties, inputs=partial.inputs)
    assert _failed(lambda: jobs.stub.Read(read)).id == partial.id, "a refresh does not heal it in silence"
    shared_emulator.advance(60)
    updated = jobs.ask("Update", JOB, id=partial.id, olds=partial.properties, news=declared)
    assert updated.properties["state"] == "Success"


def test_a_job_that_failed_is_recorded_with_its_result_and_replaced(
    jobs: Plugin, shared_emulator: Emulator
) -> None:
    missing = {"location": "oss-cn-hangzhou", "bucket": "media", "object": "none.mp4"}
    declared = {**job_inputs("failed", input=missing, waitFor="submitted", triggers=[]), "result": "success"}
    created = jobs.ask("Create", JOB, properties=declared)
    shared_emulator.advance(60)
    waiting = {**declared, "waitFor": "finished"}
    update = request_of("Update", JOB, id=created.id, olds=created.properties, news=waiting)
    partial = _failed(lambda: jobs.stub.Update(update))
    assert "(InvalidParameter.ResourceNotFound)" in partial.reasons[0]
    answer = jobs.ask("Diff", JOB, id=partial.id, olds=partial.properties, old_inputs=waiting, news=waiting)
    assert list(answer.replaces) == ["result"]
    assert not answer.detailedDiff["result"].inputDiff


def test_cancel_ends_a_wait_at_once(shared_emulator: Emulator, tmp_path: Path) -> None:
    with (
        running_plugin(shared_emulator.surroundings(tmp_path), front="native") as plugin,
        ThreadPoolExecutor() as threads,
    ):
        create = request_of("Create", JOB, properties=job_inputs("cancelled", triggers=["cancelled"]))
        waiting = threads.submit(_failed, lambda: plugin.stub.Create(create))
        deadline = time.monotonic() + 30
        while not any("Submitted" in line for line in plugin.log.messages()) and time.monotonic() < deadline:
            time.sleep(0.05)
        cancelled = time.monotonic()
        plugin.stub.Cancel(empty_pb2.Empty())
        partial = waiting.result(10)
        assert time.monotonic() - cancelled < 1
        assert partial.reasons[0].startswith("cancelled while waiting")
        assert plugin.stub.Cancel(empty_pb2.Empty()) == empty_pb2.Empty()
    shared_emulator.advance(60)


@pytest.mark.parametrize("what", NOT_READ)
def test_an_import_completes_what_it_reads_and_says_what_it_cannot(
    plugin: Plugin, jobs: Plugin, dynamic: Plugin, rtc: FakeRtc, shared_emulator: Emulator, what: str
) -> None:
    if what == "task":
        asked, urn, import_id = plugin, TASK, ID
        plugin.create(TASK, inputs())
        declared = inputs(keepRunning=False, triggers=[])
        added = {"businessId": "B1"}
        del declared["businessId"], declared["framePrefix"]
    else:
        declared = job_inputs("imported", waitFor="submitted", userData="mine")
        id_ = jobs.create(JOB, declared)[0]
        asked, urn, import_id = jobs, JOB, f"oss-cn-hangzhou/{id_}"
        shared_emulator.advance(60)
        declared = {name: value for name, value in declared.items() if name not in ("owner", "waitFor")}
        added = {"profile": "other"}
    found = asked.ask("Read", urn, id=import_id)
    assert found.id == import_id.removeprefix("oss-cn-hangzhou/")
    recorded = plain(found.properties)
    assert {path.removeprefix("snapshotConfig.") for path in recorded["unread"]} >= set(NOT_READ[what])
    checked = asked.ask("Check", urn, olds=found.inputs, news=declared).inputs
    assert plain(checked) == plain(found.inputs), "a program that declares the same has nothing to do"

    later = to_struct({**plain(checked), **added})
    entry = {"urn": urn, "id": found.id}
    answer = asked.ask("Diff", **entry, olds=found.properties, old_inputs=found.inputs, news=later)
    assert ([*answer.detailedDiff], [*answer.replaces]) == ([*added], [])
    refreshed = asked.ask("Read", **entry, properties=found.properties, inputs=found.inputs)
    assert plain(refreshed.properties)["unread"] == recorded["unread"]
    _goes_on_under_the_dynamic_front(dynamic, urn, found, added, what)
    outputs = asked.ask("Update", **entry, olds=found.properties, news=later).properties
    assert "unread" not in outputs
    assert [*asked.ask("Diff", **entry, olds=outputs, old_inputs=later, news=checked).replaces] == [*added]


def _goes_on_under_the_dynamic_front(
    dynamic: Plugin, urn: str, found: Any, added: dict[str, Any], what: str
) -> None:
    """What the native front imported and the dynamic one compares, reads and updates."""
    provider = serialize_provider(SnapshotTaskProvider() if what == "task" else SnapshotJobProvider())
    entry = {"urn": urn.replace(NATIVE_TYPE, DYNAMIC_TYPE), "id": found.id}
    recorded, news = plain(found.properties), {**plain(found.inputs), **added, "__provider": provider}
    diff = dynamic.ask("Diff", **entry, olds=found.properties, old_inputs=found.inputs, news=news)
    assert [*diff.replaces] == []
    if what == "task":
        named = {**recorded, "__provider": provider}
        read = dynamic.ask("Read", **entry, properties=named)
        assert plain(read.properties)["unread"] == recorded["unread"]
        assert "unread" not in dynamic.ask("Update", **entry, olds=named, news=news).properties


def test_an_import_of_nothing_and_of_no_id(plugin: Plugin, jobs: Plugin, rtc: FakeRtc) -> None:
    rtc.behaviour = unknown_task
    empty = provider_pb2.ReadResponse()
    assert plugin.ask("Read", TASK, id=ID) == empty
    assert jobs.ask("Read", JOB, id=f"oss-cn-hangzhou/{'0' * 32}") == empty
    ready = "urn:pulumi:dev::stories::videosnap:frames:FramesReady::ready"
    wrong = {(TASK, "a/b"): "app/room/task", (JOB, "0a"): "location/job", (ready, "x"): "cannot be imported"}
    for (urn, id_), error in wrong.items():
        with pytest.raises(PluginError, match=error):
            jobs.ask("Read", urn, id=id_)
    with pytest.raises(PluginError, match="is not a resource of this provider"):
        jobs.ask("Check", TASK.replace("SnapshotTask", "Nothing"))


def test_lookups_and_lists(plugin: Plugin, jobs: Plugin, rtc: FakeRtc) -> None:
    def invoke(asked: Plugin, name: str, **arguments: Any) -> dict[str, Any]:
        request = provider_pb2.InvokeRequest(tok=f"videosnap:{name}", args=to_struct(arguments))
        return plain(getattr(asked.call("Invoke", request), "return"))

    plugin.create(TASK, inputs())
    names = {"appId": "661e543cf", "roomId": "Room1", "taskId": "Task1"}
    found = invoke(plugin, "volcengine:getSnapshotTask", **names)
    assert found.items() >= {**names, "status": "running", "maxIdleTime": 200}.items()
    assert found["imageConfig"]["interval"] == 5
    location = {"location": "oss-cn-hangzhou"}
    made = (job_inputs(name, waitFor="submitted") for name in ("older", "listed"))
    older, id_ = (jobs.create(f"{JOB}-{one['owner']}", one)[0] for one in made)
    assert invoke(jobs, "alibaba:getSnapshotJob", jobId=id_, **location)["state"] == "Submitted"
    assert invoke(jobs, "alibaba:searchPipelines", **location)["pipelines"][0]["pipelineId"]
    unknown = "x: is not an argument; known fields: "
    for arguments, error in (({}, "appId: is required"), ({**names, "x": 1}, unknown)):
        with pytest.raises(PluginError, match=error):
            invoke(plugin, "volcengine:getSnapshotTask", **arguments)
    with pytest.raises(PluginError, match="is not a function"):
        invoke(plugin, "volcengine:connect")

    token = "videosnap:alibaba:SnapshotJob"
    for limit, ids in ((1, [id_]), (2, [id_, older])):
        request = provider_pb2.ListRequest(token=token, query=to_struct(location), limit=limit)
        assert [one.result.id for one in jobs.stub.List(request)] == [f"oss-cn-hangzhou/{one}" for one in ids]
    with pytest.raises(grpc.RpcError, match="has no list"):
        list(jobs.stub.List(provider_pb2.ListRequest(token="videosnap:volcengine:SnapshotTask")))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_plugin_ends_with_code_0_when_the_engine_says_so(
    rtc: FakeRtc, tmp_path: Path, number: int
) -> None:
    with running_plugin(surroundings(rtc, tmp_path, **KEYS), front="native") as plugin:
        os.kill(plugin.process.pid, number)
        assert plugin.process.wait(10) == 0
    assert plugin.stderr == ""
