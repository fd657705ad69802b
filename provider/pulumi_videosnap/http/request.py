"""A request and a response as values: their URL, the canonical form that gets signed, valid endpoints.

Imports no HTTP library, so that a plugin that only checks inputs starts without one.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote, urlsplit

from pulumi_videosnap.core.timestamps import from_epoch, parse_http_date
from pulumi_videosnap.errors import NotConfigured
from pulumi_videosnap.settings import ALLOW_HTTP, Lookup

RESPONSE_TIMEOUT = 15.0
"""Seconds to wait for a response in one attempt."""


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
