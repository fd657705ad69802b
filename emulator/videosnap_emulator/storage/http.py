"""The storage's HTTP side: who asks, plain and aws-chunked bodies, and the server's thread.

A request must name a known access key; its signature is not checked.
"""

from __future__ import annotations

import base64
import hashlib
import html
import io
import logging
import re
import socket
import threading
import zlib
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from moto.moto_server import werkzeug_app
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

MAXIMUM_BODY = 1 << 30
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
# moto's own handler, where there is one, keeps metadata names with an underscore.
_Handler: Any = getattr(werkzeug_app, "MotoRequestHandler", WSGIRequestHandler)

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


def read_request(environ: Environ) -> S3Request:
    """Return the request's raw parts."""
    path, _, query = environ["RAW_URI"].partition("?")
    if not path.startswith("/"):  # the absolute form, as to a proxy
        path = "/" + path.partition("://")[2].partition("/")[2]
    return S3Request(environ["REQUEST_METHOD"], path, query, environ.get("HTTP_AUTHORIZATION", ""))


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


def _read_body(environ: Environ) -> bytes:
    chunked = bool(environ.get("wsgi.input_terminated"))
    length = "" if chunked else environ.get("CONTENT_LENGTH", "")
    if length and not length.isdecimal():
        raise bad_request("InvalidArgument", "The Content-Length is not a number")
    size = MAXIMUM_BODY + 1 if chunked else int(length or 0)
    body: bytes = environ["wsgi.input"].read(size) if chunked or size <= MAXIMUM_BODY else b""
    if max(len(body), 0 if chunked else size) > MAXIMUM_BODY:
        raise bad_request("EntityTooLarge", "The body is too large for the emulator")
    if not chunked and len(body) < size:
        raise bad_request("IncompleteBody", "The body is shorter than its Content-Length")
    return body


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
    """A WSGI application that hands requests with a known access key to `respond`."""

    def __init__(
        self,
        access_keys: Collection[str],
        account: str,
        respond: Callable[[S3Request, Environ], WsgiResponse],
    ) -> None:
        self._access_keys, self._account, self._respond = access_keys, account, respond

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request."""
        request = read_request(environ)
        status, headers, body = self._response(request, environ)
        start_response(status, headers)
        return [b"" if request.method == "HEAD" else body]

    def _response(self, request: S3Request, environ: Environ) -> WsgiResponse:
        try:
            _check_access_key(request, self._access_keys)
            payload = environ.get("HTTP_X_AMZ_CONTENT_SHA256", "")
            body, trailers = decode_body(payload, _read_body(environ))
            return self._respond(request, _environ_for_moto(environ, self._account, body, trailers))
        except S3Error as error:
            return error.response(request.path)
        except Exception:
            _LOG.exception("the storage could not answer %s %s", request.method, request.path)
            unexpected = S3Error("500 Internal Server Error", "InternalError", "See the emulator's log.")
            return unexpected.response(request.path)


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


class _QuietHandler(_Handler):  # type: ignore[misc]
    """Logs no line for each request."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log nothing."""


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
            name="videosnap-storage",
            daemon=True,
        )
        self._thread.start()

    def close(self) -> None:
        """Stop listening and end the thread."""
        self._server.shutdown()
        self._thread.join()
