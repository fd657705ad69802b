"""A service that answers what a test wants of a task, and a stack of one such task."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import formatdate
from typing import Any

import pytest

from pulumi_videosnap.http.client import ApiClient
from pulumi_videosnap.http.credentials import Credentials
from pulumi_videosnap.http.rate_limit import MemoryReservations, RateLimiter
from pulumi_videosnap.http.request import Request, Response
from pulumi_videosnap.http.retry import RetryHandler
from pulumi_videosnap.volcengine.api import RtcApi
from pulumi_videosnap.volcengine.auth import Account
from pulumi_videosnap.volcengine.lifecycle import SnapshotTaskLifecycle
from support.engine_model import EngineModel, in_process

BEGAN = 1_700_000_000.0
UNKNOWN_TASK = "InvalidParameter.ErrorActiveTaskNotFound"


def envelope(result: Any = None, error: dict[str, Any] | None = None) -> bytes:
    metadata: dict[str, Any] = {"RequestId": "2025020709532617FF27DCF79B6BEFE478"}
    metadata |= {"Error": error} if error else {}
    return json.dumps({"ResponseMetadata": metadata, "Result": result}).encode()


@dataclass
class Service:
    """What the vendor answers: a task that was started runs as requested, until a test says otherwise."""

    now: float = BEGAN
    task: dict[str, Any] = field(default_factory=dict)
    failure: Response | Exception | None = None
    """What every question is answered with instead."""

    def __call__(self, request: Request) -> Response:
        action = dict(request.query)["Action"]
        if action != "GetSnapshotTask":
            if action == "StartSnapshot":
                self.task = _running(json.loads(request.body), self.now)
            return self._answer(envelope("ok"))
        if isinstance(self.failure, Exception):
            raise self.failure
        return self.failure or self._answer(envelope({"SnapshotTask": self.task}))

    def _answer(self, body: bytes, status: int = 200) -> Response:
        return Response(status, {"date": formatdate(self.now, usegmt=True)}, body)

    def forget(self, after: timedelta) -> None:
        """Know the task no more, this long after its start."""
        self.now = BEGAN + after.total_seconds()
        error = {"Code": UNKNOWN_TASK, "Message": "no such task"}
        self.failure = self._answer(envelope(error=error), 400)

    def fail(self, body: bytes, status: int = 200) -> None:
        self.failure = self._answer(body, status)


def _running(body: dict[str, Any], now: float) -> dict[str, Any]:
    names = ("TargetStreams", "MaxIdleTime", "ImageConfig", "StorageConfig")
    task = {name: copy.deepcopy(body[name]) for name in names}
    for key in ("AccessKey", "SecretKey"):
        task["StorageConfig"].get("CustomConfig", {}).pop(key, None)
    return {"StartTime": int(now * 1000), "EndTime": 0, "Status": 2, "StopReason": "", **task}


@dataclass
class Stack:
    engine: EngineModel
    service: Service
    declared: dict[str, Any] = field(default_factory=dict)

    def up(self, declared: dict[str, Any]) -> Stack:
        """Declare the task and start it; nothing has drifted yet."""
        self.declared = declared
        self.engine.up({"lobby": declared})
        assert self.drift() == {}
        return self

    def drift(self) -> dict[str, tuple[Any, Any]]:
        """What a refresh finds, by the input's path."""
        found = self.engine.refresh()
        return {name.removeprefix("lobby."): change for name, change in found.items()}

    def plan(self) -> str:
        return self.engine.preview({"lobby": self.declared}).get("lobby", "nothing")

    @property
    def outputs(self) -> dict[str, Any]:
        return self.engine.state["lobby"].outputs


def new_stack() -> Stack:
    """A stack whose calls reach nothing but its service, and wait for nothing."""
    service = Service()

    def now() -> float:
        return service.now

    def sleep(_seconds: float) -> None:
        pass

    limiter = RateLimiter(MemoryReservations(now), clock=now, sleep=sleep)
    caller = ApiClient(service, limiter, RetryHandler(monotonic=lambda: 0.0, sleep=sleep), clock=now)
    api = RtcApi(Account(Credentials("AKLTexample", "secret")), caller)
    engine = in_process(lambda host: SnapshotTaskLifecycle(host, lambda profile, **_: api, sleep=sleep))
    return Stack(engine, service)


@pytest.fixture
def stack() -> Stack:
    return new_stack()
