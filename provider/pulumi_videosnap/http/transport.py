"""Requests, responses, and sending one over the network with `requests`: bounded in time and size.

No redirects, no cookies, no ~/.netrc. Any number of threads may share one `HttpTransport`.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import ipaddress
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import quote, urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from pulumi_videosnap.core.timestamps import from_epoch, parse_http_date
from pulumi_videosnap.errors import CallFailed, Garbled, NotConfigured, Unreachable
from pulumi_videosnap.http.retry import Retry
from pulumi_videosnap.settings import ALLOW_HTTP, Lookup

CONNECT_TIMEOUT = 5.0
"""Seconds to connect in one attempt."""
RESPONSE_TIMEOUT = 15.0
"""Seconds to wait for a response in one attempt."""
CONNECT_DEADLINE = 5.0
"""Stop retrying connection-refused after this many seconds, so a mistyped endpoint fails fast."""
MAX_RESPONSE = 4 * 1024 * 1024
"""Bytes; the services' real responses are a few kilobytes."""
MAX_THREADS = 64


def encode_query(query: tuple[tuple[str, str], ...]) -> str:
    """The query string by RFC 3986 (a space is %20), which is also the form that gets signed."""
    return "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in query)


@dataclass(frozen=True)
class Request:
    """One HTTP request; `endpoint` is scheme and host, `timeout` the seconds to wait for the response."""

    method: str
    endpoint: str
    query: tuple[tuple[str, str], ...] = ()
    path: str = "/"
    # Neither shows in a repr: headers carry the signature, a body may carry a third party's keys.
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    timeout: float = RESPONSE_TIMEOUT

    @property
    def url(self) -> str:
        """The full URL, query included."""
        return f"{self.endpoint}{self.path}" + (f"?{encode_query(self.query)}" if self.query else "")


@dataclass(frozen=True)
class Response:
    """One HTTP response; the names of `headers` are in lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)

    def date(self, now: float) -> datetime:
        """When the service answered, in UTC by its clock; `now` when it has no Date header."""
        return parse_http_date(self.headers.get("date", "")) or from_epoch(now)

    def retry_after(self, now: float) -> float:
        """Seconds of the Retry-After header; 0 without one."""
        value = self.headers.get("retry-after", "").strip()
        if value.isascii() and value.isdigit():
            return float(value)
        until = parse_http_date(value)
        return max(0.0, (until - self.date(now)).total_seconds()) if until else 0.0


class TransportError(Exception):
    """No complete response came.

    `retry` tells whether the request can have reached the service, `deadline` after how many seconds of the
    whole call this failure is final.
    """

    def __init__(
        self,
        reason: str,
        retry: Retry,
        *,
        deadline: float = math.inf,
        kind: type[CallFailed] = Unreachable,
    ) -> None:
        super().__init__(reason)
        self.retry = retry
        self.deadline = deadline
        self.kind = kind


Transport = Callable[[Request], Response]
"""Sends a request and returns its response, whatever its status; raises TransportError when none came."""


@functools.cache
def user_agent() -> str:
    """The User-Agent header of every request."""
    try:
        version = importlib.metadata.version("pulumi-videosnap")
    except importlib.metadata.PackageNotFoundError:
        version = "unreleased"
    return f"pulumi-videosnap/{version}"


class HttpTransport:
    """Sends requests over the network, on pooled connections."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._session = requests.Session()
        self._session.headers.clear()
        self._session.headers.update({"User-Agent": user_agent(), "Accept-Encoding": "identity"})
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(pool_maxsize=MAX_THREADS))

    def close(self) -> None:
        """Close idle connections."""
        self._session.close()

    def __call__(self, request: Request) -> Response:
        """Send a request; returns a response of any status."""
        deadline = self._monotonic() + request.timeout
        try:
            with self._send(request) as response:
                headers = {name.lower(): value for name, value in response.headers.items()}
                return Response(response.status_code, headers, self._read(response, deadline))
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            # Not chained: the cause carries the prepared request and its Authorization header.
            raise transport_error(error) from None

    def _send(self, request: Request) -> requests.Response:
        host = urlsplit(request.endpoint).hostname or ""
        return self._session.request(
            request.method,
            request.url,
            data=request.body or None,
            headers=dict(request.headers),
            auth=_keep_authorization,
            timeout=(min(CONNECT_TIMEOUT, request.timeout), request.timeout),
            allow_redirects=False,
            stream=True,
            # A proxy cannot reach a loopback address.
            proxies={"http": "", "https": ""} if is_loopback(host) else None,
        )

    def _read(self, response: requests.Response, deadline: float) -> bytes:
        # read1 returns what has arrived, so a slow trickle of bytes cannot outlast the deadline.
        body = bytearray()
        while chunk := response.raw.read1(65536, decode_content=True):
            body += chunk
            if len(body) > MAX_RESPONSE:
                raise TransportError(f"more than {MAX_RESPONSE} bytes", Retry.NEVER, kind=Garbled)
            if self._monotonic() > deadline:
                raise TransportError("timed out while reading the response", Retry.IF_IDEMPOTENT)
        return bytes(body)


def _keep_authorization(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keeps `requests` from looking for a password in ~/.netrc and overwriting our Authorization."""
    return request


def transport_error(error: Exception) -> TransportError:
    """The TransportError for a failure of `requests`, whose own text may hold credentials and is dropped."""
    if isinstance(error, requests.exceptions.SSLError):
        return TransportError(f"TLS failed ({_tls_reason(error)})", Retry.NEVER)
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return TransportError("connecting timed out", Retry.ALWAYS)
    if isinstance(error, requests.exceptions.ProxyError):
        return TransportError("proxy refused the connection", Retry.ALWAYS, deadline=CONNECT_DEADLINE)
    if isinstance(error, (requests.exceptions.ReadTimeout, urllib3.exceptions.TimeoutError)):
        return TransportError("timed out waiting for the response", Retry.IF_IDEMPOTENT)
    if isinstance(error, (requests.exceptions.InvalidURL, requests.exceptions.InvalidHeader)):
        return TransportError(f"cannot be called ({type(error).__name__})", Retry.NEVER)
    return _connection_error(error)


def _connection_error(error: Exception) -> TransportError:
    cause = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(cause, urllib3.exceptions.NameResolutionError):
        return TransportError("host name not found", Retry.ALWAYS, deadline=CONNECT_DEADLINE)
    if isinstance(cause, urllib3.exceptions.NewConnectionError):
        return TransportError("connection refused", Retry.ALWAYS, deadline=CONNECT_DEADLINE)
    return TransportError("connection closed before the response was complete", Retry.IF_IDEMPOTENT)


def _tls_reason(error: Exception) -> str:
    reason = getattr(error.args[0], "reason", None) if error.args else None
    detail = reason.args[0] if isinstance(reason, Exception) and reason.args else reason
    return getattr(detail, "verify_message", "") or getattr(detail, "reason", "") or "handshake"


def canonical_request(request: Request, headers: Mapping[str, str]) -> str:
    """The text whose digest is signed; `headers` are the signed ones, names in lower case and sorted."""
    return "\n".join(
        (
            request.method,
            quote(request.path, safe="/-_.~"),
            # Sorting pairs sorts by name: no parameter of ours occurs twice.
            encode_query(tuple(sorted(request.query))),
            "".join(f"{name}:{value}\n" for name, value in headers.items()),
            ";".join(headers),
            hashlib.sha256(request.body).hexdigest(),
        )
    )


def parse_endpoint(url: str, name: str, env: Lookup, *, such_as: str, exposed: str) -> str:
    """The endpoint without a slash at its end; NotConfigured says what is wrong with the setting `name`.

    `such_as` is a valid example, `exposed` what others could read over plain http.
    """
    example = f"set scheme and host only, such as {such_as}"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise NotConfigured(f"{name} is not a URL: {example}") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise NotConfigured(f"{name} is not an http or https URL: {example}")
    # The value is not repeated: the part before an @ may be a password.
    if parts.path not in ("", "/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise NotConfigured(f"{name} has more than scheme and host: {example}")
    if parts.scheme == "http" and not is_loopback(parts.hostname) and env(ALLOW_HTTP.env) != "1":
        raise NotConfigured(
            f"{name} is plain http, which would send {exposed} unencrypted: "
            f"use https, or set {ALLOW_HTTP.env}=1 if the network path is trusted"
        )
    return f"{parts.scheme}://{parts.netloc}"


def is_loopback(host: str) -> bool:
    """Whether a host name or address is loopback."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
