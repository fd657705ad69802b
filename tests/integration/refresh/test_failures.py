"""A call that failed says nothing of the task: it is neither gone nor drifted, and state stays as it was."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from integration.refresh.service import Stack, envelope
from pulumi_videosnap.core.lifecycle import Context
from pulumi_videosnap.errors import (
    CallFailed,
    Garbled,
    NotConfigured,
    NotFound,
    Rejected,
    ServiceFault,
    Throttled,
    Unauthorized,
    Unreachable,
    VideosnapError,
)
from pulumi_videosnap.http.request import Response
from pulumi_videosnap.http.retry import Retry
from pulumi_videosnap.http.transport import TransportError
from pulumi_videosnap.volcengine.lifecycle import SnapshotTaskLifecycle
from unit.inputs.tasks import complete


def refused(code: str, message: str = "no") -> bytes:
    return envelope(error={"Code": code, "Message": message})


FAILURES: list[tuple[str, type[CallFailed], Response | Exception]] = [
    ("nobody listens", Unreachable, TransportError("connection refused", Retry.ALWAYS)),
    ("silence", Unreachable, TransportError("no answer in time", Retry.IF_IDEMPOTENT)),
    ("too large", Garbled, TransportError("more than 4 MB", Retry.NEVER, kind=Garbled)),
    ("too many calls", Throttled, Response(429, {}, b"slow down")),
    ("too many calls by code", Throttled, Response(400, {}, refused("FlowLimitExceeded.QPSOverLimit"))),
    ("a wrong key", Unauthorized, Response(401, {}, refused("InvalidAccessKey"))),
    ("a wrong signature", Unauthorized, Response(401, {}, refused("SignatureDoesNotMatch"))),
    ("no permission", Unauthorized, Response(403, {}, refused("AccessDenied"))),
    ("no permission, of a proxy", Unauthorized, Response(403, {}, b"<html>forbidden</html>")),
    ("no such app", Rejected, Response(400, {}, refused("InvalidParameter.NotExistAppId"))),
    ("a wrong parameter", Rejected, Response(400, {}, refused("InvalidParameter"))),
    ("a new code", Rejected, Response(400, {}, refused("Something.New"))),
    ("a task that exists", Rejected, Response(400, {}, refused("InvalidParameter.TaskAlreadyExists"))),
    ("no such service", Rejected, Response(404, {}, refused("ServiceNotFound"))),
    ("no such call", Rejected, Response(404, {}, refused("InvalidActionOrVersion"))),
    ("a page that is not there", Rejected, Response(404, {}, b"<html>Not Found</html>")),
    ("nothing with 404", Rejected, Response(404, {}, b"")),
    ("a fault", ServiceFault, Response(500, {}, refused("InternalError"))),
    ("a fault of a proxy", ServiceFault, Response(502, {}, b"<html>Bad Gateway</html>")),
    ("an error at 200", ServiceFault, Response(200, {}, refused("InternalError"))),
    (
        "a fault that speaks of a task",
        ServiceFault,
        Response(500, {}, refused("InternalError", "task not found")),
    ),
    ("a page", Garbled, Response(200, {}, b"<html>hello</html>")),
    ("nothing", Garbled, Response(200, {}, b"")),
    ("half an answer", Garbled, Response(200, {}, envelope({"SnapshotTask": {"Status": 3}})[:-9])),
    (
        "no envelope",
        Garbled,
        Response(200, {}, json.dumps({"Result": {"SnapshotTask": {"Status": 3}}}).encode()),
    ),
    ("a list", Garbled, Response(200, {}, b"[]")),
    ("a task that is a text", Garbled, Response(200, {}, envelope({"SnapshotTask": "running"}))),
    ("a result that is a text", Garbled, Response(200, {}, envelope("ok"))),
    ("a status in words", Garbled, Response(200, {}, envelope({"SnapshotTask": {"Status": "Running"}}))),
    (
        "streams that are a text",
        Garbled,
        Response(200, {}, envelope({"SnapshotTask": {"TargetStreams": "all"}})),
    ),
    ("a redirect", Garbled, Response(302, {"location": "https://elsewhere.example"}, b"")),
]


@pytest.mark.parametrize("keep_running", [False, True])
@pytest.mark.parametrize(
    ("kind", "failure"), [pytest.param(kind, failure, id=name) for name, kind, failure in FAILURES]
)
def test_a_failed_call_is_an_error_and_nothing_else(
    stack: Stack, kind: type[CallFailed], failure: Response | Exception, keep_running: bool
) -> None:
    stack.up({**complete(), "keepRunning": keep_running})
    before = copy.deepcopy(stack.engine.state)
    stack.service.failure = failure
    with pytest.raises(kind) as raised:
        stack.drift()
    assert type(raised.value) is kind
    assert stack.engine.state == before
    assert "\n" not in str(raised.value)
    stack.service.failure = None
    assert stack.drift() == {}
    assert stack.plan() == "nothing"


def test_every_kind_of_failure_is_tried() -> None:
    tried = {kind for _, kind, _ in FAILURES}
    assert tried | {NotFound} == set(CallFailed.__subclasses__())


def test_a_task_of_which_nothing_was_recorded_is_not_gone_but_unknown(stack: Stack) -> None:
    stack.up(complete())
    del stack.outputs["startTime"]
    stack.service.fail(refused("InvalidParameter.ErrorActiveTaskNotFound"), 400)
    with pytest.raises(NotFound):
        stack.drift()


def test_missing_credentials_are_no_drift() -> None:
    def connect(profile: str | None) -> Any:
        raise NotConfigured("no Volcengine credentials")

    lifecycle = SnapshotTaskLifecycle(Context(), connect)
    with pytest.raises(VideosnapError, match="no Volcengine credentials"):
        lifecycle.read("661e/Room1/Task1", {"startTime": "2024-01-01T00:00:00.000Z"})
