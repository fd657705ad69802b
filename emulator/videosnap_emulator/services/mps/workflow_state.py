"""What the service knows of workflows: workflows, runs, messages and media buckets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from posixpath import splitext
from typing import Any

from videosnap_emulator.core import Json
from videosnap_emulator.core.clock import Milliseconds
from videosnap_emulator.core.persistence import Table, maker
from videosnap_emulator.services.mps.models import notify_refusal
from videosnap_emulator.services.mps.workflow_models import (
    ACTIVE,
    AUTOMATIC,
    DELETED,
    EXTENSIONS,
    INPUT,
    OUTPUT,
    RUNNING,
    MediaBucket,
    Message,
    Run,
    Workflow,
    WorkflowReadings,
)

#: How many ended runs, deleted workflows and messages are remembered.
# assumption: mps-run-retention
MAX_ENDED_RUNS, MAX_DELETED, MAX_MESSAGES = 2000, 1000, 5000
#: Of the extensions, those that only some pages list.
_FAQ_ONLY = frozenset({"ts", "ac3"})
#: Media buckets of the initial state.
# assumption: mps-media-buckets
BOUND = (MediaBucket("media", INPUT), MediaBucket("frames", OUTPUT))


class WorkflowState:
    """The rows, and what is derived from them. All of it is used inside transactions only."""

    def __init__(self, readings: WorkflowReadings) -> None:
        self.readings = self._first_readings = readings
        self.workflows: Table[str, Workflow] = Table("mps_workflows", maker(Workflow))
        self.runs: Table[int, Run] = Table("mps_runs", maker(Run), ("number",))
        self.messages: Table[int, Message] = Table(
            "mps_messages", maker(Message), ("number",), limit=MAX_MESSAGES
        )
        self.buckets: Table[tuple[str, str], MediaBucket] = Table(
            "mps_buckets", maker(MediaBucket), ("bucket", "type")
        )
        self._last: dict[str, int] = {}

    def tables(self) -> Sequence[Table[Any, Any]]:
        """Return the tables to store."""
        return self.workflows, self.runs, self.messages, self.buckets

    def metadata(self) -> dict[str, int]:
        """Return the last numbers, and that the media buckets were once set up."""
        return {f"mps_last_{name}": number for name, number in self._last.items()} | {"mps_buckets_bound": 1}

    def restore(self, metadata: Mapping[str, int]) -> None:
        """Set up what is not in the tables."""
        self.readings = self._first_readings
        highest = {
            "workflow": max((one.number for one in self.workflows.values()), default=0),
            "run": max(self.runs, default=0),
            "message": max(self.messages, default=0),
        }
        self._last = {
            name: max(number, metadata.get(f"mps_last_{name}", 0)) for name, number in highest.items()
        }
        if "mps_buckets_bound" not in metadata:
            for one in BOUND:
                self.buckets[one.bucket, one.type] = one

    def next_number(self, kind: str) -> int:
        """Return the number of the next workflow, run or message."""
        self._last[kind] += 1
        return self._last[kind]

    def prune(self) -> None:
        """Forget the oldest ended runs and deleted workflows beyond their limits."""
        _prune(self.runs, MAX_ENDED_RUNS, lambda run: run.state != RUNNING)
        _prune(self.workflows, MAX_DELETED, lambda workflow: workflow.state == DELETED)

    def newest_workflows(self) -> list[Workflow]:
        """Return the workflows, the latest first, deleted ones only if they are still listed."""
        # assumption: mps-deleted-workflow
        hidden = self.readings.deleted_workflow == "absent"
        return [one for one in self.workflows.newest() if not (hidden and one.state == DELETED)]

    def existing(self) -> Iterator[Workflow]:
        """Return the workflows that are not deleted."""
        return (one for one in self.workflows.values() if one.state != DELETED)

    def is_bound(self, bucket: str, kind: str) -> bool:
        """Return whether MPS may read uploads of a bucket (Input), or write to it (Output)."""
        return (bucket, kind) in self.buckets

    def may_trigger(self, workflow: Workflow, key: str) -> bool:
        """Return whether an object of that name starts the workflow, if the place is the workflow's."""
        # assumption: mps-extensions
        extension = splitext(key.rpartition("/")[2])[1][1:]
        if self.readings.extensions == "api":
            known = extension in EXTENSIONS - _FAQ_ONLY
        else:
            known = extension.lower() in EXTENSIONS
        return workflow.state == ACTIVE and workflow.trigger_mode == AUTOMATIC and (known or not extension)

    def send(  # noqa: PLR0917
        self, message_id: str, at: Milliseconds, source: str, queue: str, topic: str, body: Json
    ) -> Json:
        """Keep a message; return MNSMessageResult: its id, an error, or nothing without queue and topic."""
        if not (queue or topic):
            return {}
        if refusal := notify_refusal({"QueueName": queue, "Topic": topic}):
            return refusal
        number = self.next_number("message")
        self.messages[number] = Message(number, message_id, at, source, queue, topic, body)
        return {"MessageId": message_id}


def _prune(table: Table[Any, Any], most: int, ended: Callable[[Any], bool]) -> None:
    if len(table) <= most:
        return
    keys = [key for key, row in table.items() if ended(row)]
    for key in keys[: max(0, len(keys) - most)]:
        del table[key]
