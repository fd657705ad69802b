"""The calls of Volcengine RTC, typed. Source: docs/6348/1188223 to 1188226 and 1188355."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from pydantic import AliasChoices, Field, ValidationError

from pulumi_videosnap.core.timestamps import from_epoch
from pulumi_videosnap.errors import Garbled, Rejected
from pulumi_videosnap.http.client import ApiClient, Call, shared_client
from pulumi_videosnap.http.rate_limit import account_digest
from pulumi_videosnap.http.request import Request, Response
from pulumi_videosnap.settings import Lookup, no_config
from pulumi_videosnap.volcengine.auth import Account, Scope, find_account, sign
from pulumi_videosnap.volcengine.models import (
    Body,
    ImageConfig,
    SnapshotTask,
    StartSnapshotBody,
    StopSnapshotBody,
    TaskKey,
    UpdateSnapshotBody,
    Wire,
)
from pulumi_videosnap.volcengine.responses import ResponseParser, unknown_task_codes

SERVICE = "rtc"

QPS = {
    "StartSnapshot": 150,
    "StopSnapshot": 150,
    "UpdateSnapshot": 150,
    "GetSnapshotTask": 60,
    "GetRoomOnlineUsers": 40,
}
"""The documented calls per second of one account, over all its apps."""

DONE = "ok"
"""`Result` of a call that had its effect."""

# The table of codes has it, but no page relates it to StartSnapshot 2023-11-01.
_EXISTS = "InvalidParameter.TaskAlreadyExists"


@dataclass(frozen=True)
class Started:
    """StartSnapshot succeeded.

    With `already_running` a task with this id may have existed before, with other settings: read it back.
    `at` is the time of the response in UTC, by the service's clock, or by ours when it has no Date header.
    """

    already_running: bool
    at: datetime
    is_certain: bool = True
    """Whether a task that ran before would have been told; if not, compare the settings of this one."""


@dataclass(frozen=True)
class Reading:
    """A task as the service returned it, and when: in UTC, by its clock, or by ours without a Date header."""

    task: SnapshotTask
    at: datetime


class RoomOnlineUsers(Wire):
    """Who is in a room now; of a room that does not exist the service says nothing more."""

    # The international edition spells it without the last letter.
    room_exists: bool = Field(validation_alias=AliasChoices("RoomExists", "RoomExist"))
    total_user: int | None = 0
    total_invisible_user: int | None = 0
    visible_user_list: list[str] | None = None
    invisible_user_list: list[str] | None = None

    def users(self) -> list[str]:
        """The ids of all of them, once each."""
        return list(dict.fromkeys([*(self.visible_user_list or ()), *(self.invisible_user_list or ())]))


def is_already_running(result: object) -> bool:
    """Whether StartSnapshot's `Result` means that this call did not start the task.

    The documented sentence is "The task has been started. Please do not call the startup task interface
    repeatedly", with a final full stop in ASCII, in Chinese, or without. Only `ok` means that this call
    started the task, so every other result counts as this sentence, and the task's settings are compared.
    """
    return not (isinstance(result, str) and result.strip().lower() == DONE)


class RtcApi:
    """Calls of one account. Every error is a `CallFailed`; safe to share among threads.

    All calls are idempotent: a second start returns a notice, an update sets the same value again, a
    second stop finds the task stopped (NotFound), a read changes nothing.
    """

    def __init__(
        self,
        account: Account,
        client: ApiClient,
        unknown_task: frozenset[str] = unknown_task_codes({}),
        hide: tuple[str, ...] = (),
    ) -> None:
        """`hide` are further texts that no error repeats, such as the keys of a third party's bucket."""
        self._account = account
        self._scrub = partial(account.credentials.scrub, also=hide)
        self._client = client
        self._unknown_task = unknown_task

    def start(self, body: StartSnapshotBody) -> Started:
        """Start a task, unless one with this id runs already."""
        # The code for an unknown task makes no sense here, and must not be read as "gone".
        parser = self._parser("StartSnapshot", unknown_task=frozenset())
        try:
            response = self._call(parser, self._post("StartSnapshot", body))
        except Rejected as refused:
            if refused.code != _EXISTS:
                raise
            return Started(already_running=True, at=from_epoch(self._client.clock()))
        is_told = self._account.edition.duplicate_start_is_told
        return Started(
            is_already_running(parser.result(response)), response.date(self._client.clock()), is_told
        )

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
        """A task that was started within the last 72 hours; NotFound when the service does not know it."""
        parser = self._parser("GetSnapshotTask")
        query = (("AppId", task.app_id), ("RoomId", task.room_id), ("TaskId", task.task_id))
        response = self._call(parser, self._request("GET", "GetSnapshotTask", query))
        return Reading(self._task(parser, response, dict(query)), response.date(self._client.clock()))

    def online_users(self, app_id: str, room_id: str) -> RoomOnlineUsers:
        """The ids of the users who are in a room now."""
        parser = self._parser("GetRoomOnlineUsers", unknown_task=frozenset())
        query = (("AppId", app_id), ("RoomId", room_id))
        response = self._call(parser, self._request("GET", parser.action, query))
        try:
            return RoomOnlineUsers.model_validate(parser.result(response))
        except ValidationError as error:
            raise self._garbled(parser, response, error) from None

    def _command(self, action: str, body: Body) -> None:
        parser = self._parser(action)
        response = self._call(parser, self._post(action, body))
        result = parser.result(response)
        # The documents: `ok` on success, empty on failure. Other sentences are notices, as on a second start.
        if not (isinstance(result, str) and result.strip()):
            raise Garbled(
                action,
                "the response has neither ok nor an error",
                request_id=parser.request_id(response),
                advice="run the same command again",
            )

    def _task(self, parser: ResponseParser, response: Response, asked: dict[str, str]) -> SnapshotTask:
        """The task in a response; one without a task is no task that is gone: how that is said is a code."""
        result = parser.result(response)
        # BytePlus' page spells the field with a small letter, its model as Volcengine does.
        named = isinstance(result, dict) and (result.get("SnapshotTask") or result.get("snapshotTask"))
        task: Any = named if isinstance(result, dict) else result
        blocks = [block for block in (result, task) if isinstance(block, dict)]
        reason = "the response has no task"
        if any(str(block.get(name) or value) != value for block in blocks for name, value in asked.items()):
            reason, task = "the response is about another task", None
        try:
            found = SnapshotTask.model_validate(task) if task else None
            if found is not None and not found.is_blank():
                return found
        except ValidationError as error:
            raise self._garbled(parser, response, error) from None
        raise Garbled(parser.action, reason, request_id=parser.request_id(response))

    @staticmethod
    def _garbled(parser: ResponseParser, response: Response, error: ValidationError) -> Garbled:
        fields = ", ".join(".".join(map(str, problem["loc"])) or "Result" for problem in error.errors())
        reason = parser.scrub(f"not as documented in {fields}")
        return Garbled(parser.action, reason, request_id=parser.request_id(response))

    def _post(self, action: str, body: Body) -> Request:
        request = self._request("POST", action)
        return replace(request, headers={"Content-Type": "application/json"}, body=body.to_json())

    def _request(self, method: str, action: str, query: tuple[tuple[str, str], ...] = ()) -> Request:
        # Both editions have this call in this version.
        version = "2023-11-01" if action == "GetRoomOnlineUsers" else self._account.edition.version
        return Request(method, self._account.endpoint, (("Action", action), ("Version", version), *query))

    def _parser(self, action: str, unknown_task: frozenset[str] | None = None) -> ResponseParser:
        return ResponseParser(
            action,
            scrub=self._scrub,
            clock=self._client.clock,
            unknown_task=self._unknown_task if unknown_task is None else unknown_task,
        )

    def _call(self, parser: ResponseParser, request: Request) -> Response:
        call = Call(
            action=parser.action,
            account=account_digest(self._account.credentials.access_key),
            qps=QPS[parser.action],
            idempotent=True,
            prepare=partial(self._sign, request),
            classify=parser.classify,
            endpoint_setting=self._account.edition.endpoint.env,
        )
        return self._client.call(call)

    def _sign(self, request: Request, now: datetime) -> Request:
        scope = Scope(self._account.region, SERVICE)
        added = sign(request, self._account.credentials, scope, now)
        return replace(request, headers={**request.headers, **added})


def connect(
    profile: str | None = None,
    config: Lookup = no_config,
    edition: str | None = None,
    hide: tuple[str, ...] = (),
) -> RtcApi:
    """The RTC API with the account that `find_account` finds; cheap enough to do for every operation."""
    account = find_account(profile, edition, config=config)
    return RtcApi(account, shared_client(), unknown_task_codes(), hide)
