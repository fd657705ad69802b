"""A submission whose answer gets lost is never made twice; whatever certainly did nothing is made again."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pulumi_videosnap.alibaba.api import MpsApi
from pulumi_videosnap.alibaba.auth import Account
from pulumi_videosnap.alibaba.models import SubmitSnapshotJobBody
from pulumi_videosnap.errors import CallFailed, Garbled, ServiceFault, Throttled, Unauthorized, Unreachable
from pulumi_videosnap.http.client import ApiClient
from pulumi_videosnap.http.credentials import Credentials
from pulumi_videosnap.http.retry import Retry
from pulumi_videosnap.http.transport import HttpTransport, Response, TransportError

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


# -- The same over a real connection, which ends at each moment that it can end at --------------------------

ANSWER = json.dumps({"RequestId": "R", **JOB}).encode()
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(ANSWER)
PHASES = {
    "before a byte of the answer": b"",
    "amid the status line": HEAD[:9],
    "amid the headers": HEAD[:40],
    "before the body": HEAD,
    "amid the body": HEAD + ANSWER[:20],
}


class Server:
    """Takes whole requests, answers the first ones so much of an answer, and hangs up."""

    def __init__(self, answers: list[bytes], *, reset: bool) -> None:
        self.requests: list[bytes] = []
        self._answers = answers
        self._reset = reset
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += connection.recv(65536)
        self.requests.append(head)
        connection.sendall(self._answers[min(len(self.requests), len(self._answers)) - 1])
        if self._reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def close(self) -> None:
        # A thread that waits in accept does not hear of close alone.
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def start(answers: list[bytes], *, reset: bool = False) -> Server:
        servers.append(Server(answers, reset=reset))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def over(
    caller_of: Callable[..., ApiClient], credentials: Credentials
) -> Iterator[Callable[[Server], MpsApi]]:
    transport = HttpTransport()
    yield lambda server: MpsApi(Account(credentials, server.url), caller_of(transport))
    transport.close()


@pytest.mark.parametrize("reset", [False, True], ids=["FIN", "RST"])
@pytest.mark.parametrize("phase", PHASES)
def test_a_connection_that_ends_early(
    phase: str,
    reset: bool,
    serve: Callable[..., Server],
    over: Callable[[Server], MpsApi],
    body: SubmitSnapshotJobBody,
) -> None:
    server = serve([PHASES[phase], HEAD + ANSWER], reset=reset)
    # Headers that end early look like an answer without a body.
    with pytest.raises((Unreachable, Garbled), match=LOOK_FIRST):
        over(server).submit(body)
    assert len(server.requests) == 1


def test_a_connection_that_holds(
    serve: Callable[..., Server], over: Callable[[Server], MpsApi], body: SubmitSnapshotJobBody
) -> None:
    server = serve([HEAD + ANSWER])
    assert over(server).submit(body).id == "f4e3"
    head = server.requests[0].decode()
    assert head.startswith("POST /?Input=%7B%22Bucket%22%3A%22media%22")
    assert "\r\nContent-Length: 0\r\n" in head
    assert head.count("\r\nHost: 127.0.0.1:") == 1
