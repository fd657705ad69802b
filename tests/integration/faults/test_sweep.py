"""Every call of a scenario times every fault: then the documented recovery, or `destroy` in its place.

The end is that of the undisturbed run, and after `destroy` nothing is left, by what the emulator says.
"""

import contextlib
import itertools
import json
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from pulumi.dynamic.dynamic import serialize_provider

from integration.faults.scenarios import PROVIDERS, SCENARIOS, Scenario, World
from support.emulator import Emulator, running_emulator
from support.fake_server import FakeServer, Request, Response
from support.forked_plugin import ACTS, CLOCK, FAULT_SERVER, LATE, MOMENTS, REFUSES, RESTART, TOLD, Fault
from support.plugin import DYNAMIC_TYPE, FRONTS, PluginError
from support.plugin_runs import EngineKilled, Forks, Runs
from support.results import FAULTS, Count
from support.sampling import sample

SOME = sample(SCENARIOS, 0.12, by=lambda one: one.kind)
SHARE = 0.02
VICTIMS = ("provider killed", "engine killed")
KILLS = [f"{victim}, {moment}" for victim in VICTIMS for moment in MOMENTS]
KILLS_AT_THE_END = [f"{victim}, {TOLD}" for victim in VICTIMS]
INTERRUPTS = [f"^C, {moment}" for moment in MOMENTS]
RECOVERIES = ("again", "destroy")
ONCE, ALWAYS = 1, 0


class Point(NamedTuple):
    """A fault in a call of a scenario's step, and what the user does then."""

    scenario: Scenario
    front: str
    fault: Fault
    recovery: str

    def __str__(self) -> str:
        kind, name, *_ = self.scenario
        return f"{kind}: {name}; {self.front}; {self.fault}; {self.recovery}"


@dataclass(frozen=True)
class End:
    """What was true at the end of a run, and after a `destroy`."""

    truth: Any
    left: Any
    calls: int = 0
    reported: int = 0
    """What `videosnap drift` reported after the recovery, so that another `up` and `destroy` ended it."""
    left_behind: int = 0


ENVELOPE = {"ResponseMetadata": {"RequestId": "2025020709532617FF27DCF79B6BEFE478"}}
CODES: dict[str, tuple[tuple[int, str], ...]] = {
    "throttled": ((429, "FlowLimitExceeded.QPSOverLimit"), (400, "Throttling.User"), (503, "SlowDown")),
    "500": ((500, "InternalError"),) * 3,
    "credentials expired": (
        (401, "InvalidCredential"), (400, "InvalidSecurityToken.Expired"), (403, "ExpiredToken"),
    ),
}  # fmt: skip
"""Status and code of a fault: at the RTC API, at the MPS API, at a store."""


def respond_badly(request: Request) -> Response:
    """The answer of a fault, in the spelling of the service that was called."""
    fault = request.headers["x-fault"]
    is_rtc = request.query.get("Version") == "2023-11-01"
    is_store = "x-amz-content-sha256" in request.headers
    if fault in CODES:
        status, code = CODES[fault][0 if is_rtc else 2 if is_store else 1]
        error = {"Code": code, "Message": "no"}
        rtc_error = {"ResponseMetadata": {**ENVELOPE["ResponseMetadata"], "Error": error}}
        body = (
            f"<Error><Code>{code}</Code></Error>" if is_store else json.dumps(rtc_error if is_rtc else error)
        )
        return Response(status, body.encode())
    if fault.startswith("502"):
        return Response(502, b"<html>Bad Gateway</html>", {"Content-Type": "text/html"})
    if fault == LATE:
        return Response(delay=1.5)
    if fault == "answer of a wrong type":
        wrong = {**ENVELOPE, "Result": {"SnapshotTask": 7}, "SnapshotJob": "x", "SnapshotJobList": 7}
        wrong |= {"MediaWorkflow": 1, "MediaWorkflowList": "y", "Pipeline": [], "PipelineList": 2}
        return Response(200, json.dumps(wrong).encode())
    if fault == "answer cut":
        return Response(body=b'{"RequestId":', content_length=999)
    return Response(body=b'{"Reque') if fault == "answer malformed" else Response(raw=b"")


@pytest.fixture(scope="module")
def fault_server() -> Iterator[FakeServer]:
    with FakeServer(respond_badly) as server:
        yield server


@dataclass
class Sweep:
    emulator: Emulator
    forks: Forks
    server: FakeServer
    folder: Path
    restart: Callable[[], object] = lambda: None
    number: int = 0

    def run(
        self,
        scenario: Scenario,
        front: str,
        fault: Fault | None = None,
        recovery: str = "",
        skip: bool = False,
    ) -> End:
        """One run of a scenario from an empty world to its end; `skip` leaves out the step."""
        self.number += 1
        self.emulator.reset()
        self.emulator.request("PUT", "/jobs/pace", {"queuedSeconds": 1, "runningSeconds": 1})
        runs = self._runs(scenario, front)
        world = World(scenario.kind, self.emulator, runs.engine())
        for step in scenario.before:
            world.take(step)
        runs.fault = fault
        broken = not skip and _try(world, scenario.step)
        calls, runs.fault = runs.calls, None
        if broken or recovery == "destroy":
            world.take("destroy" if recovery == "destroy" else scenario.step)
        if fault and recovery != "destroy":
            world.take("refresh")  # which the warning of a task that is not listed yet asks for
        truth = world.truth()
        if recovery != "destroy":
            world.take("destroy")
        left = world.present(), world.frames()
        reported = len(runs.unmanaged(self.folder)) if fault and any(left) else 0
        if reported:
            world.take(scenario.step)
            world.take("destroy")
            left = world.present(), world.frames()
        return End(truth, left, calls, reported, runs.left_behind)

    def _runs(self, scenario: Scenario, front: str) -> Runs:
        token, provider = PROVIDERS[scenario.kind]
        environment = self.emulator.surroundings(self.folder, **{FAULT_SERVER: self.server.endpoint})
        environment["VIDEOSNAP_QUOTA_DIR"] += str(self.number)
        if scenario.kind == "job":
            environment["EMULATOR_THAT_MOVES_WITH_SLEEP"] = self.emulator.url
        pickled = serialize_provider(provider())
        return Runs(self.forks, front, DYNAMIC_TYPE + token, pickled, environment, self.restart)


def _try(world: World, step: Any) -> bool:
    try:
        world.take(step)
    except (PluginError, EngineKilled):
        return True
    return False


@pytest.fixture
def sweep(emulator: Emulator, forks: Forks, fault_server: FakeServer, tmp_path: Path) -> Sweep:
    return Sweep(emulator, forks, fault_server, tmp_path)


def points_of(scenario: Scenario, calls: int) -> Iterator[Point]:
    """Every fault in every call; of front, recovery and how often it strikes, the combinations take turns."""
    turns = itertools.cycle(itertools.product(FRONTS, RECOVERIES, (ONCE, ALWAYS)))
    for call in range(calls):
        for fault in (*ACTS, *REFUSES, *INTERRUPTS):
            front, recovery, times = next(turns)
            yield Point(scenario, front, Fault(fault, call, 1 if fault in INTERRUPTS else times), recovery)
        for fault, recovery in itertools.product(KILLS, RECOVERIES):
            yield Point(scenario, next(turns)[0], Fault(fault, call), recovery)
        next(turns)
    for fault, front, recovery in itertools.product(KILLS_AT_THE_END, FRONTS, RECOVERIES):
        yield Point(scenario, front, Fault(fault), recovery)
    yield from (Point(scenario, front, Fault(CLOCK), "again") for front in FRONTS)


@pytest.mark.parametrize("scenario", SOME, ids=lambda one: f"{one.kind}: {one.name}")
def test_one_more_try_ends_as_if_nothing_had_happened(sweep: Sweep, scenario: Scenario, count: Count) -> None:
    again, destroyed = (sweep.run(scenario, "dynamic", recovery=recovery) for recovery in RECOVERIES)
    before = sweep.run(scenario, "dynamic", recovery="destroy", skip=True)
    wrong = []
    for point in sample(list(points_of(scenario, again.calls)), SHARE):
        end = sweep.run(*point)
        ends = (again,) if point.recovery == "again" else (destroyed, (before,))
        tally = compare(scenario.kind, end, *ends)
        name = f"{scenario.kind}: {scenario.name}"
        count(FAULTS, scenario=name, front=point.front, fault=point.fault.name, **tally)
        bad = sum(tally[name] for name in ("orphans", "duplicates", "left behind"))
        if bad or not tally["survived"] or (point.recovery == "again" and tally["reported"]):
            wrong.append(f"{point}\n    {tally} {end}\n    {ends}")
    assert not wrong, "\n".join(wrong)


RESTARTS = [f"{RESTART}, {moment}" for moment in MOMENTS]
RESTARTED = [one for one in SCENARIOS if not one.before]


@pytest.mark.sweep
@pytest.mark.parametrize("scenario", sample(RESTARTED, 0.2), ids=lambda one: f"{one.kind}: {one.name}")
def test_an_emulator_that_starts_again_goes_on(
    forks: Forks, fault_server: FakeServer, tmp_path: Path, scenario: Scenario, count: Count
) -> None:
    options = "--data-dir", str(tmp_path / "data"), "--pace", "manual"
    with contextlib.ExitStack() as running:
        started = [running.enter_context(running_emulator(tmp_path, *options))]

        def restart() -> None:
            started[-1].end(signal.SIGKILL)
            started.append(running.enter_context(running_emulator(tmp_path, *options)))

        sweep = Sweep(started[0], forks, fault_server, tmp_path, restart)
        again = sweep.run(scenario, "dynamic")
        points = itertools.product(RESTARTS, range(again.calls))
        for (fault, call), front in zip(sample(list(points), 0.01), itertools.cycle(FRONTS), strict=False):
            tally = compare(scenario.kind, sweep.run(scenario, front, Fault(fault, call), "again"), again)
            count(FAULTS, scenario=f"{scenario.kind}: {scenario.name}", front=front, fault=fault, **tally)
            assert tally["survived"], (fault, call)


def compare(kind: str, end: End, expected: End, allowed: tuple[End, ...] = ()) -> dict[str, int]:
    """What is counted of one point; without the step, what was there before it may be left too."""
    may_be_left = Counter[str]()
    for one in (expected, *allowed):
        may_be_left |= Counter(map(_name, one.left[0]))
    more = (Counter(map(_name, end.left[0])) - may_be_left).total()
    frames = set(end.left[1]).difference(*(one.left[1] for one in (expected, *allowed)))
    twice = (Counter(end.truth[0]) - Counter(expected.truth[0])).total() if not allowed else 0
    same = not end.truth[2] if allowed else (end.truth, end.left) == (expected.truth, expected.left)
    return {
        "points": 1,
        "survived": int(same and not more and not frames),
        "orphans": len(frames) + (0 if kind == "job" else more),
        "reported": end.reported,
        "duplicates": twice or (more if kind == "job" else 0),
        "left behind": end.left_behind,
    }


def _name(present: Any) -> str:
    return present if isinstance(present, str) else str(present[0])
