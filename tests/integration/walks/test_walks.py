"""Random walks of two stacks: whatever breaks off, nothing declared is ended, orphaned or doubled.

A step is a change of a program, of the world, or a run of the engine; the emulator knows what is true. A
failure prints the steps, shortened to those that matter, and the seed.
"""

import contextlib
import inspect
import json
import os
import random
import re
import tempfile
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from pulumi_videosnap.core.pending import notes
from pulumi_videosnap.drift.detect import detect_drift
from pulumi_videosnap.drift.model import Verdict
from pulumi_videosnap.report.base import Dependencies
from pulumi_videosnap.state import read_export
from support.data import load
from support.emulator import Emulator, running_emulator
from support.engine_model import EngineModel, Entry, Refused
from support.exports import export
from support.jobs import PLACE
from support.plugin import DYNAMIC_TYPE, FRONTS, NATIVE_TYPE, PluginError
from support.plugin_host import PluginHost, plugin_host
from support.plugin_runs import HostedRuns, Kill
from support.sampling import examples

TASK, JOB = "volcengine:SnapshotTask", "alibaba:SnapshotJob"
ROOMS = ("hall", "yard")
STACKS = ("one", "two")
WEIGHTS = {
    "edit": 4,
    "rename": 2,
    "move": 2,
    "leave_out_or_put_back": 2,
    "outside_stop": 2,
    "outside_edit": 2,
    "time_passes": 2,
    "users_leave_or_come_back": 2,
    "up": 6,
    "refresh": 2,
    "destroy": 1,
    "destroy_a_target": 1,
    "crash": 6,
    "answers_are_lost": 3,
    "throttle": 1,
    "two_stacks_at_once": 2,
}
"""The steps, and how often each is made."""
STALL = 0.3
"""Seconds for which the service does not act on the call in which a provider is killed, or not answer."""
SHORTEN_WITHIN = 180.0
"""Seconds for the search of the shortest path to a failure."""
AT_ONCE = examples(1, 3)
"""Walks at a time, each with an emulator of its own: they mostly wait."""
_ENVIRONMENT = threading.Lock()
READABLE = timedelta(hours=72)
"""For so long after its start the service answers for a task."""
INTERVALS = (400, 500, 600)
"""Seconds; long, so that little is to be done for the time that passes."""
YES_OR_NO = (True, False)
VALUES: dict[Any, Sequence[Any]] = {
    **dict.fromkeys(("aliased", "back", "before", "refresh"), YES_OR_NO),
    "stack": STACKS,
    "number": range(5),
    "change": ("interval", "width", "keep_running"),
    "parents": ("", "acme:index:Site$"),
    "interval": INTERVALS,
    "seconds": (10, 200, 3600, 80 * 3600),
    "room": ROOMS,
    "call": range(9),
    "what": ("up", "up", "up", "destroy"),
    "fault": ("close-after", "close-before", "error"),
    "times": (1, 2, 12),
}
"""What each argument of a step may be."""


class Slot:
    """One resource of a program: where it stands changes, and its settings; its task's id does not."""

    def __init__(self, stack: str, number: int, app: str) -> None:
        self.stack, self.number, self.app = stack, number, app
        self.kind = JOB if number == 4 else TASK
        self.name, self.parents, self.alias = f"r{number}", "", ""
        self.declared, self.keep_running, self.owner_is_old = True, True, False
        self.interval, self.width, self.generation = INTERVALS[0], 0, 0
        self.room, self.explicit = ROOMS[number % 2], number != 3

    @property
    def task(self) -> str:
        """The task's id; empty for a default, which only the plugin knows."""
        of_default = not self.explicit or self.kind == JOB
        return "" if of_default else f"{self.app}/{self.room}/{self.stack}{self.number}"

    @property
    def folder(self) -> str:
        return f"{self.app}/{self.stack}/{self.name}/{self.generation}"

    def urn(self) -> str:
        return f"urn:pulumi:{self.stack}::walk::{self.parents}{DYNAMIC_TYPE}{self.kind}::{self.name}"

    def inputs(self) -> dict[str, Any]:
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


@dataclass
class Run:
    """What a run of the engine did, by URN, and the error with which it ended."""

    replaced: set[str]
    applied: set[str]
    """What it created, updated, replaced or deleted, or tried to."""
    made: set[str]
    deleted: set[str]
    error: str = ""


class Walk:
    """The two stacks, the emulator, and what must hold after each step."""

    def __init__(self, emulator: Emulator, host: PluginHost, front: str) -> None:
        self.emulator, self.host, self.app = emulator, host, "661e00000000000000000001"
        self.emulator.reset()
        self.emulator.request("PUT", "/jobs/pace", {"queuedSeconds": 0, "runningSeconds": 0})
        self.folder = tempfile.TemporaryDirectory(prefix="walk")
        folder = Path(self.folder.name)
        (folder / "pulumi").write_text(f"#!/bin/sh\nexec cat {folder}/$4.json\n")
        (folder / "pulumi").chmod(0o755)
        self.environment = self.emulator.surroundings(folder, VIDEOSNAP_CALL_BUDGET="3")
        self.slots = {stack: [Slot(stack, number, self.app) for number in range(5)] for stack in STACKS}
        self.runs = {one: HostedRuns(one, front, folder, self.host, self.environment) for one in STACKS}
        self.engines = {stack: runs.engine() for stack, runs in self.runs.items()}
        self._before: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}
        """For each stack, when its last `up` began: what was true of each task, and what state said."""

    def close(self) -> None:
        self.emulator.clear_faults()
        for runs in self.runs.values():
            runs.close()
        self.folder.cleanup()

    # What a user changes in a program.

    def edit(self, stack: str, number: int, change: str) -> None:
        slot = self.slots[stack][number]
        slot.generation += 1
        if change == "interval":
            slot.interval = INTERVALS[slot.generation % len(INTERVALS)]
        elif change == "width":
            slot.width = (slot.width + 64) % 640
        else:
            slot.keep_running = not slot.keep_running

    def rename(self, stack: str, number: int, aliased: bool) -> None:
        slot = self.slots[stack][number]
        old, slot.generation = slot.urn(), slot.generation + 1
        slot.name = f"r{number}v{slot.generation}"
        slot.alias, slot.owner_is_old = (old, True) if aliased else ("", False)

    def move(self, stack: str, number: int, parents: str, aliased: bool) -> None:
        slot = self.slots[stack][number]
        old, slot.parents = slot.urn(), parents
        slot.alias, slot.owner_is_old = (old, True) if aliased and slot.urn() != old else ("", False)
        slot.generation += 1  # a job of another URN is another job

    def leave_out_or_put_back(self, stack: str, number: int) -> None:
        self.slots[stack][number].declared ^= True

    # What happens outside.

    def outside_stop(self, number: int) -> None:
        running = self.emulator.running(self.app)
        if running:
            self.emulator.stop(running[number % len(running)])

    def outside_edit(self, number: int, interval: int) -> None:
        running = self.emulator.running(self.app)
        if running:
            self.emulator.change(running[number % len(running)], interval=interval)

    def time_passes(self, seconds: int) -> None:
        self.emulator.advance(seconds)

    def users_leave_or_come_back(self, room: str, back: bool) -> None:
        for user in ("user0", "user1"):
            path, there = f"/rooms/{self.app}/{room}/users/{user}", {"camera": True, "screen": False}
            self.emulator.http.request("PUT" if back else "DELETE", path, json=there if back else None)

    # What the engine does.

    def up(self, stack: str, refresh: bool) -> None:
        last = self.emulator.last_call()
        run = self._run_up(stack, refresh)
        self._came_true(stack, run, refresh)
        self._holds({stack: run}, last)

    def refresh(self, stack: str) -> None:
        engine = self.engines[stack]
        before = dict(engine.state)
        run = self._run(stack, EngineModel.refresh)
        assert not run.error, run.error
        truth = self._truth()
        for urn, entry in before.items():
            if TASK in urn and not entry.replacing:
                self._is_read(entry, engine.state.get(urn), truth.get(entry.id))
        self._holds({stack: run})

    def destroy(self, stack: str) -> None:
        self._destroyed(stack, self._run(stack, EngineModel.destroy))

    def destroy_a_target(self, stack: str, number: int) -> None:
        entries = list(self.engines[stack].state)
        if entries:
            run = self._run(stack, lambda engine: engine.destroy([entries[number % len(entries)]]))
            assert not run.error, run.error
            self._holds({stack: run})

    def crash(self, stack: str, call: int, before: bool, what: str) -> None:
        """SIGKILL while a call of the service goes on; the engine records nothing of it."""
        last = self.emulator.last_call()
        self.emulator.fault("stall-before" if before else "stall-after", after=call, seconds=STALL)
        kill = self.runs[stack].kill = Kill(self._struck)
        run = self._run_up(stack) if what == "up" else self._run(stack, EngineModel.destroy)
        if kill.done and before:
            self._let_it_act()
        self.emulator.clear_faults()
        if what == "up":
            if not kill.done:
                self._came_true(stack, run, refresh=False)
            self._holds({stack: run}, last)
        elif kill.done:
            self._holds({stack: run})
        else:
            self._destroyed(stack, run)

    def answers_are_lost(self, stack: str, call: int, fault: str, times: int) -> None:
        more = {"status": 500, "code": "InternalError", "message": "no"} if fault == "error" else {}
        self._faulty_up(stack, fault, call, times, **more)

    def throttle(self, stack: str, call: int, times: int) -> None:
        self._faulty_up(stack, "throttle", call, times)

    def two_stacks_at_once(self, refresh: bool) -> None:
        last = self.emulator.last_call()
        with ThreadPoolExecutor() as threads:
            runs = dict(zip(STACKS, threads.map(lambda one: self._run_up(one, refresh), STACKS), strict=True))
        for stack, run in runs.items():
            self._came_true(stack, run, refresh)
        self._holds(runs, last)

    # How they are run, and what must hold.

    def _run(self, stack: str, act: Callable[[EngineModel], object]) -> Run:
        engine, error = self.engines[stack], ""
        try:
            act(engine)
        except (PluginError, Refused) as failed:
            error = str(failed)
        steps = engine.done.items()
        there = {urn for urn, entry in engine.state.items() if not entry.replacing}
        return Run(
            {urn for urn, step in steps if step == "replace"},
            set(engine.done),
            {urn for urn, step in steps if step in ("create", "replace") and urn in there},
            {urn for urn, step in steps if step == "delete" and urn not in engine.state},
            error,
        )

    def _run_up(self, stack: str, refresh: bool = False) -> Run:
        engine, slots = self.engines[stack], [slot for slot in self.slots[stack] if slot.declared]
        self._before[stack] = self._truth(), {one.id: one.outputs for one in engine.state.values()}
        self.runs[stack].announced = [slot.task for slot in slots if slot.task]
        program = {slot.urn(): slot.inputs() for slot in slots}
        aliases = {slot.urn(): slot.alias for slot in slots if slot.alias}
        return self._run(stack, lambda engine: engine.up(program, aliases, refresh=refresh))

    def _faulty_up(self, stack: str, fault: str, call: int, times: int, **more: Any) -> None:
        last = self.emulator.last_call()
        self.emulator.fault(fault, after=call, times=times, **more)
        run = self._run_up(stack)
        hit = self._struck()
        self.emulator.clear_faults()
        if not (hit and run.error):
            self._came_true(stack, run, refresh=False)
        self._holds({stack: run}, last)

    def _struck(self) -> bool:
        return bool(self.emulator.show("/faults")["faults"][0]["hits"])

    def _let_it_act(self) -> None:
        """The service acts on the call of a provider that is gone; then nothing acts on its own any more."""
        known, until = self.emulator.last_call(), time.monotonic() + 2 * STALL
        while self.emulator.last_call() == known and time.monotonic() < until:
            time.sleep(0.02)

    def _came_true(self, stack: str, run: Run, refresh: bool) -> None:
        """After a full run, state has what the program declares, and the world has what state says."""
        for _ in range(9):
            if run.error:
                self._follow_advice(stack, run, refresh)
                self._up_again(stack, run, refresh)
        assert not run.error, run.error
        state = self.engines[stack].state
        declared = {slot.urn(): slot for slot in self.slots[stack] if slot.declared}
        assert set(state) == set(declared)
        ids = [entry.id for entry in state.values()]
        assert len(set(ids)) == len(ids), f"doubled: {ids}"
        truth, jobs = self._truth(), {job["jobId"]: job for job in self._jobs()}
        for urn, slot in declared.items():
            if slot.kind == JOB:
                assert jobs[state[urn].id]["state"] == "Success"
                output = state[urn].outputs["snapshotConfig"]["outputFile"]
                assert output["object"] == f"{slot.folder}/frame.jpg"
            elif urn in run.made or not self._is_unseen(slot, state[urn], truth[state[urn].id], refresh):
                self._is_true(slot, state[urn], truth[state[urn].id], refresh)

    def _up_again(self, stack: str, run: Run, refresh: bool) -> None:
        again = self._run_up(stack, refresh)
        run.replaced |= again.replaced
        run.made |= again.made
        run.deleted |= again.deleted
        run.error = again.error

    def _follow_advice(self, stack: str, run: Run, refresh: bool) -> None:
        """The only error without a fault: a running task that a resource can neither take nor change.

        It is of an interrupted run, or of a resource that was renamed without an alias and changed.
        """
        found = re.search(r"snapshot task (\S+) exists with other settings \(.*\); (.*)", run.error)
        assert found, run.error
        task_id, advice = found.groups()
        slot = next(one for one in self.slots[stack] if one.task == task_id or not one.explicit)
        task, state = self._truth()[task_id], self.engines[stack].state
        holders = {urn for urn, entry in state.items() if entry.id == task_id}
        former = re.match(r"it is recorded as (\S+): rename or move it first", advice)
        assert bool(former) is bool(holders - {slot.urn()} and slot.urn() not in holders), run.error
        assert task["status"] == "running"
        # An interval is brought in line, so is what state knows of a task that is too old to be read.
        if task["width"] == slot.width:
            assert not self._is_readable(task), run.error
            known = [state[urn] for urn in holders if not state[urn].replacing]
            assert all(entry.outputs["status"] != "running" for entry in known), run.error
        urn = former[1].replace(NATIVE_TYPE, DYNAMIC_TYPE) if former else ""
        if not urn or state[urn].replacing:
            self.emulator.stop(task_id)
        elif slot.number % 2 or state[urn].outputs["status"] != "running":
            slot.alias = urn
        else:
            slot.width, wanted = task["width"], slot.width
            self._up_again(stack, run, refresh)
            assert task_id not in run.error, run.error
            slot.width = wanted

    def _is_unseen(self, slot: Slot, entry: Entry, task: dict[str, Any], refresh: bool) -> bool:
        """Whether a task was not as recorded when the run began and the run could not know: it is left alone.

        A run reads with --refresh alone, and no task that started over 72 hours ago; it acts on what the
        program declares otherwise than state has it.
        """
        truth, recorded = self._before[slot.stack]
        before, known = truth.get(entry.id), recorded.get(entry.id)
        if not before or not known or (refresh and self._is_readable(before)):
            return False
        was_running, is_running = _is_running(known), _is_running(entry.outputs)
        if was_running != is_running or known["imageConfig"]["interval"] != slot.interval:
            return False
        as_recorded = was_running == (before["status"] == "running")
        if as_recorded and not (was_running and known["imageConfig"]["interval"] != before["interval"]):
            return False
        for name in ("status", "interval", "width", "startTime"):
            assert task[name] == before[name], f"changed without a look at it: {before} to {task}"
        return True

    def _is_true(self, slot: Slot, entry: Entry, task: dict[str, Any], refresh: bool) -> None:
        if entry.outputs["status"] == "ended" and not slot.keep_running:
            assert task["status"] == "ended"
            assert task["stopReason"] in ("IdleTimeOut", "UserDisconnect"), task
            return
        found = (task["status"], task["interval"], task["width"])
        assert found == ("running", slot.interval, slot.width), f"{entry.id}: {found}"
        assert entry.outputs["imageConfig"]["interval"] == task["interval"]
        # A start that could not be read back is not started as far as state knows, until a refresh.
        read = refresh and self._is_readable(task)
        assert entry.outputs["status"] in ("running", *([] if read else ["not started"])), entry

    def _is_read(self, before: Entry, after: Entry | None, task: dict[str, Any] | None) -> None:
        """A refresh records what is true of a task; what it cannot read it keeps."""
        assert after
        if not task or not self._is_readable(task):
            assert {**after.outputs, "state": ""} == {**before.outputs, "state": ""}
            return
        assert after.outputs["status"] == task["status"]
        if task["status"] == "running":
            assert after.outputs["imageConfig"]["interval"] == task["interval"]

    def _destroyed(self, stack: str, run: Run) -> None:
        assert not run.error, run.error
        assert self.engines[stack].state == {}
        self._holds({stack: run})

    def _holds(self, runs: dict[str, Run], last: int | None = None) -> None:
        """Nothing declared was ended, nothing runs that no state has, no job was submitted twice."""
        for run in runs.values():
            assert not re.search(r"Traceback|unexpected \w+ in pulumi-videosnap", run.error), run.error
        self._no_orphan()
        self._drift_says_so(runs)
        if last is not None:
            self._nothing_declared_ended({urn for run in runs.values() for urn in run.replaced}, last)
        for stack, run in runs.items():
            self._forget_owners(stack, run)

    def _nothing_declared_ended(self, replaced: set[str], last: int) -> None:
        stopped = {
            "/".join(call["summary"][part] for part in ("AppId", "RoomId", "TaskId"))
            for call in self.emulator.calls(last)
            if call["action"] == "StopSnapshot" and call["summary"]["AppId"] == self.app
        }
        for stack in STACKS:
            state = self.engines[stack].state
            for slot in self.slots[stack]:
                urn = slot.urn()
                own = {slot.task, state[urn].id if urn in state else ""}
                if slot.declared and own & stopped and urn not in replaced:
                    raise AssertionError(f"ended: {own}")

    def _no_orphan(self) -> None:
        orphans = self._running() - self._recorded() - self._noted()
        assert not orphans, f"orphaned: {orphans}"
        jobs = Counter(json.dumps(job["snapshotConfig"]) for job in self._jobs())
        twice = {place for place, number in jobs.items() if number > 1}
        assert not twice, f"submitted twice: {twice}"

    def _forget_owners(self, stack: str, run: Run) -> None:
        """A job keeps its owner through an alias. Its entry was deleted: what comes next is another resource.

        That has the owner of its own name, so it submits a job of its own.
        """
        for slot in self.slots[stack]:
            if slot.owner_is_old and {slot.urn(), slot.alias} & run.deleted:
                slot.owner_is_old, slot.generation = False, slot.generation + 1

    def _drift_says_so(self, stacks: Iterable[str]) -> None:
        """`videosnap drift` says what is true of each recorded task, and of each that no state has."""
        with _ENVIRONMENT, mock.patch.dict(os.environ, self.environment):
            report = detect_drift([self._export(stack) for stack in stacks], Dependencies())
        truth = self._truth()
        verdicts = {one.urn.replace(NATIVE_TYPE, DYNAMIC_TYPE): one.verdict for one in report.findings()}
        entries = [pair for stack in stacks for pair in self.engines[stack].state.items()]
        found = {urn: entry for urn, entry in entries if urn in verdicts}
        assert {entry.id for entry in found.values()} == {entry.id for _, entry in entries}
        for urn, entry in found.items():
            if TASK in urn and not entry.replacing:
                task = truth.get(entry.id)
                assert verdicts[urn] is self._verdict(entry, task), f"{verdicts[urn]}: {entry}, {task}"
        # It is silent on one too old to be read: the service does not know it, and a note has no time.
        unrecorded = (self._running() - self._recorded()) & self._noted(stacks)
        left = {one for one in unrecorded if self._is_readable(truth[one])}
        assert left <= {one.id for one in report.unmanaged}, f"drift does not report {left}"

    def _export(self, stack: str) -> Any:
        resources = []
        for urn, one in self.engines[stack].state.items():
            of = {"urn": urn, "type": urn.split("::")[2].rpartition("$")[2], "id": one.id}
            recorded = {"inputs": one.inputs, "outputs": one.outputs, "pendingReplacement": one.replacing}
            resources.append({**of, **recorded})
        text = export(*resources)
        native = self.runs[stack].front == "native"
        return read_export(text.replace(DYNAMIC_TYPE, NATIVE_TYPE) if native else text, stack)

    def _verdict(self, entry: Entry, task: dict[str, Any] | None) -> Verdict:
        if not task or not self._is_readable(task):
            never = entry.outputs["status"] == "not confirmed"
            return Verdict.STOPPED if never else Verdict.UNREADABLE
        if task["status"] == "running":
            same = entry.inputs["imageConfig"]["interval"] == task["interval"]
            return Verdict.IN_SYNC if same else Verdict.CHANGED
        complete = task["stopReason"] != "StopByAPI" and not entry.outputs["keepRunning"]
        return Verdict.COMPLETE if complete else Verdict.STOPPED

    def _jobs(self) -> list[dict[str, Any]]:
        jobs: list[dict[str, Any]] = self.emulator.show("/jobs")["jobs"]
        return jobs

    def _truth(self) -> dict[str, dict[str, Any]]:
        """The latest run of each task."""
        return {_id(task): task for task in reversed(self.emulator.tasks(app=self.app))}

    def _is_readable(self, task: dict[str, Any]) -> bool:
        """Whether the service still answers for a task."""
        return _time(self.emulator.show("/clock")["now"]) - _time(task["startTime"]) <= READABLE

    def _running(self) -> set[str]:
        return {_id(task) for task in self.emulator.running(self.app)}

    def _recorded(self) -> set[str]:
        return {entry.id for engine in self.engines.values() for entry in engine.state.values()}

    def _noted(self, stacks: Iterable[str] = STACKS) -> set[str]:
        """The tasks of interrupted creations, which `videosnap drift` reports."""
        noted = [note.inputs for stack in stacks for note in notes(stack, env=self.environment)]
        return {f"{note['appId']}/{note['roomId']}/{note['taskId']}" for note in noted if "appId" in note}

    def _made_at_another_time(self) -> set[str]:
        """What no note vouches for, since emulated time has passed before the call: a destroy leaves it."""
        every = [note for stack in STACKS for note in notes(stack, env=self.environment)]
        noted = {note.inputs["taskId"]: note for note in every if "taskId" in note.inputs}
        return {
            _id(task)
            for task in self.emulator.running(self.app)
            if (note := noted.get(task["taskId"])) and not note.may_have_made(_time(task["startTime"]))
        }

    def settle(self) -> None:
        """Every walk ends so: both stacks come true, a second run changes nothing, destroy ends it all."""
        for stack in STACKS:
            for slot in self.slots[stack]:
                slot.declared = True
            self.up(stack, refresh=True)
            last = self.emulator.last_call()
            again = self._run_up(stack)
            assert not again.applied, again
            assert self.emulator.last_call() == last
        for stack in STACKS:
            self._destroyed(stack, self._run(stack, EngineModel.destroy))
        left = self._running() - self._made_at_another_time()
        assert not left, f"left running, although every stack is destroyed: {left}"


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _is_running(outputs: dict[str, Any]) -> bool:
    return outputs["status"] in ("running", "not started")


def _id(task: dict[str, Any]) -> str:
    return f"{task['appId']}/{task['roomId']}/{task['taskId']}"


Step = tuple[str, dict[str, Any]]


def steps(dice: random.Random, size: int) -> list[Step]:
    names = dice.choices(list(WEIGHTS), list(WEIGHTS.values()), k=size)
    needed = {name: [*inspect.signature(getattr(Walk, name)).parameters][1:] for name in WEIGHTS}
    return [(name, {one: dice.choice(VALUES[one]) for one in needed[name]}) for name in names]


class Walks:
    """Runs walks on one emulator; `done` counts their steps."""

    def __init__(self, emulator: Emulator, host: PluginHost) -> None:
        self._emulator, self._host = emulator, host
        self.done: Counter[str] = Counter()

    def run(self, front: str, path: Sequence[Step]) -> str:
        """Go a path to its end; returns what went wrong."""
        walk = Walk(self._emulator, self._host, front)
        try:
            for name, arguments in path:
                self.done[name] += 1
                getattr(walk, name)(**arguments)
            walk.settle()
        except Exception as error:
            return f"{type(error).__name__}: {error}"
        finally:
            walk.close()
        return ""

    def shortest(self, front: str, path: list[Step]) -> list[Step]:
        """The path without the steps that the failure does not need, as far as time allows."""
        until, size = time.monotonic() + SHORTEN_WITHIN, len(path) // 2
        while size and time.monotonic() < until:
            at = 0
            while at < len(path) and time.monotonic() < until:
                rest = [*path[:at], *path[at + size :]]
                if self.run(front, rest):
                    path = rest
                else:
                    at += size
            size //= 2
        return path


@pytest.fixture(scope="module")
def walks(shared_emulator: Emulator) -> Iterator[Walks]:
    with plugin_host() as host:
        yield Walks(shared_emulator, host)


@pytest.mark.timeout(3600)  # in a sweep
def test_random_walks(walks: Walks, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    seed, size = request.config.option.sample_seed, examples(12, 100)
    with contextlib.ExitStack() as stack, ThreadPoolExecutor(AT_ONCE) as pool:
        every = [walks, *(stack.enter_context(_more_walks(tmp_path / str(n))) for n in range(1, AT_ONCE))]
        free = deque(every)

        def walk(number: int) -> str:
            own, front = free.pop(), FRONTS[(seed + number) % 2]
            path = steps(random.Random(f"{seed}/{number}"), size)
            failed = own.run(front, path)
            if failed:
                short = own.shortest(front, path)
                lines = "\n".join(f"    {step}," for step in short)
                again = own.run(front, short) or f"not every time; at first {failed}"
                failed = f"seed {seed}, walk {number}, {front}: {again}\n{lines}"
            free.append(own)
            print(f"walk {number}: {sum(one.done.total() for one in every)} steps {failed}", flush=True)
            return failed

        for failed in pool.map(walk, range(examples(1, 50))):
            if failed:
                pool.shutdown(wait=True, cancel_futures=True)
                pytest.fail(failed, pytrace=False)
        done = sum((one.done for one in every), Counter())
    print(f"seed {seed}: {done.total()} steps without a violation: {dict(done)}")


@contextlib.contextmanager
def _more_walks(folder: Path) -> Iterator[Walks]:
    folder.mkdir()
    with running_emulator(folder) as emulator, plugin_host() as host:
        yield Walks(emulator, host)


@pytest.mark.sweep
@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("name", load("walks.json"))
def test_a_walk_that_failed_once(walks: Walks, name: str, front: str) -> None:
    assert walks.run(front, load("walks.json")[name]) == ""
