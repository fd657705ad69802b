"""Media workflows, their runs (executions), messages and media buckets, as plain data that can be stored.

Names are the vendor's where there is one: a run is a "media workflow execution". Times are Unix ms, UTC.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args, get_type_hints

from videosnap_emulator.core import Json
from videosnap_emulator.core.clock import Milliseconds
from videosnap_emulator.services.mps.models import ObjectRef

ACTIVE, INACTIVE, DELETED = "Active", "Inactive", "Deleted"
WORKFLOW_STATES = (INACTIVE, ACTIVE, DELETED)
AUTOMATIC, BY_HAND = "OssAutoTrigger", "NotInAuto"
TRIGGER_MODES = (AUTOMATIC, BY_HAND)
RUNNING, SUCCESS, FAIL, SKIPPED, COMPLETED = "Running", "Success", "Fail", "Skipped", "Completed"
INPUT, OUTPUT = "Input", "Output"
#: Types of activities. "Screenshot" is another official spelling of Snapshot.
START, SNAPSHOT, REPORT, SCREENSHOT = "Start", "Snapshot", "Report", "Screenshot"
#: "Triggering and matching rules" and the FAQ; a name without a dot triggers as well.
EXTENSIONS = frozenset({
    "3gp", "aac", "ac3", "acm", "aiff", "amr", "ape", "asf", "avi", "caf", "dat", "dv", "f4v", "flac", "flv",
    "gif", "m2t", "m3u8", "m4a", "m4v", "mj2", "mjpeg", "mkv", "mov", "mp3", "mp4", "mpe", "mpeg", "mpg",
    "mts", "ogg", "qt", "ra", "rm", "rmvb", "swf", "ts", "vob", "wav", "webm", "wma", "wmv",
})  # fmt: skip


@dataclass(frozen=True)
class WorkflowReadings:
    """What to follow where the documents about workflows and pipelines contradict each other or are silent.

    The assumptions say what each value means; the first one is the default.
    """

    added_workflow: Literal["active", "inactive"] = "active"
    activity_type: Literal["snapshot", "screenshot"] = "snapshot"
    update_name: Literal["ignored", "applied"] = "ignored"
    ext_name: Literal["plain", "dot"] = "plain"
    ended_run: Literal["completed", "success"] = "completed"
    paused_pipeline: Literal["waits", "fails"] = "waits"
    pipeline_quota: Literal["five", "one"] = "five"
    change_while_active: Literal["refused", "accepted"] = "refused"
    delete_while_active: Literal["accepted", "refused"] = "accepted"
    deleted_workflow: Literal["listed", "absent"] = "listed"
    same_name: Literal["refused", "accepted"] = "refused"
    omitted_notify: Literal["kept", "cleared"] = "kept"
    workflow_jobs: Literal["listed", "hidden"] = "listed"
    topology_echo: Literal["rewritten", "as-sent"] = "rewritten"
    extensions: Literal["faq", "api"] = "faq"
    unbound_bucket: Literal["accepted", "refused"] = "accepted"


#: The readings by their names in options and requests, each with its values, the default first.
READINGS: dict[str, tuple[str, ...]] = {
    name.replace("_", "-"): get_args(kind) for name, kind in get_type_hints(WorkflowReadings).items()
}


def readings_view(readings: WorkflowReadings) -> Json:
    """Return the readings by their names in requests."""
    return {one.name.replace("_", "-"): getattr(readings, one.name) for one in fields(readings)}


@dataclass
class Workflow:
    """A media workflow; `topology` is the JSON text of the responses. `number` rises with every one added."""

    number: int
    workflow_id: str
    name: str
    topology: str
    trigger_mode: str
    created: Milliseconds
    state: str = ACTIVE


@dataclass
class ActivityRun:
    """What became of one activity in a run; `notification` is MNSMessageResult."""

    name: str
    type: str
    state: str
    start: Milliseconds
    end: Milliseconds | None = None
    job_id: str = ""
    code: str = ""
    message: str = ""
    notification: Json = field(default_factory=dict)

    def finish(self, state: str, at: Milliseconds, code: str = "", message: str = "") -> None:
        """End the activity."""
        self.state, self.end, self.code, self.message = state, at, code, message


@dataclass
class Run:
    """One run of a workflow on one input; `topology` and `workflow_name` are those of its beginning.

    `start_due` is when its Start activity ends. Activities are listed once they have begun.
    """

    number: int
    run_id: str
    workflow_id: str
    workflow_name: str
    topology: str
    input: ObjectRef
    media_id: str
    created: Milliseconds
    user_data: str = ""
    state: str = RUNNING
    start_due: Milliseconds | None = None
    activities: list[ActivityRun] = field(default_factory=list)

    def activity(self, name: str) -> ActivityRun | None:
        """Return what became of an activity, or None if it has not begun."""
        return next((one for one in self.activities if one.name == name), None)


@dataclass
class Message:
    """A message as it would go to a queue or topic of MNS; `source` is workflow or pipeline."""

    number: int
    message_id: str
    time: Milliseconds
    source: str
    queue: str
    topic: str
    body: Json


@dataclass
class MediaBucket:
    """A bucket that is bound to MPS: `type` is Input or Output."""

    bucket: str
    type: str
    referer: str = ""


def replaced_readings(readings: WorkflowReadings, changes: dict[str, Any]) -> WorkflowReadings:
    """Return the readings with some values, by their names in requests, replaced."""
    own = {one.name: getattr(readings, one.name) for one in fields(readings)}
    return WorkflowReadings(**own | {name.replace("-", "_"): value for name, value in changes.items()})
