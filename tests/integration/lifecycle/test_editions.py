"""The BytePlus edition of RTC: a life there, nothing of one edition in the other, its documents' readings."""

from pathlib import Path
from typing import Any

import pytest

from pulumi_videosnap.cli import main
from pulumi_videosnap.core.lifecycle import Context
from pulumi_videosnap.errors import InvalidInput, NotConfigured, TaskConflict
from pulumi_videosnap.volcengine.api import connect
from pulumi_videosnap.volcengine.auth import edition_of, find_account
from pulumi_videosnap.volcengine.lifecycle import SnapshotTaskLifecycle
from support.data import load
from support.emulator import Emulator
from support.engine_model import EngineModel, Refused
from support.exports import export, resources_of
from support.story import declare, task_engine

CUSTOM = {"customConfig": {"bucket": "frames", "accessKeyEnv": "A_KEY", "secretKeyEnv": "A_SECRET"}}
VOD = {"accountId": "1", "space": "s"}


@pytest.fixture
def stack(emulated: Emulator, monkeypatch: pytest.MonkeyPatch) -> EngineModel:
    for name in ("A_KEY", "A_SECRET"):
        monkeypatch.setenv(name, "write-only")
    monkeypatch.setenv("VOLCENGINE_EDITION", "byteplus")
    return task_engine(edition=edition_of)


def running(emulator: Emulator, app: str, service: str = "/byteplus") -> list[dict[str, Any]]:
    tasks = emulator.show(f"{service}/tasks?status=running")["tasks"]
    return [task for task in tasks if task["appId"] == app]


def services(emulator: Emulator) -> set[str]:
    """Which services were called since the last question."""
    called = {call["service"] for call in emulator.calls()}
    emulator.request("DELETE", "/calls")
    return called


def test_an_import_is_of_the_set_edition(
    stack: EngineModel, app: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.up({"lobby": declare(app, storageConfig=CUSTOM)})
    task = SnapshotTaskLifecycle(Context(), connect, edition=edition_of)
    ours, other = f"byteplus/{app}/Room1/Task1", f"{app}/Room1/Task1"
    found = task.find(ours)
    assert found is not None
    assert (found.id, found.inputs["edition"], found.inputs["taskId"]) == (ours, "byteplus", "Task1")
    with pytest.raises(InvalidInput, match="another edition than VOLCENGINE_EDITION"):
        task.find(other)
    monkeypatch.delenv("VOLCENGINE_EDITION")
    with pytest.raises(InvalidInput, match="another edition than VOLCENGINE_EDITION"):
        task.find(ours)


READINGS: list[dict[str, str]] = load("rtc/byteplus_readings.json")


@pytest.mark.parametrize("reading", READINGS, ids=str)
def test_the_life_of_a_task_and_a_task_that_is_there_already(
    stack: EngineModel, emulated: Emulator, app: str, reading: dict[str, str]
) -> None:
    emulated.request("PUT", "/byteplus/readings", reading)
    services(emulated)
    program = {"lobby": declare(app, storageConfig=CUSTOM)}
    stack.up(program)
    assert stack.state["lobby"].id == f"byteplus/{app}/Room1/Task1"
    assert (stack.preview(program), stack.refresh()) == ({}, {})
    faster = {"lobby": declare(app, storageConfig=CUSTOM, imageConfig={"interval": 7})}
    assert stack.up(faster) == {"lobby": "update"}
    [task] = running(emulated, app)
    assert task["interval"] == 7
    lost = task_engine(edition=edition_of)
    lost.up(program)
    assert [task["interval"] for task in running(emulated, app)] == [5], "adopted, its interval in line"
    with pytest.raises(TaskConflict, match="max_idle_time: running with 180, declared 99"):
        task_engine(edition=edition_of).up({"lobby": declare(app, storageConfig=CUSTOM, maxIdleTime=99)})
    assert lost.refresh() == {}
    lost.up({})
    assert running(emulated, app) == []
    assert services(emulated) == {"byteplus"}


def test_another_edition_replaces_and_each_entry_of_state_is_read_where_it_is(
    stack: EngineModel, emulated: Emulator, app: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = {"lobby": declare(app, storageConfig=CUSTOM)}
    monkeypatch.delenv("VOLCENGINE_EDITION")
    stack.up(program)
    assert stack.state["lobby"].id == f"{app}/Room1/Task1"
    monkeypatch.setenv("VOLCENGINE_EDITION", "byteplus")
    services(emulated)
    assert stack.refresh() == {}
    assert services(emulated) == {"rtc"}
    assert stack.up(program) == {"lobby": "replace"}
    assert (len(running(emulated, app, "")), len(running(emulated, app))) == (0, 1)
    monkeypatch.setenv("VOLCENGINE_EDITION", "volcengine")
    services(emulated)
    assert stack.refresh() == {}
    assert services(emulated) == {"byteplus"}
    stack.destroy()
    assert running(emulated, app) == []


def test_a_key_of_one_edition_is_never_used_in_the_other(
    stack: EngineModel, emulated: Emulator, app: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = {half: emulated.environment[f"BYTEPLUS_{half}_KEY"] for half in ("ACCESS", "SECRET")}
    for half in pair:
        monkeypatch.delenv(f"BYTEPLUS_{half}_KEY")
    services(emulated)
    with pytest.raises(NotConfigured, match="no BytePlus credentials: set BYTEPLUS_ACCESS_KEY and"):
        stack.up({"lobby": declare(app, storageConfig=CUSTOM)})
    assert services(emulated) == set()
    for half, value in pair.items():
        monkeypatch.setenv(f"BYTEPLUS_{half}KEY", value)
    stack.up({"lobby": declare(app, storageConfig=CUSTOM)})
    assert services(emulated) == {"byteplus"}, "the names of the older SDK"
    monkeypatch.setenv("VOLCENGINE_EDITION", "bytedance")
    unknown = "VOLCENGINE_EDITION is 'bytedance': set 'volcengine' or 'byteplus'"
    with pytest.raises(NotConfigured, match=unknown):
        stack.preview({"lobby": declare(app)})


def test_the_public_host_and_its_region() -> None:
    env = {"BYTEPLUS_ACCESS_KEY": "a", "BYTEPLUS_SECRET_KEY": "b", "VOLCENGINE_RTC_ENDPOINT": "https://other"}
    account = find_account(edition="byteplus", env=env.get)
    assert (account.endpoint, account.region) == ("https://open.byteplusapi.com", "ap-singapore-1")
    with pytest.raises(NotConfigured, match="set one of ap-singapore-1, or set BYTEPLUS_RTC_ENDPOINT too"):
        find_account(edition="byteplus", env={**env, "BYTEPLUS_REGION": "cn-north-1"}.get)
    with pytest.raises(NotConfigured, match="no BytePlus profile 'second'"):
        find_account("second", "byteplus", env=env.get)


@pytest.mark.parametrize(("field", "value"), [("storageClass", "archive"), ("autoSetFileExtension", True)])
def test_fields_that_the_edition_does_not_have_are_refused_and_not_sent(
    stack: EngineModel, emulated: Emulator, app: str, field: str, value: Any
) -> None:
    with pytest.raises(Refused, match="does not exist in BytePlus' edition; leave it out"):
        stack.preview({"lobby": declare(app, storageConfig={"vodConfig": {**VOD, field: value}})})
    stack.up({"lobby": declare(app, storageConfig={"vodConfig": VOD})})
    assert stack.refresh() == {}
    stack.destroy()


def test_drift_reads_and_searches_each_task_in_its_own_edition(
    stack: EngineModel, emulated: Emulator, app: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.up({"lobby": declare(app, storageConfig=CUSTOM)})
    state = tmp_path / "state.json"
    state.write_text(export(*resources_of(stack, "volcengine:SnapshotTask")))
    monkeypatch.delenv("VOLCENGINE_EDITION")
    services(emulated)
    assert main(["drift", "--state", str(state), "--json"]) == 0
    assert services(emulated) == {"byteplus"}
    stack.destroy()
