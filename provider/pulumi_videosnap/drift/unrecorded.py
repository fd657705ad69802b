"""What no stack records: what interrupted creates left, and what services list beside the recorded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from pydantic import ValidationError

from pulumi_videosnap.core.encrypted import without_encrypted
from pulumi_videosnap.core.lifecycle import Context, Found, Lifecycle
from pulumi_videosnap.core.pending import Note, notes
from pulumi_videosnap.core.run_registry import Entry
from pulumi_videosnap.drift.model import FailedRuns, Finding, Unmanaged, Verdict
from pulumi_videosnap.errors import VideosnapError
from pulumi_videosnap.kinds import kind_of, kinds
from pulumi_videosnap.state import RecordedResource, Stack, recorded_resource

_NOT_KNOWN = "an `up` was interrupted while it created this, and whether it is there is not known"


def interrupted_creates(stack: Stack) -> Iterator[Unmanaged | Finding]:
    """What interrupted creates left is unmanaged; where that is not known, there is a finding.

    The engine has noted a create in state, or the plugin has on this machine.
    """
    recorded = {task.urn for task in stack.tasks}
    noted = {note.urn: note for note in notes(stack.name) if note.urn not in recorded}
    begun = {task.urn: task for task in stack.pending_creates}
    for note in noted.values():
        if kind := kind_of({"type": note.type}):
            begun[note.urn] = recorded_resource({"urn": note.urn, "inputs": note.inputs}, kind)
    for urn, task in begun.items():
        yield from _left_by(task, noted.get(urn), stack)


def _left_by(task: RecordedResource, note: Note | None, stack: Stack) -> Iterator[Unmanaged | Finding]:
    lifecycle = _lifecycle(task, stack)
    try:
        found = lifecycle.find_created(
            note.inputs if note else lifecycle.identity(without_encrypted(task.inputs))
        )
    except (ValidationError, KeyError, TypeError):  # not all inputs are known
        return
    except VideosnapError as failed:
        yield Finding.of(task, Verdict.UNREADABLE, f"{_NOT_KNOWN}: {failed}")
        return
    recorded = {(one.kind.token, one.id) for one in stack.tasks}
    if found and (task.kind.token, found.id) not in recorded:
        yield _unmanaged(task, found, _whose(note, stack))


def _lifecycle(task: RecordedResource, stack: Stack) -> Lifecycle:
    config = stack.for_provider(task.provider).setting
    providers = [Entry("::pulumi:providers:", one, {}) for one in stack.state_ids]
    return task.kind.lifecycle(Context(resource=task.urn, config=config, entries=lambda: providers))


def _whose(note: Note | None, stack: Stack) -> str:
    if note is None or not note.state or not stack.state_ids or note.state in stack.state_ids:
        return f"{stack.name}; the next `up` adopts it"
    return f"a stack named {stack.name} in another backend, or of this one before it was destroyed"


def _unmanaged(task: RecordedResource, found: Found, whose: str) -> Unmanaged:
    state, created = task.kind.drift.state(found.outputs)
    note = f"created for {task.name} by an interrupted `up` of {whose}"
    shown = replace(task, id=found.id).shown_id
    return Unmanaged(id=shown, where=task.kind.drift.service, state=state, created=created, note=note)


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
