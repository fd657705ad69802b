"""Ends what a process that was killed had made: the first delete of a destroy of the same stack does so."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

from pulumi_videosnap.core.lifecycle import Context
from pulumi_videosnap.core.pending import Note, notes
from pulumi_videosnap.core.urns import is_default_provider, project_name, stack_name
from pulumi_videosnap.errors import Throttled, Unreachable
from pulumi_videosnap.kinds import DYNAMIC_PREFIX, kind_of
from pulumi_videosnap.plugin.program import is_announced
from pulumi_videosnap.plugin.run import RUN

LOOKS_FOR = 20.0
"""Seconds after which a delete looks for nothing more; `drift` names the rest."""
_begun = threading.Lock()
"""Held for good by the one delete of this process that looks."""


def end_left_over(urn: str) -> None:
    """End what was made for resources of this stack that nobody declares or records.

    Only in a destroy: a program may declare under another name what a note is of, or come to it later.
    """
    context, deadline = RUN.context(urn), time.monotonic() + LOOKS_FOR
    if not urn or context.runs.has_program() or not _begun.acquire(blocking=False):
        return
    for note in _left_over(context):
        if time.monotonic() > deadline:
            break
        try:
            _end(note, context)
        except (Unreachable, Throttled):  # the others would only cost time
            break
        except Exception as odd:  # whatever is in a note, the delete itself goes on
            context.progress(f"an earlier run's note is not used ({type(odd).__name__})")


def _left_over(context: Context) -> Iterator[Note]:
    """The notes of ended processes on the same stack, its own backend, and this process's account."""
    stack, project = stack_name(context.resource), project_name(context.resource)
    for note in notes(stack):
        if project_name(note.urn) == project and note.is_over() and note.state in _own_states(context):
            yield note


def _own_states(context: Context) -> set[str]:
    """The ids of the provider that this process is, which has the account.

    Where the stack has moved to the other front, that one's default provider had the same.
    """
    own = context.runs.state_id
    providers = {one.id: one for one in context.entries() if "::pulumi:providers:" in one.resource}
    defaults = {id_ for id_, one in providers.items() if is_default_provider(one.resource)}
    return {"", own, *defaults} if own in {"", *defaults} else {own}


def _end(note: Note, context: Context) -> None:
    kind, entries = kind_of({"type": note.type.removeprefix(DYNAMIC_PREFIX)}), context.entries()
    if kind is None or not entries or is_announced(note.urn):
        return
    lifecycle = kind.lifecycle(RUN.context(note.urn))
    found = lifecycle.find_created(note.inputs)
    if found is None and note.is_recent():
        return  # the call may still arrive
    if found and found.id not in {entry.id for entry in entries}:
        if not (note.is_recent() and note.may_have_made(kind.drift.state(found.outputs)[1])):
            return
        lifecycle.delete(found.id, found.outputs)
        if lifecycle.find_created(note.inputs) is not None:
            return
        RUN.note_secrets(note.urn, note.inputs, [(name,) for name in note.secret])
        done = f"ended {kind.token} {found.id}, which an interrupted `up` had made"
        context.warn(RUN.shown(note.urn, done))
    note.forget()
