"""Validates an endpoint that a user sets: scheme and host only, and no plain http over a network."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from pulumi_videosnap.errors import NotConfigured
from pulumi_videosnap.settings import ALLOW_HTTP, Lookup


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
