"""A stand-in for GitHub's and GitLab's API on this machine: comments and issues in memory, page by page."""

from __future__ import annotations

import contextlib
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "dummy-token-of-the-forge"
HOOK = "dummy-path-of-the-hook"
ME, STRANGER = 4, 9
REQUEST = 12
"""The change request that everything is about."""


@dataclass
class Written:
    """A comment or an issue."""

    number: int
    body: str
    title: str = ""
    open: bool = True
    author: int = ME
    is_request: bool = False


@dataclass
class FakeForge:
    """What was written, and how; `refuses` answers each call with that status, `answer` with that text."""

    url: str = ""
    comments: list[Written] = field(default_factory=list)
    issues: list[Written] = field(default_factory=list)
    told: list[dict[str, Any]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    refuses: int = 0
    answer: bytes = b""

    def open_issues(self) -> list[Written]:
        return [issue for issue in self.issues if issue.open and not issue.is_request]

    def environment(self, kind: str) -> dict[str, str]:
        """What the CI of a forge sets for a job of a change request."""
        if kind == "github":
            return {
                "GITHUB_ACTIONS": "true",
                "GITHUB_API_URL": self.url,
                "GITHUB_SERVER_URL": "https://forge.example",
                "GITHUB_REPOSITORY": "team/rooms",
                "GITHUB_RUN_ID": "77",
            }
        return {
            "GITLAB_CI": "true",
            "CI_API_V4_URL": self.url,
            "CI_PROJECT_ID": "7",
            "CI_MERGE_REQUEST_IID": str(REQUEST),
            "CI_JOB_URL": "https://forge.example/jobs/77",
        }

    def serve(self, method: str, path: str, query: dict[str, str], body: dict[str, Any]) -> Any:
        """The answer to a call; LookupError where there is none."""
        for pattern, answer in _ROUTES.items():
            if found := re.fullmatch(pattern, f"{method} {path}"):
                return answer(self, query, body, *map(int, found.groups()))
        raise LookupError(path)


def _page(written: list[Written], query: dict[str, str]) -> list[Written]:
    size, page = int(query.get("per_page", 20)), int(query.get("page", 1))
    assert size <= 100, "a forge lists a hundred at once"
    return written[(page - 1) * size : page * size]


def _add(written: list[Written], body: str, title: str = "") -> Written:
    written.append(Written(len(written) + 1, body, title))
    return written[-1]


def _changed(written: list[Written], number: int, body: dict[str, Any], text: str) -> Written:
    found = next(one for one in written if one.number == number)
    assert found.author == ME, "somebody else wrote this"
    found.body, found.title = body.get(text, found.body), body.get("title", found.title)
    found.open = not (body.get("state") == "closed" or body.get("state_event") == "close")
    return found


def _github(one: Written) -> dict[str, Any]:
    kind: dict[str, Any] = {"pull_request": {}} if one.is_request else {}
    author = {"type": "Bot" if one.author == ME else "User"}
    return {"id": one.number, "number": one.number, "body": one.body, "user": author, **kind}


def _note(one: Written) -> dict[str, Any]:
    return {"id": one.number, "body": one.body, "author": {"id": one.author}}


def _issue(one: Written) -> dict[str, Any]:
    return {"iid": one.number, "description": one.body, "author": {"id": one.author}}


def _open(forge: FakeForge, query: dict[str, str]) -> list[Written]:
    return _page([issue for issue in forge.issues if issue.open], query)


def _open_and_mine(forge: FakeForge, query: dict[str, str]) -> list[Written]:
    assert query["scope"] == "created_by_me"
    return _page([issue for issue in forge.open_issues() if issue.author == ME], query)


_REPO = "/repos/team/rooms/issues"
_MERGE = f"/projects/7/merge_requests/{REQUEST}/notes"
_ROUTES: dict[str, Any] = {
    f"GET {_REPO}/{REQUEST}/comments": lambda f, q, b: [_github(one) for one in _page(f.comments, q)],
    f"POST {_REPO}/{REQUEST}/comments": lambda f, q, b: _github(_add(f.comments, b["body"])),
    rf"PATCH {_REPO}/comments/(\d+)": lambda f, q, b, n: _github(_changed(f.comments, n, b, "body")),
    f"GET {_REPO}": lambda f, q, b: [_github(one) for one in _open(f, q)],
    f"POST {_REPO}": lambda f, q, b: _github(_add(f.issues, b["body"], b["title"])),
    rf"PATCH {_REPO}/(\d+)": lambda f, q, b, n: _github(_changed(f.issues, n, b, "body")),
    "GET /user": lambda f, q, b: {"id": ME},
    f"GET {_MERGE}": lambda f, q, b: [_note(one) for one in _page(f.comments, q)],
    f"POST {_MERGE}": lambda f, q, b: _note(_add(f.comments, b["body"])),
    rf"PUT {_MERGE}/(\d+)": lambda f, q, b, n: _note(_changed(f.comments, n, b, "body")),
    "GET /projects/7/issues": lambda f, q, b: [_issue(one) for one in _open_and_mine(f, q)],
    "POST /projects/7/issues": lambda f, q, b: _issue(_add(f.issues, b["description"], b["title"])),
    r"PUT /projects/7/issues/(\d+)": lambda f, q, b, n: _issue(_changed(f.issues, n, b, "description")),
}


class _Handler(BaseHTTPRequestHandler):
    forge: FakeForge

    def _answer(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
        address = urlsplit(self.path)
        self.forge.calls.append(f"{self.command} {address.path}")
        if self.forge.refuses:
            self._send(self.forge.refuses, f"a token such as {TOKEN} may not do that".encode())
        elif self.forge.answer:
            self._send(200, self.forge.answer)
        elif address.path == f"/{HOOK}":
            self.forge.told.append(body)
            self._send(200, b"ok")
        elif TOKEN not in (self.headers.get("PRIVATE-TOKEN"), (self.headers["Authorization"] or "")[7:]):
            self._send(401, b"{}")
        else:
            query = {name: values[0] for name, values in parse_qs(address.query).items()}
            self._send(200, json.dumps(self.forge.serve(self.command, address.path, query, body)).encode())

    do_GET = do_POST = do_PATCH = do_PUT = _answer

    def _send(self, status: int, text: bytes) -> None:
        self.send_response(status)
        if status // 100 == 3:
            self.send_header("Location", f"{self.forge.url}/{HOOK}")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextlib.contextmanager
def serving() -> Iterator[FakeForge]:
    """A forge on a free port of this machine."""
    forge = FakeForge()
    handler = type("Handler", (_Handler,), {"forge": forge})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        forge.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield forge
        finally:
            server.shutdown()
            thread.join()
