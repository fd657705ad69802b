"""The real transport against a small real server on this machine that misbehaves on request."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests
import urllib3

from pulumi_videosnap.errors import Garbled, Unreachable
from pulumi_videosnap.http.endpoint import is_loopback
from pulumi_videosnap.http.retry import Retry
from pulumi_videosnap.http.transport import (
    MAX_RESPONSE,
    HttpTransport,
    Request,
    TransportError,
    transport_error,
    user_agent,
)


class Misbehaving(BaseHTTPRequestHandler):
    """Answers a path with the trouble that it names."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        self.server.seen.append((self.command, self.path, dict(self.headers), body))
        trouble = self.path.partition("?")[0].strip("/") or "echo"
        with contextlib.suppress(OSError):
            getattr(self, f"_{trouble}")(body)

    def _send(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def _echo(self, body: bytes) -> None:
        self._send(200, body or b"hello", X_Seen="yes")

    def _error(self, body: bytes) -> None:
        self._send(503, b"busy", Retry_After="3")

    def _redirect(self, body: bytes) -> None:
        self._send(302, b"", Location="/echo")

    def _cookie(self, body: bytes) -> None:
        self._send(200, b"", Set_Cookie="session=1; Path=/")

    def _silent(self, body: bytes) -> None:
        self.server.ending.wait(5)

    def _reset(self, body: bytes) -> None:
        # Closing with a linger of zero sends RST instead of FIN.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def _truncated(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"only this")
        self.close_connection = True

    def _broken_chunks(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"5\r\nhello\r\n10\r\nbroken")
        self.close_connection = True

    def _chunks(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n")

    def _trickle(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        while not self.server.ending.wait(0.05):
            self.wfile.write(b"x")

    def _giant(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(MAX_RESPONSE * 4))
        self.end_headers()
        for _ in range(64):
            self.wfile.write(b"x" * (MAX_RESPONSE // 16))

    def _nonsense(self, body: bytes) -> None:
        self.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n")
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Misbehaving)
        self.seen: list[tuple[str, str, dict[str, str], bytes]] = []
        self.ending = threading.Event()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.ending.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def transport() -> Iterator[HttpTransport]:
    transport = HttpTransport()
    yield transport
    transport.close()


def closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


def test_a_request_arrives_as_it_was_made(server: Server, transport: HttpTransport) -> None:
    query = (("Action", "Do"), ("Text", "a b+c~/%ü*'()"), ("Empty", ""))
    headers = {"Content-Type": "application/json", "Authorization": "HMAC-SHA256 x", "Host": "some.host"}
    answer = transport(Request("POST", server.endpoint, query, headers=headers, body="ü".encode()))
    assert (answer.status, answer.body, answer.headers["x-seen"]) == (200, "ü".encode(), "yes")
    command, path, seen, body = server.seen[0]
    assert (command, body) == ("POST", "ü".encode())
    # Byte for byte what gets signed.
    assert path == "/?Action=Do&Text=a%20b%2Bc~%2F%25%C3%BC%2A%27%28%29&Empty="
    assert seen["Host"] == "some.host"
    assert seen["Authorization"] == "HMAC-SHA256 x"
    assert seen["User-Agent"] == user_agent()
    assert seen["Content-Length"] == "2"
    assert seen["Accept-Encoding"] == "identity"


def test_the_user_agent_names_the_provider() -> None:
    assert user_agent().startswith("pulumi-videosnap/")


def test_any_status_is_an_answer(server: Server, transport: HttpTransport) -> None:
    answer = transport(Request("GET", server.endpoint, path="/error"))
    assert (answer.status, answer.body, answer.retry_after(0)) == (503, b"busy", 3)


def test_chunks_are_put_together(server: Server, transport: HttpTransport) -> None:
    assert transport(Request("GET", server.endpoint, path="/chunks")).body == b"hello world"


def test_a_redirect_is_not_followed(server: Server, transport: HttpTransport) -> None:
    assert transport(Request("GET", server.endpoint, path="/redirect")).status == 302
    assert len(server.seen) == 1


def test_cookies_are_not_kept(server: Server, transport: HttpTransport) -> None:
    for _ in range(2):
        transport(Request("GET", server.endpoint, path="/cookie"))
    assert "Cookie" not in server.seen[1][2]


def test_no_password_file_overwrites_the_signature(
    server: Server, transport: HttpTransport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login user password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    transport(Request("GET", server.endpoint, headers={"Authorization": "ours"}))
    assert server.seen[0][2]["Authorization"] == "ours"


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_what_listens_here_is_not_asked_through_a_proxy(
    variable: str, server: Server, transport: HttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, f"http://127.0.0.1:{closed_port()}")
    monkeypatch.setenv("NO_PROXY", "")
    assert transport(Request("GET", server.endpoint)).status == 200


def test_a_dead_proxy_is_told(transport: HttpTransport, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(variable, f"http://127.0.0.1:{closed_port()}")
    for variable in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(variable, "")
    with pytest.raises(TransportError, match="proxy") as failed:
        transport(Request("GET", "http://rtc.example", timeout=1))
    assert failed.value.retry is Retry.ALWAYS


@pytest.mark.parametrize(
    ("trouble", "told", "retry", "kind"),
    [
        ("silent", "timed out waiting for the response", Retry.IF_IDEMPOTENT, Unreachable),
        ("trickle", "timed out while reading the response", Retry.IF_IDEMPOTENT, Unreachable),
        ("reset", "connection closed before", Retry.IF_IDEMPOTENT, Unreachable),
        ("truncated", "connection closed before", Retry.IF_IDEMPOTENT, Unreachable),
        ("broken_chunks", "connection closed before", Retry.IF_IDEMPOTENT, Unreachable),
        ("nonsense", "connection closed before", Retry.IF_IDEMPOTENT, Unreachable),
        ("giant", "more than 4194304 bytes", Retry.NEVER, Garbled),
    ],
)
def test_trouble(
    trouble: str, told: str, retry: Retry, kind: type, server: Server, transport: HttpTransport
) -> None:
    headers = {"Authorization": "CANARY"}
    with pytest.raises(TransportError, match=told) as failed:
        transport(Request("POST", server.endpoint, path=f"/{trouble}", headers=headers, timeout=0.3))
    assert (failed.value.retry, failed.value.kind) == (retry, kind)
    assert failed.value.__cause__ is None
    assert failed.value.__suppress_context__ or failed.value.__context__ is None


def test_nobody_listening_is_final_soon(transport: HttpTransport) -> None:
    with pytest.raises(TransportError, match="connection refused") as failed:
        transport(Request("GET", f"http://127.0.0.1:{closed_port()}"))
    assert (failed.value.retry, failed.value.deadline) == (Retry.ALWAYS, 5.0)


def test_a_name_that_does_not_resolve_is_final_soon(
    transport: HttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(TransportError, match="host name not found") as failed:
        transport(Request("GET", "http://rtc.localhost"))
    assert (failed.value.retry, failed.value.deadline) == (Retry.ALWAYS, 5.0)


def test_tls_that_fails_is_final_at_once(server: Server, transport: HttpTransport) -> None:
    with pytest.raises(TransportError, match="TLS failed") as failed:
        transport(Request("GET", server.endpoint.replace("http:", "https:"), timeout=2))
    assert failed.value.retry is Retry.NEVER


def test_a_header_that_cannot_be_sent_is_refused(server: Server, transport: HttpTransport) -> None:
    with pytest.raises(TransportError, match="InvalidHeader"):
        transport(Request("GET", server.endpoint, headers={"X-Token": "CANARY\nX-Evil: 1"}))
    assert server.seen == []


def test_a_connection_that_the_server_closed_is_replaced(server: Server, transport: HttpTransport) -> None:
    with pytest.raises(TransportError):
        transport(Request("GET", server.endpoint, path="/truncated"))
    assert transport(Request("GET", server.endpoint)).body == b"hello"


def test_many_threads_share_one_transport(server: Server, transport: HttpTransport) -> None:
    def send(number: int) -> bool:
        body = f"{number}".encode() * 100
        return transport(Request("POST", server.endpoint, body=body)).body == body

    with ThreadPoolExecutor(64) as pool:
        assert all(pool.map(send, range(300)))


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("localhost", True),
        ("rtc.localhost", True),
        ("10.0.0.1", False),
        ("localhost.example", False),
        ("127.0.0.1.example", False),
        ("", False),
    ],
)
def test_loopback(host: str, here: bool) -> None:
    assert is_loopback(host) is here


def test_the_reason_of_a_bad_certificate_is_told() -> None:
    bad = ssl.SSLCertVerificationError(1, "certificate verify failed")
    bad.verify_message = "self-signed certificate"
    wrapped = urllib3.exceptions.SSLError(bad)
    error = requests.exceptions.SSLError(urllib3.exceptions.MaxRetryError(None, "/?x", wrapped))  # type: ignore[arg-type]
    assert str(transport_error(error)) == "TLS failed (self-signed certificate)"
