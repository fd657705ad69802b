"""The store's HTTP side: a gate that checks signatures, and the server's thread."""

from __future__ import annotations

import io
import logging
import socket
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from moto.moto_server import werkzeug_app
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from .s3_body import open_body
from .s3_signature import Call, Refused, Seal, claimed_access_key, verify

MAX_BODY = 1 << 30
_HEADERS = "videosnap.headers"
_REGION = "us-east-1"
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_log = logging.getLogger(__name__)
# moto's own handler, where there is one, keeps metadata names with an underscore.
_Handler: Any = getattr(werkzeug_app, "MotoRequestHandler", WSGIRequestHandler)

Answer = tuple[str, list[tuple[str, str]], bytes]
Environ = dict[str, Any]


class _QuietHandler(_Handler):  # type: ignore[misc]
    """Keeps the headers as they came, and writes no line for each request."""

    def make_environ(self) -> Environ:
        """Add the headers as they came."""
        environ: Environ = super().make_environ()
        environ[_HEADERS] = [(name.lower(), value) for name, value in self.headers.items()]
        return environ

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Write nothing."""


def read_call(environ: Environ) -> Call:
    """Give the request as it came over the wire."""
    target = environ["RAW_URI"]
    path, _, query = target.partition("?")
    if not path.startswith("/"):  # the absolute form, as to a proxy
        path = urlsplit(path).path or "/"
    return Call(environ["REQUEST_METHOD"], path, query, environ[_HEADERS])


def _read_body(environ: Environ) -> bytes:
    chunked = bool(environ.get("wsgi.input_terminated"))
    length = "" if chunked else environ.get("CONTENT_LENGTH", "")
    if length and not length.isdecimal():
        raise Refused("400 Bad Request", "InvalidArgument", "The Content-Length is not a number")
    size = MAX_BODY + 1 if chunked else int(length or 0)
    body: bytes = environ["wsgi.input"].read(size) if chunked or size <= MAX_BODY else b""
    if max(len(body), 0 if chunked else size) > MAX_BODY:
        raise Refused("400 Bad Request", "EntityTooLarge", "The body is too large for the emulator")
    if not chunked and len(body) < size:
        raise Refused("400 Bad Request", "IncompleteBody", "The body is shorter than its Content-Length")
    return body


def for_moto(environ: Environ, account: str, body: bytes, trailers: dict[str, str]) -> Environ:
    """Give the environment moto gets: a plain body, this store's account, one region, path style."""
    environ = {**environ, "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
    for name in (
        "TRANSFER_ENCODING",
        "AUTHORIZATION",
        "X_AMZ_CONTENT_SHA256",
        "X_AMZ_DECODED_CONTENT_LENGTH",
    ):
        environ.pop(f"HTTP_{name}", None)
    environ["HTTP_HOST"] = "localhost"
    environ["HTTP_AUTHORIZATION"] = (
        f"AWS4-HMAC-SHA256 Credential=videosnap/20000101/{_REGION}/s3/aws4_request"
    )
    environ["HTTP_X_MOTO_ACCOUNT_ID"] = account
    for name, value in trailers.items():
        environ["HTTP_" + name.upper().replace("-", "_")] = value
    encodings = [part.strip() for part in environ.pop("HTTP_CONTENT_ENCODING", "").split(",")]
    if kept := [part for part in encodings if part not in ("", "aws-chunked")]:
        environ["HTTP_CONTENT_ENCODING"] = ",".join(kept)
    if environ.get("CONTENT_TYPE", "").startswith(_FORMS):  # an object, which Flask would take for a form
        environ["CONTENT_TYPE"] = "application/octet-stream"
    return environ


class Gate:
    """A WSGI application that lets requests through that are signed with one of the key pairs."""

    def __init__(
        self,
        keys: Mapping[str, str],
        now: Callable[[], float],
        account: str,
        answer: Callable[[Call, Environ], Answer],
    ) -> None:
        self._keys, self._now, self._account, self._answer = keys, now, account, answer

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request."""
        call = read_call(environ)
        status, headers, body = self._respond(call, environ)
        start_response(status, headers)
        return [b"" if call.method == "HEAD" else body]

    def _respond(self, call: Call, environ: Environ) -> Answer:
        try:
            seal = self._verify(call)
            body, trailers = open_body(seal, _read_body(environ))
            return self._answer(call, for_moto(environ, self._account, body, trailers))
        except Refused as error:
            return _error(call, error)
        except Exception:
            _log.exception("the store could not answer %s %s", call.method, call.path)
            return _error(
                call, Refused("500 Internal Server Error", "InternalError", "See the emulator's log.")
            )

    def _verify(self, call: Call) -> Seal:
        claimed = claimed_access_key(call)
        access_key = claimed if claimed in self._keys else next(iter(self._keys))
        return verify(call, access_key, self._keys[access_key], self._now())


def _error(call: Call, error: Refused) -> Answer:
    body = error.xml(call.path)
    return error.status, [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))], body


def run(app: Callable[..., Any], environ: Environ) -> Answer:
    """Call a WSGI application and collect its answer."""
    started: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], _error: Any = None) -> None:
        started[:] = [status, headers]

    answer = app(environ, start_response)
    try:
        body = b"".join(answer)
    finally:
        getattr(answer, "close", lambda: None)()
    return started[0], started[1], body


class Server:
    """The thread that serves a WSGI application over HTTP."""

    def __init__(self, app: Callable[..., Any], host: str, port: int) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        # Bound here, since werkzeug ends the process when a port is taken.
        with socket.create_server((host, port), family=family, backlog=128) as listening:
            self._server: BaseWSGIServer = make_server(
                host, port, app, threaded=True, request_handler=_QuietHandler, fd=listening.fileno()
            )
        self.port = self._server.port
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.05},
            name="videosnap-store",
            daemon=True,
        )
        self._thread.start()

    def close(self) -> None:
        """Stop listening and end the thread."""
        self._server.shutdown()
        self._thread.join()
