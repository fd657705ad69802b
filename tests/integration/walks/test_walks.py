"""Random walks of two stacks: whatever breaks off, nothing declared is ended, orphaned or doubled.

A step is a change of a program, of the world, or a run of the engine; the emulator knows what is true. A
failure prints the steps, shortened to those that matter, and the seed.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import Phase, assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from pulumi_videosnap.core.pending import interrupted
from support.emulator import Emulator, clean_environment
from support.engine_model import EngineModel, Kill, Resource, Run
from support.jobs import PLACE
from support.plugin import FRONTS
from support.plugin_host import PluginHost, plugin_host
from support.sampling import examples

TASK, JOB = "volcengine:SnapshotTask", "alibaba:SnapshotJob"
ROOMS = ("hall", "yard")
STACKS = ("one", "two")
READABLE = timedelta(hours=72)
"""For so long after its start the service tells of a task."""
CALLS = 8
INTERVALS = (400, 500, 600)
"""Seconds; long, so that little is to be done for the time that passes."""
stacks = st.sampled_from(STACKS)
"""Which of the two stacks a step is about."""
numbers = st.integers(0, 4)
"""Which of a stack's slots."""


class Slot:
    """One resource of a program: where it stands changes, and its settings; its task's id does not."""

    def __init__(self, stack: str, number: int, app: str) -> None:
        self.stack, self.number, self.app = stack, number, app
        self.kind = JOB if number == 4 else TASK
        self.name, self.parents, self.alias = f"r{number}", "", ""
        self.declared, self.keep_running = True, True
        self.interval, self.width, self.generation = INTERVALS[0], 0, 0
        self.room, self.explicit = ROOMS[number % 2], number != 3

    @property
    def task(self) -> str:
        """The task's id; empty for a default, which only the plugin knows."""
        return (
            f"{self.app}/{self.room}/{self.stack}{self.number}" if self.explicit and self.kind == TASK else ""
        )

    @property
    def folder(self) -> str:
        return f"{self.app}/{self.stack}/{self.name}/{self.generation}"

    def resource(self) -> Resource:
        return Resource(self.kind, self.name, self._inputs(), self.parents, self.alias, self.task)

    def urn(self) -> str:
        return self.resource().urn(self.stack)

    def _inputs(self) -> dict[str, Any]:
        if self.kind == JOB:
            output = {**PLACE, "object": f"{self.folder}/frame.jpg"}
            return {
                "owner": f"walk.{self.stack}.{self.name}",
                "input": {**PLACE, "bucket": "media", "object": "input.mp4"},
                "snapshotConfig": {"outputFile": output, "time": 2, "height": 90},
            }
        return {
            "appId": self.app,
            "roomId": self.room,
            "taskId": f"{self.stack}{self.number}" if self.explicit else f"walk.{self.stack}.{self.name}",
            "imageConfig": {"interval": self.interval, **({"width": self.width} if self.width else {})},
            "keepRunning": self.keep_running,
            "storageConfig": {"tosConfig": {"accountId": "2100000000", "bucket": "frames"}},
        }


class Walk(RuleBasedStateMachine):
    """The two stacks, the emulator, and what must hold after each step."""

    emulator: ClassVar[Emulator]
    host: ClassVar[PluginHost]
    steps: ClassVar[Counter[str]] = Counter()
    walks: ClassVar[int] = 0

    @initialize(front=st.sampled_from(FRONTS))
    def begin(self, front: str) -> None:
        Walk.walks += 1
        self.app = f"{Walk.walks:024x}"
        self.emulator.reset()
        self.emulator.request("PUT", "/jobs/pace", {"queuedSeconds": 0, "runningSeconds": 0})
        self.folder = tempfile.TemporaryDirectory(prefix="walk")
        folder = Path(self.folder.name)
        (folder / "pulumi").write_text(f"#!/bin/sh\nexec cat {folder}/$4.json\n")
        (folder / "pulumi").chmod(0o755)
        self.environment = {
            **clean_environment(),
            **self.emulator.environment,
            "VIDEOSNAP_QUOTA_DIR": str(folder / "quota"),
            "VIDEOSNAP_CALL_BUDGET": "3",
        }
        self.slots = {stack: [Slot(stack, number, self.app) for number in range(5)] for stack in STACKS}
        self.engines = {
            stack: EngineModel(stack, front, folder, self.host, self.environment) for stack in STACKS
        }
        self.lost: set[str] = set()

    def teardown(self) -> None:
        try:
            if not hasattr(self, "engines"):
                return
            self._settle()
        finally:
            for engine in getattr(self, "engines", {}).values():
                engine.close()
            if hasattr(self, "folder"):
                self.folder.cleanup()

    # What a user changes in a program.

    @rule(stack=stacks, number=numbers, change=st.sampled_from(("interval", "width", "keep_running")))
    def edit(self, stack: str, number: int, change: str) -> None:
        self._count("edit")
        slot = self.slots[stack][number]
        slot.generation += 1
        if change == "interval":
            slot.interval = INTERVALS[slot.generation % len(INTERVALS)]
        elif change == "width":
            slot.width = (slot.width + 64) % 640
        else:
            slot.keep_running = not slot.keep_running

    @rule(stack=stacks, number=numbers, aliased=st.booleans())
    def rename(self, stack: str, number: int, aliased: bool) -> None:
        self._count("rename")
        slot = self.slots[stack][number]
        old, slot.generation = slot.urn(), slot.generation + 1
        slot.name = f"r{number}v{slot.generation}"
        slot.alias = old if aliased else ""

    @rule(
        stack=stacks, number=numbers, parents=st.sampled_from(("", "acme:index:Site$")), aliased=st.booleans()
    )
    def move(self, stack: str, number: int, parents: str, aliased: bool) -> None:
        self._count("move")
        slot = self.slots[stack][number]
        old, slot.parents = slot.urn(), parents
        slot.alias = old if aliased and slot.urn() != old else ""

    @rule(stack=stacks, number=numbers)
    def leave_out_or_put_back(self, stack: str, number: int) -> None:
        self._count("leave out")
        self.slots[stack][number].declared ^= True

    # What happens outside.

    @rule(number=numbers)
    def outside_stop(self, number: int) -> None:
        self._count("outside stop")
        running = self.emulator.running(self.app)
        assume(running)
        self.emulator.stop(running[number % len(running)])

    @rule(number=numbers, interval=st.sampled_from(INTERVALS))
    def outside_edit(self, number: int, interval: int) -> None:
        self._count("outside edit")
        running = self.emulator.running(self.app)
        assume(running)
        self.emulator.change(running[number % len(running)], interval=interval)

    @rule(seconds=st.sampled_from((10, 200, 3600, 80 * 3600)))
    def time_passes(self, seconds: int) -> None:
        self._count("time passes")
        self.emulator.advance(seconds)

    @rule(room=st.sampled_from(ROOMS), back=st.booleans())
    def users_leave_or_come_back(self, room: str, back: bool) -> None:
        self._count("users")
        for user in ("user0", "user1"):
            method, body = ("PUT", {"camera": True, "screen": False}) if back else ("DELETE", None)
            self.emulator.request(method, f"/rooms/{self.app}/{room}/users/{user}", body)

    # What the engine does.

    @rule(stack=stacks, refresh=st.booleans())
    def up(self, stack: str, refresh: bool) -> None:
        self._count("up")
        self._up(stack, refresh)

    @rule(stack=stacks)
    def refresh(self, stack: str) -> None:
        self._count("refresh")
        self._holds({stack: self.engines[stack].refresh()})

    @rule(stack=stacks)
    def destroy(self, stack: str) -> None:
        self._count("destroy")
        self._destroyed(stack, self.engines[stack].destroy())

    @rule(stack=stacks, number=numbers)
    def destroy_a_target(self, stack: str, number: int) -> None:
        self._count("destroy a target")
        entries = list(self.engines[stack].state)
        assume(entries)
        self.engines[stack].destroy([entries[number % len(entries)]])
        self._no_orphan()

    @rule(
        stack=stacks,
        call=st.integers(0, CALLS),
        before=st.booleans(),
        what=st.sampled_from(("up", "up", "up", "destroy")),
    )
    def crash(self, stack: str, call: int, before: bool, what: str) -> None:
        """SIGKILL while a call of the service goes on; the engine records nothing of it."""
        self._count("crash")
        last = self.emulator.last_call()
        self.emulator.fault("stall-before" if before else "stall-after", after=call, seconds=0.5)
        engine, kill = self.engines[stack], Kill(self._struck)
        run = engine.up(self._program(stack), kill=kill) if what == "up" else engine.destroy(kill=kill)
        self.emulator.clear_faults()
        self._holds({stack: run}, last, self._expect_error(stack, run, kill.done))

    @rule(
        stack=stacks,
        call=st.integers(0, CALLS),
        fault=st.sampled_from(("close-after", "close-before", "error")),
    )
    def answers_are_lost(self, stack: str, call: int, fault: str) -> None:
        self._count("lost answer")
        more = {"status": 500, "code": "InternalError", "message": "no"} if fault == "error" else {}
        self._faulty_up(stack, fault, call, 2, **more)

    @rule(stack=stacks, call=st.integers(0, CALLS), times=st.sampled_from((1, 2, 12)))
    def throttle(self, stack: str, call: int, times: int) -> None:
        self._count("throttle")
        self._faulty_up(stack, "throttle", call, times)

    @rule(refresh=st.booleans())
    def two_stacks_at_once(self, refresh: bool) -> None:
        self._count("two at once")
        last = self.emulator.last_call()
        with ThreadPoolExecutor() as threads:
            runs = dict(zip(STACKS, threads.map(lambda one: self._run_up(one, refresh), STACKS), strict=True))
        for stack, run in runs.items():
            self._came_true(stack, run, refresh)
        self._holds(runs, last)

    # How they are run, and what must hold.

    def _count(self, step: str) -> None:
        Walk.steps[step] += 1

    def _program(self, stack: str) -> list[Resource]:
        return [slot.resource() for slot in self.slots[stack] if slot.declared]

    def _run_up(self, stack: str, refresh: bool = False) -> Run:
        return self.engines[stack].up(self._program(stack), refresh=refresh)

    def _up(self, stack: str, refresh: bool) -> None:
        last = self.emulator.last_call()
        run = self._run_up(stack, refresh)
        self._came_true(stack, run, refresh)
        self._holds({stack: run}, last)

    def _faulty_up(self, stack: str, fault: str, call: int, times: int, **more: Any) -> None:
        last = self.emulator.last_call()
        self.emulator.fault(fault, after=call, times=times, **more)
        run = self._run_up(stack)
        hit = self._struck()
        self.emulator.clear_faults()
        if not run.error:
            self._came_true(stack, run, refresh=False)
        self._holds({stack: run}, last, self._expect_error(stack, run, hit))

    def _struck(self) -> bool:
        return bool(self.emulator.show("/faults")["faults"][0]["hits"])

    def _expect_error(self, stack: str, run: Run, disturbed: bool) -> None:
        """An undisturbed run succeeds, but for a task of an interrupted one that has other settings now."""
        if run.error and not disturbed:
            self._must_be_conflict(stack, run)

    def _must_be_conflict(self, stack: str, run: Run) -> None:
        unrecorded = self._running() - self._recorded()
        assert any(f"{task} exists with other settings" in run.error for task in unrecorded), run.error
        self._holds({stack: run})

    def _came_true(self, stack: str, run: Run, refresh: bool) -> None:
        """After a full run, state has what the program declares, and the world has what state says."""
        for _ in range(9):
            if not run.error:
                break
            self._must_be_conflict(stack, run)  # stop it, says the error
            for task in self._running() - self._recorded():
                if task in run.error:
                    self.emulator.stop(task)
            run = self._run_up(stack, refresh)
        assert not run.error, run.error
        state = self.engines[stack].state
        declared = {slot.urn(): slot for slot in self.slots[stack] if slot.declared}
        assert set(state) == set(declared)
        ids = [entry.id for entry in state.values()]
        assert len(set(ids)) == len(ids), f"doubled: {ids}"
        now = _time(self.emulator.show("/clock")["now"])
        truth = {_id(task): task for task in reversed(self.emulator.tasks(app=self.app))}
        for urn, slot in declared.items():
            if slot.kind == TASK:
                task = truth[state[urn].id]
                readable = now - _time(task["startTime"]) <= READABLE
                if urn in run.applied or (refresh and readable):
                    self._is_true(slot, state[urn], task)

    def _is_true(self, slot: Slot, entry: Any, task: dict[str, Any]) -> None:
        if entry.outputs["status"] == "ended" and not slot.keep_running:
            assert task["status"] == "ended"
            assert task["stopReason"] in ("IdleTimeOut", "UserDisconnect"), task
            return
        found = (task["status"], task["interval"], task["width"])
        assert found == ("running", slot.interval, slot.width), f"{entry.id}: {found}"
        assert entry.outputs["imageConfig"]["interval"] == task["interval"]
        assert entry.outputs["status"] == "running"

    def _destroyed(self, stack: str, run: Run) -> None:
        assert not run.error, run.error
        assert self.engines[stack].state == {}
        self._no_orphan()

    def _holds(self, runs: dict[str, Run], last: int | None = None, *_: None) -> None:
        """Nothing declared was ended, nothing runs that no state has, no job was submitted twice."""
        self._no_orphan()
        if last is None:
            return
        stopped = {
            "/".join(call["summary"][part] for part in ("AppId", "RoomId", "TaskId"))
            for call in self.emulator.calls(last)
            if call["action"] == "StopSnapshot" and call["summary"]["AppId"] == self.app
        }
        replaced = {urn for run in runs.values() for urn in run.replaced}
        for stack in STACKS:
            for slot in self.slots[stack]:
                if slot.declared and slot.task in stopped and slot.urn() not in replaced:
                    raise AssertionError(f"ended: {slot.task}")

    def _no_orphan(self) -> None:
        orphans = self._running() - self._recorded() - self._noted()
        assert not orphans, f"orphaned: {orphans}"
        jobs = Counter(json.dumps(job["snapshotConfig"]) for job in self._jobs())
        twice = {place for place, number in jobs.items() if number > 1}
        assert not twice, f"submitted twice: {twice}"

    def _jobs(self) -> list[dict[str, Any]]:
        jobs: list[dict[str, Any]] = self.emulator.show("/jobs")["jobs"]
        return jobs

    def _running(self) -> set[str]:
        return {_id(task) for task in self.emulator.running(self.app)}

    def _recorded(self) -> set[str]:
        return {entry.id for engine in self.engines.values() for entry in engine.state.values()}

    def _noted(self) -> set[str]:
        """The tasks of interrupted creations, which `videosnap drift` tells of."""
        notes = [note["inputs"] for stack in STACKS for note in interrupted(stack, self.environment)]
        return {f"{note['appId']}/{note['roomId']}/{note['taskId']}" for note in notes if "appId" in note}

    def _settle(self) -> None:
        """Every walk ends so: both stacks come true, a second run changes nothing, destroy ends it all."""
        for stack in STACKS:
            for slot in self.slots[stack]:
                slot.declared = True
            self._up(stack, refresh=True)
            last = self.emulator.last_call()
            again = self._run_up(stack)
            assert not again.applied, again
            assert self.emulator.last_call() == last
        for stack in STACKS:
            self._destroyed(stack, self.engines[stack].destroy())


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _id(task: dict[str, Any]) -> str:
    return f"{task['appId']}/{task['roomId']}/{task['taskId']}"


@pytest.fixture(scope="module")
def _world(shared_emulator: Emulator) -> Iterator[None]:
    with plugin_host() as host:
        Walk.emulator, Walk.host = shared_emulator, host
        yield


@pytest.mark.usefixtures("_world")
def test_random_walks(request: pytest.FixtureRequest) -> None:
    size = examples(12, 50)
    phases = [Phase.generate, Phase.shrink]
    run_state_machine_as_test(
        Walk,
        settings=settings(
            max_examples=examples(2, 110),
            stateful_step_count=size,
            phases=phases,
            database=None,
            print_blob=True,
        ),
    )
    print(f"{sum(Walk.steps.values())} steps in {Walk.walks} walks: {dict(Walk.steps)}")
