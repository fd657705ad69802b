"""The tables of the resources' inputs, from the models that declare them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import get_args

from pulumi_videosnap.alibaba.pipeline.schema import PipelineInputs
from pulumi_videosnap.alibaba.schema import SnapshotConfig, SnapshotJobInputs
from pulumi_videosnap.alibaba.workflow.schema import SnapshotWorkflowInputs, WorkflowSnapshot
from pulumi_videosnap.core.field_words import offered_by, range_of
from pulumi_videosnap.core.properties import dotted
from pulumi_videosnap.core.schema import FieldFacts, Inputs, Mark, facts
from pulumi_videosnap.volcengine.schema import SnapshotTaskInputs


def snapshot_task_fields() -> Iterator[str]:
    """One row for each input of `volcengine.SnapshotTask`."""
    yield "| field | what it is | range, default | a change | drift |"
    yield "|---|---|---|---|---|"
    for leaf in _with_list_entries(SnapshotTaskInputs):
        yield row(*_facts_of(leaf, range_of(leaf.info)), _drift(leaf))


def snapshot_job_fields() -> Iterator[str]:
    """One row for each input of `alibaba.SnapshotJob`."""
    yield "| field | what it is | values, default | a change |"
    yield "|---|---|---|---|"
    for leaf in facts(SnapshotJobInputs):
        yield row(*_facts_of(leaf, range_of(leaf.info) or _form(leaf)))


def workflow_fields() -> Iterator[str]:
    """One row for each input of `alibaba.SnapshotWorkflow`; an activity's own fields are a job's, and one."""
    yield from _standing_fields(SnapshotWorkflowInputs)
    of_a_job = {leaf.path for leaf in facts(SnapshotConfig)}
    for leaf in facts(WorkflowSnapshot):
        if leaf.path not in of_a_job:
            name = f"`snapshots.NAME.{dotted(leaf.path)}`"
            yield row(name, *_facts_of(leaf, range_of(leaf.info) or _form(leaf))[1:], "seen")


def pipeline_fields() -> Iterator[str]:
    """One row for each input of `alibaba.Pipeline`."""
    yield from _standing_fields(PipelineInputs)


def _standing_fields(model: type[Inputs]) -> Iterator[str]:
    yield "| field | what it is | values, default | a change | drift |"
    yield "|---|---|---|---|---|"
    switches = ("adopt", "profile", "presence")
    for leaf in facts(model):
        seen = "never" if leaf.path[0] in switches else "seen"
        yield row(*_facts_of(leaf, range_of(leaf.info) or _form(leaf)), seen)


def row(*cells: str) -> str:
    """A row of a table."""
    return f"| {' | '.join(cells)} |"


def _facts_of(leaf: FieldFacts, values: str) -> tuple[str, ...]:
    """The cells of a field; a default that the description names goes before the model's own."""
    meaning, _, named = (leaf.info.description or "").partition("; defaults to ")
    return (
        f"`{dotted(leaf.path).replace('[0]', '[]')}`",
        meaning,
        ", ".join(filter(None, [values, f"default: {named}" if named else _default(leaf)])),
        leaf.effect.value,
    )


def _with_list_entries(model: type[Inputs]) -> Iterator[FieldFacts]:
    """Every leaf; a list of blocks is followed by the fields of one entry."""
    for leaf in facts(model):
        yield leaf
        for entry in get_args(leaf.info.annotation):
            if isinstance(entry, type) and issubclass(entry, Inputs):
                yield from facts(entry, (*leaf.path, 0))


def _default(leaf: FieldFacts) -> str:
    default = leaf.info.get_default(call_default_factory=True)
    if leaf.info.is_required():
        return "required"
    return "" if default is None else f"default `{default}`"


def _form(leaf: FieldFacts) -> str:
    """The words or the form that a refusal of the field would offer."""
    return re.sub(r"(?<!\w)'([^']+)'", r"`\1`", offered_by(leaf.info))


def _drift(leaf: FieldFacts) -> str:
    if Mark.SECRET in leaf.marks:
        return "secret, never returned"
    return "not returned" if Mark.NOT_RETURNED in leaf.marks else "seen"
