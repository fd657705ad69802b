"""What runs and no state records: interrupted creates, and what a service lists that no stack manages.

The engine notes what it is about to create, which says what to read where a service cannot list.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pulumi_videosnap.core.lifecycle import Context, Present
from pulumi_videosnap.drift.model import Finding, Unmanaged, Verdict
from pulumi_videosnap.errors import NotFound, VideosnapError
from pulumi_videosnap.kinds import kinds
from pulumi_videosnap.state import RecordedResource, Stack, without_encrypted


def interrupted_creates(stack: Stack) -> Iterator[Unmanaged | Finding]:
    """Those that run, as unmanaged; a finding for each of which that is not known."""
    for task in stack.pending_creates:
        inputs = without_encrypted(task.inputs)
        if resource_id := task.kind.drift.pending_id(inputs):
            yield from _read(task, resource_id, inputs, stack)


def _read(
    task: RecordedResource, resource_id: str, inputs: dict[str, object], stack: Stack
) -> Iterator[Unmanaged | Finding]:
    kind = task.kind
    try:
        lifecycle = kind.lifecycle(Context(resource=task.urn, config=stack.setting))
        outcome = lifecycle.read(resource_id, inputs)
    except NotFound:
        return
    except VideosnapError as failed:
        why = (
            f"an `up` was interrupted while it created this task, and whether it runs is not known: {failed}"
        )
        yield Finding.of(task, Verdict.UNREADABLE, why)
        return
    if isinstance(outcome, Present) and not kind.has_ended(outcome.outputs):
        state, created = kind.drift.state(outcome.outputs)
        note = f"created for {task.name} by an interrupted `up` of {stack.name}; the next `up` adopts it"
        yield Unmanaged(id=resource_id, where=kind.drift.service, state=state, created=created, note=note)


def unmanaged(stacks: Sequence[Stack]) -> Iterator[Unmanaged | str]:
    """What services list and none of the stacks records, and sentences on how far that was looked for."""
    for kind in kinds():
        recorded = [(task, stack) for stack in stacks for task in stack.tasks if task.kind is kind]
        if recorded:
            yield from kind.drift.unmanaged(recorded)
