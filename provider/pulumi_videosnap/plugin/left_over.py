"""Ends what a process that was killed had made: a delete of the same stack does so on its way."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from pulumi_videosnap.core.lifecycle import Context
from pulumi_videosnap.core.pending import Note, forget, notes
from pulumi_videosnap.core.urns import project_name, stack_name
from pulumi_videosnap.kinds import DYNAMIC_PREFIX, resource_type
from pulumi_videosnap.plugin.run import RUN

_looked_for: set[str] = set()
"""The resources that this process has looked for: once is enough, however many others it deletes."""


def end_left_over(urn: str) -> None:
    """End what was made for resources of this stack that nobody declares or records."""
    context = RUN.context(urn)
    for note in _left_over(context) if urn else ():
        _looked_for.add(note.urn)
        with contextlib.suppress(Exception):  # whatever is in a note, the delete itself goes on
            _end(note, context)


def _left_over(context: Context) -> Iterator[Note]:
    """The notes of ended processes on the same stack; of its own backend, where a note names one."""
    stack, project = stack_name(context.resource), project_name(context.resource)
    for note in notes(stack):
        looks = project_name(note.urn) == project and note.urn not in _looked_for and note.is_over()
        if looks and note.state in {"", context.runs.state_id, *context.provider_ids()}:
            yield note


def _end(note: Note, context: Context) -> None:
    kind, entries = resource_type(note.type.removeprefix(DYNAMIC_PREFIX)), context.entries()
    declared = context.runs.declared()
    if kind is None or not entries or note.urn in declared.values() or context.is_announced(note.urn):
        return
    lifecycle = kind.lifecycle(RUN.context(note.urn))
    found = lifecycle.find_created(note.inputs)
    if found is None or found.id in {*declared, *(entry.id for entry in entries)}:
        return
    lifecycle.delete(found.id, found.outputs)
    if lifecycle.find_created(note.inputs) is None:
        context.warn(f"ended {kind.token} {found.id}, which an interrupted `up` had made")
        forget(note.urn)
