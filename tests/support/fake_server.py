"""`FakeServer`: an HTTP server on loopback with scripted responses, good and bad."""

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from typing_extensions import Self


@dataclass(frozen=True)
class Request:
    """One request as it came; `path` is decoded, the names of `headers` are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def path(self) -> str:
        return unquote(urlsplit(self.target).path)

    @property
    def query(self) -> Mapping[str, str]:
        found = parse_qs(urlsplit(self.target).query, keep_blank_values=True)
        return {name: values[0] for name, values in found.items()}


@dataclass(frozen=True)
class Response:
    """One response; seconds are real.

    `content_length` is what the header claims, the body's own length when None. `delay` comes before the
    response, `pause` before each `piece` of the body. `close` ends the connection afterwards, `reset` by RST.
    `raw` is sent as it is, instead of all else but delay and pause; empty, the server hangs up without a
    response. An `endless` one repeats its last `endless` bytes for as long as the client listens.
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    content_length: int | None = None
    delay: float = 0
    pause: float = 0
    piece: int = 1
    close: bool = False
    reset: bool = False
    raw: bytes | None = None
    endless: int = 0


Respond = Callable[[Request], Response]


class FakeServer:
    """A running server; `respond` may be exchanged at any time.

    It is a function, one response for every request, or a sequence of which the last repeats. A server that
    was stopped starts again on the same port.
    """

    def __init__(
        self, respond: Respond | Response | Sequence[Response], *, tls: ssl.SSLContext | None = None
    ) -> None:
        self.respond: Respond | Response | Sequence[Response] = respond
        self.requests: list[Request] = []
        self.connections: set[tuple[str, int]] = set()
        self.closing = threading.Event()
        self.port = 0
        self._tls = tls

    @property
    def endpoint(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    def response_to(self, request: Request) -> Response:
        """Record a request, and choose its response."""
        self.requests.append(request)
        if isinstance(self.respond, Response):
            return self.respond
        if isinstance(self.respond, Sequence):
            return self.respond[min(len(self.requests), len(self.respond)) - 1]
        return self.respond(request)

    def start(self) -> Self:
        self.closing.clear()
        self._server = _Server(("127.0.0.1", self.port), _handler(self))
        self.port = self._server.server_port
        if self._tls:
            self._server.socket = self._tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        return self

    def stop(self) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is expected."""


def _handler(fake: FakeServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            fake.connections.add(self.client_address)
            response = fake.response_to(Request(self.command, self.path, headers, body))
            if response.delay:
                fake.closing.wait(response.delay)
            if response.raw is None:
                self._send(response)
            else:
                self._drip(response.raw, response)
                while response.endless and not fake.closing.is_set():
                    self._drip(response.raw[-response.endless :], response)
            self._end(response)

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _answer

        def _send(self, response: Response) -> None:
            length = len(response.body) if response.content_length is None else response.content_length
            self.send_response_only(response.status)
            default = {"Date": self.date_time_string(), "Content-Length": str(length)}
            for name, value in {**default, **response.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "HEAD":
                return
            self._drip(response.body, response)

        def _drip(self, content: bytes, response: Response) -> None:
            piece = response.piece if response.pause else max(1, len(content))
            for at in range(0, len(content), piece):
                fake.closing.wait(response.pause)
                self.wfile.write(content[at : at + piece])
                self.wfile.flush()

        def _end(self, response: Response) -> None:
            self.wfile.flush()
            if response.reset:
                # Closing with a linger of zero sends RST instead of FIN.
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            incomplete = response.content_length not in (None, len(response.body)) and self.command != "HEAD"
            if response.close or response.reset or incomplete or response.raw is not None:
                self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:
            """Stay silent."""

    return Handler
