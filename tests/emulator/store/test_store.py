"""The emulator's store, through boto3 and directly."""

import hashlib
import os
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from moto.s3.models import FakeKey

from support.store_support import ODD_KEYS, WHEN, client, code_of, fetch
from videosnap_emulator.storage.store import NoSuchBucketError, Store


def test_objects_over_http(s3: Any, store: Store) -> None:
    s3.put_object(
        Bucket="frames",
        Key="a/1.jpg",
        Body=b"one",
        ContentType="image/jpeg",
        Metadata={"task_id": "t", "at": "7"},
    )
    got = s3.get_object(Bucket="frames", Key="a/1.jpg")
    assert got["Body"].read() == b"one"
    assert got["ContentType"] == "image/jpeg"
    assert got["Metadata"] == {"task_id": "t", "at": "7"}
    assert s3.head_object(Bucket="frames", Key="a/1.jpg")["ContentLength"] == 3
    assert s3.get_object(Bucket="frames", Key="a/1.jpg", Range="bytes=1-")["Body"].read() == b"ne"
    assert store.get("frames", "a/1.jpg").metadata == {"task_id": "t", "at": "7"}
    s3.copy_object(Bucket="media", Key="b", CopySource={"Bucket": "frames", "Key": "a/1.jpg"})
    assert store.get("media", "b").content_type == "image/jpeg"
    s3.delete_object(Bucket="frames", Key="a/1.jpg")
    assert code_of(s3.get_object, Bucket="frames", Key="a/1.jpg") == (404, "NoSuchKey")
    with pytest.raises(KeyError):
        store.get("frames", "a/1.jpg")


def test_upload_of_a_stream_and_of_many_megabytes(s3: Any, store: Store, tmp_path: Path) -> None:
    big = os.urandom(20_000_000)
    (tmp_path / "big").write_bytes(big)
    s3.upload_file(str(tmp_path / "big"), "media", "big.bin")  # multipart
    assert store.get("media", "big.bin").body == big
    with (tmp_path / "big").open("rb") as stream:
        s3.put_object(Bucket="media", Key="one.bin", Body=stream)
    assert (
        hashlib.sha256(s3.get_object(Bucket="media", Key="one.bin")["Body"].read()).digest()
        == hashlib.sha256(big).digest()
    )


@pytest.mark.parametrize("key", ODD_KEYS)
def test_odd_keys(s3: Any, store: Store, key: str) -> None:
    s3.put_object(Bucket="frames", Key=key, Body=key.encode())
    assert store.keys("frames") == [key]
    assert [found["Key"] for found in s3.list_objects_v2(Bucket="frames", Prefix=key)["Contents"]] == [key]
    assert s3.get_object(Bucket="frames", Key=key)["Body"].read() == key.encode()
    url = s3.generate_presigned_url("get_object", Params={"Bucket": "frames", "Key": key})
    assert fetch(url) == (200, key.encode())
    s3.delete_objects(Bucket="frames", Delete={"Objects": [{"Key": key}]})
    assert store.keys("frames") == []


def test_listing_in_pages_with_a_delimiter(s3: Any, store: Store) -> None:
    for number in range(25):
        store.put("frames", f"day {number % 3}/{number:02}.jpg", b"x", "image/jpeg", {}, WHEN)
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket="frames", PaginationConfig={"PageSize": 10})
    assert [found["Key"] for page in pages for found in page["Contents"]] == store.keys("frames")
    prefixes = s3.list_objects_v2(Bucket="frames", Delimiter="/")["CommonPrefixes"]
    assert [found["Prefix"] for found in prefixes] == ["day 0/", "day 1/", "day 2/"]


def test_buckets_over_http(s3: Any, store: Store) -> None:
    s3.put_object(Bucket="frames", Key="k", Body=b"x")
    s3.create_bucket(Bucket="frames", CreateBucketConfiguration={"LocationConstraint": "cn-beijing"})
    assert store.keys("frames") == ["k"], "making a bucket again keeps its objects"
    s3.create_bucket(Bucket="other", CreateBucketConfiguration={"LocationConstraint": "cn-beijing"})
    assert [found["Name"] for found in s3.list_buckets()["Buckets"]] == ["frames", "media", "other"]
    s3.delete_bucket(Bucket="other")
    with pytest.raises(NoSuchBucketError):
        store.put("other", "k", b"", "text/plain", {}, WHEN)
    assert code_of(s3.put_object, Bucket="other", Key="k", Body=b"") == (404, "NoSuchBucket")


def test_direct_put_is_seen_over_http(s3: Any, store: Store) -> None:
    store.put("frames", "a.jpg", b"jpeg", "image/jpeg", {"pts": "40"}, WHEN)
    got = s3.get_object(Bucket="frames", Key="a.jpg")
    assert (got["LastModified"], got["Metadata"], got["ContentType"]) == (WHEN, {"pts": "40"}, "image/jpeg")
    assert s3.list_objects_v2(Bucket="frames")["Contents"][0]["LastModified"] == WHEN
    assert store.get("frames", "a.jpg").modified == WHEN


def test_stores_do_not_see_each_other(store: Store) -> None:
    other = Store.open(None, ["other"])
    store.put("frames", "k", b"1", "text/plain", {}, WHEN)
    store.make_bucket("mine")
    store.make_bucket("mine")
    reached = client(other.serve("127.0.0.1", 0), access="other", secret="keys")
    assert code_of(reached.list_objects_v2, Bucket="mine") == (404, "NoSuchBucket")
    assert "Contents" not in reached.list_objects_v2(Bucket="frames")
    other.close()
    assert store.get("frames", "k").body == b"1"
    with pytest.raises(ValueError, match="bucket name"):
        store.make_bucket("../up")


def test_empty_and_close(store: Store, port: int) -> None:
    store.put("frames", "k", b"1", "text/plain", {}, WHEN)
    store.empty()
    assert (store.keys("frames"), store.keys("media")) == ([], [])
    with pytest.raises(OSError, match="in use"):
        Store.open(None, ["a"]).serve("127.0.0.1", port)
    started = time.monotonic()
    store.close()
    assert time.monotonic() - started < 1
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=2)


def test_direct_puts_are_fast_and_leave_nothing_in_moto(store: Store) -> None:
    tracked = list(FakeKey.instances_tracked)
    body, started = os.urandom(30_000), time.perf_counter()
    for number in range(500):
        store.put("frames", f"{number % 50}.jpg", body, "image/jpeg", {"n": str(number)}, WHEN)
    assert time.perf_counter() - started < 5
    assert FakeKey.instances_tracked == tracked
