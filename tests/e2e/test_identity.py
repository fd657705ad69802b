"""A resource is its URN: whatever breaks off, nothing that is declared is ended, orphaned or doubled."""

import json
import random
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pytest

from support.cli import STACK, Project
from support.data import read
from support.emulator import Emulator
from support.jobs import store_of
from support.processes import killed, wait_until
from support.sampling import examples

TYPES = {
    "task": "pulumi-python:dynamic/volcengine:SnapshotTask",
    "job": "pulumi-python:dynamic/alibaba:SnapshotJob",
}
COMPONENTS = [None, ("Front", "hall"), ("Back", "hall"), ("Front", "yard")]
STEPS = 6
START, STOP, SUBMIT = "StartSnapshot", "StopSnapshot", "SubmitSnapshotJob"
CHANGES = ("rename", "move", "component", "alias", "leave out", "swap names")
RUNS = ("up", "up", "break off", "break off", "target", "exclude", "outside stop", "kill", "destroy a target")


@dataclass
class Slot:
    """One task or job: what it is never changes, where it stands in the program does."""

    app: str
    kind: str
    place: str
    id: str | None
    name: str
    component: tuple[str, str] | None = None
    aliases: list[str] = field(default_factory=list)
    declared: bool = True

    @property
    def urn(self) -> str:
        parent = f"acme:index:{self.component[0]}$" if self.component else ""
        return f"urn:pulumi:{STACK}::stories::{parent}{TYPES[self.kind]}::{self.name}"


class World:
    """A program of ten slots, what the engine makes of it, and what the emulator says is true."""

    def __init__(self, folder: Path, emulator: Emulator, app: str, seed: int) -> None:
        self.dice, self.emulator, self.app = random.Random(seed), emulator, app
        self.project = Project(folder, read("programs/slots.txt"), emulator.environment)
        ids: list[str | None] = ["task0", "task1", "task2", "task3", None]
        policies = ["keep-frames", "delete-frames"] * 3
        self.slots = [Slot(app, "task", f"room{n % 3}", ids[n], f"t{n}") for n in range(5)]
        self.slots += [Slot(app, "job", f"folder{n}", policies[n], f"j{n}") for n in range(5)]
        self.log: list[str] = []

    @property
    def declared(self) -> list[Slot]:
        return [slot for slot in self.slots if slot.declared]

    def change(self) -> None:
        """Change where one resource stands in the program."""
        what, slot = self.dice.choice(CHANGES), self.dice.choice(self.slots)
        old = slot.urn
        slot.aliases = []
        if what in ("rename", "alias"):
            slot.name = f"{slot.kind[0]}{self.dice.randrange(1000)}"
        elif what == "move":
            slot.component = self.dice.choice(COMPONENTS)
        elif what == "component" and slot.component:
            for one in self.slots:
                if one.component == slot.component and one is not slot:
                    one.component = ("Side", "hall")
            slot.component = ("Side", "hall")
        elif what == "leave out":
            slot.declared = not slot.declared
        elif what == "swap names":
            other = self.dice.choice([one for one in self.slots if one.kind == slot.kind])
            slot.name, other.name = other.name, slot.name
            slot.component, other.component = other.component, slot.component
        if what == "alias" and len({one.urn for one in self.slots}) == len(self.slots):
            slot.aliases = [old]
        urns = [one.urn for one in self.slots]
        for one in self.slots:  # Pulumi refuses two resources of one URN
            if urns.count(one.urn) > 1:
                one.name = f"{one.name}{one.place[-1]}{one.kind[0]}"
        self.log.append(f"{what} {old} -> {slot.urn}")

    def run(self) -> None:
        """Run the engine in one of the ways that a user may."""
        how = self.dice.choice(RUNS)
        last = self.emulator.last_call()
        self.log.append(how)
        if how == "up":
            self.up().ok()
        elif how == "break off":
            end = self.dice.randrange(11)
            self.up(BREAK=str(end))
            self.holds(last, self.declared[:end])
            return
        elif how in ("target", "exclude"):
            known = [*(one.urn for one in self.declared), *(one["urn"] for one in self.project.tasks())]
            some = self.dice.sample(sorted(set(known)), 3)
            self.log[-1] += f" {some}"
            self.up(*(word for urn in some for word in (f"--{how}", urn)))
        elif how == "destroy a target":
            entries = [one["urn"] for one in self.project.tasks()]
            if entries:
                urn = self.dice.choice(entries)
                self.log[-1] += f" {urn}"
                self.project.run("destroy", "--yes", "--skip-preview", "--target", urn).ok()
                return  # what only this entry had has ended, as the user asked
        elif how == "outside stop":
            if running := self.emulator.running(self.app):
                self.emulator.stop(self.dice.choice(running))
        elif how == "kill":
            self.kill()
        self.holds(last, self.declared)

    def up(self, *arguments: str, **environment: str) -> Any:
        slots = json.dumps([asdict(slot) for slot in self.declared])
        return self.project.up(*arguments, env={"SLOTS": slots, **environment})

    def kill(self) -> None:
        """SIGKILL at a random call; then what the README tells a user to do."""
        calls, last = self.dice.randrange(1, 12), self.emulator.last_call()
        slots = json.dumps([asdict(slot) for slot in self.declared])
        with self.project.running("up", "--yes", "--skip-preview", env={"SLOTS": slots}) as run:
            wait_until(lambda: run.poll() is not None or self.emulator.last_call() - last >= calls)
            with killed(run, "engine"):
                self.project.run("cancel", "--yes", STACK)
                self.up().ok()

    def frames(self) -> dict[str, list[str]]:
        """The frames that state records of each job."""
        jobs = [one for one in self.project.tasks() if one["type"] == TYPES["job"]]
        return {one["urn"]: one["outputs"]["frames"] for one in jobs if "frames" in one["outputs"]}

    def keys(self) -> set[str]:
        listed = store_of(self.emulator.environment).list_objects_v2(Bucket="frames", Prefix=f"{self.app}/")
        return {one["Key"] for one in listed.get("Contents", [])}

    def holds(self, last: int, program: list[Slot]) -> None:
        """Nothing that is declared was ended, and no running task is in no entry of state."""
        declared = {(slot.place, slot.id) for slot in program if slot.kind == "task" and slot.id}
        ended = declared & self.ended(last)
        assert not ended, f"ended: {ended}\n{self}"
        urns, keys = {slot.urn for slot in program}, self.keys()
        lost = {urn: gone for urn, kept in self.frames().items() if urn in urns and (gone := {*kept} - keys)}
        assert not lost, f"frames were deleted: {lost}\n{self}"
        recorded = {one["id"] for one in self.project.tasks() if one["type"] == TYPES["task"]}
        tasks = self.emulator.running(self.app)
        running = {f"{one['appId']}/{one['roomId']}/{one['taskId']}" for one in tasks}
        assert running <= recorded, f"orphaned: {running - recorded}\n{self}"

    def ended(self, last: int) -> set[tuple[str, str]]:
        """What was stopped: not what a killed `up` had started and not recorded, and the next one started."""
        calls: dict[tuple[str, str], list[str]] = defaultdict(list)
        for call in self.emulator.calls(last):
            if call["action"] in (START, STOP) and call["summary"]["AppId"] == self.app:
                calls[call["summary"]["RoomId"], call["summary"]["TaskId"]].append(call["action"])
        return {one for one, actions in calls.items() if STOP in (actions[0], actions[-1])}

    def settles(self) -> None:
        """A last full run: each slot has one task or job, nothing is left to do, and destroy ends it all."""
        last = self.emulator.last_call()
        self.up("--refresh").ok()
        self.holds(last, self.declared)
        entries = self.project.tasks()
        assert sorted(one["urn"] for one in entries) == sorted(slot.urn for slot in self.declared), str(self)
        ids = [one["id"] for one in entries]
        assert len(set(ids)) == len(ids), f"doubled: {ids}\n{self}"
        rooms = sorted(one["roomId"] for one in self.emulator.running(self.app))
        places = sorted(slot.place for slot in self.declared if slot.kind == "task")
        assert rooms == places, f"{rooms}\n{self}"
        jobs = {one["jobId"] for one in self.emulator.show("/jobs")["jobs"]}
        assert {one["id"] for one in entries if one["type"] == TYPES["job"]} <= jobs, str(self)
        self.project.destroy().ok()
        assert self.emulator.running(self.app) == [], str(self)
        deleting = tuple(f"{self.app}/{slot.place}/" for slot in self.slots if slot.id == "delete-frames")
        assert not [key for key in self.keys() if key.startswith(deleting)], str(self)

    def __str__(self) -> str:
        return "\n".join(self.log)


@pytest.fixture
def world(tmp_path: Path, emulator: Emulator, app: str, request: pytest.FixtureRequest) -> World:
    emulator.request("PUT", "/jobs/pace", {"queuedSeconds": 0, "runningSeconds": 0})
    return World(tmp_path, emulator, app, getattr(request, "param", 0))


@pytest.mark.rotating
@pytest.mark.parametrize("world", range(examples(1, 200)), indirect=True, ids="sequence-{}".format)
def test_random_changes_that_break_off(world: World) -> None:
    world.up().ok()
    for _ in range(examples(1, STEPS)):
        for _ in range(world.dice.randrange(1, 4)):
            world.change()
        world.run()
    world.settles()


@pytest.mark.rotating
def test_a_rename_that_broke_off(world: World) -> None:
    """The entry that is left is dropped by any later run; and review foretells it."""
    task = Slot(world.app, "task", "hall", "stills", "lobby")
    children = [Slot(world.app, "task", "hall", None, "cam", kind) for kind in COMPONENTS[1:3]]
    world.slots = [task, *children]
    world.up().ok()
    assert len({one["taskId"] for one in world.emulator.running(world.app)}) == 3, "children of one name"
    task.name = "foyer"
    world.up(BREAK="1").exits(1)
    environment = {"SLOTS": json.dumps([asdict(slot) for slot in world.slots])}
    reviewed = world.project.videosnap("review", "--json", "--no-measure", env=environment)
    review = json.loads(reviewed.ok().output)
    [left] = review["tasks"]
    assert (left["name"], left["outcome"], left["calls"]) == ("lobby", "goes on under another name", [])
    assert review["totals"]["picturesPerHourBefore"] == review["totals"]["picturesPerHourAfter"]
    last = world.emulator.last_call()
    world.up().ok()
    assert world.emulator.calls(last) == []
    world.project.destroy().ok()
    assert world.emulator.running(world.app) == []
