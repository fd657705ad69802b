"""Compares one reading of a task with its record: the verdict, the fields that differ, and the remedy.

How the task fares is compared with what was declared, its settings with what was recorded. The frames of a
complete task are looked for in their buckets, where state records their keys.
"""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from pulumi_videosnap.core.encrypted import contains_encrypted, is_encrypted
from pulumi_videosnap.core.lifecycle import Gone, Present, ReadOutcome
from pulumi_videosnap.core.properties import Path, covers, dotted, value_at, with_recorded
from pulumi_videosnap.core.schema import Effect, differences, facts
from pulumi_videosnap.drift.model import Change, Finding, Verdict
from pulumi_videosnap.drift.rules import StoredObjects
from pulumi_videosnap.errors import VideosnapError
from pulumi_videosnap.report.formatting import quantity
from pulumi_videosnap.settings import SECRET
from pulumi_videosnap.state import RecordedResource
from pulumi_videosnap.storage.platforms import Location

BUCKETS_AT_ONCE = 4
_NAMED_KEYS = 3

Reading = tuple[RecordedResource, Present]
BucketAccess = tuple[Location, str]
"""A place, and the provider that it is read with."""


def compare(task: RecordedResource, outcome: ReadOutcome) -> Finding:
    """The finding for a task that was read."""
    rules = task.kind.drift
    if isinstance(outcome, Gone):
        why = "the service does not find it, and it is recent enough to be found"
        return Finding.of(task, Verdict.MISSING, why, remedy=rules.remedy(Verdict.MISSING, ()))
    if not isinstance(outcome, Present):
        return Finding.of(task, Verdict.UNREADABLE, outcome.reason)
    counted = _as_the_engine_compares(task, outcome)
    changes = _changes(task, counted)
    fields = [change.field for change in changes]
    ignored = tuple(change for change in _changes(task, outcome) if change.field not in fields)
    return _finding(task, counted, changes).model_copy(update={"ignored": ignored})


def _as_the_engine_compares(task: RecordedResource, outcome: Present) -> Present:
    """A reading in which what the engine ignores is as declared."""
    rules, inputs = task.kind.drift, outcome.inputs
    declared = {**task.inputs, str(rules.desired_state_input[0]): rules.desired_state}
    for path in task.options.ignored:
        inputs = with_recorded(inputs, declared, path)
    return Present(inputs, outcome.outputs)


def _finding(task: RecordedResource, outcome: Present, changes: tuple[Change, ...]) -> Finding:
    rules, ended = task.kind.drift, task.kind.has_ended(outcome.outputs)
    if changes:
        verdict = _verdict(task, outcome)
        remedy = _blocked(task, changes) or rules.remedy(verdict, [change.field for change in changes])
        return Finding.of(task, verdict, "", changes, remedy)
    if not ended and (encrypted := [dotted(path) for path in _compared(task) if _is_encrypted(task, path)]):
        why = f"recorded values are encrypted: {', '.join(encrypted)}; export the stack with --show-secrets"
        return Finding.of(task, Verdict.UNREADABLE, why)
    return Finding.of(task, Verdict.COMPLETE if ended else Verdict.IN_SYNC, rules.describe(outcome.outputs))


def interrupted_replacement(task: RecordedResource, read: Finding, seen: Present | None) -> Finding:
    """The finding for a task whose replacement was never created; retain_on_delete may have kept it."""
    if read.verdict is Verdict.UNREADABLE:
        return read.model_copy(update={"why": f"replacement was interrupted; {read.why}"})
    if seen and not task.kind.has_ended(seen.outputs):
        state, _ = task.kind.drift.state(seen.outputs)
        why = f"replacement was interrupted: no new task was created, and the old one is {state}"
        remedy = (
            "`pulumi up` adopts it if the program declares the settings that it has; otherwise stop it at "
            "the service first"
        )
        return Finding.of(task, Verdict.CHANGED, why, remedy=remedy)
    why = "replacement was interrupted after delete; no new task was created"
    return Finding.of(task, Verdict.MISSING, why, remedy="`pulumi up` creates the new one")


def _state(task: RecordedResource, outcome: Present) -> str:
    return str(value_at(outcome.inputs, task.kind.drift.desired_state_input))


def _verdict(task: RecordedResource, outcome: Present) -> Verdict:
    """The verdict on a task that drifted."""
    if (state := _state(task, outcome)) == task.kind.drift.desired_state:
        return Verdict.CHANGED
    return Verdict.FAILED if state.startswith("failed") else Verdict.STOPPED


def _blocked(task: RecordedResource, changes: Sequence[Change]) -> str:
    """What the task's options make of `pulumi up --refresh`; empty where it simply brings the task back."""
    fields, options = [change.field for change in changes], task.options
    changed = [leaf for leaf in facts(task.kind.inputs) if dotted(leaf.path) in fields]
    replaced = any(leaf.effect is Effect.REPLACE for leaf in changed)
    replaced_on = any(covers(path, leaf.path) for path in options.replaced_on for leaf in changed)
    if options.protected and (replaced or replaced_on):
        return "`pulumi up --refresh` refuses to replace it: remove `protect` first"
    if options.retained and replaced and task.kind.drift.can_change:
        return (
            "stop it at the service, then run `pulumi up --refresh`: retain_on_delete keeps a replacement "
            "from stopping it, so `up` alone fails"
        )
    return "`pulumi up --refresh` replaces it (replace_on_changes)" if replaced_on and not replaced else ""


def _compared(task: RecordedResource) -> list[Path]:
    """The settings that are compared with the service's."""
    rules = task.kind.drift
    paths = [
        leaf.path
        for leaf in facts(task.kind.inputs)
        if leaf.compared and leaf.path != rules.desired_state_input
    ]
    return paths if rules.can_change else []


def _changes(task: RecordedResource, outcome: Present) -> tuple[Change, ...]:
    """What differs: the state, or else the settings; those of a run that has ended are history."""
    rules = task.kind.drift
    if (actual := _state(task, outcome)) != rules.desired_state:
        field, meaning = dotted(rules.desired_state_input), rules.explain_end(outcome.outputs)
        return (Change(field=field, recorded=rules.desired_state, actual=actual, meaning=meaning),)
    return () if task.kind.has_ended(outcome.outputs) else tuple(_settings(task, outcome))


def _settings(task: RecordedResource, outcome: Present) -> Iterator[Change]:
    compared = _compared(task)
    for leaf, found in differences(task.kind.inputs, task.inputs, outcome.inputs):
        if leaf.path not in compared or _is_encrypted(task, found.path):
            continue
        field, recorded, actual = dotted(found.path), found.recorded, found.actual
        meaning = task.kind.drift.explain_change(field, recorded, actual)
        if _is_secret(task, found.path):
            recorded, actual, meaning = SECRET, SECRET, "a secret value differs"
        yield Change(field=field, recorded=recorded, actual=actual, meaning=meaning)


def _is_encrypted(task: RecordedResource, path: Path) -> bool:
    """Whether a recorded value is an encrypted secret, is inside one, or has one inside."""
    blocks = (value_at(task.inputs, path[:depth]) for depth in range(1, len(path)))
    return any(map(is_encrypted, blocks)) or contains_encrypted(value_at(task.inputs, path))


def _is_secret(task: RecordedResource, path: Path) -> bool:
    """Whether a value is a secret in state, is inside one, or has one inside."""
    return any(path[: len(one)] == one or one[: len(path)] == path for one in task.secret_paths)


def lost_frames(
    complete: Sequence[Reading], absent_keys: Callable[[BucketAccess, Sequence[str]], Sequence[str]]
) -> dict[str, Finding]:
    """Another finding for each complete task whose frames are gone, or cannot be looked for, by its URN."""
    stored = {task.urn: list(task.kind.drift.stored_objects(task, read.outputs)) for task, read in complete}
    wanted: dict[BucketAccess, list[str]] = defaultdict(list)
    for task, _ in complete:
        for objects in stored[task.urn]:
            wanted[_access(task, objects)].extend(objects.keys)

    def absent(bucket: BucketAccess) -> set[str] | str:
        try:
            return set(absent_keys(bucket, wanted[bucket]))
        except VideosnapError as failed:
            return str(failed)

    with ThreadPoolExecutor(BUCKETS_AT_ONCE, thread_name_prefix="videosnap-frames") as pool:
        gone = dict(zip(wanted, pool.map(absent, wanted), strict=True))
    found = ((task.urn, _lost_frames(task, stored[task.urn], gone)) for task, _ in complete)
    return {urn: finding for urn, finding in found if finding}


def _access(task: RecordedResource, objects: StoredObjects) -> BucketAccess:
    return objects.place, task.provider


def _lost_frames(
    task: RecordedResource, stored: Sequence[StoredObjects], gone: Mapping[BucketAccess, set[str] | str]
) -> Finding | None:
    changes = []
    for objects in stored:
        absent = gone[_access(task, objects)]
        if isinstance(absent, str):
            return Finding.of(task, Verdict.UNREADABLE, f"complete, but its frames are not known: {absent}")
        if lost := [key for key in objects.keys if key in absent]:
            changes.append(_lost_objects(objects, lost))
    remedy = f"`pulumi up --replace {shlex.quote(task.urn)}` runs it again"
    return Finding.of(task, Verdict.CHANGED, "", tuple(changes), remedy) if changes else None


def _lost_objects(objects: StoredObjects, lost: Sequence[str]) -> Change:
    count = len(objects.keys)
    more = f" and {len(lost) - _NAMED_KEYS:,} more" if len(lost) > _NAMED_KEYS else ""
    verb = "is" if len(lost) == 1 else "are"
    return Change(
        field=objects.field,
        recorded=quantity(count, "object"),
        actual=quantity(count - len(lost), "object"),
        meaning=f"{len(lost):,} of {count:,} {verb} no longer in bucket {objects.place.bucket}: "
        + ", ".join(lost[:_NAMED_KEYS])
        + more,
    )
