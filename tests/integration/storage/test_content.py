"""The content of objects: limited, complete, and continued where an earlier attempt stopped."""

from __future__ import annotations

import fcntl
import os
import re
from pathlib import Path

import pytest

from integration.storage.conftest import NAME, Serve, refusal
from pulumi_videosnap import errors
from support.fake_server import Request, Response

CONTENT = os.urandom(300_000)
CUT = 1 << 16
"""Bytes after which a connection breaks: what boto3 reads at once."""


class Object:
    """One object with ranges and versions; `breaks` of its responses end early."""

    def __init__(self, content: bytes = CONTENT, breaks: int = 0) -> None:
        self.content, self.breaks = content, breaks
        self.etag, self.ranges = '"one"', True
        self.asked: list[str] = []

    def __call__(self, request: Request) -> Response:
        headers = {"ETag": self.etag, "Last-Modified": "Mon, 06 May 2024 07:08:09 GMT"}
        if request.method == "HEAD":
            return Response(headers=headers, content_length=len(self.content))
        self.asked.append(request.headers.get("range", ""))
        if request.headers.get("if-match", self.etag) != self.etag:
            return Response(412, refusal("PreconditionFailed"))
        start = int((re.match(r"bytes=(\d+)-", self.asked[-1]) or ["", "0"])[1]) if self.ranges else 0
        body = self.content[start:]
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(self.content) - 1}/{len(self.content)}"
        if self.breaks:
            self.breaks -= 1
            return Response(206, body[:CUT], headers, content_length=len(body))
        return Response(206 if start else 200, body, headers)

    def replace(self) -> None:
        self.content, self.etag = CONTENT[::-1], '"two"'


def test_an_object_is_read_up_to_a_limit(serve: Serve) -> None:
    bucket, server = serve(Object())
    assert bucket.read("a", len(CONTENT)) == bucket.read("a", len(CONTENT)) == CONTENT
    assert len(server.connections) == 1
    for limit in (len(CONTENT) - 1, 1000):
        with pytest.raises(errors.Rejected, match=f"{NAME}/a: larger than {limit} bytes"):
            bucket.read("a", limit)
    # The rest of it is not taken for the next response.
    assert bucket.read("a", len(CONTENT)) == CONTENT


def test_half_an_object_an_empty_one_and_one_that_does_not_exist(serve: Serve, tmp_path: Path) -> None:
    bucket, server = serve(lambda request: Response(200, b"half", content_length=8))
    with pytest.raises(errors.Unreachable, match="connection closed before the response was complete"):
        bucket.read("a", 100)
    server.respond = Object(b"")
    assert bucket.read("a", 0) == b""
    bucket.download("a", tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b""
    with pytest.raises(errors.NotConfigured, match="cannot be written"):
        bucket.download("a", tmp_path / "none" / "a")
    server.respond = lambda request: Response(404) if request.path != "/frames" else Response()
    assert bucket.head("a") is None
    for call in (lambda: bucket.read("a", 9), lambda: bucket.download("a", tmp_path / "a")):
        with pytest.raises(errors.Rejected, match=f"object not found: {NAME}/a"):
            call()


@pytest.mark.parametrize("ranges", [True, False])
def test_a_broken_connection_is_continued(ranges: bool, serve: Serve, tmp_path: Path) -> None:
    stored = Object(breaks=2)
    stored.ranges = ranges
    bucket, _ = serve(stored)
    assert bucket.read("a", len(CONTENT)) == CONTENT
    stored.breaks = 2
    bucket.download("a", tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == CONTENT
    assert [file.name for file in tmp_path.iterdir()] == ["a"]
    if ranges:
        assert stored.asked == ["", f"bytes={CUT}-", f"bytes={2 * CUT}-"] * 2


@pytest.fixture
def part(serve: Serve, tmp_path: Path) -> tuple[Object, Path]:
    """An object of which an earlier attempt left a part."""
    stored = Object(breaks=4)
    stored.content = os.urandom(CUT * 6)
    bucket, _ = serve(stored)
    with pytest.raises(errors.Unreachable):
        bucket.download("a", tmp_path / "a")
    (left,) = tmp_path.iterdir()
    assert re.fullmatch(r"a\.[0-9a-f]{12}\.part", left.name)
    assert left.stat().st_size == CUT * 4
    return stored, left


def test_another_download_continues_a_part(part: tuple[Object, Path], serve: Serve, tmp_path: Path) -> None:
    stored, left = part
    bucket, _ = serve(stored)
    with left.open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(errors.Rejected, match=f"another download is writing {left.name}"):
            bucket.download("a", tmp_path / "a")
    bucket.download("a", tmp_path / "a")
    assert stored.asked[-1] == f"bytes={CUT * 4}-"
    assert (tmp_path / "a").read_bytes() == stored.content
    assert [file.name for file in tmp_path.iterdir()] == ["a"]


def test_a_part_of_another_version_is_removed(
    part: tuple[Object, Path], serve: Serve, tmp_path: Path
) -> None:
    stored, _ = part
    bucket, _ = serve(stored)
    (tmp_path / "a.b.0123456789ab.part").write_text("of the object a.b")
    stored.replace()
    bucket.download("a", tmp_path / "a")
    assert stored.asked[-1] == ""
    assert (tmp_path / "a").read_bytes() == stored.content
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a", "a.b.0123456789ab.part"]


def test_an_object_that_is_replaced_during_a_download(serve: Serve, tmp_path: Path) -> None:
    stored, always = Object(breaks=1), False

    def respond(request: Request) -> Response:
        if request.method == "GET" and always:
            stored.etag = f'"{len(stored.asked)}"'
        elif request.method == "GET" and stored.asked and stored.etag == '"one"':
            stored.replace()
        return stored(request)

    bucket, _ = serve(respond)
    bucket.download("a", tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == CONTENT[::-1]
    always = True
    with pytest.raises(errors.Rejected, match="replaced again and again"):
        bucket.download("b", tmp_path / "b")
    assert [file.name for file in tmp_path.iterdir()] == ["a"]
