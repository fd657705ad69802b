"""The content of objects: bounded, whole, and continued where an earlier attempt broke off."""

from __future__ import annotations

import fcntl
import os
import re
from pathlib import Path

import pytest

from frames.stores.conftest import Serve
from frames.stores.shelf import Asked, Reply, refusal
from pulumi_videosnap import errors

CONTENT = os.urandom(300_000)
ETAG = '"one"'
DATE = "Mon, 06 May 2024 07:08:09 GMT"


class Object:
    """One object that knows ranges and versions; `breaks` of its answers end after as many bytes."""

    def __init__(self, content: bytes = CONTENT, breaks: int = 0, after: int = 100_000) -> None:
        self.content = content
        self.etag = ETAG
        self.breaks = breaks
        self.after = after
        self.ranges = True
        self.got: list[str] = []

    def __call__(self, asked: Asked) -> Reply:
        headers = {"ETag": self.etag, "Last-Modified": DATE}
        if asked.method == "HEAD":
            return Reply(headers=headers, promised=len(self.content))
        self.got.append(asked.headers.get("range", ""))
        if asked.headers.get("if-match", self.etag) != self.etag:
            return Reply(412, refusal("PreconditionFailed"))
        start = int((re.match(r"bytes=(\d+)-", self.got[-1]) or ["", "0"])[1]) if self.ranges else 0
        body = self.content[start:]
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(self.content) - 1}/{len(self.content)}"
        if self.breaks:
            self.breaks -= 1
            return Reply(206, body[: self.after], headers, promised=len(body), reset=False)
        return Reply(206 if start else 200, body, headers)


def test_an_object_is_read(serve: Serve) -> None:
    store, shelf = serve(Object())
    assert store.read("a", len(CONTENT)) == CONTENT
    assert store.read("a", len(CONTENT)) == CONTENT
    assert len(shelf.connections) == 1


def test_one_that_is_too_large_is_not(serve: Serve) -> None:
    store, _ = serve(Object())
    with pytest.raises(
        errors.Rejected, match="Volcengine TOS bucket frames/a: it has more than 299999 bytes"
    ):
        store.read("a", len(CONTENT) - 1)
    # Nor is the rest of it fetched, or taken for the next answer.
    with pytest.raises(errors.Rejected, match="more than 1000 bytes"):
        store.read("a", 1000)
    assert store.read("a", len(CONTENT)) == CONTENT


def test_an_empty_object(serve: Serve, tmp_path: Path) -> None:
    store, _ = serve(Object(b""))
    assert store.read("a", 0) == b""
    store.download("a", tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b""


def test_one_that_is_not_there(serve: Serve, tmp_path: Path) -> None:
    store, _ = serve(lambda asked: Reply(404) if asked.path != "/frames" else Reply())
    assert store.head("a") is None
    for call in (lambda: store.read("a", 9), lambda: store.download("a", tmp_path / "a")):
        with pytest.raises(
            errors.Rejected, match="the object does not exist: Volcengine TOS bucket frames/a"
        ):
            call()


def test_reading_is_repeated_when_the_connection_breaks(serve: Serve) -> None:
    there = Object(breaks=2)
    store, _ = serve(there)
    assert store.read("a", len(CONTENT)) == CONTENT
    assert len(there.got) == 3


def test_half_an_object_is_never_taken_for_all_of_it(serve: Serve) -> None:
    store, _ = serve(Object(breaks=100))
    with pytest.raises(errors.Unreachable, match="the connection broke before the answer was whole"):
        store.read("a", len(CONTENT))


def test_a_download_goes_on_where_it_broke_off(serve: Serve, tmp_path: Path) -> None:
    there = Object(breaks=2)
    store, _ = serve(there)
    store.download("a", tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == CONTENT
    assert there.got == ["", "bytes=100000-", "bytes=200000-"]
    assert [file.name for file in tmp_path.iterdir()] == ["a"]


def test_and_so_does_another_attempt(serve: Serve, tmp_path: Path) -> None:
    there = Object(breaks=6, after=1000)
    store, _ = serve(there)
    with pytest.raises(errors.Unreachable):
        store.download("a", tmp_path / "a")
    (part,) = tmp_path.iterdir()
    assert re.fullmatch(r"a\.[0-9a-f]{12}\.part", part.name)
    assert part.stat().st_size == 6000
    store.download("a", tmp_path / "a")
    assert there.got[-1] == "bytes=6000-"
    assert (tmp_path / "a").read_bytes() == CONTENT
    assert [file.name for file in tmp_path.iterdir()] == ["a"]


def test_a_part_of_another_version_is_not_continued(serve: Serve, tmp_path: Path) -> None:
    there = Object(breaks=6, after=1000)
    store, _ = serve(there)
    with pytest.raises(errors.Unreachable):
        store.download("a", tmp_path / "a")
    (tmp_path / "a.b.0123456789ab.part").write_text("of the object a.b")
    there.content, there.etag = CONTENT[::-1], '"two"'
    store.download("a", tmp_path / "a")
    assert there.got[-1] == ""
    assert (tmp_path / "a").read_bytes() == CONTENT[::-1]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a", "a.b.0123456789ab.part"]


def test_an_object_that_changes_amid_a_download_is_fetched_anew(serve: Serve, tmp_path: Path) -> None:
    there = Object(breaks=1)

    def changing(asked: Asked) -> Reply:
        if asked.method == "GET" and there.got and there.etag == ETAG:
            there.content, there.etag = CONTENT[::-1], '"two"'
        return there(asked)

    store, _ = serve(changing)
    store.download("a", tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == CONTENT[::-1]
    assert [file.name for file in tmp_path.iterdir()] == ["a"]


def test_one_that_always_changes_is_given_up(serve: Serve, tmp_path: Path) -> None:
    there = Object()

    def changing(asked: Asked) -> Reply:
        if asked.method == "GET":
            there.etag = f'"{len(there.got)}"'
        return there(asked)

    store, _ = serve(changing)
    with pytest.raises(errors.Rejected, match="replaced again and again"):
        store.download("a", tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


def test_a_store_that_knows_no_ranges(serve: Serve, tmp_path: Path) -> None:
    there = Object(breaks=1)
    there.ranges = False
    store, _ = serve(there)
    store.download("a", tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == CONTENT


def test_two_downloads_into_one_file(serve: Serve, tmp_path: Path) -> None:
    store, _ = serve(Object(breaks=6, after=1000))
    with pytest.raises(errors.Unreachable):
        store.download("a", tmp_path / "a")
    (part,) = tmp_path.iterdir()
    with part.open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(errors.Rejected, match=f"another download writes {part.name}"):
            store.download("a", tmp_path / "a")
    store.download("a", tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == CONTENT


def test_a_folder_that_is_not_there(serve: Serve, tmp_path: Path) -> None:
    store, _ = serve(Object())
    with pytest.raises(errors.NotConfigured, match="cannot be written"):
        store.download("a", tmp_path / "none" / "a")
