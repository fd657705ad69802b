"""The six methods over gRPC with what the engine sends: threads, log, and the pickle of a program."""

import base64
import contextlib
import copy
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import empty_pb2
from pulumi.dynamic.dynamic import serialize_provider
from pulumi.runtime.proto import engine_pb2, provider_pb2

from integration.protocol.fake_rtc import KEYS, KIND, URN, FakeRtc, conflicting, surroundings, unknown_task
from pulumi_videosnap.alibaba.resource import SnapshotJobProvider
from pulumi_videosnap.dynamic import thread_pool
from pulumi_videosnap.volcengine.resource import SnapshotTaskProvider
from support.data import load, read
from support.emulator import Emulator
from support.jobs import job_inputs
from support.plugin import PROVIDER, UNKNOWN, Plugin, PluginError, running_plugin
from support.sampling import sample
from support.servers import free_port
from unit.inputs.tasks import ABSENT, STORAGES, complete, edited
from unit.inputs.tasks import plain_task as task

ID = "661e543cf/Room1/Task1"
STARTED = "2023-11-14T22:13:20.000Z"
START = {"at": STARTED, "event": "start", "interval": 5}


def test_check_completes_the_inputs_and_names_no_property(plugin: Plugin) -> None:
    least = {name: task()[name] for name in ("appId", "roomId", "taskId", "storageConfig")}
    answer = plugin.ask("Check", URN, news=plugin.with_provider(least))
    assert not answer.failures
    inputs = dict(answer.inputs)
    assert plugin.native or inputs["__provider"] == PROVIDER
    assert (inputs["maxIdleTime"], inputs["keepRunning"]) == (180.0, False)
    assert inputs["imageConfig"]["interval"] == 2.0
    answer = plugin.ask("Check", URN, news=plugin.with_provider(task(maxIdleTime=0.0)))
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
    answer = plugin.ask("Diff", URN, id=ID, olds=olds, news=news)
    some, unknown = provider_pb2.DiffResponse.DIFF_SOME, provider_pb2.DiffResponse.DIFF_UNKNOWN
    assert answer.changes == (some if plugin.native else unknown), "or else the engine finds the difference"
    assert answer.deleteBeforeReplace


def test_create_starts_the_task_with_whole_numbers_and_records_floats(plugin: Plugin, rtc: FakeRtc) -> None:
    id_, outputs = plugin.create(URN, task())
    assert (rtc.actions, id_) == (["StartSnapshot", "GetSnapshotTask"], ID)
    assert outputs == {**task(), "status": "running", "startTime": STARTED, "history": [START]}
    assert b".0" not in rtc.requests[0].body
    assert b'"Interval":5' in rtc.requests[0].body
    properties = plugin.ask("Create", URN, properties=plugin.with_provider(task(taskId="floats"))).properties
    assert plugin.native or properties["__provider"] == PROVIDER
    assert properties.fields["maxIdleTime"].WhichOneof("kind") == "number_value"
    assert properties.fields["keepRunning"].WhichOneof("kind") == "bool_value"


def test_read_finds_what_was_created(plugin: Plugin, rtc: FakeRtc) -> None:
    id_, outputs = plugin.create(URN, task())
    rtc.task["ImageConfig"]["Interval"] = 9
    found, properties, inputs = plugin.read(URN, id_, outputs)
    drifted = edited(task(), {("imageConfig", "interval"): 9})
    assert (found, inputs) == (ID, drifted)
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
    answer = plugin.ask("Read", URN, id=ID, inputs=plugin.with_provider(task()))
    assert (answer.id, answer.properties["status"]) == (ID, "running")
    rtc.behaviour = unknown_task
    with pytest.raises(PluginError, match="GetSnapshotTask found nothing"):
        plugin.ask("Read", URN, id=ID, inputs=plugin.with_provider(task()))


def test_update_changes_the_interval_and_calls_nothing_for_our_switches(plugin: Plugin, rtc: FakeRtc) -> None:
    id_, outputs = plugin.create(URN, task())
    rtc.requests.clear()
    assert plugin.update(URN, id_, outputs, task(keepRunning=False))["keepRunning"] is False
    assert rtc.actions == []
    faster = edited(task(), {("imageConfig", "interval"): 1})
    updated = plugin.update(URN, id_, outputs, faster)
    history = [(entry["event"], entry["interval"]) for entry in updated.pop("history")]
    assert history == [("start", 5), ("interval", 1)]
    del outputs["history"]
    assert (updated, rtc.actions) == ({**outputs, **faster}, ["UpdateSnapshot", "GetSnapshotTask"])


def test_delete(plugin: Plugin, rtc: FakeRtc) -> None:
    plugin.delete(URN, "661e543cf/Room1/of-an-earlier-run", task(taskId="of-an-earlier-run"))
    assert rtc.actions == ["StopSnapshot"]
    assert b'"BusinessId":"B1"' in rtc.requests[0].body
    for invalid in ("", "Task1", "a/b", "a/b/c/d", "a//c"):
        with pytest.raises(PluginError, match="is not of the form app/room/task"):
            plugin.delete(URN, invalid, task())


def test_four_tasks_are_made_at_once(plugin: Plugin) -> None:
    names = [f"crowd{number}" for number in range(12)]
    with ThreadPoolExecutor(12) as threads:
        made = threads.map(lambda name: plugin.create(KIND + name, task(taskId=name)), names)
        assert [id_ for id_, _ in made] == [f"661e543cf/Room1/{name}" for name in names]
    assert {tuple(plugin.log.messages(KIND + name)) for name in names} == {("starting", "running")}


def test_the_server_has_a_version_and_takes_a_cancel(plugin: Plugin) -> None:
    assert plugin.stub.GetPluginInfo(empty_pb2.Empty()).version
    assert plugin.stub.Cancel(empty_pb2.Empty()) == empty_pb2.Empty()


def test_inputs_and_outputs_that_go_in_come_back_unharmed(plugin: Plugin) -> None:
    inputs = task(triggers=[1.5, {"deep": [True, "x", {"er": 2}]}, "é"], taskId="unharmed")
    before = copy.deepcopy(inputs)
    checked, refused = plugin.check(URN, inputs)
    assert (refused, checked) == ([], before)
    _, outputs = plugin.create(URN, checked)
    assert outputs["triggers"] == before["triggers"]


JOB_URN = "urn:pulumi:dev::proj::pulumi-python:dynamic/alibaba:SnapshotJob::stills"


def test_custom_timeouts_are_the_deadline_of_a_job(emulator: Emulator, tmp_path: Path, front: str) -> None:
    emulator.request("PUT", "/jobs/pace", {"queuedSeconds": 10, "runningSeconds": 10})
    submitted = job_inputs(waitFor="submitted", triggers=["a job of its own"])
    environment, provider = emulator.surroundings(tmp_path), serialize_provider(SnapshotJobProvider())
    with running_plugin(environment, provider, front=front) as plugin:
        with pytest.raises(PluginError, match=r"is still Submitted after 0 s; .* raise `timeout`"):
            plugin.ask("Create", JOB_URN, properties=plugin.with_provider(job_inputs()), timeout=0.3)
        id_, outputs = plugin.create(JOB_URN, submitted)
        olds, news = plugin.with_provider(outputs), plugin.with_provider({**submitted, "waitFor": "finished"})
        with pytest.raises(PluginError, match=r"is still Submitted after 0 s; .* raise `timeout`"):
            plugin.ask("Update", JOB_URN, id=id_, olds=olds, news=news, timeout=0.3)
        emulator.advance(60)
        assert plugin.create(JOB_URN, job_inputs())[1]["state"] == "Success"


@pytest.mark.parametrize("recorded", [{}, {"__provider": PROVIDER}, {"roomId": "Room1"}], ids=str)
def test_what_another_front_wrote_is_not_replaced_for_a_value_that_is_not_known_yet(
    plugin: Plugin, recorded: dict[str, str]
) -> None:
    """Its update names the provider and no more; in that preview, what depends on it is not known."""
    old, new = complete(), {**complete(), "roomId": UNKNOWN, "appId": "another"}
    olds, news = plugin.with_provider(old), plugin.with_provider(new)
    answer = plugin.ask("Diff", f"{KIND}moved", id="a/b/c", olds=olds, old_inputs=recorded, news=news)
    moved = not plugin.native and "roomId" in recorded
    assert list(answer.replaces) == (["appId"] if moved else ["appId", "roomId"])


def _diff(plugin: Plugin, name: str, *ignored: str) -> list[Any]:
    inputs = plugin.with_provider(complete())
    plugin.ask("Diff", KIND + name, id="a", olds=inputs, news=inputs, ignoreChanges=ignored)
    return [line for line in plugin.log.lines if line.urn == KIND + name]


def test_a_path_that_a_transform_wrote_as_python_has_it_is_warned_of(plugin: Plugin) -> None:
    assert _diff(plugin, "fine", "imageConfig.interval", 'targetStreams["streamList"][0]', "*") == []
    (line,) = _diff(plugin, "paths", "imageConfig.width", "image_config.interval")
    assert line.severity == engine_pb2.WARNING
    no_effect = "'image_config.interval' has no effect; write 'imageConfig.interval'"
    assert line.message == f"ignore_changes: {no_effect}"


def at_once(pool: ThreadPoolExecutor, calls: int) -> int:
    """How many of the calls are under way together, once each has let the pool grow."""
    most, now, lock = 0, 0, threading.Lock()
    together = threading.Barrier(calls)

    def call() -> None:
        nonlocal most, now
        with lock:
            now += 1
            most = max(most, now)
        with contextlib.suppress(threading.BrokenBarrierError):
            together.wait(0.5)
        with lock:
            now -= 1

    for future in [pool.submit(call) for _ in range(calls)]:
        future.result()
    return most


def test_a_pool_of_four_grows_for_the_call_that_it_runs() -> None:
    with ThreadPoolExecutor(4) as pool:
        assert at_once(pool, 12) == 4
        pool.submit(thread_pool.raise_worker_limit, {}).result()
        assert at_once(pool, 12) == 12


@pytest.mark.parametrize(("asked", "threads"), [("7", 7), ("2", 4), ("many", 1024), ("", 1024), ("-1", 1024)])
def test_the_environment_says_how_far(asked: str, threads: int) -> None:
    environment = {"VIDEOSNAP_THREADS": asked}
    with ThreadPoolExecutor(4) as pool:
        pool.submit(thread_pool.raise_worker_limit, environment).result()
        assert pool._max_workers == threads
    thread_pool.raise_worker_limit(environment)  # outside a pool nothing happens


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
    rtc.requests.clear()
    plugin.delete(f"{KIND}old-name", id_, outputs)
    assert rtc.actions == [], "a task that this run has taken over is left alone"
    rtc.behaviour = conflicting
    with pytest.raises(PluginError, match="exists with other settings"):
        create(plugin, "conflict")
    assert all(line.urn.startswith(KIND) for line in plugin.log.lines)
    assert plugin.log.messages(f"{KIND}another") == ["had ended already"]
    assert plugin.log.messages(f"{KIND}old-name")[-1].startswith("left running: ")


@pytest.mark.parametrize("address", sample(["dead", None, "no address", "127.0.0.1:99999", "-"], 0.4))
def test_a_deaf_engine_is_no_failure(rtc: FakeRtc, tmp_path: Path, front: str, address: str | None) -> None:
    address = f"127.0.0.1:{free_port()}" if address == "dead" else address
    with running_plugin(surroundings(rtc, tmp_path, **KEYS), address=address, front=front) as plugin:
        id_, outputs = create(plugin, "unheard")
        assert plugin.read(f"{KIND}unheard", id_, outputs)[0] == id_
        rtc.behaviour = unknown_task
        plugin.read(f"{KIND}unheard", id_, outputs)
    assert outputs["status"] == "running"
    assert (plugin.stdout, plugin.stderr) == ("", "")


SERIALIZE = read("programs/pickle_serialize.txt")
LOAD = read("programs/pickle_load.txt")


def python(program: str, folder: Path, *arguments: str, **environment: str) -> str:
    """What a program prints in a process that knows the installed package and nothing of this checkout."""
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), **environment}
    command = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, check=True, timeout=60)
    assert done.stderr == b""
    return done.stdout.decode().strip()


@pytest.mark.parametrize(
    ("kind", "module"), [(SnapshotTaskProvider, "volcengine"), (SnapshotJobProvider, "alibaba")]
)
def test_it_is_a_short_reference_and_holds_no_attribute(kind: Any, module: str, monkeypatch: Any) -> None:
    text = serialize_provider(kind())
    assert len(text) < 150
    assert f"pulumi_videosnap.{module}.resource".encode() in base64.b64decode(text)
    assert kind.__name__.encode() in base64.b64decode(text)
    monkeypatch.setenv("VOLCENGINE_ACCESS_KEY", "canary")
    monkeypatch.setenv("VIDEOSNAP_DEBUG", "1")
    used = kind()
    used.check({}, {"roomId": "Room1"})
    assert vars(used) == {}
    assert serialize_provider(used) == text, "the same after use, and whatever the environment holds"
    assert kind.serialize_as_secret_always is False


def test_it_is_the_same_in_every_process_and_loads_with_the_package_alone(tmp_path: Path) -> None:
    for seed in ("0", "1"):
        assert python(SERIALIZE, tmp_path, PYTHONHASHSEED=seed) == PROVIDER
    loaded = python(LOAD, tmp_path, PROVIDER)
    assert loaded == "pulumi_videosnap.volcengine.resource SnapshotTaskProvider {}"
