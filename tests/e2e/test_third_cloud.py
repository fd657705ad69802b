"""A third cloud that only the tests have: all of the product works on it, by one line in each registry.

`third_cloud/provider` and `third_cloud/service.py` are also the example for whoever adds a cloud.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from e2e.third_cloud.provider.api import RecorderApi
from pulumi_videosnap.errors import NotFound, Throttled, Unauthorized
from pulumi_videosnap.http.client import ApiClient
from pulumi_videosnap.http.credentials import Credentials
from pulumi_videosnap.http.rate_limit import MemoryReservations, RateLimiter
from pulumi_videosnap.http.retry import RetryHandler, RetryPolicy
from pulumi_videosnap.http.transport import HttpTransport
from support.cli import Project, Ran
from support.data import read
from support.emulator import Emulator, running_emulator
from support.processes import running

KIND, SERVICE = "e2e.third_cloud.provider.kind", "e2e.third_cloud.service:CameraService"
COMMAND = (
    f"import sys; from pulumi_videosnap import cli, kinds; kinds.register({KIND!r}); sys.exit(cli.main())"
)
"""`videosnap`, with one more line in its registry of kinds."""
DRIFT = 7
HOUR = 3600
START, UPDATE, STOP = "StartRecorder", "UpdateRecorder", "StopRecorder"


class Cameras(Project):
    """A project of recorders."""

    def __init__(self, folder: Path, emulator: Emulator) -> None:
        super().__init__(folder, read("programs/recorders.txt"), {**emulator.environment, "RECORDERS": "{}"})
        self.emulator = emulator

    def declare(self, **recorders: dict[str, Any]) -> None:
        self.environment["RECORDERS"] = json.dumps(recorders)

    def actions(self, after: int) -> list[str]:
        """The calls since one; the order of two resources is the engine's."""
        return sorted(call["action"] for call in self.emulator.calls(after))

    def report(self, *arguments: str, code: int = 0) -> Any:
        """The JSON that our command prints."""
        command = [sys.executable, "-c", COMMAND, *arguments, "--json"]
        ran = Ran.of("videosnap", arguments, running(command, self.folder, self.environment))
        return json.loads(ran.exits(code).output)


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """An emulator with one more service."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
        folder = tmp_path_factory.mktemp("third_cloud")
        with running_emulator(folder, "--pace", "manual", "--service", SERVICE) as emulator:
            emulator.advance(HOUR)  # so that no frame is due by the host's clock
            yield emulator


@pytest.fixture
def cameras(cloud: Emulator, tmp_path: Path) -> Cameras:
    return Cameras(tmp_path, cloud)


def outside(emulator: Emulator, action: str, name: str, secret: str = "acme-secret", **fields: Any) -> Any:  # noqa: S107
    """A call that somebody else makes with the account; no resource knows of it."""
    once = RetryHandler(RetryPolicy(max_attempts=1))
    client = ApiClient(HttpTransport(), RateLimiter(MemoryReservations()), once)
    account = RecorderApi(Credentials("acme-key", secret), emulator.environment["ACME_ENDPOINT"], client)
    return account.call(action, name=f"stories.dev.{name}", **fields)


@pytest.mark.rotating
def test_the_life_of_a_resource(cameras: Cameras) -> None:
    cloud = cameras.emulator
    cameras.declare(door={"camera": "the door", "interval": 0})
    last = cloud.last_call()
    refused = cameras.preview().exits(1).output
    assert "interval must be a whole number from 1 to 3600 seconds, not 0" in refused
    assert "camera must be 1 to 100 letters, digits, dots or hyphens, not 'the door'" in refused
    cameras.declare(door={"camera": "door"}, yard={"camera": "yard", "interval": 30})
    assert "+ 3 to create" in cameras.preview().ok().output
    cameras.up().ok()
    assert cameras.actions(last) == [START, START], "a preview calls nothing"
    cameras.drift().ok()

    # An update in place and a replacement, reviewed before.
    cloud.advance(60)
    cameras.declare(door={"camera": "door", "interval": 5}, yard={"camera": "lawn", "interval": 30})
    door, yard = cameras.report("review")["tasks"]
    assert [door[part] for part in ("name", "kind", "outcome")] == ["door", "camera", "in place, no gap"]
    assert (door["before"]["perHour"], door["after"]["perHour"]) == (360, 720)
    assert door["after"]["sizeFrom"].startswith("measured over 7 ")
    assert (yard["outcome"], yard["fields"][0]["field"]) == ("restart with a gap", "camera")
    last = cloud.last_call()
    cameras.up().ok()
    assert cameras.actions(last) == [START, STOP, UPDATE]

    # What somebody changes outside is drift, and comes back.
    cloud.advance(60)
    outside(cloud, UPDATE, "door", interval=20)
    outside(cloud, STOP, "yard")
    drift = cameras.drift().exits(DRIFT).output
    assert "~ interval: 5 => 20" in drift
    assert '~ state: "running" => "stopped"' in drift
    findings = cameras.report("drift", code=1)["stacks"][0]["findings"]
    [door], [yard] = (finding["changes"] for finding in findings)
    assert (door["field"], door["meaning"]) == ("interval", "a frame every 20 s instead of every 5 s")
    assert (yard["field"], yard["meaning"][:32]) == ("state", "no frames have been taken since ")
    cameras.up("--refresh").ok()
    assert outside(cloud, "GetRecorder", "door")["interval"] == 5

    # Every frame of both intervals is in its bucket, and on time.
    cloud.advance(60)
    tasks = cameras.report("frames", "--verify")["tasks"]
    counts = {task["name"]: (task["expected"], task["counts"]["present"]) for task in tasks}
    assert counts == {"door": (31, 31), "yard": (3, 3)}

    cameras.preview("--refresh", "--expect-no-changes").ok()
    cameras.destroy().ok()
    assert {outside(cloud, "GetRecorder", name)["state"] for name in ("door", "yard")} == {"stopped"}


def test_the_service_and_its_errors(cloud: Emulator) -> None:
    listed = {service["name"]: service["title"] for service in cloud.show("/services")["services"]}
    assert listed["acme"] == "Acme Cameras"
    assumed = [
        one["key"] for one in cloud.show("/assumptions")["assumptions"] if one["api"] == "Acme Cameras"
    ]
    assert assumed == ["first-frame"]
    assert cloud.http.get("/").status_code == 200, "the page shows what /services lists"

    with pytest.raises(NotFound, match="RecorderNotFound"):
        outside(cloud, "GetRecorder", "nobody")
    with pytest.raises(Unauthorized, match="ACME_SECRET"):
        outside(cloud, "GetRecorder", "nobody", secret="wrong")
    cloud.fault("throttle", "GetRecorder")
    with pytest.raises(Throttled, match="TooManyRequests"):
        outside(cloud, "GetRecorder", "nobody")


def test_a_cloud_and_its_service_are_small() -> None:
    """Less than 400 lines, blank ones aside, so that the contracts stay cheap to fulfil."""
    files = (Path(__file__).parent / "third_cloud").rglob("*.*")
    lines = [
        line for file in files if file.suffix in (".py", ".toml") for line in file.read_text().splitlines()
    ]
    assert len([line for line in lines if line.strip()]) < 400
