"""The lifecycle of a snapshot workflow: Add, Deactivate, Update, Activate, Delete, Query and Search.

The name is the identity: the service makes the id, and a create looks for the name first. An active workflow
cannot be changed, so a change deactivates it, and uploads in between are not processed. Every step begins
with what the service has, not with what is recorded, so the next `up` finishes what was interrupted.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from pulumi_videosnap.alibaba.auth import read_import_id, refuse_other_location
from pulumi_videosnap.alibaba.named import NamedLifecycle, default_name, differing, format_difference, shorten
from pulumi_videosnap.alibaba.pending_submissions import PendingSubmissions, create_once
from pulumi_videosnap.alibaba.workflow.convert import TRIGGER_MODES, read_inputs, to_outputs, topology_of
from pulumi_videosnap.alibaba.workflow.models import ACTIVE, MediaWorkflow
from pulumi_videosnap.alibaba.workflow.rules import LONGEST_NAME_BYTES, doubts
from pulumi_videosnap.alibaba.workflow.schema import MAX_PER_REGION, SnapshotWorkflowInputs
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
from pulumi_videosnap.core.properties import Path, Properties, Unknown, chosen
from pulumi_videosnap.core.schema import Difference, inputs_of
from pulumi_videosnap.core.validation import validate
from pulumi_videosnap.errors import CallFailed, Rejected, TaskConflict, TaskFailed

TOKEN = "alibaba:SnapshotWorkflow"  # noqa: S105 - a type, not a credential
NOT_IN_TOPOLOGY: tuple[Path, ...] = (("name",), ("trigger",), ("active",), ("adopt",), ("presence",))
"""Inputs that another call sets, or none."""


class Api(Protocol):
    """The service's actions (`WorkflowApi`)."""

    @property
    def pending(self) -> PendingSubmissions: ...  # noqa: D102
    def add(self, name: str, topology: str, trigger_mode: str) -> MediaWorkflow: ...  # noqa: D102
    def update(self, workflow_id: str, topology: str) -> None: ...  # noqa: D102
    def set_trigger(self, workflow_id: str, trigger_mode: str) -> None: ...  # noqa: D102
    def activate(self, workflow_id: str) -> None: ...  # noqa: D102
    def deactivate(self, workflow_id: str) -> None: ...  # noqa: D102
    def delete(self, workflow_id: str) -> None: ...  # noqa: D102
    def workflow(self, workflow_id: str) -> MediaWorkflow | None: ...  # noqa: D102
    def all_workflows(self) -> list[MediaWorkflow]: ...  # noqa: D102


class SnapshotWorkflowLifecycle(NamedLifecycle[Api]):
    """Drives one workflow."""

    token = TOKEN
    inputs = SnapshotWorkflowInputs

    def check(self, declared: Mapping[str, object]) -> Checked:
        """Complete and validate the inputs; no two resources have one name, and no region has too many."""
        name = default_name(
            self._context, declared.get("name"), TOKEN, lambda long: shorten(long, LONGEST_NAME_BYTES)
        )
        workflow, failures = validate(SnapshotWorkflowInputs, {**declared, "name": name})
        if workflow is None:
            return Checked({**declared, "name": name}, failures)
        properties = workflow.properties()
        refusals = self._context.with_origin(self._refusals(workflow), declared.get("name"), "name")
        return Checked(properties, refusals, [*doubts(properties)])

    def _refusals(self, workflow: SnapshotWorkflowInputs) -> Iterator[Failure]:
        if isinstance(workflow.input, Unknown) or isinstance(workflow.input.location, Unknown):
            return
        location = workflow.input.location
        yield from self._absent(("input", "location"), location)
        if isinstance(workflow.name, Unknown):
            return
        region = f"workflow {workflow.profile}/{location}/"
        yield from self._declared_twice("name", workflow.name, region + workflow.name)
        declared = [one for one in self._context.runs.declared() if one.startswith(region)]
        if len(declared) > MAX_PER_REGION:
            yield Failure(
                ("name",),
                f"{workflow.name!r} is one of {len(declared)} workflows in {location}, and an account has at "
                f"most {MAX_PER_REGION} in a region; take several snapshots in one workflow",
            )

    def create(self, inputs: Properties) -> Created:
        """AddMediaWorkflow, unless a workflow of this name and with this topology is there already."""
        workflow = SnapshotWorkflowInputs.model_validate(inputs)
        api = self._open(workflow)
        found, was_there = create_once(
            _claim(inputs),
            lambda: self._find(api, workflow),
            lambda: self._add(api, workflow),
            pending=api.pending,
            progress=self._context.progress,
            sleep=self._sleep,
        )
        self._context.runs.mark_created(found.media_workflow_id)
        self._context.note_existing(found.media_workflow_id, {**workflow.properties(), **to_outputs(found)})
        if not was_there:
            self._context.made(lambda: self._end(api, found.media_workflow_id))
        else:
            self._context.warn(
                f"workflow {found.media_workflow_id} has the name {workflow.name!r} and is adopted"
            )
        return Created(found.media_workflow_id, self._settle(api, workflow, found.media_workflow_id))

    def read(self, task_id: str, recorded: Properties) -> ReadOutcome:
        """QueryMediaWorkflowList, its parsed topology projected onto the inputs."""
        location = str(recorded["input"]["location"])
        found = self._connect(recorded.get("profile"), location).workflow(task_id)
        if found is None:
            return Gone()
        inputs = read_inputs(found, inputs_of(SnapshotWorkflowInputs, recorded))
        return Present(inputs, {**inputs, **to_outputs(found)})

    def find(self, import_id: str) -> Found | None:
        """QueryMediaWorkflowList for `location/workflow`."""
        location, workflow_id = read_import_id(import_id, "workflow")
        found = self._connect(None, location).workflow(workflow_id)
        if found is None:
            return None
        inputs = read_inputs(found, {})
        refuse_other_location(import_id, inputs)
        return Found(workflow_id, inputs, to_outputs(found))

    def identity(self, inputs: Properties) -> Properties:
        """Its name, and where it is: the service makes the id."""
        return {**chosen(inputs, "name", "profile"), "input": chosen(inputs["input"], "location")}

    def find_created(self, identity: Properties) -> Found | None:
        """SearchMediaWorkflow for the one of this name."""
        api = self._connect(identity.get("profile"), identity["input"]["location"])
        named = [one for one in api.all_workflows() if one.name == identity["name"]]
        if len(named) != 1:
            return None
        return Found(named[0].media_workflow_id, identity, {**to_outputs(named[0]), **identity})

    def update(self, task_id: str, recorded: Properties, inputs: Properties) -> Properties:  # noqa: ARG002
        """Deactivate, set what differs in the service, activate."""
        workflow = SnapshotWorkflowInputs.model_validate(inputs)
        return self._settle(self._open(workflow), workflow, task_id)

    def delete(self, task_id: str, recorded: Properties) -> None:
        """Deactivate, then delete, unless the workflow is another resource's now."""
        holder = self._context.holder(_claim(recorded)) or self._context.holder(task_id)
        if holder:
            self._context.progress(f"left as it is: it is the workflow of {holder}")
            return
        self._end(self._connect(recorded.get("profile"), str(recorded["input"]["location"])), task_id)

    def _end(self, api: Api, task_id: str) -> None:
        found = api.workflow(task_id)
        if found is None:
            self._context.progress("was deleted already")
            return
        if found.state == ACTIVE:
            self._set_active(api, task_id, False)
        self._context.progress("deleting")
        try:
            api.delete(task_id)
        except Rejected:
            if api.workflow(task_id) is not None:
                raise

    def _open(self, workflow: SnapshotWorkflowInputs) -> Api:
        return self._connect(workflow.profile, workflow.input.location)

    def _add(self, api: Api, workflow: SnapshotWorkflowInputs) -> MediaWorkflow:
        self._context.note_creation(TOKEN, self.identity(workflow.properties()))
        return api.add(workflow.name, topology_of(workflow), TRIGGER_MODES[workflow.trigger])

    def _find(self, api: Api, workflow: SnapshotWorkflowInputs) -> MediaWorkflow | None:
        """The workflow of this name, if its topology is the declared one or it is to be adopted."""
        listed = api.all_workflows()
        named = [one for one in listed if one.name == workflow.name]
        if len(named) > 1:
            raise TaskConflict(
                f"workflow {workflow.name!r}", [f"{len(named)} have this name"], "delete all of them but one"
            )
        found = named[0] if named else None
        if found is None and len(listed) >= MAX_PER_REGION:
            raise TaskFailed(
                f"workflow {workflow.name!r}",
                f"the account has {len(listed)} workflows in {workflow.input.location}, and at most "
                f"{MAX_PER_REGION} are allowed",
                "delete one of them, or take several snapshots in one workflow",
            )
        if found is None or workflow.adopt:
            return found
        others = [one for one in _differing(workflow, found) if one.path not in NOT_IN_TOPOLOGY]
        if others:
            raise TaskConflict(
                f"workflow {workflow.name!r}",
                list(map(format_difference, others)),
                "set another name, or adopt=True to change it",
            )
        return found

    def _settle(self, api: Api, workflow: SnapshotWorkflowInputs, workflow_id: str) -> Properties:
        """Bring the workflow in line with its inputs; what is recorded of it then."""
        found = self._get(api, workflow_id)
        differing = {one.path for one in _differing(workflow, found)}
        steps: list[Callable[[], None]] = []
        if differing - {*NOT_IN_TOPOLOGY}:
            steps.append(lambda: api.update(workflow_id, topology_of(workflow)))
        if ("trigger",) in differing:
            steps.append(lambda: api.set_trigger(workflow_id, TRIGGER_MODES[workflow.trigger]))
        if steps or ("active",) in differing:
            self._change(api, workflow, found, steps)
            found = self._get(api, workflow_id)
        return {**workflow.properties(), **to_outputs(found)}

    def _change(
        self,
        api: Api,
        workflow: SnapshotWorkflowInputs,
        found: MediaWorkflow,
        steps: list[Callable[[], None]],
    ) -> None:
        workflow_id, was_active = found.media_workflow_id, found.state == ACTIVE
        if was_active:
            self._set_active(api, workflow_id, False)
        try:
            for step in steps:
                self._context.progress("updating: uploads are not processed until it is active again")
                step()
        except CallFailed:
            if was_active and workflow.active:
                with contextlib.suppress(CallFailed):  # with its old settings rather than not at all
                    self._set_active(api, workflow_id, True)
            raise
        if workflow.active:
            self._set_active(api, workflow_id, True)

    def _set_active(self, api: Api, workflow_id: str, active: bool) -> None:
        """Activate or deactivate; whether the service refuses what is so already is not documented."""
        self._context.progress("activating" if active else "deactivating")
        try:
            (api.activate if active else api.deactivate)(workflow_id)
        except Rejected:
            if (self._get(api, workflow_id).state == ACTIVE) is not active:
                raise

    def _get(self, api: Api, workflow_id: str) -> MediaWorkflow:
        found = api.workflow(workflow_id)
        if found is None:
            raise TaskFailed(
                f"workflow {workflow_id}",
                "it was deleted outside of Pulumi",
                "run `pulumi up --refresh`, which makes it again",
            )
        return found


def _differing(workflow: SnapshotWorkflowInputs, found: MediaWorkflow) -> list[Difference]:
    """Each declared setting that the service has otherwise."""
    return differing(workflow, lambda declared: read_inputs(found, declared))


def _claim(inputs: Properties) -> str:
    return f"workflow {inputs.get('profile')}/{inputs['input']['location']}/{inputs['name']}"


def snapshot_workflow(context: Context) -> SnapshotWorkflowLifecycle:
    """The lifecycle of one workflow, with the account that the environment configures."""

    def connect(profile: str | None, location: str) -> Api:
        from pulumi_videosnap.alibaba.workflow import api  # noqa: PLC0415 - the HTTP stack, which check needs not

        return api.connect(profile, location, context.config)

    return SnapshotWorkflowLifecycle(context, connect)
