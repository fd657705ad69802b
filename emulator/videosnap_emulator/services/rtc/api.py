"""The API of Volcengine RTC: what arrives, the snapshot actions, GetRoomOnlineUsers, the service itself."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, NamedTuple
from urllib.parse import parse_qsl

from videosnap_emulator.core import Json
from videosnap_emulator.core.clock import Milliseconds, as_datetime
from videosnap_emulator.core.persistence import Table
from videosnap_emulator.core.scheduler import Event, Step
from videosnap_emulator.core.service import (
    ApiError,
    ApiRequest,
    Context,
    ControlRoute,
    HttpRequest,
    HttpResponse,
    Service,
)
from videosnap_emulator.services.rtc import auth, responses
from videosnap_emulator.services.rtc.backend import NoSuchTaskError, RtcBackend
from videosnap_emulator.services.rtc.capture import FrameCapturer, SampleRenderer
from videosnap_emulator.services.rtc.control import RtcControl
from videosnap_emulator.services.rtc.errors import (
    RtcError,
    gateway_error,
    over_limit,
    rtc_error,
    task_not_found,
)
from videosnap_emulator.services.rtc.request import (
    NEWEST,
    Fields,
    Rules,
    read_interval,
    read_key,
    read_room,
    read_start,
)

#: Result of StartSnapshot for an active task.
# assumption: duplicate-start
ALREADY_STARTED = "The task has been started. Please do not call the startup task interface repeatedly."
#: "Tasks started within the last 72 hours" (GetSnapshotTask).
QUERYABLE_MS: Milliseconds = 72 * 3600 * 1000


@dataclass
class RtcRequest(ApiRequest):
    """A request: its query, what its Authorization header says or lacks, the body's JSON (None: no JSON)."""

    query: Mapping[str, str]
    authorization: auth.Authorization | RtcError
    content: object

    def fields(self, rules: Rules = NEWEST) -> Fields:
        """Return the action's fields: the query of a GET, else the body's JSON object; raise RtcError."""
        if self.http.too_large:
            raise rtc_error("InvalidParameter.SizeOverLimit", "The request body is too large.")
        if self.http.method == "GET":
            return Fields({**self.query}, rules=rules)
        if not self.http.body.strip():
            raise rtc_error("InvalidParameter.BodyIsEmpty", "The request body is empty.")
        if not isinstance(self.content, dict):
            raise rtc_error("InvalidParameter.Unmarshal", "The request body is not a JSON object.")
        return Fields(self.content, rules=rules)


class Action(NamedTuple):
    """An action's HTTP method and function."""

    method: str
    run: Callable[[RtcBackend, Fields], object]


def _start_snapshot(backend: RtcBackend, fields: Fields) -> object:
    """StartSnapshot: a task that is active already is not an error."""
    return "ok" if backend.start(read_start(fields)) else ALREADY_STARTED


def _update_snapshot(backend: RtcBackend, fields: Fields) -> object:
    backend.update(read_key(fields), read_interval(fields))
    return "ok"


def _stop_snapshot(backend: RtcBackend, fields: Fields) -> object:
    backend.stop(read_key(fields))
    return "ok"


def _get_snapshot_task(backend: RtcBackend, fields: Fields) -> object:
    """GetSnapshotTask: the latest task of that name, unless it started too long ago."""
    task, now = backend.find(read_key(fields))
    # assumption: 72-hours
    if task is None or now - task.start_time > QUERYABLE_MS:
        raise task_not_found()
    return {"SnapshotTask": responses.snapshot_task(task)}


def _get_room_online_users(backend: RtcBackend, fields: Fields) -> object:
    """GetRoomOnlineUsers: who is in a room now."""
    # assumption: online-users
    return responses.online_users(backend.users_in(read_room(fields)))


ACTIONS = {
    "StartSnapshot": Action("POST", _start_snapshot),
    "UpdateSnapshot": Action("POST", _update_snapshot),
    "StopSnapshot": Action("POST", _stop_snapshot),
    "GetSnapshotTask": Action("GET", _get_snapshot_task),
    "GetRoomOnlineUsers": Action("GET", _get_room_online_users),
}


class RtcService(Service[RtcRequest]):
    """Volcengine RTC: snapshot tasks of live rooms."""

    name = "rtc"
    title = "RTC"
    endpoint_variable = "VOLCENGINE_RTC_ENDPOINT"
    access_keys = {auth.ACCESS_KEY: auth.SECRET_KEY}  # noqa: RUF012
    #: docs/6348/1188225, 1188224, 1188223, 1188226, 1188355; all AppIds of an account share them.
    limits = {  # noqa: RUF012
        "StartSnapshot": 150,
        "UpdateSnapshot": 150,
        "StopSnapshot": 150,
        "GetSnapshotTask": 60,
        "GetRoomOnlineUsers": 40,
    }
    unsigned_codes = frozenset({"MissingAuthenticationToken", "MissingSignature"})
    assumptions = Path(__file__).with_name("assumptions.toml")
    static: ClassVar[Path | None] = Path(__file__).with_name("static")
    #: What the version of the actions checks, actions of another version, the regions for which requests may
    #: be signed, and what begins the names of tables.
    rules: ClassVar[Rules] = NEWEST
    versions: ClassVar[Mapping[str, str]] = {}
    regions: ClassVar[Sequence[str]] = auth.REGIONS
    prefix: ClassVar[str] = ""

    def __init__(self, context: Context):
        super().__init__(context)
        capturer = FrameCapturer(self.storage, SampleRenderer(self.samples))
        self.backend = RtcBackend(self.scheduler, capturer, self.name, self.prefix)

    def environment(self, endpoint: str, storage_endpoint: str) -> dict[str, str]:
        """Return the key pair, the RTC endpoint and the one that stands for TOS."""
        return {
            "VOLCENGINE_ACCESS_KEY": auth.ACCESS_KEY,
            "VOLCENGINE_SECRET_KEY": auth.SECRET_KEY,
            self.endpoint_variable: endpoint,
            "VOLCENGINE_TOS_ENDPOINT": storage_endpoint,
        }

    def parse(self, http: HttpRequest) -> RtcRequest:
        """Read query, Authorization header and JSON body; the first of repeated query names counts."""
        query = dict(reversed(parse_qsl(http.query, keep_blank_values=True)))
        authorization = _authorization(http)
        content = _json(http.body) if http.body and not http.too_large else None
        own = {name: value for name, value in query.items() if name not in ("Action", "Version")}
        return RtcRequest(
            http=http,
            action=query.get("Action", ""),
            access_key=None if isinstance(authorization, RtcError) else authorization.access_key,
            parameters=content if http.body and not http.too_large else own,
            # assumption: request-id
            request_id=as_datetime(self.scheduler.clock.now()).strftime("%Y%m%d%H%M%S")
            + secrets.token_hex(10).upper(),
            query=query,
            authorization=authorization,
            content=content,
        )

    def verify(self, request: RtcRequest, now: Milliseconds) -> None:
        """Raise the gateway's error unless the signature is right at host time `now`."""
        if isinstance(request.authorization, RtcError):
            raise request.authorization
        auth.verify(request.http, request.authorization, self.access_keys, now, self.regions)

    def check_action(self, request: RtcRequest) -> None:
        """Raise the gateway's error unless method, action and version name an operation."""
        for name in ("Action", "Version"):
            if not request.query.get(name):
                raise gateway_error("MissingParameter", name)
        action, version = ACTIONS.get(request.action), request.query["Version"]
        # assumption: wrong-method
        found = (
            action
            and version == self.versions.get(request.action, self.rules.version)
            and action.method == request.http.method
        )
        if not found or request.http.path not in ("", "/"):
            raise gateway_error("InvalidActionOrVersion", request.action, version)

    def run(self, request: RtcRequest) -> object:
        """Run the action and return its Result."""
        try:
            return ACTIONS[request.action].run(self.backend, request.fields(self.rules))
        except NoSuchTaskError:
            raise task_not_found() from None

    def throttled(self, action: str, limit: int) -> ApiError:
        """Return the refusal of a call beyond the limit."""
        return over_limit(action, limit)

    def internal_error(self) -> ApiError:
        """Return the gateway's error for a fault of its own."""
        return gateway_error("InternalError")

    def render(self, request: RtcRequest, result: object) -> HttpResponse:
        """Return a response with a result."""
        return responses.success(self._metadata(request), result)

    def render_error(self, request: RtcRequest, error: ApiError) -> HttpResponse:
        """Return a response with an error."""
        return responses.failure(self._metadata(request), error)

    def _metadata(self, request: RtcRequest) -> Json:
        claimed = request.authorization
        region = self.regions[0] if isinstance(claimed, RtcError) else claimed.region
        return responses.metadata(
            request.request_id, request.action, request.query.get("Version", ""), region
        )

    @property
    def tables(self) -> Sequence[Table[Any, Any]]:
        """Return tasks, rooms and the index of frames."""
        return self.backend.tasks, self.backend.rooms, self.backend.frames

    def metadata(self) -> dict[str, int]:
        """Return the number of the last task."""
        return self.backend.metadata()

    def restore(self, metadata: Mapping[str, int]) -> None:
        """Index the tasks and enter what they have coming."""
        self.backend.restore(metadata)

    def prune(self) -> None:
        """Forget the oldest ended tasks."""
        self.backend.prune()

    def run_event(self, event: Event, step: Step) -> bool:
        """Take a round of frames, or end an idle task."""
        self.backend.run_event(event, step)
        return True

    def control_routes(self) -> Sequence[ControlRoute]:
        """Return the operations on tasks, rooms and the index of frames."""
        return RtcControl(self.backend).routes()


def _authorization(http: HttpRequest) -> auth.Authorization | RtcError:
    try:
        return auth.parse(http.headers)
    except RtcError as error:
        return error


def _json(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
