"""The actions on pipelines."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from videosnap_emulator.core import Json
from videosnap_emulator.core.scheduler import Scheduler
from videosnap_emulator.services.mps import responses
from videosnap_emulator.services.mps.backend import MpsBackend
from videosnap_emulator.services.mps.errors import not_found, service_error
from videosnap_emulator.services.mps.models import (
    DEFAULT_PIPELINE_ID,
    DEFAULT_ROLE,
    NEW_SPEEDS,
    NOTIFY_FIELDS,
    PIPELINE_STATES,
    STANDARD,
    Pipeline,
)
from videosnap_emulator.services.mps.requests import (
    ALL,
    USER_DATA,
    Parameters,
    parse_id,
    parse_ids,
    parse_number,
    required,
)
from videosnap_emulator.services.mps.rpc import JsonObject
from videosnap_emulator.services.mps.state import MpsState

Row = TypeVar("Row")
Action = Callable[[Parameters], Json]
_MAX_NAME_BYTES = 128
#: Pipelines of an account beside the default one, by the reading "pipeline-quota".
# assumption: mps-pipeline-quota
_QUOTAS = {"five": 4, "one": 0}


class PipelineActions:
    """The actions; each is one short method."""

    def __init__(self, scheduler: Scheduler, state: MpsState, backend: MpsBackend, new_id: Callable[[], str]):
        self._scheduler, self._state, self._backend, self._new_id = scheduler, state, backend, new_id

    def actions(self) -> dict[str, Action]:
        """Return the actions by their names."""
        return {
            "AddPipeline": self._add,
            "UpdatePipeline": self._update,
            "DeletePipeline": self._delete,
            "SearchPipeline": self._search,
            "QueryPipelineList": self._query,
        }

    def _add(self, parameters: Parameters) -> Json:
        name = _name(parameters)
        speed = parameters.get("Speed") or STANDARD
        if speed not in NEW_SPEEDS:
            raise service_error("InvalidParameter.NotSupported", "Speed")
        level, notify = parse_number(parameters, "SpeedLevel", 1, 3), _notify(parameters)
        with self._scheduler.transaction() as now:
            known = self._state.pipelines
            if (
                len(known) - (DEFAULT_PIPELINE_ID in known)
                >= _QUOTAS[self._state.flow.readings.pipeline_quota]
            ):
                raise service_error("PermissionDenied.ResourceQuotaExceed", "Pipeline")
            role = parameters.get("Role") or DEFAULT_ROLE
            one = Pipeline(self._new_id(), name, now, speed=speed, speed_level=level, role=role)
            one.notify = notify or {}
            known[one.pipeline_id] = one
            return {"Pipeline": responses.pipeline_response(one)}

    def _update(self, parameters: Parameters) -> Json:
        name, state, notify = _name(parameters), required(parameters, "State"), _notify(parameters)
        if state not in PIPELINE_STATES:
            raise service_error("InvalidParameter", "State")
        with self._scheduler.transaction() as now:
            one = self._pipeline(parameters)
            one.name, one.state, one.role = name, state, parameters.get("Role") or one.role
            # assumption: mps-omitted-notify
            cleared = self._state.flow.readings.omitted_notify == "cleared"
            one.notify = notify if notify is not None else {} if cleared else one.notify
            self._state.pipelines.touch(one.pipeline_id)
            self._backend.replan_pipeline(one.pipeline_id, now)
            return {"Pipeline": responses.pipeline_response(one)}

    def _delete(self, parameters: Parameters) -> Json:
        with self._scheduler.transaction() as now:
            name = self._pipeline(parameters).pipeline_id
            # assumption: mps-default-pipeline
            if name == DEFAULT_PIPELINE_ID:
                raise service_error("InvalidParameter", "PipelineId")
            del self._state.pipelines[name]
            self._backend.replan_pipeline(name, now)
        return {"PipelineId": name}

    def _pipeline(self, parameters: Parameters) -> Pipeline:
        name = parse_id(required(parameters, "PipelineId"), "PipelineId")
        if name not in self._state.pipelines:
            raise not_found("PipelineId")
        return self._state.pipelines[name]

    def _search(self, parameters: Parameters) -> Json:
        state = parameters.get("State") or ALL
        if state not in (ALL, *PIPELINE_STATES):
            raise service_error("InvalidParameter", "State")
        with self._scheduler.transaction():
            found = [one for one in self._state.pipelines.values() if state in (ALL, one.state)]
            shown, counts = page(parameters, found)
            listed = [
                responses.pipeline_response(one) | {"CreationTime": responses.format_time(one.created)}
                for one in shown
            ]
        return counts | {"PipelineList": {"Pipeline": listed}}

    def _query(self, parameters: Parameters) -> Json:
        ids = parse_ids(required(parameters, "PipelineIds"), "PipelineIds")
        with self._scheduler.transaction():
            known = self._state.pipelines
            shown = [responses.pipeline_response(known[one]) for one in ids if one in known]
            unknown = [one for one in ids if one not in known]
        return {"PipelineList": {"Pipeline": shown}} | responses.unknown_ids(
            "NonExistPids", "String", unknown
        )


def page(parameters: Parameters, found: list[Row]) -> tuple[list[Row], Json]:
    """Return the rows of the page that PageNumber and PageSize name, and the counts of the response."""
    number = parse_number(parameters, "PageNumber", 1, 1 << 31)
    size = parse_number(parameters, "PageSize", 10, 100)
    counts = {"TotalCount": len(found), "PageNumber": number, "PageSize": size}
    return found[(number - 1) * size : number * size], counts


def _name(parameters: Parameters) -> str:
    """Read Name: the rule of UserData, but 128 bytes."""
    name = required(parameters, "Name")
    if len(name.encode("utf-8", "replace")) > _MAX_NAME_BYTES:
        raise service_error("InvalidParameter.OutOfRange", "Name")
    if not USER_DATA.fullmatch(name):
        raise service_error("InvalidParameter.Format", "Name")
    return name


def _notify(parameters: Parameters) -> Json | None:
    """Read NotifyConfig; None when there is none, empty for an empty object."""
    if not parameters.get("NotifyConfig"):
        return None
    block = JsonObject.parse(parameters["NotifyConfig"], "NotifyConfig")
    return {name: block.text(name) for name in NOTIFY_FIELDS if block.has(name)}
