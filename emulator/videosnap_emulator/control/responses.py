"""Responses of the control server: JSON, stored objects, the page's files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from videosnap_emulator.storage.store import NoSuchBucketError, Store

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


def json_response(content: object, status: int = 200) -> Response:
    """Return JSON in ASCII: names from requests may hold what UTF-8 cannot encode."""
    body = json.dumps(content).encode()
    return Response(body, status, {"cache-control": "no-store"}, "application/json")


def object_url(bucket: str, key: str) -> str:
    """Return the control server's path of a stored object."""
    return f"/frames/{quote(bucket, safe='')}/{quote(key, safe='/')}"


def object_response(store: Store, bucket: str, key: str) -> Response:
    """Return a stored object; only frames and WebVTT are shown, so no stored page can run in ours."""
    try:
        found = store.get(bucket, key)
    except (KeyError, NoSuchBucketError):
        return json_response({"error": "no such object"}, 404)
    kind = _SHOWN.get(found.content_type, "application/octet-stream")
    metadata = {f"x-meta-{name}": quote(value, safe=" :.,-") for name, value in found.metadata.items()}
    return Response(found.body, 200, {**metadata, "x-content-type-options": "nosniff"}, kind)


class StaticFiles:
    """The page's files: `folders` by the first part of the path, "" for the page's own."""

    def __init__(self, folders: Mapping[str, Path]):
        # Only names that the folders list: no path from a request is ever opened.
        self._files = {
            f"{prefix}/{path.name}".lstrip("/"): path
            for prefix, folder in folders.items()
            for path in folder.iterdir()
            if path.suffix in _TYPES
        }

    def index(self, _request: Request) -> Response:
        """Return the page itself."""
        return self._response("index.html")

    def file(self, request: Request) -> Response:
        """Return one of the page's files."""
        return self._response(request.path_params["name"])

    def _response(self, name: str) -> Response:
        path = self._files.get(name)
        if path is None:
            return Response("not found", 404, _PAGE_HEADERS, "text/plain")
        return Response(path.read_bytes(), 200, {**_PAGE_HEADERS, "content-type": _TYPES[path.suffix]})
