"""A submission whose response is lost is not retried; one that certainly had no effect is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pulumi_videosnap.alibaba.api import MpsApi
from pulumi_videosnap.alibaba.auth import Account
from pulumi_videosnap.alibaba.models import SubmitSnapshotJobBody
from pulumi_videosnap.errors import CallFailed, Garbled, ServiceFault, Throttled, Unauthorized, Unreachable
from pulumi_videosnap.http.client import ApiClient
from pulumi_videosnap.http.credentials import Credentials
from pulumi_videosnap.http.request import Response
from pulumi_videosnap.http.retry import Retry
from pulumi_videosnap.http.transport import HttpTransport, TransportError
from support import fake_server
from support.fake_server import FakeServer

ApiOf = Callable[..., tuple[MpsApi, Any]]
AnswerOf = Callable[..., Response]

JOB = {"SnapshotJob": {"Id": "f4e3", "State": "Submitted"}}
LOOK_FIRST = "it may have taken effect nevertheless; check before repeating it"

UNCLEAR: list[tuple[Response | Exception, type[CallFailed]]] = [
    (TransportError("no answer in time", Retry.IF_IDEMPOTENT), Unreachable),
    (TransportError("the connection broke", Retry.IF_IDEMPOTENT), Unreachable),
    (Response(500, {}, b'{"Code": "InternalError"}'), ServiceFault),
    (Response(502, {}, b"<html>"), ServiceFault),
    (Response(503, {"retry-after": "0"}, b""), ServiceFault),
    (Response(504, {}, b""), ServiceFault),
    (Response(408, {}, b""), ServiceFault),
    (Response(400, {}, b'{"Code": "TransientNetWorkError"}'), ServiceFault),
    (Response(400, {}, b'{"Code": "SignatureNonceUsed"}'), Unreachable),
    (Response(200, {}, b""), Garbled),
    (Response(200, {}, b'{"RequestId": "R", "Snapsho'), Garbled),
    (Response(200, {}, b'{"RequestId": "R"}'), Garbled),
]


@pytest.mark.parametrize(("step", "kind"), UNCLEAR)
def test_what_may_have_acted_is_not_repeated(
    step: Response | Exception,
    kind: type[CallFailed],
    api_of: ApiOf,
    answer_of: AnswerOf,
    body: SubmitSnapshotJobBody,
) -> None:
    api, script = api_of(step, answer_of(JOB))
    with pytest.raises(kind, match=LOOK_FIRST):
        api.submit(body)
    assert len(script.requests) == 1


@pytest.mark.parametrize(("step", "kind"), UNCLEAR[:-1])
def test_a_read_is_repeated_all_the_same(
    step: Response | Exception, kind: type[CallFailed], api_of: ApiOf, answer_of: AnswerOf
) -> None:
    api, script = api_of(step, answer_of())
    assert api.list_jobs().jobs == []
    assert len(script.requests) == 2


@pytest.mark.parametrize(
    "step",
    [
        TransportError("connection refused", Retry.ALWAYS, deadline=5.0),
        TransportError("no connection in time", Retry.ALWAYS),
        Response(400, {}, b'{"Code": "Throttling.User"}'),
        Response(503, {}, b'{"Code": "Throttling"}'),
        Response(429, {}, b""),
    ],
)
def test_what_certainly_did_nothing_is_repeated(
    step: Response | Exception, api_of: ApiOf, answer_of: AnswerOf, body: SubmitSnapshotJobBody
) -> None:
    api, script = api_of(step, step, answer_of(JOB))
    assert api.submit(body).id == "f4e3"
    nonces = {request.headers["x-acs-signature-nonce"] for request in script.requests}
    assert (len(script.requests), len(nonces)) == (3, 3)


def test_a_refusal_of_the_key_is_final(
    api_of: ApiOf, refusal_of: AnswerOf, body: SubmitSnapshotJobBody
) -> None:
    api, script = api_of(refusal_of("InvalidAccessKeyId.NotFound", status=404))
    with pytest.raises(Unauthorized):
        api.submit(body)
    assert len(script.requests) == 1


def test_throttling_that_stays_is_told(
    api_of: ApiOf, refusal_of: AnswerOf, body: SubmitSnapshotJobBody
) -> None:
    api, _ = api_of(refusal_of("Throttling.User", "Request was denied due to user flow control."))
    with pytest.raises(Throttled, match="user flow control"):
        api.submit(body)


# -- The same over a real connection, which ends at each point ----------------------------------------------

ANSWER = json.dumps({"RequestId": "R", **JOB}).encode()
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(ANSWER)
PHASES = {
    "before a byte of the response": b"",
    "within the status line": HEAD[:9],
    "within the headers": HEAD[:40],
    "before the body": HEAD,
    "within the body": HEAD + ANSWER[:20],
}


@pytest.fixture
def over(
    caller_of: Callable[..., ApiClient], credentials: Credentials
) -> Iterator[Callable[[FakeServer], MpsApi]]:
    transport = HttpTransport()
    yield lambda server: MpsApi(Account(credentials, server.endpoint), caller_of(transport))
    transport.close()


@pytest.mark.parametrize("reset", [False, True], ids=["FIN", "RST"])
@pytest.mark.parametrize("phase", PHASES)
def test_a_connection_that_ends_early(
    phase: str, reset: bool, over: Callable[[FakeServer], MpsApi], body: SubmitSnapshotJobBody
) -> None:
    responses = [fake_server.Response(raw=PHASES[phase], reset=reset), fake_server.Response(body=ANSWER)]
    # Headers that end early look like a response without a body.
    with FakeServer(responses) as server, pytest.raises((Unreachable, Garbled), match=LOOK_FIRST):
        over(server).submit(body)
    assert len(server.requests) == 1


def test_a_connection_that_stays_open(
    over: Callable[[FakeServer], MpsApi], body: SubmitSnapshotJobBody
) -> None:
    with FakeServer(fake_server.Response(body=ANSWER)) as server:
        assert over(server).submit(body).id == "f4e3"
    [request] = server.requests
    assert request.method == "POST"
    assert request.target.startswith("/?Input=%7B%22Bucket%22%3A%22media%22")
    assert request.headers["content-length"] == "0"
    assert request.headers["host"] == server.endpoint.removeprefix("http://")
