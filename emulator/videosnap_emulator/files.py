"""Answers of the control server that are not about the world: JSON, pictures, the page's files."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from videosnap_emulator.store import NoSuchBucket, Store

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
}
#: Stored objects that a browser may show, and as what.
_SHOWN = {"image/jpeg": "image/jpeg", "image/png": "image/png", "text/vtt": "text/plain; charset=utf-8"}
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'"
_PAGE_HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "cache-control": "no-cache",
}


def json_answer(content: object, status: int = 200) -> Response:
    """Return JSON in ASCII: names from requests may hold what UTF-8 cannot encode."""
    body = json.dumps(content).encode()
    return Response(body, status, {"cache-control": "no-store"}, "application/json")


def picture_url(bucket: str, key: str) -> str:
    """Return the control server's path of a stored picture."""
    return f"/frames/{quote(bucket, safe='')}/{quote(key, safe='/')}"


def picture_answer(store: Store, bucket: str, key: str) -> Response:
    """Return a stored object; only pictures and WebVTT are shown, so no stored page can run in ours."""
    try:
        found = store.get(bucket, key)
    except (KeyError, NoSuchBucket):
        return json_answer({"error": "no such object"}, 404)
    kind = _SHOWN.get(found.content_type, "application/octet-stream")
    told = {f"x-meta-{name}": quote(value, safe=" :.,-") for name, value in found.metadata.items()}
    return Response(found.body, 200, {**told, "x-content-type-options": "nosniff"}, kind)


class PageFiles:
    """The page, from a flat folder."""

    def __init__(self, folder: Path):
        self._folder = folder

    def index(self, _request: Request) -> Response:
        """Return the page itself."""
        return self._answer("index.html")

    def file(self, request: Request) -> Response:
        """Return one of the page's files."""
        return self._answer(request.path_params["name"])

    def _answer(self, name: str) -> Response:
        # Only names that the folder lists: no path from a request is ever opened.
        known = {path.name: path for path in self._folder.glob("*")} if self._folder.is_dir() else {}
        path = known.get(name)
        if path is None or path.suffix not in _TYPES or not path.is_file():
            return Response("not found", 404, _PAGE_HEADERS, "text/plain")
        return Response(path.read_bytes(), 200, {**_PAGE_HEADERS, "content-type": _TYPES[path.suffix]})
