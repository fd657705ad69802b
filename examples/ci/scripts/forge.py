"""GitHub or GitLab, as far as the scripts beside this one need them; the variables of their CI say which.

The standard library is all it needs, so that a job can say what went wrong even where nothing could be
installed.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any, Protocol
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

SECONDS = 30
"""How long an answer may take."""
PAGE = 100
"""What both forges list at once, at most."""


class Failed(Exception):
    """One line that says what went wrong; it holds no secret."""


@dataclass(frozen=True)
class Post:
    """A comment or an issue that this CI wrote itself."""

    number: int
    body: str


class Forge(Protocol):
    """What both can do."""

    def comments(self) -> Iterator[Post]:
        """Our comments on the change request that this job runs for."""

    def add_comment(self, body: str) -> None:
        """Write another comment on it."""

    def change_comment(self, number: int, body: str) -> None:
        """Put another text into one of our comments."""

    def issues(self) -> Iterator[Post]:
        """Our open issues."""

    def open_issue(self, title: str, body: str) -> None:
        """Open an issue."""

    def change_issue(self, number: int, title: str, body: str) -> None:
        """Put another title and text into one of our issues."""

    def close_issue(self, number: int, body: str) -> None:
        """Close one of our issues with a last text."""


class GitHub:
    """GitHub, by the token of the workflow or of a GitHub App.

    Only what a bot wrote counts as ours: anybody may write a comment that begins like ours, and could later
    change what we put into it.
    """

    def __init__(self) -> None:
        self._api = _Api(
            f"{needed('GITHUB_API_URL')}/repos/{needed('GITHUB_REPOSITORY')}",
            {"Authorization": f"Bearer {needed('GITHUB_TOKEN')}", "Accept": "application/vnd.github+json"},
        )

    def comments(self) -> Iterator[Post]:
        listed = self._api.pages(self._request("comments"))
        return (Post(one["id"], one["body"] or "") for one in listed if _by_a_bot(one))

    def add_comment(self, body: str) -> None:
        self._api.call("POST", self._request("comments"), body=body)

    def change_comment(self, number: int, body: str) -> None:
        self._api.call("PATCH", f"issues/comments/{number}", body=body)

    def issues(self) -> Iterator[Post]:
        # GitHub lists pull requests among the issues.
        listed = (one for one in self._api.pages("issues?state=open") if "pull_request" not in one)
        return (Post(one["number"], one["body"] or "") for one in listed if _by_a_bot(one))

    def open_issue(self, title: str, body: str) -> None:
        self._api.call("POST", "issues", title=title, body=body)

    def change_issue(self, number: int, title: str, body: str) -> None:
        self._api.call("PATCH", f"issues/{number}", title=title, body=body)

    def close_issue(self, number: int, body: str) -> None:
        self._api.call("PATCH", f"issues/{number}", body=body, state="closed")

    def _request(self, what: str) -> str:
        return f"issues/{needed('PULL_REQUEST')}/{what}"


def _by_a_bot(written: dict[str, Any]) -> bool:
    return (written.get("user") or {}).get("type") == "Bot"


class GitLab:
    """GitLab, by an access token; the token of a job may not write comments."""

    def __init__(self) -> None:
        headers = {"PRIVATE-TOKEN": needed("GITLAB_TOKEN")}
        self._server = _Api(needed("CI_API_V4_URL"), headers)
        self._api = _Api(f"{needed('CI_API_V4_URL')}/projects/{needed('CI_PROJECT_ID')}", headers)

    def comments(self) -> Iterator[Post]:
        me = self._server.call("GET", "user")["id"]
        listed = self._api.pages(f"{self._notes()}?sort=asc")
        return (Post(one["id"], one["body"]) for one in listed if one["author"]["id"] == me)

    def add_comment(self, body: str) -> None:
        self._api.call("POST", self._notes(), body=body)

    def change_comment(self, number: int, body: str) -> None:
        self._api.call("PUT", f"{self._notes()}/{number}", body=body)

    def issues(self) -> Iterator[Post]:
        listed = self._api.pages("issues?state=opened&scope=created_by_me")
        return (Post(one["iid"], one["description"] or "") for one in listed)

    def open_issue(self, title: str, body: str) -> None:
        self._api.call("POST", "issues", title=title, description=body)

    def change_issue(self, number: int, title: str, body: str) -> None:
        self._api.call("PUT", f"issues/{number}", title=title, description=body)

    def close_issue(self, number: int, body: str) -> None:
        self._api.call("PUT", f"issues/{number}", description=body, state_event="close")

    def _notes(self) -> str:
        return f"merge_requests/{needed('CI_MERGE_REQUEST_IID')}/notes"


def here() -> Forge:
    """The forge whose CI runs this script."""
    if os.environ.get("GITHUB_ACTIONS") == "true":
        return GitHub()
    if os.environ.get("GITLAB_CI") == "true":
        return GitLab()
    raise Failed("this is no job of GitHub or GitLab: neither GITHUB_ACTIONS nor GITLAB_CI is true")


def log_of_this_job() -> str:
    """The address of the running job, where the CI tells it."""
    if os.environ.get("GITHUB_RUN_ID"):
        repository = f"{needed('GITHUB_SERVER_URL')}/{needed('GITHUB_REPOSITORY')}"
        return f"{repository}/actions/runs/{needed('GITHUB_RUN_ID')}"
    return os.environ.get("CI_JOB_URL", "")


def needed(name: str) -> str:
    """An environment variable that must be there."""
    value = os.environ.get(name, "").strip()
    if not value:
        raise Failed(f"{name} is not set")
    return value


def starting_with(marker: str, posts: Iterable[Post]) -> Post | None:
    """The first of them whose first line is the marker."""
    return next((post for post in posts if post.body.partition("\n")[0].strip() == marker), None)


def text_of(file: Path) -> str:
    """What a command wrote; nothing where it did not come to that."""
    return file.read_text(encoding="utf-8").strip() if file.is_file() else ""


class _Api:
    """Calls below one address, which carry a token."""

    def __init__(self, base: str, headers: dict[str, str]) -> None:
        self._base, self._headers = base, headers

    def call(self, method: str, path: str, **fields: str) -> Any:
        told = send(method, f"{self._base}/{path}", f"{method} {path}", self._headers, fields or None)
        try:
            return json.loads(told)
        except ValueError:
            raise Failed(f"{method} {path} answered something that is no JSON") from None

    def pages(self, path: str) -> Iterator[dict[str, Any]]:
        """All entries of a list, page after page until one is empty."""
        page, more = 1, "&" if "?" in path else "?"
        while listed := self.call("GET", f"{path}{more}per_page={PAGE}&page={page}"):
            yield from listed
            page += 1


class _NoRedirect(HTTPRedirectHandler):
    """A token goes to the address that it is meant for, and to no other."""

    def redirect_request(self, *_: Any) -> None:
        return None


def send(method: str, url: str, called: str, headers: dict[str, str], body: object = None) -> bytes:
    """One request; what fails is told by the name it is called, since the address may be a secret."""
    try:
        if not url.startswith(("https://", "http://")):
            raise Failed(f"{called}: the address begins with neither https:// nor http://")
        request = Request(url, None if body is None else json.dumps(body).encode(), headers, method=method)  # noqa: S310
        request.add_header("Content-Type", "application/json")
        request.add_header("User-Agent", "videosnap-ci")
        with build_opener(_NoRedirect).open(request, timeout=SECONDS) as answer:
            return bytes(answer.read())
    except HTTPError as refused:
        hint = "; check the token and what it may do" if refused.code in (401, 403, 404) else ""
        raise Failed(f"{called} was answered with {refused.code}{hint}") from None
    except (OSError, HTTPException, ValueError) as failed:
        # The messages of some of these quote the address or a header.
        reason = getattr(failed, "reason", failed)
        raise Failed(f"{called} got no answer ({type(reason).__name__})") from None


def run(script: Callable[..., str], *names: str) -> int:
    """Run a script, which takes so many arguments and returns what it did; returns the exit code."""
    given = sys.argv[1:]
    try:
        if len(given) != len(names):
            raise Failed(f"give it {' and '.join(names)}")
        print(script(*given))
    except Failed as problem:
        print(f"{Path(sys.argv[0]).name}: {problem}", file=sys.stderr)
        return 1
    return 0
