"""The storage's HTTP side: who asks, plain and aws-chunked bodies, moto's WSGI, and the server's thread.

A request must name a known access key; its signature is not checked.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import html
import io
import logging
import re
import socket
import sys
import threading
import zlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes

from moto.moto_server import werkzeug_app
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from videosnap_emulator.core.persistence import WriteError
from videosnap_emulator.http_server import Connections, HostCheckMiddleware, server_of

#: Bytes of an object. SQLite has no larger ones than 10^9.
MAXIMUM_BODY = 900 << 20
_ALGORITHM = "AWS4-HMAC-SHA256"
_REGION = "us-east-1"
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_CHUNK = re.compile(rb"([0-9a-fA-F]{1,8})(?:;chunk-signature=[0-9a-f]{64})?")
_RANGE = re.compile(r"bytes=(\d+-\d*|-\d+)")
_CHECKSUMS: dict[str, Callable[[bytes], bytes]] = {
    "x-amz-checksum-crc32": lambda data: zlib.crc32(data).to_bytes(4, "big"),
    "x-amz-checksum-sha1": lambda data: hashlib.sha1(data, usedforsecurity=False).digest(),
    "x-amz-checksum-sha256": lambda data: hashlib.sha256(data).digest(),
}
_LOG = logging.getLogger(__name__)
#: Where moto looks for the names of metadata that have an underscore, which WSGI's names do not keep.
_NAMES = getattr(werkzeug_app, "PRESERVED_HEADER_NAMES_ENVIRON_KEY", "")

WsgiResponse = tuple[str, list[tuple[str, str]], bytes]
Environ = dict[str, Any]


class S3Error(Exception):
    """A request that the storage refuses, with the S3 error to send."""

    def __init__(self, status: str, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message

    def response(self, resource: str) -> WsgiResponse:
        """Return the error document about `resource`."""
        parts = {"Code": self.code, "Message": self.message, "Resource": resource, "RequestId": "videosnap"}
        inside = "".join(f"<{name}>{html.escape(text)}</{name}>" for name, text in parts.items())
        body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{inside}</Error>'.encode()
        return self.status, [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))], body


def bad_request(code: str, message: str) -> S3Error:
    """Return the error of a request that is wrong in itself."""
    return S3Error("400 Bad Request", code, message)


@dataclass(frozen=True)
class S3Request:
    """A request as it came over the wire: raw path and query."""

    method: str
    path: str
    query: str
    authorization: str


def read_request(scope: Scope) -> S3Request:
    """Return the request's raw parts."""
    path = scope["raw_path"].decode("latin-1")
    if not path.startswith("/"):  # the absolute form, as to a proxy
        path = "/" + path.partition("://")[2].partition("/")[2]
    headers = dict(scope["headers"])
    authorization = headers.get(b"authorization", b"").decode("latin-1")
    return S3Request(scope["method"], path, scope["query_string"].decode("latin-1"), authorization)


def access_key_of(request: S3Request) -> str:
    """Return the access key that a request names, in a header or, presigned, in its query; raise S3Error."""
    parameters = dict(parse_qsl(request.query, keep_blank_values=True))
    credential = parameters.get("X-Amz-Credential", "")
    if request.authorization and credential:
        raise bad_request("InvalidArgument", "Only one auth mechanism allowed")
    if credential:
        return credential.partition("/")[0]
    if not request.authorization and "AWSAccessKeyId" not in parameters:
        raise S3Error("403 Forbidden", "AccessDenied", "Access Denied")
    if not request.authorization.startswith(_ALGORITHM):
        raise bad_request(
            "InvalidRequest", f"The authorization mechanism is not supported. Please use {_ALGORITHM}."
        )
    match = re.search(r"\bCredential=([^,/\s]+)/", request.authorization)
    if match is None:
        raise bad_request("AuthorizationHeaderMalformed", "The authorization header is malformed")
    return match[1]


def _check_access_key(request: S3Request, known: Collection[str]) -> None:
    if access_key_of(request) not in known:
        message = "The AWS Access Key Id you provided does not exist in our records."
        raise S3Error("403 Forbidden", "InvalidAccessKeyId", message)


async def _read_body(scope: Scope, receive: Receive) -> bytes:
    length, body, more = dict(scope["headers"]).get(b"content-length", b"0"), bytearray(), True
    while more and max(len(body), int(length)) <= MAXIMUM_BODY:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise bad_request("IncompleteBody", "The body is shorter than its Content-Length")
        more = message.get("more_body", False)
        body += message.get("body", b"")
    if more or len(body) > MAXIMUM_BODY:
        raise bad_request("EntityTooLarge", "The body is too large for the emulator")
    return bytes(body)


def decode_body(payload: str, raw: bytes) -> tuple[bytes, dict[str, str]]:
    """Return the plain body and its trailing headers; `payload` is ``x-amz-content-sha256``."""
    if not payload.startswith("STREAMING-"):
        return raw, {}
    body, trailers = _decode_chunks(raw)
    for name, value in trailers.items():
        if name in _CHECKSUMS and base64.b64encode(_CHECKSUMS[name](body)).decode() != value:
            raise bad_request("BadDigest", f"The {name} you specified did not match the calculated checksum.")
    return body, trailers


def _decode_chunks(raw: bytes) -> tuple[bytes, dict[str, str]]:
    body, at = bytearray(), 0
    while True:
        end = raw.find(b"\r\n", at)
        match = _CHUNK.fullmatch(raw[at : max(end, at)])
        start, size = end + 2, int(match[1], 16) if match else 0
        if match and size == 0:
            return bytes(body), _trailers(raw[start:])
        if match is None or raw[start + size : start + size + 2] != b"\r\n":
            raise bad_request("IncompleteBody", "The request body is not a complete aws-chunked stream")
        body += raw[start : start + size]
        at = start + size + 2


def _trailers(raw: bytes) -> dict[str, str]:
    pairs = (line.split(":", 1) for line in raw.decode("latin-1").split("\r\n") if ":" in line)
    found = {name.strip().lower(): value.strip() for name, value in pairs}
    found.pop("x-amz-trailer-signature", None)
    return found


def _environ(scope: Scope, request: S3Request) -> Environ:
    """Return the request as WSGI has it, without its body."""
    target = f"{request.path}?{request.query}" if request.query else request.path
    environ: Environ = {
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(request.path).decode("latin-1"),
        "QUERY_STRING": request.query,
        "RAW_URI": target,
        "REQUEST_URI": target,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": str(scope["server"][1]),
        "SERVER_PROTOCOL": "HTTP/1.1",
        _NAMES: {},
    }
    # Names with an underscore last: they must not stand in for the same name with a hyphen.
    for raw_name, raw_value in sorted(scope["headers"], key=lambda header: b"_" in header[0]):
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        key = name.upper().replace("-", "_")
        key = key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
        if "_" not in name:
            environ[key] = f"{environ[key]},{value}" if key in environ else value
        elif name.startswith("x-amz-meta-") and key not in environ:
            environ[key], environ[_NAMES][key] = value, name
    return environ


def _environ_for_moto(environ: Environ, account: str, body: bytes, trailers: dict[str, str]) -> Environ:
    """Return what moto gets: a plain body, this storage's account, one region, path style."""
    environ = {**environ, "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
    for name in (
        "TRANSFER_ENCODING",
        "AUTHORIZATION",
        "X_AMZ_CONTENT_SHA256",
        "X_AMZ_DECODED_CONTENT_LENGTH",
    ):
        environ.pop(f"HTTP_{name}", None)
    environ["HTTP_HOST"] = "localhost"
    environ["HTTP_AUTHORIZATION"] = f"{_ALGORITHM} Credential=videosnap/20000101/{_REGION}/s3/aws4_request"
    environ["HTTP_X_MOTO_ACCOUNT_ID"] = account
    for name, value in trailers.items():
        environ["HTTP_" + name.upper().replace("-", "_")] = value
    if not _RANGE.fullmatch(environ.get("HTTP_RANGE", "")):  # which is to be ignored
        environ.pop("HTTP_RANGE", None)
    encodings = [part.strip() for part in environ.pop("HTTP_CONTENT_ENCODING", "").split(",")]
    if others := [part for part in encodings if part not in ("", "aws-chunked")]:
        environ["HTTP_CONTENT_ENCODING"] = ",".join(others)
    if environ.get("CONTENT_TYPE", "").startswith(_FORMS):  # an object, which Flask would take for a form
        environ["CONTENT_TYPE"] = "application/octet-stream"
    return environ


class S3App:
    """An ASGI application that hands requests with a known access key to `respond`, on a thread."""

    def __init__(
        self,
        access_keys: Collection[str],
        account: str,
        respond: Callable[[S3Request, Environ], WsgiResponse],
    ) -> None:
        self._access_keys, self._account, self._respond = access_keys, account, respond

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = read_request(scope)
        try:
            _check_access_key(request, self._access_keys)
            raw = await _read_body(scope, receive)
            response = await asyncio.to_thread(self._response, request, _environ(scope, request), raw)
        except S3Error as error:
            response = error.response(request.path)
        status, headers, body = response
        answer = Response(b"" if request.method == "HEAD" else body, int(status[:3]))
        answer.raw_headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
        await answer(scope, receive, send)

    def _response(self, request: S3Request, environ: Environ, raw: bytes) -> WsgiResponse:
        try:
            body, trailers = decode_body(environ.get("HTTP_X_AMZ_CONTENT_SHA256", ""), raw)
            return self._respond(request, _environ_for_moto(environ, self._account, body, trailers))
        except S3Error:
            raise
        except WriteError as error:
            _LOG.error("%s %s failed: %s", request.method, request.path, error)
            raise S3Error("500 Internal Server Error", "InternalError", str(error)) from None
        except Exception:
            _LOG.exception("the storage could not answer %s %s", request.method, request.path)
            raise S3Error("500 Internal Server Error", "InternalError", "See the emulator's log.") from None


def run(app: Callable[..., Any], environ: Environ) -> WsgiResponse:
    """Call a WSGI application and collect its response."""
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
    """The thread that serves the storage: a server and an event loop of its own."""

    def __init__(self, app: S3App, host: str, listener: socket.socket) -> None:
        self.port = int(listener.getsockname()[1])
        self._server = server_of(HostCheckMiddleware(app, host), Connections())
        self._thread = threading.Thread(
            target=self._server.run, args=([listener],), name="videosnap-storage", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop listening and end the thread."""
        self._server.should_exit = True
        self._thread.join(10)
