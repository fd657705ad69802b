"""Answers of Alibaba Cloud MPS on media workflows and their runs.

Sources: the types of the vendor's Python SDK 6.0.3, and its page of data types (数据类型).
"""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime, Field

from pulumi_videosnap.alibaba.models import Received

ACTIVE, INACTIVE, DELETED = "Active", "Inactive", "Deleted"
FAILED, SUCCEEDED, SKIPPED = "Fail", "Success", "Skipped"
"""States of an activity; what is else is running."""


class MediaWorkflow(Received):
    """A workflow. `topology` is JSON; `trigger_mode` is only in newer answers."""

    media_workflow_id: str = Field(min_length=1)
    name: str = ""
    topology: str | dict[str, Any] = ""
    trigger_mode: str | None = None
    state: str = ""
    creation_time: AwareDatetime | None = None


class RunFile(Received):
    """The upload that started a run; `object` is its key, plain."""

    bucket: str = ""
    location: str = ""
    object: str = ""


class RunInput(Received):
    """What a run works on."""

    input_file: RunFile | None = None


class RunActivity(Received):
    """One activity of a run; `job_id` is an ordinary snapshot job, `code` and `message` say why it failed."""

    name: str = ""
    type: str = ""
    job_id: str = ""
    state: str = ""
    code: str = ""
    message: str = ""


class WorkflowRun(Received):
    """One run: an upload and what became of it. Its own `state` only says whether it has ended."""

    run_id: str = Field(min_length=1)
    media_workflow_id: str = ""
    media_id: str = ""
    state: str = ""
    creation_time: AwareDatetime | None = None
    input: RunInput | None = None
    activity_list: dict[str, list[RunActivity]] | list[RunActivity] = Field(default_factory=list)

    @property
    def activities(self) -> list[RunActivity]:
        """The activities; answers wrap the list, messages do not."""
        listed = self.activity_list
        return listed if isinstance(listed, list) else listed.get("Activity", [])

    @property
    def failed(self) -> list[RunActivity]:
        """The activities that failed: a run counts as a success even with one of these."""
        return [one for one in self.activities if one.state == FAILED]

    @property
    def key(self) -> str:
        """The upload's key."""
        return self.input.input_file.object if self.input and self.input.input_file else ""
