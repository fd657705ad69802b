"""The BytePlus edition on its own port, as the vendor's official Python SDK for it sees it."""

import json
import warnings
from importlib import import_module
from typing import Any

import pytest

from support.data import load
from support.emulator import Emulator
from support.rtc_client import BODY, KEY, RtcClient, sign

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the client's own, at import
    ApiInfo: Any = import_module("byteplus_sdk.ApiInfo").ApiInfo
    Credentials: Any = import_module("byteplus_sdk.Credentials").Credentials
    Service: Any = import_module("byteplus_sdk.base.Service").Service
    ServiceInfo: Any = import_module("byteplus_sdk.ServiceInfo").ServiceInfo

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
ALREADY = "The task has been started. Please do not call the startup task interface repeatedly."
NOT_FOUND = "InvalidParameter.ErrorActiveTaskNotFound"
METHODS = {
    "StartSnapshot": "POST", "UpdateSnapshot": "POST", "StopSnapshot": "POST", "GetSnapshotTask": "GET",
    "GetRoomOnlineUsers": "GET",
}  # fmt: skip


class BytePlus:
    """The official client with the four actions in its table."""

    def __init__(
        self, emulator: Emulator, region: str = "ap-singapore-1", version: str = "2022-06-01"
    ) -> None:
        environment = emulator.environment
        keys = environment["BYTEPLUS_ACCESS_KEY"], environment["BYTEPLUS_SECRET_KEY"]
        host = environment["BYTEPLUS_RTC_ENDPOINT"].partition("://")[2]
        about = ServiceInfo(host, {"Accept": "application/json"}, Credentials("", "", "rtc", region), 30, 30)
        actions = {
            name: ApiInfo(method, "/", {"Action": name, "Version": version}, {}, {})
            for name, method in METHODS.items()
        }
        self.client = Service(about, actions)
        self.client.set_ak(keys[0])
        self.client.set_sk(keys[1])

    def call(self, action: str, **changes: Any) -> Any:
        """The answer, also of a failure."""
        body = {**(BODY if action == "StartSnapshot" else KEY), **changes}
        try:
            if METHODS[action] == "GET":
                return json.loads(self.client.get(action, body))
            return json.loads(self.client.json(action, {}, body))
        except Exception as error:  # the client's own kind of failure: a bare one with the body
            return json.loads(str(error))

    def code(self, action: str, **changes: Any) -> str:
        return str(self.call(action, **changes)["ResponseMetadata"]["Error"]["Code"])

    def task(self, key: str = "SnapshotTask") -> dict[str, Any]:
        return dict(self.call("GetSnapshotTask")["Result"][key])


@pytest.fixture
def byteplus(emulator: Emulator, no_proxy: None, monkeypatch: pytest.MonkeyPatch) -> BytePlus:
    monkeypatch.delenv("HOME", raising=False)
    return BytePlus(emulator)


def test_the_life_of_a_task(emulator: Emulator, byteplus: BytePlus) -> None:
    started = byteplus.call("StartSnapshot", ImageConfig={"Interval": 5})
    assert started["Result"] == "ok"
    about = {"Version": "2022-06-01", "Service": "rtc", "Region": "ap-singapore-1", "Action": "StartSnapshot"}
    assert started["ResponseMetadata"].items() >= about.items()
    assert byteplus.call("StartSnapshot")["Result"] == ALREADY
    assert byteplus.call("UpdateSnapshot", ImageConfig={"Interval": 9})["Result"] == "ok"
    assert (byteplus.task()["Status"], byteplus.task()["ImageConfig"]["Interval"]) == (2, 9)
    emulator.advance(20)
    (task,) = emulator.show("/byteplus/tasks")["tasks"]
    assert (task["cloud"], task["frames"]) == ("byteplus", 6)
    assert emulator.tasks() == [], "the other edition knows nothing of it"
    assert emulator.show("/byteplus/frames")["frames"][0]["bucket"] == "frames"
    assert emulator.rtc.start().json()["Result"] == "ok"
    assert byteplus.call("StopSnapshot")["Result"] == "ok"
    assert (byteplus.task()["Status"], byteplus.task()["StopReason"]) == (3, "StopByAPI")
    assert len(emulator.running()) == 1
    stopped = byteplus.call("StopSnapshot")
    assert (stopped["ResponseMetadata"]["Error"]["Code"], stopped["Result"]) == (NOT_FOUND, None)


REPAIRS: list[tuple[dict[str, Any], dict[str, Any]]] = load("rtc/byteplus_repairs.json")


@pytest.mark.parametrize(("changes", "expected"), REPAIRS)
def test_illegal_values_are_repaired(
    emulator: Emulator, byteplus: BytePlus, changes: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert byteplus.call("StartSnapshot", **changes)["Result"] == "ok"
    task = byteplus.task()
    assert (task | task["ImageConfig"]).items() >= expected.items()
    assert emulator.rtc.start(**changes).status_code == 400, "the newer version names them"


def test_an_update_repairs_and_other_mistakes_are_named(byteplus: BytePlus) -> None:
    byteplus.call("StartSnapshot", ImageConfig={"Interval": 5})
    assert byteplus.call("UpdateSnapshot", ImageConfig={"Interval": 9999})["Result"] == "ok"
    assert byteplus.task()["ImageConfig"]["Interval"] == 2
    for changes in ({"RoomId": "a b"}, {"MaxIdleTime": "9"}, {"StorageConfig": {"Type": 9}}, {"TaskId": ""}):
        assert byteplus.code("StartSnapshot", **changes) == "InvalidParameter"


def test_who_is_in_a_room(emulator: Emulator) -> None:
    newer = BytePlus(emulator, version="2023-11-01")
    users = newer.call("GetRoomOnlineUsers")["Result"]
    assert (users["RoomExist"], users["TotalUser"], "RoomExists" in users) == (True, 2, False)
    assert newer.code("GetSnapshotTask") == "InvalidActionOrVersion"


def test_vod_has_no_extras(byteplus: BytePlus) -> None:
    config = {"AccountId": "1", "Space": "s", "StorageClass": 9, "AutoSetFileExtension": "x"}
    assert byteplus.call("StartSnapshot", StorageConfig={"Type": 1, "VodConfig": config})["Result"] == "ok"
    assert byteplus.task()["StorageConfig"]["VodConfig"] == {"AccountId": "1", "Region": 0, "Space": "s"}


def test_what_is_of_the_other_edition_is_refused(emulator: Emulator, byteplus: BytePlus) -> None:
    assert BytePlus(emulator, region="cn-north-1").code("StartSnapshot") == "InvalidCredential"
    assert BytePlus(emulator, version="2023-11-01").code("StartSnapshot") == "InvalidActionOrVersion"
    byteplus.client.set_ak(emulator.environment["VOLCENGINE_ACCESS_KEY"])
    byteplus.client.set_sk(emulator.environment["VOLCENGINE_SECRET_KEY"])
    assert byteplus.code("StartSnapshot") == "InvalidAccessKey"
    assert [call["service"] for call in emulator.calls()] == ["byteplus"] * 3
    swapped = RtcClient(
        {**emulator.environment, "VOLCENGINE_ACCESS_KEY": emulator.environment["BYTEPLUS_ACCESS_KEY"]}
    )
    assert swapped.start().json()["ResponseMetadata"]["Error"]["Code"] == "InvalidAccessKey"
    swapped.http.close()


def test_the_official_signature_is_the_one_of_the_documents(byteplus: BytePlus) -> None:
    """The third signer of the tests makes the same signature as the SDK, of a POST and of a GET."""
    request_module = import_module("byteplus_sdk.base.Request")
    signer = import_module("byteplus_sdk.auth.SignerV4").SignerV4
    for action, body in (("StartSnapshot", BODY), ("GetSnapshotTask", {})):
        sdk = byteplus.client.prepare_request(byteplus.client.api_info[action], KEY if not body else {})
        if body:
            sdk.headers["Content-Type"], sdk.body = "application/json", body
        signer.sign(sdk, byteplus.client.service_info.credentials)
        assert isinstance(sdk, request_module.Request)
        more = {"content-type": "application/json"} if body else {}
        ours, _ = sign(
            METHODS[action], sdk.host, sdk.query, json.dumps(body).encode() if body else b"",
            byteplus.client.service_info.credentials.ak, byteplus.client.service_info.credentials.sk,
            when=sdk.headers["X-Date"], region="ap-singapore-1", headers=more,
        )  # fmt: skip
        assert ours["authorization"] == sdk.headers["Authorization"]


def test_readings(emulator: Emulator, byteplus: BytePlus) -> None:
    def read(name: str, value: str) -> None:
        emulator.request("PUT", "/byteplus/readings", {name: value})

    byteplus.call("StartSnapshot")
    read("result-key", "snapshotTask")
    assert byteplus.task("snapshotTask")["Status"] == 2
    read("duplicate-start", "ok")
    assert byteplus.call("StartSnapshot")["Result"] == "ok"
    read("duplicate-start", "refused")
    assert byteplus.code("StartSnapshot") == "InvalidParameter.TaskAlreadyExists"
    read("failure-status", "200")
    assert byteplus.code("StartSnapshot", RoomId="") == "InvalidParameter"
    assert [call["httpStatus"] for call in emulator.calls()][-2:] == [400, 200]
    emulator.reset()
    shown = emulator.show("/byteplus/readings")
    assert shown["readings"] == {name: values[0] for name, values in shown["values"].items()}
