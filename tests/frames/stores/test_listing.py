"""Listings that go well: in order, whole, whatever the keys, in bounded memory."""

from __future__ import annotations

import contextlib
import gc
import random
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Iterator
from datetime import datetime, timezone
from itertools import islice
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from frames.stores.conftest import KEYS, Serve
from frames.stores.shelf import Asked, Reply, bucket_of, listed, row
from pulumi_videosnap.frames.model import Place, Stored
from pulumi_videosnap.frames.store import Store, open_store
from pulumi_videosnap.frames.stores import PLATFORMS
from pulumi_videosnap.s3 import listing
from support.emulator import Emulator

ROOT = Path(__file__).resolve().parents[3]

ODD = [
    "a b/c d.jpg",
    "a+b.jpg",
    "50%.jpg",
    "a%20b.jpg",
    "%2F",
    "截图/第一.jpg",
    "é?x=1&y#z.jpg",
    "a//b///c.jpg",
    "/lead.jpg",
    "~(!*')=,;:@$.jpg",
    "trail/",
    "a/../b/./c",
    "../up.jpg",
    '<&">.jpg',
    "]]>.jpg",
    "\U0001f3a5.jpg",
    "tab\tand\r.jpg",
    "bell\x07escape\x1b.jpg",
    "x" * 1024,
    "视" * 341,
]


def opened(emulator: Emulator, key: str = "tos") -> tuple[Store, Any]:
    """A bucket of the emulator's, as one platform or another, and boto3's own client of it."""
    own, platform = emulator.environment, PLATFORMS[key]
    env = {
        platform.keys.access_key.env: own["VOLCENGINE_ACCESS_KEY"],
        platform.keys.secret_key.env: own["VOLCENGINE_SECRET_KEY"],
        platform.endpoint_setting.env: own["VOLCENGINE_TOS_ENDPOINT"],
    }
    client = boto3.client(
        "s3",
        endpoint_url=own["VOLCENGINE_TOS_ENDPOINT"],
        aws_access_key_id=own["VOLCENGINE_ACCESS_KEY"],
        aws_secret_access_key=own["VOLCENGINE_SECRET_KEY"],
        region_name="cn-beijing",
        config=Config(s3={"addressing_style": "path"}),
    )
    return open_store(Place(key, "frames"), env=env.get), client


@pytest.mark.parametrize("key", ["tos", "oss", "aws", "cos"])
def test_odd_keys_come_back_as_they_went(key: str, emulator: Emulator) -> None:
    store, client = opened(emulator, key)
    for number, name in enumerate(ODD):
        client.put_object(Bucket="frames", Key=name, Body=b"x" * number)
    found = list(store.list())
    assert [stored.key for stored in found] == sorted(ODD)
    assert {stored.key: stored.size for stored in found} == {name: at for at, name in enumerate(ODD)}
    for name in ODD:
        assert len(store.read(name, 100)) == ODD.index(name)
        assert store.head(name) == next(stored for stored in found if stored.key == name)
    assert store.missing([*ODD, "nothing"]) == ["nothing"]
    store.delete(ODD)
    assert list(store.list()) == []


@pytest.mark.parametrize("key", ["obs", "kodo"])
def test_odd_keys_without_encoding_but_for_control_characters(key: str, emulator: Emulator) -> None:
    names = [name for name in ODD if name.isprintable()]
    store, client = opened(emulator, key)
    for name in names:
        client.put_object(Bucket="frames", Key=name, Body=b"x")
    assert [stored.key for stored in store.list()] == sorted(names)


def test_every_control_character_survives(serve: Serve) -> None:
    names = sorted(chr(code) + "a" for code in (*range(1, 32), 127, 0x85, 0x2028, 0xFFFF))
    store, _ = serve(bucket_of(names))
    assert [stored.key for stored in store.list()] == names


def test_what_is_told_of_an_object(emulator: Emulator) -> None:
    store, client = opened(emulator)
    client.put_object(Bucket="frames", Key="a", Body=b"abc")
    (stored,) = store.list()
    assert (stored.key, stored.size, stored.etag) == ("a", 3, "900150983cd24fb0d6963f7d28e17f72")
    assert stored.modified.tzinfo is timezone.utc
    assert store.head("a") == stored
    assert store.head("b") is None


def test_a_prefix_goes_before_the_places_own(emulator: Emulator) -> None:
    store, client = opened(emulator)
    for name in ("a/1", "a/2", "b/1"):
        client.put_object(Bucket="frames", Key=name, Body=b"x")
    within = Store(Place("tos", "frames", prefix="a/"), store.bucket, store.listing)
    assert [stored.key for stored in within.list()] == ["a/1", "a/2"]
    assert [stored.key for stored in within.list("b")] == ["b/1"]
    assert [stored.key for stored in within.list("")] == ["a/1", "a/2", "b/1"]


FLAT = [f"output_{at:05d}.jpg" for at in range(10_500)]
FOLDERS = [f"app/Room1/{at % 7}/{at:05d}.jpg" for at in range(10_500)]
MANY = [f"{at:05d}/a" for at in range(10_500)]
MIXED = sorted(
    {random.Random(number).choice("abc/+é视") * (1 + number % 9) + str(number) for number in range(9_000)}
)


@pytest.mark.parametrize("keys", [FLAT, FOLDERS, MANY, MIXED, FLAT[:5000], FLAT[:1]])
@pytest.mark.parametrize("version", [1, 2])
def test_a_long_listing_is_whole_and_in_order(keys: list[str], version: int, serve: Serve) -> None:
    store, shelf = serve(bucket_of(keys))
    told: list[int] = []
    way = listing.Listing(store.bucket, version)
    assert [stored.key for stored in way.objects("", told.append)] == sorted(keys)
    assert told == sorted(told)
    assert told[-1] == len(keys)
    # Dividing costs at most one page for each part, and finding out how to divide one for each level.
    pages = -(-len(keys) // 1000)
    assert len(shelf.asked) <= pages + listing.PARTS + listing.DEPTH
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("videosnap-listing")]


def test_small_listings_take_no_more_calls_than_pages(serve: Serve) -> None:
    for count in (0, 1, 999, 1000, 1001, 4000):
        store, shelf = serve(bucket_of(FOLDERS[:count]))
        assert len(list(store.list())) == count
        assert len(shelf.asked) == max(1, -(-count // 1000))


def test_folders_are_listed_at_once(serve: Serve) -> None:
    answer = bucket_of(FOLDERS)
    under_way, most = threading.Semaphore(0), [0]

    def slow(asked: Asked) -> Reply:
        under_way.release()
        most[0] = max(most[0], under_way._value)
        if "start-after" in asked.query:
            threading.Event().wait(0.05)
        reply = answer(asked)
        under_way.acquire()
        return reply

    store, shelf = serve(slow)
    assert [stored.key for stored in store.list()] == sorted(FOLDERS)
    assert most[0] > 2
    assert len(shelf.connections) <= 8 + 1


def test_a_store_without_ranges_is_listed_page_after_page(serve: Serve) -> None:
    store, shelf = serve(bucket_of(FOLDERS))
    way = listing.Listing(store.bucket, 2, encoded=False, divided=False)
    assert [stored.key for stored in way.objects("")] == sorted(FOLDERS)
    assert len(shelf.asked) == 11
    assert not any("start-after" in asked.query for asked in shelf.asked)


@contextlib.contextmanager
def _elsewhere(count: int) -> Iterator[str]:
    """A store in a process of its own, whose memory is not ours."""
    command = [sys.executable, str(ROOT / "bench" / "listing_store.py"), "0", str(count)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    with process:
        assert process.stdout
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def test_memory_is_bounded() -> None:
    """What a listing holds does not grow with the bucket, whether page after page or side by side."""
    few, many = _peak("flat", 5000), _peak("flat", 10_000)
    assert many < 1.3 * few
    assert many < 5_000_000
    # At most 64 pages wait, however many there are.
    assert _peak("folders", 10_000) < 15_000_000


def _peak(bucket: str, count: int) -> int:
    """Bytes that listing a bucket of so many objects holds at most."""
    with _elsewhere(count) as endpoint:
        store = open_store(Place("tos", bucket, "cn-beijing", endpoint=endpoint), env=KEYS.get)
        next(store.list())
        gc.collect()
        tracemalloc.start()
        try:
            assert sum(1 for _ in store.list()) == count
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()


def test_leaving_a_listing_leaves_no_thread(serve: Serve) -> None:
    store, _ = serve(bucket_of(FOLDERS))
    found = store.list()
    assert len(list(islice(found, 4500))) == 4500
    assert [thread for thread in threading.enumerate() if thread.name.startswith("videosnap-listing")]
    del found
    gc.collect()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("videosnap-listing")]


def test_one_connection_serves_many_pages(serve: Serve) -> None:
    store, shelf = serve(bucket_of(FLAT))
    assert len(list(store.list())) == len(FLAT)
    assert len(shelf.connections) == 1


def test_threads_share_a_store(serve: Serve) -> None:
    store, _ = serve(bucket_of(FLAT[:3000]))
    counts: list[int] = []
    threads = [threading.Thread(target=lambda: counts.append(sum(1 for _ in store.list()))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [3000] * 6


@pytest.mark.parametrize(
    ("told", "moment"),
    [
        ("2024-05-06T07:08:09Z", datetime(2024, 5, 6, 7, 8, 9)),
        ("2024-05-06T07:08:09.123Z", datetime(2024, 5, 6, 7, 8, 9, 123000)),
        ("2024-05-06T15:08:09+08:00", datetime(2024, 5, 6, 7, 8, 9)),
    ],
)
def test_moments_are_in_utc(told: str, moment: datetime, serve: Serve) -> None:
    body = f"<Contents><Key>a</Key><Size>1</Size><LastModified>{told}</LastModified></Contents>"
    store, _ = serve(lambda asked: Reply(body=listed(body)))
    assert list(store.list()) == [Stored("a", 1, moment.replace(tzinfo=timezone.utc))]


def test_keys_are_decoded_only_where_the_store_says_that_they_are_encoded(serve: Serve) -> None:
    raw = row("a").replace("<Key>a</Key>", "<Key>50%25+a</Key>")
    for head, key in (("", "50%25+a"), ("<EncodingType>url</EncodingType>", "50% a")):
        # Wherever in the answer it says so.
        for body in (listed(raw, head=head), listed(raw + head, head="")):
            store, _ = serve(lambda asked, body=body: Reply(body=body))  # type: ignore[misc]
            assert [stored.key for stored in store.list()] == [key]


def test_a_page_may_be_empty_and_go_on(serve: Serve) -> None:
    pages = {"": listed("", "one"), "one": listed("", "two"), "two": listed(row("a"))}
    store, _ = serve(lambda asked: Reply(body=pages[asked.query.get("continuation-token", "")]))
    assert [stored.key for stored in store.list()] == ["a"]
