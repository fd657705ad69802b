"""The four snapshot calls of Volcengine RTC, typed. Source: docs/6348/1188223 to 1188226."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from pydantic import ValidationError

from pulumi_videosnap.errors import Garbled, Rejected
from pulumi_videosnap.http.client import Response, Call, ApiClient, Request, utc
from pulumi_videosnap.http.credentials import Credentials
from pulumi_videosnap.http.rate_limit import account_digest
from pulumi_videosnap.volcengine.auth import Scope, sign
from pulumi_videosnap.volcengine.models import (
    Body,
    ImageConfig,
    SnapshotTask,
    StartSnapshotBody,
    StopSnapshotBody,
    TaskKey,
    UpdateSnapshotBody,
)
from pulumi_videosnap.volcengine.responses import ENDPOINT_VARIABLE, UNKNOWN_TASK_CODES, ResponseParser

__all__ = ["Account", "Reading", "RtcApi", "Started", "TaskKey"]

VERSION = "2023-11-01"
SERVICE = "rtc"

QPS = {"StartSnapshot": 150, "StopSnapshot": 150, "UpdateSnapshot": 150, "GetSnapshotTask": 60}
"""The documented calls per second; all apps of one account share them."""

DONE = "ok"
"""`Result` of a call that did what it says."""

# The table of codes has it, but no page ties it to StartSnapshot 2023-11-01.
_EXISTS = "InvalidParameter.TaskAlreadyExists"


@dataclass(frozen=True)
class Account:
    """Whose tasks, and where: `endpoint` is scheme and host, without a slash at the end."""

    credentials: Credentials
    endpoint: str = "https://rtc.volcengineapi.com"
    region: str = "cn-north-1"


@dataclass(frozen=True)
class Started:
    """StartSnapshot succeeded.

    With `already_running` a task with this id may have been there before, with other settings: read it back.
    `at` is the moment of the answer in UTC, by the service's clock, or by ours if it named no time.
    """

    already_running: bool
    at: datetime


@dataclass(frozen=True)
class Reading:
    """What the service says of a task, and when: in UTC, by its clock, or by ours if it named no time."""

    task: SnapshotTask
    at: datetime


def is_already_running(result: object) -> bool:
    """Whether StartSnapshot's `Result` says that this call did not start the task.

    The documented sentence is "The task has been started. Please do not call the startup task interface
    repeatedly", with a final full stop in ASCII, in Chinese, or without. Only `ok` says that this very call
    started the task, so every other result counts as this sentence: the task is then compared, not trusted.
    """
    return not (isinstance(result, str) and result.strip().lower() == DONE)


class RtcApi:
    """Calls of one account. Every error is a `CallFailed`; safe to share among threads.

    All four calls are idempotent when an answer gets lost: a second start is answered with a notice, an
    update sets the same value again, a second stop finds the task stopped (NotFound), a read reads.
    """

    def __init__(
        self, account: Account, caller: ApiClient, unknown_task_codes: frozenset[str] = UNKNOWN_TASK_CODES
    ) -> None:
        self._account = account
        self._caller = caller
        self._unknown_task_codes = unknown_task_codes

    def start(self, body: StartSnapshotBody) -> Started:
        """Start a task, unless one with this id runs already."""
        # The code for an unknown task would make no sense here, and must not look like "gone".
        reader = self._reader("StartSnapshot", body.secrets(), unknown_task=frozenset())
        try:
            answer = self._call(reader, self._post("StartSnapshot", body))
        except Rejected as refused:
            if refused.code != _EXISTS:
                raise
            return Started(already_running=True, at=utc(self._caller.clock()))
        return Started(is_already_running(reader.result(answer)), answer.date(self._caller.clock()))

    def update(self, task: TaskKey, interval: int, business_id: str | None) -> None:
        """Set the seconds between two frames of a running task; NotFound when it does not run."""
        body = UpdateSnapshotBody(
            app_id=task.app_id,
            room_id=task.room_id,
            task_id=task.task_id,
            business_id=business_id,
            image_config=ImageConfig(interval=interval),
        )
        self._command("UpdateSnapshot", body)

    def stop(self, task: TaskKey, business_id: str | None) -> None:
        """Stop a running task; NotFound when it is unknown or has already stopped."""
        body = StopSnapshotBody(
            app_id=task.app_id, room_id=task.room_id, task_id=task.task_id, business_id=business_id
        )
        self._command("StopSnapshot", body)

    def get(self, task: TaskKey) -> Reading:
        """What the service knows of a task started within the last 72 hours; NotFound if nothing."""
        reader = self._reader("GetSnapshotTask")
        query = (("AppId", task.app_id), ("RoomId", task.room_id), ("TaskId", task.task_id))
        answer = self._call(reader, self._request("GET", "GetSnapshotTask", query))
        said = self._task(reader, answer)
        if said is None or said.is_blank():
            raise reader.not_found(answer, "the answer carries no task", request_id=reader.request_id(answer))
        return Reading(said, answer.date(self._caller.clock()))

    def _command(self, action: str, body: Body) -> None:
        reader = self._reader(action)
        answer = self._call(reader, self._post(action, body))
        result = reader.result(answer)
        # The documents: `ok` on success, empty on failure. Other sentences are notices, as on a second start.
        if not (isinstance(result, str) and result.strip()):
            raise Garbled(
                action,
                "the answer says neither ok nor what is wrong",
                request_id=reader.request_id(answer),
                advice="run the same command again",
            )

    def _task(self, reader: ResponseParser, answer: Response) -> SnapshotTask | None:
        result = reader.result(answer)
        task: Any = result.get("SnapshotTask") if isinstance(result, dict) else result
        try:
            return SnapshotTask.model_validate(task) if task else None
        except ValidationError as error:
            fields = ", ".join(".".join(map(str, problem["loc"])) or "Result" for problem in error.errors())
            reason = reader.scrub(f"not as documented in {fields}")
        raise Garbled(reader.action, reason, request_id=reader.request_id(answer))

    def _post(self, action: str, body: Body) -> Request:
        request = self._request("POST", action)
        return replace(request, headers={"Content-Type": "application/json"}, body=body.to_json())

    def _request(self, method: str, action: str, query: tuple[tuple[str, str], ...] = ()) -> Request:
        return Request(method, self._account.endpoint, (("Action", action), ("Version", VERSION), *query))

    def _reader(
        self, action: str, secrets: tuple[str, ...] = (), unknown_task: frozenset[str] | None = None
    ) -> ResponseParser:
        return ResponseParser(
            action,
            scrub=partial(self._account.credentials.scrub, also=secrets),
            clock=self._caller.clock,
            unknown_task=self._unknown_task_codes if unknown_task is None else unknown_task,
        )

    def _call(self, reader: ResponseParser, request: Request) -> Response:
        call = Call(
            action=reader.action,
            account=account_digest(self._account.credentials.access_key),
            qps=QPS[reader.action],
            idempotent=True,
            prepare=partial(self._signed, request),
            classify=reader.verdict,
            endpoint_setting=ENDPOINT_VARIABLE,
        )
        return self._caller.call(call)

    def _signed(self, request: Request, now: datetime) -> Request:
        scope = Scope(self._account.region, SERVICE)
        added = sign(request, self._account.credentials, scope, now)
        return replace(request, headers={**request.headers, **added})
