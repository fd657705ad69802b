"""Keeping other web sites out: a page in the user's browser must not reach the control API on loopback."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from videosnap_emulator.control.responses import json_response

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def _host_name(authority: str) -> str | None:
    """Return the host without its port, or None when there is none."""
    try:
        return urlsplit(f"//{authority}").hostname
    except ValueError:
        return None


class HostCheckMiddleware:
    """Passes a request on only for our own host name (against DNS rebinding) and from our own origin."""

    def __init__(self, app: ASGIApp, host: str):
        self._app, self._hosts = app, {*_LOOPBACK, host}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 403."""
        if scope["type"] == "http" and not self._admits(dict(scope["headers"])):
            refusal = json_response({"error": "only the emulator's own host and page may do this"}, 403)
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _admits(self, headers: dict[bytes, bytes]) -> bool:
        host = headers.get(b"host", b"").decode("latin-1")
        origin = headers.get(b"origin")
        same_origin = origin is None or origin.decode("latin-1") == f"http://{host}"
        return same_origin and _host_name(host) in self._hosts
