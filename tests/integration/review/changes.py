"""What a change is: a task as declared before and after, and what the documents say comes of it.

Nothing here is taken from the review's own code: outcomes and calls are those of docs/snapshot-task.md and
docs/snapshot-job.md, and what a task takes is reckoned from what is declared.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote

from pulumi_videosnap.core.properties import dotted
from pulumi_videosnap.core.schema import FieldFacts, Inputs, facts
from pulumi_videosnap.review.model import Outcome
from support.data import load
from support.emulator import Emulator

DATA = load("review_changes.json")
"""Declarations, changes of them, what happens to a task before its change, and the calls that each outcome
takes; questions about jobs are shared among them, so they are not listed."""
SECRET = "never-shown"
VARIABLES = dict.fromkeys(("KEY_A", "SECRET_A", "KEY_B", "SECRET_B"), SECRET)
FORCED = "forced"
"""The resource that both preview and up replace on demand."""
OTHER_VIDEO, OTHER_BUCKET = "other.mp4", "stills"
"""What a test has to put there: the sample under another key, and in another bucket."""

OPTIONAL = ("was", "proves", "options", "options_after", "incident", "once")

Declared = dict[str, Any]
Program = dict[str, Declared]

UPDATE, SUBMIT, QUERY = "UpdateSnapshot", "SubmitSnapshotJob", "QuerySnapshotJobList"
DELETE = "DeleteObject"
"""A call of the object storage, which an emulator does not list: its effect is looked at."""

NOT_DECLARED: Mapping[str, str] = {
    "state": "set by the provider: it changes when a task ends",
    "result": "set by the provider: it changes when a job fails",
    "owner": "set by the resource: it changes with its name",
}
"""Fields that no program sets, and what changes them."""


@dataclass(frozen=True)
class Change:
    """One task before and after; `outcome` is None where the documents say that nothing changes."""

    name: str
    outcome: Outcome | None
    before: Declared | None
    after: Declared | None
    was: str = ""
    """Its name in the program before, where that is another one."""
    proves: str = ""
    """The field that it shows a change of; empty where the whole task comes or goes."""
    options: Mapping[str, Any] = field(default_factory=dict)
    options_after: Mapping[str, Any] = field(default_factory=dict)
    calls: tuple[str, ...] | None = None
    """Where they are others than the outcome's."""
    once: int | None = None
    """Frames and sheets that a job is asked for; None where only the end of the video limits them, and where
    the size of a sheet is not documented."""
    incident: str = ""
    """What happens to the task before."""

    @property
    def old_name(self) -> str:
        return self.was or self.name

    @property
    def is_of_a_job(self) -> bool:
        return "snapshot_config" in (self.before or self.after or {})

    @property
    def expected_calls(self) -> tuple[str, ...]:
        if self.calls is not None:
            return self.calls
        return tuple(DATA["calls"][self.outcome.name]) if self.outcome else ()

    def happen(self, emulator: Emulator, incident: str) -> None:
        """Let something happen to the task behind everybody's back."""
        before = self.before or {}
        room, task = (
            "/".join(str(before.get(name)) for name in names)
            for names in (("app_id", "room_id"), ("app_id", "room_id", "task_id"))
        )
        job = jobs_by_folder(emulator)[self.name][-1]["jobId"] if self.is_of_a_job else ""
        for method, path, body in DATA["incidents"][incident]:
            place = path.replace("$job", job).replace("$room", f"/rooms/{room}").replace("$task", task)
            emulator.request(method, place, body)


def jobs_by_folder(emulator: Emulator, known: Iterable[str] = ()) -> dict[str, list[dict[str, Any]]]:
    """The jobs that are not known yet, oldest first, by the folder of their frames."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for job in reversed(emulator.request("GET", "/jobs")["jobs"]):
        if job["jobId"] not in known:
            found[folder_of(job["snapshotConfig"]["OutputFile"]["Object"])].append(job)
    return found


def folder_of(key: str) -> str:
    return unquote(key).partition("/")[0]


def program_before(changes: list[Change], kind: str) -> Program:
    return {c.old_name: _resource(kind, c.before, c.options) for c in changes if c.before is not None}


def program_after(changes: list[Change], kind: str) -> Program:
    options = {c.name: {**c.options, **c.options_after} for c in changes}
    return {c.name: _resource(kind, c.after, options[c.name]) for c in changes if c.after is not None}


def changed_fields(change: Change) -> set[str]:
    """The fields that the program declares otherwise than before; a list is one."""
    if change.before is None or change.after is None:
        return set()
    before, after = dict(leaves(change.before)), dict(leaves(change.after))
    return {name for name in {*before, *after} if before.get(name) != after.get(name)}


def leaves(declared: Declared, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every declared value with its dotted path."""
    for name, value in declared.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _resource(kind: str, inputs: Declared, options: Mapping[str, Any]) -> Declared:
    return {"kind": kind, "inputs": inputs, "options": dict(options)}


def fields_of(model: type[Inputs], lists: Mapping[str, type[Inputs]]) -> Iterator[tuple[str, FieldFacts]]:
    """Every field of a resource as a program writes it; `lists` names the blocks inside lists."""
    for leaf in facts(model):
        name = dotted(leaf.path)
        yield name, leaf
        if name in lists:
            for inner in facts(lists[name]):
                yield f"{name}[].{dotted(inner.path)}", inner


def load_changes(group: str, app: str = "app") -> list[Change]:
    """The changes of a group in tests/data/review_changes.json, each in a room or folder of its own.

    `before` differs from its base, and `after` from what was before, by dotted paths.
    """
    made = []
    for entry in DATA[group]:
        row = {"before": {}, "after": {}, **entry}
        text = json.dumps({**row, "base": DATA["bases"][row["base"]]}).replace("$APP", app)
        parts = json.loads(text.replace("$PLACE", str(row.get("place", row["name"]))))
        before = None if parts["before"] is None else with_all(parts["base"], parts["before"])
        change = Change(
            name=row["name"],
            outcome=Outcome[row["outcome"]] if row["outcome"] else None,
            before=before,
            after=None if parts["after"] is None else with_all(before or parts["base"], parts["after"]),
            calls=tuple(row["calls"]) if "calls" in row else None,
            **{name: row[name] for name in OPTIONAL if name in row},
        )
        made.append(change)
    return made


def as_it_is(change: Change) -> Change:
    return replace(change, outcome=None, after=change.before)


def changed(base: Declared, path: str, value: Any) -> Declared:
    """A copy of a declaration with the value at a dotted path, blocks made on the way; None takes it out."""
    name, _, rest = path.partition(".")
    if rest:
        return {**base, name: changed(base.get(name, {}), rest, value)}
    without = {k: v for k, v in base.items() if k != name}
    return without if value is None else {**without, name: value}


def with_all(base: Declared, values: Mapping[str, Any]) -> Declared:
    for path, value in values.items():
        base = changed(base, path, value)
    return base
