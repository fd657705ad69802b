"""Whose a task is: what the program declares in this run, and what the stack's state has."""

import re
import socket
import stat
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from pulumi.dynamic.dynamic import serialize_provider
from pulumi.runtime import settings
from pulumi.runtime.proto import engine_pb2_grpc

from integration.protocol.fake_rtc import KEYS, KIND, FakeRtc, state_command, surroundings
from pulumi_videosnap.alibaba.resource import SnapshotJobProvider
from pulumi_videosnap.core.pending import Note, notes
from pulumi_videosnap.plugin.program import announce
from pulumi_videosnap.volcengine.start import identity_of
from support.data import load
from support.jobs import job_inputs
from support.plugin import DYNAMIC_TYPE, NATIVE_TYPE, PROVIDER, Plugin, PluginError, running_plugin
from support.processes import wait_until
from unit.inputs.tasks import plain_task

CASES: dict[str, dict[str, Any]] = load("rtc/identity.json")
"""What is checked, compared, in state, and deleted, as `resource id`; and which deletes call the service."""
NAMES: dict[str, list[tuple[str, str, str]]] = load("default_names.json")
"""Types and name of resources of one program, what state has, and their default name; `*` is a digest."""
PROVIDERS = {
    "volcengine:SnapshotTask": (PROVIDER, "taskId"),
    "alibaba:SnapshotJob": (serialize_provider(SnapshotJobProvider()), "owner"),
}


def _task(room: str, id_: str) -> dict[str, Any]:
    return plain_task(appId="app", roomId=room, taskId=id_)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("state")


@pytest.fixture(scope="module")
def plugin(service: FakeRtc, folder: Path, front: str) -> Iterator[Plugin]:
    """A plugin for all cases, each with names of its own, and a `pulumi` that prints a state with all."""
    resources = [
        {"urn": f"{KIND}{case}-{name}", "id": f"app/{case}/{id_}", "outputs": {}}
        for case, row in CASES.items()
        for name, id_ in map(str.split, row.get("state", ()))
    ]
    state_command(folder, front, *resources)
    environment = surroundings(service, folder, **KEYS, PATH=f"{folder}:/usr/bin:/bin")
    with running_plugin(environment, front=front) as plugin:
        yield plugin


@pytest.mark.parametrize("case", CASES)
def test_a_delete_ends_what_is_nobody_elses(plugin: Plugin, rtc: FakeRtc, case: str) -> None:
    row = CASES[case]
    for name, id_ in map(str.split, row.get("checked", ())):
        assert plugin.check(f"{KIND}{case}-{name}", _task(case, id_))[1] == []
    for name, id_ in map(str.split, row.get("compared", ())):
        plugin.diff(f"{KIND}{case}-{name}", f"app/{case}/{id_}", _task(case, id_), _task(case, id_))
    stopped = []
    for name, id_ in map(str.split, row["deleted"]):
        before = len(rtc.requests)
        plugin.delete(f"{KIND}{case}-{name}", f"app/{case}/{id_}", _task(case, id_))
        if len(rtc.requests) > before:
            stopped.append(f"{name} {id_}")
        else:
            line = plugin.log.messages(f"{KIND}{case}-{name}")[-1]
            assert line.startswith("left running: it is the task of ")
    assert stopped == row["stopped"]


def test_what_the_program_declares_counts_before_its_check_and_without(
    plugin: Plugin, rtc: FakeRtc, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With `--target` the engine checks some resources only; the program's process writes down the others."""
    monkeypatch.setenv("VIDEOSNAP_QUOTA_DIR", str(folder / "quota"))
    with socket.create_server(("127.0.0.1", 0)) as other, socket.create_server(("127.0.0.1", 0)) as over:
        ports = [plugin.engine.rpartition(":")[2], *(str(one.getsockname()[1]) for one in (other, over))]
        over.close()
        files = [folder / "quota" / f"program-{port}" for port in ports]
        for file in files:
            file.touch(0o644)
        _announce_two(plugin.engine, monkeypatch)
    assert [file.exists() for file in files] == [True, True, False], "of a run that is over"
    assert stat.filemode(files[0].stat().st_mode) == "-rw-------"
    with ThreadPoolExecutor() as threads:
        left_out = threads.submit(plugin.delete, f"{KIND}gone", "app/announced/y", _task("announced", "y"))
        renamed = threads.submit(plugin.delete, f"{KIND}old", "app/announced/x", _task("announced", "x"))
        assert plugin.check(f"{KIND}new", _task("announced", "x"))[1] == []
        renamed.result()
        with pytest.raises(PluginError, match=r"is not stopped: .* --target or --exclude leaves out; run"):
            left_out.result()
    assert rtc.actions == []
    plugin.delete(f"{KIND}old", "app/announced/z", _task("announced", "z"))
    assert rtc.actions == ["StopSnapshot"]
    rtc.requests.clear()
    plugin.delete(f"{KIND}moved", "app/announced/y", _task("announced", "y"))
    assert rtc.actions == ["StopSnapshot"], "the same resource, which moves to the other front"


def _announce_two(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stub = engine_pb2_grpc.EngineStub(grpc.insecure_channel(engine))
    monkeypatch.setattr(settings, "SETTINGS", settings.Settings("stories", "dev", engine=stub, dry_run=False))
    announce(["app", "announced", "x"])
    own = f"{KIND}moved"
    for front in (own.replace(DYNAMIC_TYPE, NATIVE_TYPE), own):
        announce(["app", "announced", "y"], [front])


def test_a_create_waits_for_what_a_killed_run_ends_and_takes_over_the_rest(
    plugin: Plugin, rtc: FakeRtc, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIDEOSNAP_QUOTA_DIR", str(folder / "quota"))
    earlier = subprocess.Popen(["sleep", "60"])
    kind = KIND.replace(DYNAMIC_TYPE, NATIVE_TYPE) if plugin.native else KIND
    ends, goes_on = (
        Note(kind + name, "", identity_of(plain_task(taskId=name)), process=earlier.pid)
        for name in ("ends", "goes-on")
    )
    ends.write()
    goes_on.write()
    assert ends.claim()
    with ThreadPoolExecutor() as pool:
        created = pool.submit(plugin.create, f"{KIND}ends", plain_task(taskId="ends"))
        wait_until(lambda: plugin.log.messages(f"{KIND}ends") != [])
        assert plugin.log.messages(f"{KIND}ends")[0] == "an earlier run ends what it had begun"
        plugin.create(f"{KIND}goes-on", plain_task(taskId="goes-on"))
        assert not goes_on.claim()
        assert rtc.actions.count("StartSnapshot") == 1
        earlier.kill()
        earlier.wait(10)
        created.result(60)
    assert rtc.actions.count("StartSnapshot") == 2
    wait_until(lambda: not list(notes("dev")))


def test_a_state_that_cannot_be_read_keeps_no_task(service: FakeRtc, rtc: FakeRtc, tmp_path: Path) -> None:
    (tmp_path / "pulumi").write_text("#!/bin/sh\necho error: no stack named dev >&2; exit 255\n")
    (tmp_path / "pulumi").chmod(0o755)
    with running_plugin(surroundings(service, tmp_path, **KEYS, PATH=f"{tmp_path}:/usr/bin:/bin")) as plugin:
        plugin.delete(f"{KIND}lobby", "app/room/x", _task("room", "x"))
    assert rtc.actions == ["StopSnapshot"]


@pytest.mark.parametrize(
    ("name", "chosen"), [("大厅", None), ("l" * 130, None), ("lob by", "a b"), ("é", None)]
)
def test_a_refused_name_is_marked_as_the_default(plugin: Plugin, name: str, chosen: str | None) -> None:
    for declared in (None, f"stories.dev.{name}") if chosen is None else (chosen,):
        inputs = {key: one for key, one in {**_task("r", ""), "taskId": declared}.items() if one is not None}
        _, [refusal] = plugin.check(f"{KIND}{name}", inputs)
        assert refusal.startswith("task_id must be 1 to 128 letters, digits or any of @ . _ -")
        assert refusal.endswith("; this is the default, made of the resource's name") is (chosen is None)


@pytest.mark.parametrize("kind", NAMES)
def test_default_names_are_as_unique_as_pulumis(plugin: Plugin, kind: str) -> None:
    """Two resources have two names if they are two for Pulumi; what state has stays where it can."""
    provider, field = PROVIDERS[kind]
    found = {}
    # Under the native front a program's subclass has the type of its base.
    names = [row for row in NAMES[kind] if not plugin.native or "acme:Mine" not in row[0]]
    for number, (urn, recorded, _) in enumerate(names):
        plain = f"stories.dev.{urn.rpartition('::')[2]}"
        inputs = job_inputs(f"{number}") if field == "owner" else _task(f"names{number}", "")
        checked = plugin.ask(
            "Check",
            "urn:pulumi:dev::stories::" + urn.replace("TYPE", f"pulumi-python:dynamic/{kind}"),
            olds={field: recorded, "__provider": provider} if recorded else {},
            news={**inputs, field: plain, "__provider": provider},
        )
        found[number] = str(checked.inputs[field])
    wanted = [name for *_, name in names]
    assert [re.sub("-[0-9a-f]{8}$", "-*", name) for name in found.values()] == wanted
    chosen = [name for name in found.values() if name.endswith("-*") or field == "owner"]
    assert len(set(chosen)) == len(chosen)
