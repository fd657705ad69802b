"""Every resource option under the real engine: what review foretells happens, drift agrees with
`pulumi refresh --preview-only`, and `--heal` brings back what drift says that `up` brings back.

A stack has one task and one job for each option; a situation is one change of them all, or one from outside.
"""

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from e2e.conftest import AT_ONCE
from support.cli import Project, Ran
from support.data import read
from support.emulator import Emulator
from support.layers import COUNTED
from support.sampling import sample

DATA = json.loads(read("options.json"))
ROWS: dict[str, Any] = DATA["rows"]
READS = ("GetSnapshotTask", "GetRoomOnlineUsers", "QuerySnapshotJobList")
REFUSED, KEPT = "will be refused", "continues to run"
Json = dict[str, Any]


@dataclass
class Table:
    """One stack with a task and a job for each row, and what was held of it."""

    project: Project
    emulator: Emulator
    app: str
    rows: dict[str, Any]
    world: Json = field(default_factory=dict)
    cells: int = 0
    held: int = 0
    wrong: list[str] = field(default_factory=list)

    def declare(self, situation: Json) -> None:
        """What the program declares in a situation."""
        given = {name: situation.get(name, {}) for name in ("changes", "gone")}
        trigger = situation.get("trigger", self.world.get("trigger", "1"))
        self.world = {"app": self.app, "rows": self.rows, **given, "trigger": trigger}
        self.project.environment["WORLD"] = json.dumps(self.world)

    def hold(self, where: str, true: bool, note: object) -> None:
        """Count a statement, and note it if it is false."""
        self.held += true
        if not true:
            self.wrong.append(f"{where}: {note}")

    def urns(self, *names: str) -> list[str]:
        """The recorded URNs of some rows' tasks and jobs."""
        wanted = {f"{name}-{kind}" for name in names for kind in ("room", "job")}
        return [found["urn"] for found in self.project.tasks() if name_of(found["urn"]) in wanted]

    def preview(self, words: list[str]) -> list[str]:
        """The argument of `review` for a preview of a part of the stack; none where it runs its own."""
        file = self.project.folder / "preview.json"
        if words:
            file.write_text(self.project.run("preview", "--json", "--show-sames", *words).ok().output)
        return [str(file)] if words else []

    def calls(self, after: int) -> dict[str, Counter[str]]:
        """The calls that change something, by the name of the resource."""
        found: dict[str, Counter[str]] = {}
        for call in self.emulator.calls(after):
            summary = call["summary"]
            if call["action"] not in READS and (owner := self._owner(summary)):
                found.setdefault(owner, Counter())[call["action"]] += 1
        return found

    def _owner(self, summary: Json) -> str:
        if room := summary.get("RoomId"):
            return f"{room}-room" if summary.get("AppId") == self.app else ""
        config = summary.get("SnapshotConfig")
        return f"{config['OutputFile']['Object'].partition('/')[0]}-job" if isinstance(config, dict) else ""

    def running(self) -> set[str]:
        """The names of the tasks that run."""
        return {f"{task['roomId']}-room" for task in self.emulator.running(self.app)}


def name_of(urn: str) -> str:
    return urn.rpartition("::")[2]


def foretold(task: Json) -> Counter[str]:
    """The calls of a review's task that change something; how often objects are deleted is not in /calls."""
    left_out = (*READS, "DeleteObject")
    return Counter({one["action"]: one["count"] for one in task["calls"] if one["action"] not in left_out})


def change(table: Table, situation: Json) -> None:
    """Review a change, make it, and hold what happened against what was foretold."""
    for urn in table.urns(*situation.get("taint", ())):
        table.project.run("state", "taint", "--yes", urn).ok()
    table.declare(situation)
    only = situation.get("only", [])
    words = [word for name in only[1:] for urn in table.urns(name) for word in ("--target", urn)]
    words = [word.replace("--target", only[0]) for word in words]
    words += ["--target-dependents"] if words and situation.get("dependents") else []
    reviewed = table.project.videosnap("review", *table.preview(words), "--json", "--no-measure")
    review: Json = json.loads(reviewed.output[reviewed.output.index("{") :])
    reviews = {name_of(task["urn"]): task for task in review["tasks"]}
    partial = {*review["leftOut"]} & {*cells(table)}
    table.hold(situation["name"], bool(partial) == bool(words) and not partial & {*reviews}, partial)
    refused = sorted(name for name, task in reviews.items() if task["outcome"] == REFUSED)
    before, last = table.running(), table.emulator.last_call()
    exclude = [word for name in refused for word in ("--exclude", reviews[name]["urn"])]
    ran = table.project.up(*words, *exclude)
    table.hold(situation["name"], ran.code == 0, ran.errors)
    made = table.calls(last)
    for name in cells(table):
        task = reviews.get(name)
        wanted = Counter() if name in refused or task is None else foretold(task)
        where = f"{situation['name']}: {name}"
        table.cells += 1
        table.hold(
            where, made.get(name, Counter()) == wanted, f"foretold {dict(wanted)}, made {made.get(name)}"
        )
        if name in before - table.running():
            table.hold(where, task is not None and task["outcome"] == "stops", "it ended, unsaid")
        elif name in before and name not in declared(table) | recorded(table):
            table.hold(where, name in refused or KEPT in str(task), "it runs unmanaged, unsaid")
    for name in refused:
        attempt(table, f"{situation['name']}: {name}", reviews[name])


def attempt(table: Table, where: str, task: Json) -> None:
    """What is foretold to be refused fails, with the calls that are foretold; then it is put right."""
    last = table.emulator.last_call()
    if task["name"] in declared(table):
        ran = table.project.up("--target", task["urn"])
        table.hold(where, ran.code == 1, "was foretold to fail, and did not")
        made = table.calls(last).get(task["name"], Counter())
        table.hold(where, made == foretold(task), f"foretold {foretold(task)}, made {made}")
        drift = drifts(table, where)
        pending = [one for one in table.project.tasks() if one.get("pendingReplacement")]
        for one in pending:
            said = drift[name_of(one["urn"])]
            table.hold(where, "running" in said["why"] and said["verdict"] == "changed", said)


def recorded(table: Table) -> set[str]:
    return {name_of(found["urn"]) for found in table.project.tasks()}


def cells(table: Table) -> list[str]:
    return [f"{name}-{kind}" for name in table.rows for kind in ("room", "job")]


def declared(table: Table) -> set[str]:
    return {cell for cell in cells(table) if cell.rpartition("-")[0] not in table.world["gone"]}


def drifts(table: Table, where: str) -> dict[str, Json]:
    """What drift says of each resource; it names the fields that the engine's own refresh names."""
    ran = table.project.videosnap("drift", "--json", "--no-frames")
    report: Json = json.loads(ran.output[ran.output.index("{") :])
    found = {one["name"]: one for stack in report["stacks"] for one in stack["findings"]}
    table.hold(where, ran.code == report["exitCode"] and report["complete"], f"drift exits {ran.code}")
    refreshed = by_resource(table.project.drift())
    pending = {name_of(one["urn"]) for one in table.project.tasks() if one.get("pendingReplacement")}
    for name in {*found, *refreshed} - pending:
        fields = {re.split(r"\.", one["field"])[-1] for one in found[name]["changes"]}
        named = refreshed.get(name, set())
        gone = found[name]["verdict"] == "missing"
        table.hold(f"{where}: {name}", gone == ("-" in named) and (gone or fields == named), (fields, named))
    return found


def by_resource(ran: Ran) -> dict[str, set[str]]:
    """The fields that a refresh names, by resource; "-" where the resource is gone."""
    found: dict[str, set[str]] = {}
    name, mark = "", ""
    for line in ran.output.splitlines():
        if header := re.match(r"\s*([-~+]?) ?pulumi-python:dynamic/", line):
            mark = header[1]
        elif urn := re.search(r"\[urn=(.*)\]", line):
            name = name_of(urn[1])
            if mark == "-":
                found[name] = {"-"}
            mark = ""
        elif difference := re.match(r"\s*~ (\w+) *: .*=>", line):
            found.setdefault(name, set()).add(difference[1])
    return found


def outside(table: Table, situation: Json) -> None:
    """Change everything behind Pulumi's back, check, heal, and check again."""
    where, change_of = situation["name"], situation["outside"]
    tasks = {task["roomId"]: task for task in table.emulator.running(table.app)}
    for task in tasks.values():
        if "status" in change_of["room"]:
            table.emulator.stop(task)
        else:
            table.emulator.change(task, **change_of["room"])
    if "job" in change_of:
        for job in [found for found in table.project.tasks() if found["type"].endswith(":SnapshotJob")]:
            method = "PUT" if change_of["job"] else "DELETE"
            table.emulator.request(method, f"/jobs/{job['id']}", change_of["job"])
    found = drifts(table, where)
    last = table.emulator.last_call()
    healed = table.project.videosnap("drift", "--heal", "--yes", "--no-frames")
    made, later = table.calls(last), drifts(table, f"{where}, healed")
    for name in cells(table):
        table.cells += 1
        before, after = found[name], later[name]
        drifted, remedy = bool(before["mend"]), before["mend"]
        cannot = drifted and ("refuses" in remedy or "stop it at the service" in remedy)
        at, calls = f"{where}: {name}", made.get(name, Counter())
        table.hold(at, bool(after["mend"]) == cannot, (remedy, after["verdict"], after["mend"]))
        table.hold(at, bool(calls) == (drifted and not cannot), calls)
        if cannot:
            left = f"{name} is left as it is" in " ".join(healed.output.split())
            table.hold(at, left, "heal does not say that it cannot")
        if drifted and "without a gap" in remedy:
            table.hold(at, "StopSnapshot" not in calls, calls)
    # What heal could not bring back is brought back by hand, as it says.
    for task in table.emulator.running(table.app):
        if later[f"{task['roomId']}-room"]["mend"]:
            table.emulator.stop(task)
    table.project.up("--refresh", "--continue-on-error")


@pytest.mark.rotating
def test_options_hold_before_and_after_an_outside_change(
    tmp_path: Path, emulator: Emulator, app: str, record_property: Callable[[str, object], None]
) -> None:
    emulator.request("PUT", "/jobs/pace", AT_ONCE)
    rows = {"plain": {}, **{name: ROWS[name] for name in sample(list(ROWS), 0.1)}}
    project = Project(tmp_path, read("programs/options.txt"), emulator.environment)
    table = Table(project, emulator, app, rows)
    situations = DATA["situations"]
    table.declare(situations[0])
    project.up().ok()
    for situation in sample(situations, 0.1):
        table.declare({"trigger": table.world["trigger"]})
        (outside if "outside" in situation else change)(table, situation)
    counts = f"{len(rows)} options, {table.cells} cells, {table.held} statements held"
    record_property(COUNTED, f"options table: {counts}, {len(table.wrong)} false")
    assert not table.wrong, "\n".join(table.wrong)
