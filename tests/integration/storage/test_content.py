"""Objects: their content, and their list."""

import fcntl
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integration.storage.conftest import KEYS, NAME, Serve, listing_of, page, refusal, row
from pulumi_videosnap import errors
from pulumi_videosnap.storage.bucket import Bucket, StoredObject, open_bucket
from pulumi_videosnap.storage.platforms import Location, platforms
from support.emulator import Emulator
from support.fake_server import Request, Response
from support.store_support import ODD_KEYS, client_of

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


def test_a_part_of_other_content_is_removed(part: tuple[Object, Path], serve: Serve, tmp_path: Path) -> None:
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


ODD = [*ODD_KEYS, "]]>.jpg", "tab\tand\r.jpg", "bell\x07escape\x1b.jpg", "x" * 1024, "视" * 341]


def opened(emulator: Emulator, name: str = "tos") -> tuple[Bucket, Any]:
    """A bucket of the emulator, opened as one platform or another, and boto3's own client of it."""
    own, platform = emulator.environment, platforms()[name]
    names = platform.keys.access_key.env, platform.keys.secret_key.env, platform.endpoint_setting.env
    values = [own[f"VOLCENGINE_{one}"] for one in ("ACCESS_KEY", "SECRET_KEY", "TOS_ENDPOINT")]
    env = dict(zip(names, values, strict=True))
    return open_bucket(Location(name, "frames"), env=env.get), client_of(own)


@pytest.mark.parametrize("name", ["tos", "oss", "aws", "cos", "obs", "kodo"])
def test_odd_keys_come_back_unchanged(name: str, emulator: Emulator) -> None:
    bucket, client = opened(emulator, name)
    # Without URL encoding, XML cannot carry control characters.
    names = [key for key in ODD if bucket.platform.url_encoding or key.isprintable()]
    for size, key in enumerate(names):
        client.put_object(Bucket="frames", Key=key, Body=b"x" * size)
    found = list(bucket.list())
    assert [stored.key for stored in found] == sorted(names)
    assert {stored.key: stored.size for stored in found} == {key: size for size, key in enumerate(names)}
    for key in names:
        assert len(bucket.read(key, 100)) == names.index(key)
        assert bucket.head(key) == next(stored for stored in found if stored.key == key)
    assert bucket.missing([*names, "nothing"]) == ["nothing"]
    assert bucket.missing(["nothing", *names], by_listing=True) == ["nothing"]
    bucket.delete(names)
    assert list(bucket.list()) == []


def test_objects_and_prefixes(emulator: Emulator) -> None:
    bucket, client = opened(emulator)
    for name in ("a/1", "a/2", "b/1"):
        client.put_object(Bucket="frames", Key=name, Body=b"abc")
    first = next(bucket.list())
    assert (first.key, first.size, first.etag) == ("a/1", 3, "900150983cd24fb0d6963f7d28e17f72")
    assert first.modified.tzinfo is timezone.utc
    assert (bucket.head("a/1"), bucket.head("a/3")) == (first, None)
    below = replace(bucket, location=Location("tos", "frames", prefix="a/"))
    assert [stored.key for stored in below.list()] == ["a/1", "a/2"]
    assert [stored.key for stored in below.list("b")] == ["b/1"]


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("count", [0, 1000, 1001, 4000])
def test_a_listing_is_complete_and_takes_one_call_a_page(count: int, version: Any, serve: Serve) -> None:
    keys = [f"app/Room1/{at % 7}/视 +{at:05d}.jpg" for at in range(count)]
    bucket, server = serve(listing_of(keys))
    bucket = replace(bucket, platform=replace(bucket.platform, list_version=version))
    progress: list[int] = []
    assert [stored.key for stored in bucket.list(progress=progress.append)] == sorted(keys)
    assert (progress == sorted(progress), progress[-1]) == (True, count)
    assert (len(server.requests), len(server.connections)) == (max(1, -(-count // 1000)), 1)


def test_threads_share_a_bucket(serve: Serve) -> None:
    bucket, _ = serve(listing_of([f"{at:05d}" for at in range(1500)]))
    with ThreadPoolExecutor(6) as pool:
        assert [*pool.map(lambda _: sum(1 for _ in bucket.list()), range(6))] == [1500] * 6


def test_times_are_in_utc_and_keys_decoded_only_where_the_store_encodes_them(serve: Serve) -> None:
    for text in ("2024-05-06T07:08:09Z", "2024-05-06T15:08:09+08:00"):
        body = f"<Contents><Key>a</Key><Size>1</Size><LastModified>{text}</LastModified></Contents>"
        bucket, _ = serve(Response(body=page(body)))
        at = datetime(2024, 5, 6, 7, 8, 9, tzinfo=timezone.utc)
        assert list(bucket.list()) == [StoredObject("a", 1, at)]
    for head, key in (("", "50%25+a"), ("<EncodingType>url</EncodingType>", "50% a")):
        last = page(row("a").replace("<Key>a</Key>", "<Key>50%25+a</Key>"), head=head)
        # An empty page need not be the last.
        bucket, _ = serve([Response(body=body) for body in (page("", "one"), page("", "two"), last)])
        assert [stored.key for stored in bucket.list()] == [key]


@pytest.fixture
def shared(serve: Serve) -> tuple[Bucket, Any]:
    return serve(listing_of([]))


TEXT = st.text("ab/~\U0010ffff\ue000视", min_size=1, max_size=4)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)
@given(stored=st.lists(TEXT, max_size=30), wanted=st.lists(TEXT, max_size=30), size=st.integers(1, 5))
def test_a_lookup_by_listing_agrees_with_one_for_each_key(
    stored: list[str], wanted: list[str], size: int, shared: tuple[Bucket, Any]
) -> None:
    bucket, server = shared
    server.respond = listing_of([*set(stored)], size)
    assert bucket.missing(wanted, by_listing=True) == [key for key in wanted if key not in stored]


def test_a_lookup_by_listing_skips_other_objects(serve: Serve) -> None:
    keys = [f"output_{number:05d}.jpg" for number in range(1000)]
    bucket, server = serve(listing_of([f"a{n}" for n in range(5000)] + keys))
    assert bucket.missing(keys, by_listing=True) == []
    assert len(server.requests) == 1
    assert bucket.missing(["zz", "a0", "p"], by_listing=True) == ["zz", "p"]
    assert len(server.requests) == 3
    # Unless the store cannot begin after a key.
    bucket = replace(bucket, platform=replace(bucket.platform, start_after=False))
    server.respond = lambda request: Response(404 if request.path.endswith("/b") else 200)
    assert bucket.missing(["b", "a"], by_listing=True) == ["b"]
    assert {request.method for request in server.requests[3:]} == {"HEAD"}


def test_missing_keys_come_in_the_order_given_and_the_bucket_is_checked_once(serve: Serve) -> None:
    gone = ("/frames/b", "/frames/d")
    bucket, server = serve(lambda request: Response(404 if request.path in gone else 200))
    assert bucket.missing(["d", "a", "b", "c"]) == ["d", "b"]
    assert [request.path for request in server.requests].count("/frames") == 1
    server.requests.clear()
    assert (bucket.missing(["a"]), bucket.missing([])) == ([], [])
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [204, 200, 404])
def test_deleting_what_does_not_exist_succeeds(status: int, serve: Serve) -> None:
    bucket, server = serve(Response(status))
    bucket.delete(["gone", "other"])
    bucket.delete([])
    deleted = sorted((request.method, request.path) for request in server.requests)
    assert deleted == [("DELETE", "/frames/gone"), ("DELETE", "/frames/other")]


def test_boto3_is_loaded_only_when_a_bucket_is_used() -> None:
    code = f"""if True:
        import sys
        from pulumi_videosnap.storage.bucket import open_bucket
        from pulumi_videosnap.storage.platforms import Location
        open_bucket(Location("tos", "frames", "cn-beijing"), env={KEYS!r}.get)
        sys.exit("boto3" in sys.modules)
    """
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
