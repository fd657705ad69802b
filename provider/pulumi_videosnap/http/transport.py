"""Sends a request over the network with `requests`: bounded in time and size.

No redirects, no cookies, no ~/.netrc. Any number of threads may share one `HttpTransport`.
"""

from __future__ import annotations

import functools
import importlib.metadata
import math
from collections.abc import Callable
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from pulumi_videosnap.errors import CallFailed, Garbled, Unreachable
from pulumi_videosnap.http.deadline import bound_responses
from pulumi_videosnap.http.request import Request, Response, is_loopback
from pulumi_videosnap.http.retry import Retry

CONNECT_TIMEOUT = 5.0
"""Seconds to connect in one attempt."""
CONNECT_DEADLINE = 5.0
"""Stop retrying connection-refused after this many seconds, so a mistyped endpoint fails fast."""
MAX_RESPONSE = 4 * 1024 * 1024
"""Bytes; the services' real responses are a few kilobytes."""
MAX_REFUSAL = 256 * 1024
"""Bytes of a response that is no success; the rest is not read."""
MAX_THREADS = 256
"""Connections that are kept; the rate limits do not let more calls be under way."""


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


class _Adapter(HTTPAdapter):
    """Connections whose responses have one deadline each."""

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        pool.ConnectionCls = _bounded(type(pool).ConnectionCls)
        return pool


_bounded = functools.cache(bound_responses)


class HttpTransport:
    """Sends requests over the network, on pooled connections."""

    def __init__(self) -> None:
        self._session = requests.Session()
        self._session.headers.clear()
        self._session.headers.update({"User-Agent": user_agent(), "Accept-Encoding": "identity"})
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, _Adapter(pool_maxsize=MAX_THREADS))

    def close(self) -> None:
        """Close idle connections."""
        self._session.close()

    def __call__(self, request: Request) -> Response:
        """Send a request; returns a response of any status."""
        try:
            with self._send(request) as response:
                headers = {name.lower(): value for name, value in response.headers.items()}
                body = self._read(response, refused=response.status_code != HTTPStatus.OK)
                return Response(response.status_code, headers, body)
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
            timeout=urllib3.Timeout(  # type: ignore[arg-type] # `requests` passes it on
                connect=min(CONNECT_TIMEOUT, request.timeout), total=request.timeout
            ),
            allow_redirects=False,
            stream=True,
            # A proxy cannot reach a loopback address.
            proxies={"http": "", "https": ""} if is_loopback(host) else None,
        )

    def _read(self, response: requests.Response, *, refused: bool) -> bytes:
        body = bytearray()
        while chunk := response.raw.read1(65536, decode_content=True):
            body += chunk
            if refused and len(body) > MAX_REFUSAL:
                break
            if len(body) > MAX_RESPONSE:
                raise TransportError(f"more than {MAX_RESPONSE} bytes", Retry.NEVER, kind=Garbled)
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
