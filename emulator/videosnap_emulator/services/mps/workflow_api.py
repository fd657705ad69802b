"""The actions on media workflows."""

from __future__ import annotations

from collections.abc import Callable

from videosnap_emulator.core import Json
from videosnap_emulator.core.scheduler import Scheduler
from videosnap_emulator.services.mps.errors import not_found, service_error
from videosnap_emulator.services.mps.models import Readings
from videosnap_emulator.services.mps.pipeline_api import Action, page
from videosnap_emulator.services.mps.requests import Parameters, parse_id, parse_ids, required
from videosnap_emulator.services.mps.responses import unknown_ids
from videosnap_emulator.services.mps.state import MpsState
from videosnap_emulator.services.mps.topology import Topology, read_topology
from videosnap_emulator.services.mps.workflow_models import (
    ACTIVE,
    AUTOMATIC,
    DELETED,
    INACTIVE,
    INPUT,
    START,
    TRIGGER_MODES,
    WORKFLOW_STATES,
    Workflow,
)
from videosnap_emulator.services.mps.workflow_responses import workflow_response
from videosnap_emulator.services.mps.workflow_state import WorkflowState

#: "Limits": workflows of an account in a region. Deleted ones do not count.
# assumption: mps-workflow-quota
MAX_WORKFLOWS = 10
_MAX_NAME = 64


class WorkflowActions:
    """The actions; each is one short method."""

    def __init__(
        self,
        scheduler: Scheduler,
        state: MpsState,
        readings: Readings,
        new_id: Callable[[], str],
    ):
        self._scheduler, self._state, self._flow = scheduler, state, state.flow
        self._readings, self._new_id = readings, new_id

    def actions(self) -> dict[str, Action]:
        """Return the actions by their names."""
        return {
            "AddMediaWorkflow": self._add,
            "UpdateMediaWorkflow": self._update,
            "UpdateMediaWorkflowTriggerMode": self._update_trigger_mode,
            "ActivateMediaWorkflow": lambda parameters: self._move(parameters, ACTIVE),
            "DeactivateMediaWorkflow": lambda parameters: self._move(parameters, INACTIVE),
            "DeleteMediaWorkflow": self._delete,
            "QueryMediaWorkflowList": self._query,
            "SearchMediaWorkflow": self._search,
        }

    def _topology(self, parameters: Parameters) -> Topology:
        text = required(parameters, "Topology")
        return read_topology(text, self._readings, self._flow.readings.activity_type)

    def _check(self, topology: Topology) -> None:
        """Raise unless what the topology names exists."""
        start = f"Topology:Activities:{topology.name_of(START)}:Parameters"
        if topology.pipeline_id not in self._state.pipelines:
            raise not_found(f"{start}:PipelineId")
        # assumption: mps-unbound-bucket
        refused = self._flow.readings.unbound_bucket == "refused"
        if refused and not self._flow.is_bound(topology.bucket, INPUT):
            raise service_error("PermissionDenied.ResourceAccess")

    def _text(self, parameters: Parameters, topology: Topology) -> str:
        # assumption: mps-topology-echo
        sent = self._flow.readings.topology_echo == "as-sent"
        return parameters["Topology"] if sent else topology.text

    def _add(self, parameters: Parameters) -> Json:
        name, topology = _name(required(parameters, "Name")), self._topology(parameters)
        mode = _trigger_mode(parameters) or AUTOMATIC
        with self._scheduler.transaction() as now:
            self._check(topology)
            self._check_free(name)
            if sum(1 for _ in self._flow.existing()) >= MAX_WORKFLOWS:
                raise service_error("PermissionDenied.ResourceQuotaExceed", "MediaWorkflow")
            # assumption: mps-added-workflow
            state = INACTIVE if self._flow.readings.added_workflow == "inactive" else ACTIVE
            number, text = self._flow.next_number("workflow"), self._text(parameters, topology)
            one = Workflow(number, self._new_id(), name, text, mode, now, state)
            self._flow.workflows[one.workflow_id] = one
            return {"MediaWorkflow": workflow_response(one)}

    def _check_free(self, name: str, but: str = "") -> None:
        # assumption: mps-same-name
        taken = any(one.name == name and one.workflow_id != but for one in self._flow.existing())
        if taken and self._flow.readings.same_name == "refused":
            raise service_error("InvalidParameter", "Name")

    def _changeable(self, parameters: Parameters) -> Workflow:
        one = find_workflow(self._flow, parameters)
        # assumption: mps-change-while-active
        if one.state == ACTIVE and self._flow.readings.change_while_active == "refused":
            raise service_error("InvalidParameter.InvalidState", "MediaWorkflowId")
        return one

    def _changed(self, one: Workflow, trigger_mode: bool = True) -> Json:
        self._flow.workflows.touch(one.workflow_id)
        return {"MediaWorkflow": workflow_response(one, trigger_mode)}

    def _update(self, parameters: Parameters) -> Json:
        topology = self._topology(parameters)
        name, mode = parameters.get("Name", ""), _trigger_mode(parameters)
        with self._scheduler.transaction():
            one = self._changeable(parameters)
            self._check(topology)
            # assumption: mps-update-name
            if self._flow.readings.update_name == "applied":
                self._check_free(_name(name or one.name), one.workflow_id)
                one.name, one.trigger_mode = name or one.name, mode or one.trigger_mode
            one.topology = self._text(parameters, topology)
            return self._changed(one)

    def _update_trigger_mode(self, parameters: Parameters) -> Json:
        required(parameters, "TriggerMode")
        with self._scheduler.transaction():
            one = self._changeable(parameters)
            one.trigger_mode = _trigger_mode(parameters) or one.trigger_mode
            return self._changed(one)

    def _move(self, parameters: Parameters, state: str) -> Json:
        """Activate or deactivate; to do so once more changes nothing."""
        with self._scheduler.transaction():
            one = find_workflow(self._flow, parameters)
            one.state = state
            return self._changed(one, trigger_mode=False)

    def _delete(self, parameters: Parameters) -> Json:
        with self._scheduler.transaction():
            one = find_workflow(self._flow, parameters)
            # assumption: mps-delete-while-active
            if one.state == ACTIVE and self._flow.readings.delete_while_active == "refused":
                raise service_error("InvalidParameter.InvalidState", "MediaWorkflowId")
            one.state = DELETED
            return self._changed(one, trigger_mode=False)

    def _query(self, parameters: Parameters) -> Json:
        ids = parse_ids(required(parameters, "MediaWorkflowIds"), "MediaWorkflowIds")
        with self._scheduler.transaction():
            known = {one.workflow_id: one for one in self._flow.newest_workflows()}
            shown = [workflow_response(known[one]) for one in ids if one in known]
            unknown = [one for one in ids if one not in known]
        listed = {"MediaWorkflowList": {"MediaWorkflow": shown}}
        return listed | unknown_ids("NonExistMediaWorkflowIds", "MediaWorkflowId", unknown)

    def _search(self, parameters: Parameters) -> Json:
        # assumption: mps-workflow-order
        states = [
            one.strip() for one in (parameters.get("StateList") or ",".join(WORKFLOW_STATES)).split(",")
        ]
        if any(one not in WORKFLOW_STATES for one in states):
            raise service_error("InvalidParameter", "StateList")
        with self._scheduler.transaction():
            found = [one for one in self._flow.newest_workflows() if one.state in states]
            shown, counts = page(parameters, found)
            return counts | {
                "MediaWorkflowList": {"MediaWorkflow": [workflow_response(one) for one in shown]}
            }


def find_workflow(flow: WorkflowState, parameters: Parameters) -> Workflow:
    """Return the workflow that MediaWorkflowId names, unless it is deleted."""
    name = parse_id(required(parameters, "MediaWorkflowId"), "MediaWorkflowId")
    one = flow.workflows.get(name)
    # assumption: mps-unknown-workflow
    if one is None or one.state == DELETED:
        raise not_found("MediaWorkflowId")
    return one


def _name(name: str) -> str:
    # assumption: mps-workflow-name
    if len(name) > _MAX_NAME:
        raise service_error("InvalidParameter.OutOfRange", "Name")
    return name


def _trigger_mode(parameters: Parameters) -> str:
    mode = parameters.get("TriggerMode", "")
    if mode and mode not in TRIGGER_MODES:
        raise service_error("InvalidParameter", "TriggerMode")
    return mode
