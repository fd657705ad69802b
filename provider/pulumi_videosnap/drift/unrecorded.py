"""Live rooms' tasks that an `up` was broken off while starting: they may run, and no state records them.

RTC cannot list tasks, but the engine noted what it was about to make, and that says which task to ask for.
"""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_videosnap.core.lifecycle import Context, Present
from pulumi_videosnap.core.timestamps import parse_rfc3339
from pulumi_videosnap.drift.judge import finding
from pulumi_videosnap.drift.kinds import KINDS
from pulumi_videosnap.drift.model import Finding, Unmanaged, Verdict
from pulumi_videosnap.errors import NotFound, VideosnapError
from pulumi_videosnap.state import LIVE, RecordedResource, Stack, without_hidden


def unrecorded_in(stack: Stack) -> Iterator[Unmanaged | Finding]:
    """Those that run, as unmanaged; a finding for each of which that cannot be said."""
    for task in stack.begun:
        if task.kind == LIVE:
            yield from _asked(task, stack)


def _asked(task: RecordedResource, stack: Stack) -> Iterator[Unmanaged | Finding]:
    kind, inputs = KINDS[LIVE], without_hidden(task.inputs)
    identity = "/".join(str(inputs.get(name, "")) for name in ("appId", "roomId", "taskId"))
    try:
        outcome = kind.lifecycle(Context(resource=task.urn, config=stack.setting)).read(identity, inputs)
    except NotFound:
        return
    except VideosnapError as failed:
        why = f"an `up` was broken off while starting it, and whether it runs is not known: {failed}"
        yield finding(task, Verdict.UNREADABLE, why)
        return
    if isinstance(outcome, Present) and not kind.is_over(outcome.outputs):
        yield Unmanaged(
            id=identity,
            where="Volcengine RTC",
            state=str(outcome.outputs.get("status")),
            created=parse_rfc3339(outcome.outputs.get("startTime")),
            note=f"an `up` of {stack.name} was broken off while starting {task.name}: the next one adopts it",
        )
