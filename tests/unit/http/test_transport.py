"""The real transport against a fake server on loopback that sends good and bad responses."""

import contextlib
import socket
import ssl
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
import urllib3

from pulumi_videosnap.errors import Garbled, Unreachable
from pulumi_videosnap.http import transport as module
from pulumi_videosnap.http.request import Request, is_loopback
from pulumi_videosnap.http.retry import Retry
from pulumi_videosnap.http.transport import MAX_REFUSAL, MAX_RESPONSE, HttpTransport, TransportError
from support.fake_server import FakeServer, Response
from support.servers import free_port

LOST = "connection closed before"
CHUNKS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n10\r\nbroken"
CUT = Response(body=b"only this", content_length=1000)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n"
BAD: dict[str, tuple[Response, str]] = {
    "silent": (Response(delay=5), "timed out waiting for the response"),
    "trickle": (Response(body=b"x" * 1000, pause=0.05), "timed out waiting for the response"),
    "reset": (Response(raw=b"", reset=True), LOST),
    "truncated": (CUT, LOST),
    "closed": (Response(raw=b""), LOST),
    "status line cut": (Response(raw=HEAD[:9]), LOST),
    "status line cut by a reset": (Response(raw=HEAD[:9], reset=True), LOST),
    "no body": (Response(raw=HEAD), LOST),
    "no body and a reset": (Response(raw=HEAD, reset=True), LOST),
    "broken chunks": (Response(raw=CHUNKS), LOST),
    "not HTTP": (Response(raw=b"SSH-2.0-OpenSSH_9.2\r\n"), LOST),
    "giant": (Response(body=b"x" * (MAX_RESPONSE + 1)), "more than 4194304 bytes"),
}
HELLO = Response(body=b"hello")
OK, CHUNKED = b"HTTP/1.1 200 OK\r\n", b"Transfer-Encoding: chunked\r\n\r\n"
DRIPS: dict[str, tuple[bytes, int]] = {
    "status line": (b"HTTP/1.1 200 " + b"x" * 9, 1),
    "blanks before it": (b"\r\n", 2),
    "header name": (OK + b"X-Long", 1),
    "header value": (OK + b"X-Long: a", 1),
    "headers": (OK + b"A: b\r\n", 6),
    "1xx": (b"HTTP/1.1 100 Continue\r\n\r\n", 25),
    "102 with headers": (b"HTTP/1.1 102 Processing\r\nA: b\r\n", 6),
    "length": (OK + b"Content-Length: 1", 1),
    "body": (OK + b"Content-Length: 1000\r\n\r\nx", 1),
    "body until the end": (OK + b"\r\nx", 1),
    "chunk size": (OK + CHUNKED + b"0", 1),
    "chunk extension": (OK + CHUNKED + b"1;a", 1),
    "chunks": (OK + CHUNKED + b"1\r\nx\r\n", 6),
    "trailer": (OK + CHUNKED + b"0\r\nA: b", 1),
    "trailers": (OK + CHUNKED + b"0\r\nA: b\r\n", 6),
    "refusal": (b"HTTP/1.1 503 Busy\r\n\r\nx", 1),
}
"""What comes first, at once and then byte by byte; and how many bytes of its end follow without end."""


def test_the_body_of_a_refusal_is_bounded(server: FakeServer, transport: HttpTransport) -> None:
    server.respond = Response(status=503, body=b"x" * MAX_RESPONSE * 2)
    response = transport(Request("GET", server.endpoint))
    assert response.status == 503
    assert MAX_REFUSAL < len(response.body) <= MAX_REFUSAL + 65536


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with FakeServer(HELLO) as server:
        yield server


@pytest.fixture
def transport() -> Iterator[HttpTransport]:
    transport = HttpTransport()
    yield transport
    transport.close()


def test_a_request_arrives_as_it_was_made(server: FakeServer, transport: HttpTransport) -> None:
    server.respond = lambda request: Response(body=request.body, headers={"X-Seen": "yes"})
    query = (("Action", "Do"), ("Text", "a b+c~/%ü*'()"), ("Empty", ""))
    headers = {"Content-Type": "application/json", "Authorization": "HMAC-SHA256 x", "Host": "some.host"}
    answer = transport(Request("POST", server.endpoint, query, headers=headers, body="ü".encode()))
    assert (answer.status, answer.body, answer.headers["x-seen"]) == (200, "ü".encode(), "yes")
    [request] = server.requests
    assert (request.method, request.body) == ("POST", "ü".encode())
    # Byte for byte what gets signed.
    assert request.target == "/?Action=Do&Text=a%20b%2Bc~%2F%25%C3%BC%2A%27%28%29&Empty="
    assert (request.headers["host"], request.headers["authorization"]) == ("some.host", "HMAC-SHA256 x")
    assert request.headers["user-agent"] == module.user_agent()
    assert module.user_agent().startswith("pulumi-videosnap/")
    assert (request.headers["content-length"], request.headers["accept-encoding"]) == ("2", "identity")
    transport(Request("POST", server.endpoint))
    assert server.requests[1].headers["content-length"] == "0"


def test_any_status_is_a_response_a_redirect_too(server: FakeServer, transport: HttpTransport) -> None:
    chunks = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"
    cookie, elsewhere = {"Set-Cookie": "session=1; Path=/"}, {"Location": "/elsewhere"}
    busy = Response(503, b"busy", {"Retry-After": "3"})
    server.respond = [Response(headers=cookie), busy, Response(302, headers=elsewhere), Response(raw=chunks)]
    first, second, redirect, chunked = (transport(Request("GET", server.endpoint)) for _ in range(4))
    assert (first.status, second.status, second.body, second.retry_after(0)) == (200, 503, b"busy", 3)
    assert (redirect.status, chunked.body) == (302, b"hello world")
    assert len(server.requests) == 4
    assert not any("cookie" in request.headers for request in server.requests)


def test_no_password_file_overwrites_the_signature(
    server: FakeServer, transport: HttpTransport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login user password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    transport(Request("GET", server.endpoint, headers={"Authorization": "ours"}))
    assert server.requests[0].headers["authorization"] == "ours"


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_what_listens_here_is_not_asked_through_a_proxy(
    variable: str, server: FakeServer, transport: HttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("NO_PROXY", "")
    assert transport(Request("GET", server.endpoint)).status == 200


def test_a_dead_proxy_is_named(transport: HttpTransport, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(variable, f"http://127.0.0.1:{free_port()}")
    for variable in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(variable, "")
    with pytest.raises(TransportError, match="proxy") as failed:
        transport(Request("GET", "http://rtc.example", timeout=1))
    assert failed.value.retry is Retry.ALWAYS


@pytest.mark.parametrize("trouble", BAD)
def test_trouble(trouble: str, server: FakeServer, transport: HttpTransport) -> None:
    server.respond, sentence = BAD[trouble]
    headers, final = {"Authorization": "CANARY"}, trouble == "giant"
    with pytest.raises(TransportError, match=sentence) as failed:
        transport(Request("POST", server.endpoint, headers=headers, timeout=0.3))
    assert failed.value.retry is (Retry.NEVER if final else Retry.IF_IDEMPOTENT)
    assert failed.value.kind is (Garbled if final else Unreachable)
    assert failed.value.__cause__ is None
    assert failed.value.__suppress_context__ or failed.value.__context__ is None


@pytest.mark.parametrize("drip", DRIPS)
def test_a_response_that_drips_ends_at_the_deadline(drip: str, server: FakeServer) -> None:
    """Also on a connection that was used before: its timeout is the request's own."""
    raw, repeated = DRIPS[drip]
    with contextlib.closing(HttpTransport()) as transport:
        assert transport(Request("GET", server.endpoint, timeout=9)).body == b"hello"
        server.respond = Response(raw=raw, endless=repeated, pause=0.002)
        began = time.monotonic()
        with pytest.raises(TransportError, match=r"timed out|before the response was complete"):
            transport(Request("GET", server.endpoint, timeout=0.25))
    assert time.monotonic() - began < 1


def test_an_absent_endpoint_is_final_soon(transport: HttpTransport, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with pytest.raises(TransportError, match="connection refused") as refused:
        transport(Request("GET", f"http://127.0.0.1:{free_port()}"))
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(TransportError, match="host name not found") as not_found:
        transport(Request("GET", "http://rtc.localhost"))
    for failed in (refused.value, not_found.value):
        assert (failed.retry, failed.deadline) == (Retry.ALWAYS, 5.0)


def test_tls_that_fails_is_final_at_once(server: FakeServer, transport: HttpTransport) -> None:
    with pytest.raises(TransportError, match="TLS failed") as failed:
        transport(Request("GET", server.endpoint.replace("http:", "https:"), timeout=2))
    assert failed.value.retry is Retry.NEVER


def test_a_header_that_cannot_be_sent_is_refused(server: FakeServer, transport: HttpTransport) -> None:
    with pytest.raises(TransportError, match="InvalidHeader"):
        transport(Request("GET", server.endpoint, headers={"X-Token": "CANARY\nX-Evil: 1"}))
    assert server.requests == []


def test_a_connection_that_the_server_ends_is_replaced(server: FakeServer, transport: HttpTransport) -> None:
    server.respond = CUT
    with pytest.raises(TransportError):
        transport(Request("GET", server.endpoint))
    server.respond = HELLO
    assert transport(Request("GET", server.endpoint)).body == b"hello"


def test_many_threads_share_one_transport(server: FakeServer, transport: HttpTransport) -> None:
    server.respond = lambda request: Response(body=request.body)

    def send(number: int) -> bool:
        body = f"{number}".encode() * 100
        return transport(Request("POST", server.endpoint, body=body)).body == body

    with ThreadPoolExecutor(64) as pool:
        assert all(pool.map(send, range(300)))


def test_loopback() -> None:
    here = ["127.0.0.1", "127.8.9.1", "::1", "localhost", "rtc.localhost"]
    elsewhere = ["10.0.0.1", "localhost.example", "127.0.0.1.example", ""]
    assert [host for host in (*here, *elsewhere) if is_loopback(host)] == here


def test_the_reason_of_a_bad_certificate_is_shown() -> None:
    bad = ssl.SSLCertVerificationError(1, "certificate verify failed")
    bad.verify_message = "self-signed certificate"
    wrapped = urllib3.exceptions.SSLError(bad)
    error = requests.exceptions.SSLError(urllib3.exceptions.MaxRetryError(None, "/?x", wrapped))  # type: ignore[arg-type]
    assert str(module.transport_error(error)) == "TLS failed (self-signed certificate)"
