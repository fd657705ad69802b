"""What no stack records: what interrupted creates left, and what services list beside the recorded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from pulumi_videosnap.core.encrypted import without_encrypted
from pulumi_videosnap.core.lifecycle import Context, Found, Lifecycle
from pulumi_videosnap.core.pending import Note, notes
from pulumi_videosnap.core.run_registry import Entry
from pulumi_videosnap.core.urns import project_name
from pulumi_videosnap.drift.model import FailedRuns, Finding, Unmanaged, Verdict
from pulumi_videosnap.errors import VideosnapError
from pulumi_videosnap.kinds import ResourceKind, kind_of, kinds
from pulumi_videosnap.state import RecordedResource, Stack, recorded_resource

_NOT_KNOWN = "an `up` was interrupted while it created this, and whether it is there is not known"


def interrupted_creates(stacks: Sequence[Stack]) -> Iterator[Sequence[Unmanaged | Finding]]:
    """What interrupted creates left in each stack: unmanaged, or a finding where that is not known.

    The engine has noted a create in state, or the plugin has on this machine. None is named twice.
    """
    known = {(one.kind.token, one.id) for stack in stacks for one in (*stack.tasks, *stack.shared)}
    return ([*_left_in(stack, known)] for stack in stacks)


def _left_in(stack: Stack, known: set[tuple[str, str]]) -> Iterator[Unmanaged | Finding]:
    project = stack.project or "".join(stack.name.split("/")[1:-1])
    own = [note for note in notes(stack.name) if project in {"", project_name(note.urn)}]
    noted = {note.urn for note in own}
    for note in own:
        if kind := kind_of({"type": note.type}):
            yield from _left_by(_noted(note, kind, stack), note, stack, known)
    for task in stack.pending_creates:
        if task.urn not in noted:
            yield from _left_by(task, None, stack, known)


def _noted(note: Note, kind: ResourceKind, stack: Stack) -> RecordedResource:
    provider = stack.state_ids.get(note.state, "")
    task = recorded_resource({"urn": note.urn, "inputs": note.inputs, "provider": provider}, kind)
    begun = {one.urn: one.secret_paths for one in stack.pending_creates}
    secret = {(name,) for name in note.secret}
    return replace(task, secret_paths=begun.get(note.urn, frozenset()) | secret)


def _left_by(
    task: RecordedResource, note: Note | None, stack: Stack, known: set[tuple[str, str]]
) -> Iterator[Unmanaged | Finding]:
    try:
        lifecycle = _lifecycle(task, stack)
        found = lifecycle.find_created(
            note.inputs if note else lifecycle.identity(without_encrypted(task.inputs))
        )
    except VideosnapError as failed:
        yield Finding.of(task, Verdict.UNREADABLE, task.hide(f"{_NOT_KNOWN}: {failed}"))
        return
    except Exception:  # not all inputs are known, or a note is damaged
        return
    if found and (task.kind.token, found.id) not in known:
        known.add((task.kind.token, found.id))
        yield _unmanaged(task, found, note, stack)


def _lifecycle(task: RecordedResource, stack: Stack) -> Lifecycle:
    config = stack.for_provider(task.provider).setting
    providers = [Entry("::pulumi:providers:", one, {}) for one in stack.state_ids]
    return task.kind.lifecycle(Context(resource=task.urn, config=config, entries=lambda: providers))


def _unmanaged(task: RecordedResource, found: Found, note: Note | None, stack: Stack) -> Unmanaged:
    state, created = task.kind.drift.state(found.outputs)
    up = "an interrupted `up`" if note is None or note.is_over() else "an `up` that was interrupted, or runs"
    made = f"created for {task.name} by {up} of {_whose(note, stack)}"
    if note and not note.may_have_made(created):
        made = f"{up} of {stack.name} asked for one of this id or name for {task.name}, but at another time"
    return Unmanaged(
        id=replace(task, id=found.id).shown_id,
        where=task.kind.drift.service,
        state=state,
        created=created,
        note=made,
    )


def _whose(note: Note | None, stack: Stack) -> str:
    if note is None or not note.state or not stack.state_ids or note.state in stack.state_ids:
        return f"{stack.name}; the next `up` adopts it"
    return f"a stack named {stack.name} in another backend, or of this one before it was destroyed"


def unmanaged(stacks: Sequence[Stack]) -> Iterator[Unmanaged | FailedRuns | str]:
    """What services list and none of the stacks records, failed runs, and sentences on what was searched."""
    for kind in kinds():
        known = [
            (task, stack.for_provider(task.provider)) for stack in stacks for task in _with_creates(stack)
        ]
        recorded = [(task, stack) for task, stack in known if task.kind is kind]
        if recorded:
            yield from kind.drift.unmanaged(recorded)


def _with_creates(stack: Stack) -> Iterator[RecordedResource]:
    """What says where to look: also a create that was interrupted, of which only the inputs are recorded."""
    yield from stack.tasks
    yield from (replace(task, properties=task.inputs) for task in stack.pending_creates)
