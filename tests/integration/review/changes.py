"""What a change is: a task as declared before and after, and what the documents say comes of it.

Nothing here is taken from the review's own code: outcomes and calls are those of docs/snapshot-task.md and
docs/snapshot-job.md, and what a task takes is reckoned from what is declared.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pulumi_videosnap.core.properties import dotted
from pulumi_videosnap.core.schema import FieldFacts, Inputs, facts
from pulumi_videosnap.review.model import Outcome

FILE = Path(__file__).parents[2] / "data" / "review_changes.json"
SECRET = "never-shown"
"""What every secret begins with."""
VARIABLES = dict.fromkeys(("KEY_A", "SECRET_A", "KEY_B", "SECRET_B"), SECRET)
FORCED = "forced"
"""The resource that both preview and up are told to replace."""
OTHER_VIDEO, OTHER_BUCKET = "other.mp4", "stills"
"""What a test has to put there: the sample under another key, and in another bucket."""

Declared = dict[str, Any]
Program = dict[str, Declared]

START, UPDATE, STOP, GET = "StartSnapshot", "UpdateSnapshot", "StopSnapshot", "GetSnapshotTask"
SUBMIT, QUERY = "SubmitSnapshotJob", "QuerySnapshotJobList"
DELETE = "DeleteObject"
"""A call of the object storage, which an emulator does not list: its effect is looked at."""

CALLS: Mapping[Outcome, tuple[str, ...]] = {
    Outcome.STARTS: (START, GET),
    Outcome.IN_PLACE: (UPDATE, GET),
    Outcome.RECORDED: (),
    Outcome.RESTART: (STOP, START, GET),
    Outcome.STARTS_AGAIN: (START, GET),
    Outcome.STOPS: (STOP,),
    Outcome.GOES_ON: (START, GET),
    Outcome.NEW_JOB: (SUBMIT,),
    Outcome.FORGOTTEN: (),
    Outcome.FRAMES_DELETED: (),
    Outcome.REFUSED: (),
}
"""The calls that each outcome takes; questions about jobs are shared among them, so they are not listed."""

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
    """Options of the resource, before and after."""
    options_after: Mapping[str, Any] = field(default_factory=dict)
    calls: tuple[str, ...] | None = None
    """Where they are others than the outcome's."""

    @property
    def old_name(self) -> str:
        return self.was or self.name

    @property
    def is_of_a_job(self) -> bool:
        return "snapshot_config" in (self.before or self.after or {})

    @property
    def expected_calls(self) -> tuple[str, ...]:
        return self.calls if self.calls is not None else CALLS[self.outcome] if self.outcome else ()


def program_before(changes: list[Change], kind: str) -> Program:
    """What the program declares before the change."""
    return {c.old_name: _resource(kind, c.before, c.options) for c in changes if c.before is not None}


def program_after(changes: list[Change], kind: str) -> Program:
    """What the program declares after it."""
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
    """The changes of a group in tests/data/review_changes.json, each in a room or folder of its own."""
    return [change for change, _ in load_changes_and_incidents(group, app)]


def load_changes_and_incidents(group: str, app: str = "app") -> list[tuple[Change, str]]:
    """The same with what happens to each task before its change."""
    data = json.loads(FILE.read_text().replace("$APP", app))
    return [_read_change(data["bases"], entry) for entry in data[group]]


def _read_change(bases: Mapping[str, Declared], given: Declared) -> tuple[Change, str]:
    """One entry: `before` differs from its base, and `after` from what was before, by dotted paths."""
    place = str(given.get("place", given["name"]))
    base, before, after = (
        json.loads(json.dumps(part).replace("$PLACE", place))
        for part in (bases[given["base"]], given.get("before", {}), given.get("after", {}))
    )
    declared = None if before is None else with_all(base, before)
    change = Change(
        name=given["name"],
        outcome=Outcome[given["outcome"]] if given["outcome"] else None,
        before=declared,
        after=None if after is None else with_all(declared or base, after),
        calls=tuple(given["calls"]) if "calls" in given else None,
        **{name: given[name] for name in ("was", "proves", "options", "options_after") if name in given},
    )
    return change, given.get("incident", "")


def changed(base: Declared, path: str, value: Any) -> Declared:
    """A copy of a declaration with the value at a dotted path, blocks made on the way; None takes it out."""
    name, _, rest = path.partition(".")
    if rest:
        return {**base, name: changed(base.get(name, {}), rest, value)}
    without = {k: v for k, v in base.items() if k != name}
    return without if value is None else {**without, name: value}


def with_all(base: Declared, values: Mapping[str, Any]) -> Declared:
    """A copy with several values."""
    for path, value in values.items():
        base = changed(base, path, value)
    return base
