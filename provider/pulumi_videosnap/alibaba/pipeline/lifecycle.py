"""The lifecycle of a pipeline: AddPipeline, UpdatePipeline, DeletePipeline, QueryPipelineList.

The service makes the id and does not say that names are unique, so a create looks for the name first: one
with the declared settings was made by an earlier create whose answer got lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from pulumi_videosnap.alibaba.auth import read_import_id
from pulumi_videosnap.alibaba.models import Pipeline
from pulumi_videosnap.alibaba.named import NamedLifecycle, default_name, differing, format_difference, shorten
from pulumi_videosnap.alibaba.pending_submissions import PendingSubmissions, create_once
from pulumi_videosnap.alibaba.pipeline.convert import (
    add_request,
    to_inputs,
    to_outputs,
    update_request,
)
from pulumi_videosnap.alibaba.pipeline.schema import LONGEST_NAME, STANDARD, PipelineInputs
from pulumi_videosnap.core.lifecycle import (
    Checked,
    Context,
    Created,
    Failure,
    Found,
    Gone,
    Present,
    ReadOutcome,
)
from pulumi_videosnap.core.properties import Path, Properties, chosen
from pulumi_videosnap.core.schema import inputs_of
from pulumi_videosnap.core.validation import validate
from pulumi_videosnap.errors import InvalidInput, Rejected, TaskConflict, TaskFailed

TOKEN = "alibaba:Pipeline"  # noqa: S105 - a type, not a credential
SPEED: tuple[Path, ...] = (("speed",), ("speedLevel",))


class Api(Protocol):
    """The service's actions (`PipelineApi`)."""

    @property
    def pending(self) -> PendingSubmissions: ...  # noqa: D102
    def add(self, fields: Mapping[str, Any]) -> Pipeline: ...  # noqa: D102
    def update(self, fields: Mapping[str, Any]) -> None: ...  # noqa: D102
    def delete(self, pipeline_id: str) -> None: ...  # noqa: D102
    def pipeline(self, pipeline_id: str) -> Pipeline | None: ...  # noqa: D102
    def all_pipelines(self) -> list[Pipeline]: ...  # noqa: D102


class PipelineLifecycle(NamedLifecycle[Api]):
    """Drives one pipeline."""

    token = TOKEN
    inputs = PipelineInputs

    def check(self, declared: Mapping[str, object]) -> Checked:
        """Complete and validate the inputs; two resources of one program may not have one pipeline."""
        name = declared.get("name")
        if name is not None or declared.get("adopt") is None:
            name = default_name(self._context, name, TOKEN, _fit)
        raw = {**declared, "name": name}
        pipeline, failures = validate(PipelineInputs, raw)
        if pipeline is None:
            return Checked(raw, failures)
        failures = self._context.with_origin(self._refusals(pipeline), declared.get("name"), "name")
        return Checked(pipeline.properties(), failures, _doubts(pipeline))

    def _refusals(self, pipeline: PipelineInputs) -> Iterator[Failure]:
        location, field = pipeline.location, "adopt" if pipeline.adopt is not None else "name"
        value = getattr(pipeline, field)
        yield from self._absent(("location",), location)
        if value is None:
            yield Failure(("name",), "is required")
        elif isinstance(value, str) and isinstance(location, str):
            yield from self._declared_twice(field, value, _claim(pipeline))

    def create(self, inputs: Properties) -> Created:
        """AddPipeline, unless it is there already, or an existing one is adopted by its id."""
        pipeline = PipelineInputs.model_validate(inputs)
        api = self._connect(pipeline.profile, pipeline.location)
        found = self._adopt(api, pipeline) if pipeline.is_adopted else self._make(api, pipeline)
        self._context.runs.mark_created(found.id)
        self._context.note_existing(found.id, {**pipeline.properties(), **to_outputs(found)})
        return Created(found.id, self._settle(api, pipeline, found.id))

    def read(self, task_id: str, recorded: Properties) -> ReadOutcome:
        """QueryPipelineList, projected onto the inputs."""
        before = inputs_of(PipelineInputs, recorded)
        found = self._connect(recorded.get("profile"), str(recorded["location"])).pipeline(task_id)
        if found is None:
            return Gone()
        inputs = to_inputs(found, before)
        return Present(inputs, {**inputs, **to_outputs(found)})

    def find(self, import_id: str) -> Found | None:
        """QueryPipelineList for `location/pipeline`."""
        location, pipeline_id = read_import_id(import_id, "pipeline")
        found = self._connect(None, location).pipeline(pipeline_id)
        if found is None:
            return None
        return Found(found.id, to_inputs(found, {"location": location}), to_outputs(found))

    def identity(self, inputs: Properties) -> Properties:
        """Its name, and where it is: the service makes the id."""
        return chosen(inputs, "name", "location", "profile")

    def find_created(self, identity: Properties) -> Found | None:
        """SearchPipeline for the one of this name."""
        api = self._connect(identity.get("profile"), identity["location"])
        named = [one for one in api.all_pipelines() if one.name == identity["name"]]
        return Found(named[0].id, identity, {**to_outputs(named[0]), **identity}) if len(named) == 1 else None

    def update(self, task_id: str, recorded: Properties, inputs: Properties) -> Properties:  # noqa: ARG002
        """UpdatePipeline where the service has something else than declared."""
        pipeline = PipelineInputs.model_validate(inputs)
        return self._settle(self._connect(pipeline.profile, pipeline.location), pipeline, task_id)

    def delete(self, task_id: str, recorded: Properties) -> None:
        """DeletePipeline; an adopted one stays, and so does one that is another resource's now."""
        if recorded.get("adopt"):
            self._context.progress("left as it is, with its settings: it was adopted")
            return
        if holder := self._context.holder(task_id):
            self._context.progress(f"left as it is: it is the pipeline of {holder}")
            return
        api = self._connect(recorded.get("profile"), str(recorded["location"]))
        try:
            api.delete(task_id)
        except Rejected:
            if api.pipeline(task_id) is not None:
                raise
            self._context.progress("was deleted already")

    def _adopt(self, api: Api, pipeline: PipelineInputs) -> Pipeline:
        found = api.pipeline(str(pipeline.adopt))
        if found is None:
            raise InvalidInput(
                "adopt", f"no pipeline in {pipeline.location} has the id {pipeline.adopt}; check both"
            )
        fixed = [line for path, line in _differing(pipeline, found) if path in SPEED]
        if fixed:
            raise TaskConflict(f"pipeline {found.id}", fixed, "declare what it has: this cannot be changed")
        return found

    def _make(self, api: Api, pipeline: PipelineInputs) -> Pipeline:
        found, was_there = create_once(
            _claim(pipeline),
            lambda: self._find(api, pipeline),
            lambda: self._add(api, pipeline),
            pending=api.pending,
            progress=self._context.progress,
            sleep=self._sleep,
        )
        if not was_there:
            self._context.made(lambda: api.delete(found.id))
        else:
            self._context.warn(f"pipeline {found.id} has this name and these settings, and is adopted")
        return found

    def _add(self, api: Api, pipeline: PipelineInputs) -> Pipeline:
        self._context.note_creation(TOKEN, self.identity(pipeline.properties()))
        return api.add(add_request(pipeline))

    def _find(self, api: Api, pipeline: PipelineInputs) -> Pipeline | None:
        """The pipeline that an earlier create made: of this name, and with all settings but its state."""
        same_name = [one for one in api.all_pipelines() if one.name == pipeline.name]
        others: list[str] = []
        for one in same_name:
            lines = [line for path, line in _differing(pipeline, one) if path != ("state",)]
            if not lines and len(same_name) == 1:
                return one
            others += lines or [f"{len(same_name)} pipelines have this name"]
        if others:
            advice = f"set another name, or adopt={same_name[0].id!r}"
            raise TaskConflict(f"pipeline {pipeline.name!r}", list(dict.fromkeys(others)), advice)
        return None

    def _settle(self, api: Api, pipeline: PipelineInputs, pipeline_id: str) -> Properties:
        """Bring a pipeline in line; what is recorded of it then."""
        found = self._get(api, pipeline_id)
        if any(path not in SPEED for path, _ in _differing(pipeline, found)):
            self._context.progress("updating")
            api.update(update_request(pipeline, found))
            found = self._get(api, pipeline_id)
        return {**pipeline.properties(), **to_outputs(found)}

    def _get(self, api: Api, pipeline_id: str) -> Pipeline:
        found = api.pipeline(pipeline_id)
        if found is None:
            raise TaskFailed(
                f"pipeline {pipeline_id}", "the service does not list it", "run `pulumi up --refresh`"
            )
        return found


def _differing(pipeline: PipelineInputs, found: Pipeline) -> Sequence[tuple[Path, str]]:
    """Each declared setting that the service has otherwise, with a sentence on it."""
    compared = differing(pipeline, lambda declared: to_inputs(found, declared))
    return [(one.path, format_difference(one)) for one in compared]


def _claim(pipeline: PipelineInputs) -> str:
    return f"pipeline {pipeline.profile}/{pipeline.location}/{pipeline.adopt or pipeline.name}"


def _fit(name: str) -> str:
    """A default name with hyphens in place of what a pipeline's name may not have."""
    return shorten(re.sub(r"[^0-9A-Za-z]+", "-", name).strip("-"), LONGEST_NAME)


def _doubts(pipeline: PipelineInputs) -> list[Failure]:
    if pipeline.speed in (None, STANDARD) or not isinstance(pipeline.speed, str):
        return []
    return [Failure(("speed",), "is not 'standard': snapshot jobs fail in a pipeline of another kind")]


def pipeline_lifecycle(context: Context) -> PipelineLifecycle:
    """The lifecycle of one pipeline, with the account that the environment configures."""

    def connect(profile: str | None, location: str) -> Api:
        from pulumi_videosnap.alibaba.pipeline import api  # noqa: PLC0415 - the HTTP stack, which check needs not

        return api.connect(profile, location, context.config)

    return PipelineLifecycle(context, connect)
