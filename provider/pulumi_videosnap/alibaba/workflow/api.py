"""The calls of Alibaba Cloud MPS on media workflows and their runs, typed.

Sources: the vendor's pages of the media workflow and the execution instance APIs, and its Python SDK 6.0.3.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from pulumi_videosnap.alibaba.api import MpsApi
from pulumi_videosnap.alibaba.auth import find_account
from pulumi_videosnap.alibaba.workflow.models import ACTIVE, DELETED, INACTIVE, MediaWorkflow, WorkflowRun
from pulumi_videosnap.http.client import shared_client
from pulumi_videosnap.settings import Lookup, no_config

PAGE = 100
"""Workflows or runs on a page, at most."""
_ID = "MediaWorkflowId"
_ITEM = "MediaWorkflow"


class WorkflowApi(MpsApi):
    """Calls of one account. Every error is a `CallFailed`; safe to share among threads."""

    def add(self, name: str, topology: str, trigger_mode: str) -> MediaWorkflow:
        """Make a workflow; the service makes its id. Not repeated: a second one may be made or refused."""
        parser = self._parser("AddMediaWorkflow", idempotent=False)
        parameters = (("Name", name), ("Topology", topology), ("TriggerMode", trigger_mode))
        return parser.one(self._call(parser, parameters), _ITEM, MediaWorkflow)

    def update(self, workflow_id: str, topology: str) -> None:
        """Set the topology of an inactive workflow; whether Name and TriggerMode count is not documented."""
        self._call(self._parser("UpdateMediaWorkflow"), ((_ID, workflow_id), ("Topology", topology)))

    def set_trigger(self, workflow_id: str, trigger_mode: str) -> None:
        """Set the trigger mode of an inactive workflow."""
        parameters = ((_ID, workflow_id), ("TriggerMode", trigger_mode))
        self._call(self._parser("UpdateMediaWorkflowTriggerMode"), parameters)

    def activate(self, workflow_id: str) -> None:
        """Let uploads start runs from now on."""
        self._call(self._parser("ActivateMediaWorkflow"), ((_ID, workflow_id),))

    def deactivate(self, workflow_id: str) -> None:
        """Let uploads start no runs from now on; runs that have begun go on."""
        self._call(self._parser("DeactivateMediaWorkflow"), ((_ID, workflow_id),))

    def delete(self, workflow_id: str) -> None:
        """Delete a workflow; runs that have begun go on."""
        self._call(self._parser("DeleteMediaWorkflow"), ((_ID, workflow_id),))

    def workflow(self, workflow_id: str) -> MediaWorkflow | None:
        """One workflow; None when it was deleted, or when the service does not know it."""
        parser = self._parser("QueryMediaWorkflowList")
        response = self._call(parser, (("MediaWorkflowIds", workflow_id),))
        found = parser.many(response, "MediaWorkflowList", _ITEM, MediaWorkflow)
        for one in found:
            if one.media_workflow_id == workflow_id:
                return None if one.state == DELETED else one
        unknown = (
            name
            for field in ("NonExistMediaWorkflowIds", "NonExistMediaWorkflowIdList")
            for name in parser.names(response, field, _ID)
        )
        if workflow_id not in unknown:
            raise parser.garbled(response, f"it omits {workflow_id}")
        return None

    def all_workflows(self) -> list[MediaWorkflow]:
        """The account's workflows in the region, without deleted ones."""
        parser, found = self._parser("SearchMediaWorkflow"), list[MediaWorkflow]()
        while True:
            page = len(found) // PAGE + 1
            parameters = (
                ("StateList", f"{INACTIVE},{ACTIVE}"),
                ("PageNumber", str(page)),
                ("PageSize", str(PAGE)),
            )
            response = self._call(parser, parameters)
            listed = parser.many(response, "MediaWorkflowList", _ITEM, MediaWorkflow)
            found += listed
            if len(listed) < PAGE or len(found) >= parser.number(response, "TotalCount"):
                return [one for one in found if one.state != DELETED]

    def runs(self, workflow_id: str, since: datetime | None = None) -> Iterator[WorkflowRun]:
        """The runs of the last 90 days that began since a time, in the service's order."""
        parser, token = self._parser("ListMediaWorkflowExecutions"), ""
        while True:
            parameters = ((_ID, workflow_id), ("MaximumPageSize", str(PAGE)), ("NextPageToken", token))
            response = self._call(parser, tuple((name, value) for name, value in parameters if value))
            listed = parser.many(
                response, "MediaWorkflowExecutionList", "MediaWorkflowExecution", WorkflowRun
            )
            yield from (
                run for run in listed if not (since and run.creation_time and run.creation_time < since)
            )
            token = parser.text(response, "NextPageToken")
            if not token or not listed:
                return


def connect(profile: str | None, location: str | None, config: Lookup = no_config) -> WorkflowApi:
    """The API with the account that `find_account` finds, in the region of a location."""
    return WorkflowApi(find_account(profile, location, config=config), shared_client())
