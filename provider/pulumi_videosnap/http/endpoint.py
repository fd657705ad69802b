"""Checks an endpoint that a user names: scheme and host, and no plain http over a network."""

from __future__ import annotations

from urllib.parse import urlsplit

from pulumi_videosnap.errors import NotConfigured
from pulumi_videosnap.http.credentials import Lookup
from pulumi_videosnap.http.transport import is_loopback

ALLOW_HTTP_VARIABLE = "VIDEOSNAP_ALLOW_HTTP"


def checked_endpoint(url: str, name: str, env: Lookup, *, such_as: str, exposed: str) -> str:
    """The endpoint without a slash at its end; NotConfigured says what is wrong with the setting `name`.

    `such_as` is a good one, `exposed` what plain http would let others read.
    """
    example = f"write scheme and host only, such as {such_as}"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise NotConfigured(f"{name} is not a URL: {example}") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise NotConfigured(f"{name} is not an http or https URL: {example}")
    # The value is not repeated: what stands before an @ is a password.
    if parts.path not in ("", "/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise NotConfigured(f"{name} holds more than scheme and host: {example}")
    if parts.scheme == "http" and not is_loopback(parts.hostname) and env(ALLOW_HTTP_VARIABLE) != "1":
        raise NotConfigured(
            f"{name} is plain http, over which {exposed} would travel unprotected: "
            f"write https, or set {ALLOW_HTTP_VARIABLE}=1 if the way there is safe"
        )
    return f"{parts.scheme}://{parts.netloc}"
