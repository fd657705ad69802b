"""Sends a request over the network with `requests`: bounded in time and size, no redirects, no cookies.

Any number of threads may share one `HttpTransport`.
"""

from __future__ import annotations

import functools
import importlib.metadata
import ipaddress
import time
from collections.abc import Callable
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from pulumi_videosnap.errors import Garbled
from pulumi_videosnap.http.client import CONNECT_DEADLINE, Response, Request, Retry, TransportError

CONNECT_TIMEOUT = 5.0
MAX_ANSWER = 4 * 1024 * 1024
"""Bytes; the services' real answers are a few kilobytes."""
MAX_THREADS = 64


@functools.cache
def user_agent() -> str:
    """How the provider names itself to a service."""
    try:
        version = importlib.metadata.version("pulumi-videosnap")
    except importlib.metadata.PackageNotFoundError:
        version = "unreleased"
    return f"pulumi-videosnap/{version}"


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, by its name or address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


class HttpTransport:
    """The real transport. TransportError tells whether the request can have reached the service."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._session = requests.Session()
        self._session.headers.clear()
        self._session.headers.update({"User-Agent": user_agent(), "Accept-Encoding": "identity"})
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(pool_maxsize=MAX_THREADS))

    def close(self) -> None:
        """Let go of idle connections."""
        self._session.close()

    def __call__(self, request: Request) -> Response:
        """Send a request; an answer of any status is an answer."""
        deadline = self._monotonic() + request.timeout
        try:
            with self._send(request) as response:
                headers = {name.lower(): value for name, value in response.headers.items()}
                return Response(response.status_code, headers, self._read(response, deadline))
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            # Not chained: the cause carries the prepared request and its Authorization header.
            raise failure_of(error) from None

    def _send(self, request: Request) -> requests.Response:
        host = urlsplit(request.endpoint).hostname or ""
        return self._session.request(
            request.method,
            request.url,
            data=request.body or None,
            headers=dict(request.headers),
            auth=_already_signed,
            timeout=(min(CONNECT_TIMEOUT, request.timeout), request.timeout),
            allow_redirects=False,
            stream=True,
            # A proxy cannot reach what listens on this machine.
            proxies={"http": "", "https": ""} if is_loopback(host) else None,
        )

    def _read(self, response: requests.Response, deadline: float) -> bytes:
        # read1 returns what has arrived, so that a trickle of bytes cannot outlast the deadline.
        body = bytearray()
        while chunk := response.raw.read1(65536, decode_content=True):
            body += chunk
            if len(body) > MAX_ANSWER:
                raise TransportError(f"more than {MAX_ANSWER} bytes", Retry.NEVER, kind=Garbled)
            if self._monotonic() > deadline:
                raise TransportError("timed out amid the answer", Retry.IF_IDEMPOTENT)
        return bytes(body)


def _already_signed(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keeps `requests` from looking for a password in ~/.netrc and overwriting our Authorization."""
    return request


def failure_of(error: Exception) -> TransportError:
    """What a failure of `requests` says about the request; its own text is never passed on."""
    if isinstance(error, requests.exceptions.SSLError):
        return TransportError(f"TLS failed ({_tls_reason(error)})", Retry.NEVER)
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return TransportError("no connection in time", Retry.ALWAYS)
    if isinstance(error, requests.exceptions.ProxyError):
        return TransportError(
            "the proxy does not let us through", Retry.ALWAYS, patience=CONNECT_DEADLINE
        )
    if isinstance(error, (requests.exceptions.ReadTimeout, urllib3.exceptions.TimeoutError)):
        return TransportError("no answer in time", Retry.IF_IDEMPOTENT)
    if isinstance(error, (requests.exceptions.InvalidURL, requests.exceptions.InvalidHeader)):
        return TransportError(f"cannot be called ({type(error).__name__})", Retry.NEVER)
    return _broken_connection(error)


def _broken_connection(error: Exception) -> TransportError:
    cause = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(cause, urllib3.exceptions.NameResolutionError):
        return TransportError("no such host", Retry.ALWAYS, patience=CONNECT_DEADLINE)
    if isinstance(cause, urllib3.exceptions.NewConnectionError):
        return TransportError("nobody listens there", Retry.ALWAYS, patience=CONNECT_DEADLINE)
    return TransportError("the connection broke before the answer was whole", Retry.IF_IDEMPOTENT)


def _tls_reason(error: Exception) -> str:
    reason = getattr(error.args[0], "reason", None) if error.args else None
    detail = reason.args[0] if isinstance(reason, Exception) and reason.args else reason
    return getattr(detail, "verify_message", "") or getattr(detail, "reason", "") or "handshake"
