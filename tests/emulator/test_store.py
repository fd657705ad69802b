"""The emulator's store, through boto3 and directly: objects, its folder, who may use it, bodies in chunks."""

import base64
import hashlib
import http.client
import os
import re
import time
import urllib.error
import urllib.request
import zlib
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from moto.s3.models import FakeKey

from support.data import load
from support.store_support import ACCESS, ODD_KEYS, SECRET, WHEN, client, code_of, fetch
from videosnap_emulator.ports import StartError
from videosnap_emulator.storage.store import NoSuchBucketError, Store

BEIJING = {"LocationConstraint": "cn-beijing"}
BAD_REQUESTS = load("emulator/bad_storage_requests.json")


def test_objects_over_http(s3: Any, store: Store) -> None:
    where, metadata = {"Bucket": "frames", "Key": "a/1.jpg"}, {"task_id": "t", "at": "7"}
    s3.put_object(**where, Body=b"one", ContentType="image/jpeg", Metadata=metadata)
    got = s3.get_object(**where)
    assert got["Body"].read() == b"one"
    assert (got["ContentType"], got["Metadata"]) == ("image/jpeg", metadata)
    assert s3.head_object(**where)["ContentLength"] == 3
    assert s3.get_object(**where, Range="bytes=1-")["Body"].read() == b"ne"
    assert store.get("frames", "a/1.jpg").metadata == metadata
    s3.copy_object(Bucket="media", Key="b", CopySource=where)
    assert store.get("media", "b").content_type == "image/jpeg"
    s3.delete_object(**where)
    assert code_of(s3.get_object, **where) == (404, "NoSuchKey")
    with pytest.raises(KeyError):
        store.get("frames", "a/1.jpg")


def test_upload_of_a_stream_and_of_many_megabytes(s3: Any, store: Store, tmp_path: Path) -> None:
    big = os.urandom(20_000_000)
    (tmp_path / "big").write_bytes(big)
    s3.upload_file(str(tmp_path / "big"), "media", "big.bin")  # multipart
    assert store.get("media", "big.bin").body == big
    with (tmp_path / "big").open("rb") as stream:
        s3.put_object(Bucket="media", Key="one.bin", Body=stream)
    body = s3.get_object(Bucket="media", Key="one.bin")["Body"].read()
    assert hashlib.sha256(body).digest() == hashlib.sha256(big).digest()


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
    s3.create_bucket(Bucket="frames", CreateBucketConfiguration=BEIJING)
    assert store.keys("frames") == ["k"], "making a bucket again keeps its objects"
    s3.create_bucket(Bucket="other", CreateBucketConfiguration=BEIJING)
    assert [found["Name"] for found in s3.list_buckets()["Buckets"]] == ["frames", "media", "other"]
    s3.delete_bucket(Bucket="other")
    with pytest.raises(NoSuchBucketError):
        store.put("other", "k", b"", "text/plain", {}, WHEN)
    assert code_of(s3.put_object, Bucket="other", Key="k", Body=b"") == (404, "NoSuchBucket")


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
    with pytest.raises(StartError, match="in use"):
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


def everything(store: Store) -> list[tuple[str, str, object]]:
    buckets = ("extra", "frames", "media")
    return [(bucket, key, store.get(bucket, key)) for bucket in buckets for key in store.keys(bucket)]


def test_the_folder_keeps_every_change(tmp_path: Path) -> None:
    first = Store.open(tmp_path, [ACCESS])
    s3 = client(first.serve("127.0.0.1", 0))
    first.put("frames", "direct", b"1", "image/jpeg", {"a": "b"}, WHEN)
    for key in ODD_KEYS:
        s3.put_object(Bucket="frames", Key=key, Body=b"old", Metadata={"n": "1"})
        s3.put_object(Bucket="frames", Key=key, Body=b"new", CacheControl="no-store")
    s3.copy_object(Bucket="media", Key="copy", CopySource={"Bucket": "frames", "Key": "direct"})
    s3.delete_objects(Bucket="frames", Delete={"Objects": [{"Key": key} for key in ODD_KEYS[2:]]})
    s3.delete_object(Bucket="frames", Key=ODD_KEYS[0])
    for bucket in ("extra", "gone"):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=BEIJING)
    s3.delete_bucket(Bucket="gone")
    upload = s3.create_multipart_upload(Bucket="extra", Key="parts", ContentType="video/mp4")["UploadId"]
    where = {"Bucket": "extra", "Key": "parts", "UploadId": upload}
    etag = s3.upload_part(**where, PartNumber=1, Body=b"part")["ETag"]
    s3.complete_multipart_upload(**where, MultipartUpload={"Parts": [{"ETag": etag, "PartNumber": 1}]})
    before = everything(first)
    etag = s3.head_object(Bucket="extra", Key="parts")["ETag"]
    second = Store.open(tmp_path, [ACCESS])  # while the first is still open
    assert everything(second) == before
    assert [key for _, key, _ in before] == ["parts", ODD_KEYS[1], "direct", "copy"]
    reached = client(second.serve("127.0.0.1", 0))
    assert reached.head_object(Bucket="extra", Key="parts")["ETag"] == etag
    assert reached.head_object(Bucket="frames", Key=ODD_KEYS[1])["CacheControl"] == "no-store"
    assert [found["Name"] for found in reached.list_buckets()["Buckets"]] == ["extra", "frames", "media"]
    first.close()
    second.empty()
    second.close()
    assert [path.name for path in tmp_path.rglob("*")] == ["objects.sqlite3"]


TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
CRC = base64.b64encode(zlib.crc32(b"abc").to_bytes(4, "big"))
#: A chunk's signature, which is not checked.
NAME = b"chunk-signature=" + b"0" * 64


def put(port: int, path: str, body: bytes, payload: str) -> tuple[int, bytes]:
    """Send a request signed by botocore with the given ``x-amz-content-sha256``."""

    class Signer(S3SigV4Auth):
        def payload(self, request: AWSRequest) -> str:
            return payload

    request = AWSRequest("PUT", f"http://127.0.0.1:{port}{path}", data=body)
    Signer(Credentials(ACCESS, SECRET), "s3", "cn-beijing").add_auth(request)
    return fetch(str(request.url), "PUT", body, dict(request.headers.items()))


def test_presigned_urls(port: int, s3: Any, store: Store) -> None:
    parameters = {"Bucket": "frames", "Key": "p q", "ContentType": "image/jpeg"}
    url = s3.generate_presigned_url("put_object", Params=parameters)
    assert fetch(url, "PUT", b"body", {"Content-Type": "image/jpeg"})[0] == 200
    assert store.get("frames", "p q").body == b"body"
    get = s3.generate_presigned_url("get_object", Params={"Bucket": "frames", "Key": "p q"})
    assert fetch(get) == (200, b"body")
    status, body = fetch(get.replace(ACCESS, "AKIDOTHER"))
    assert (status, b"<Code>InvalidAccessKeyId</Code>" in body) == (403, True)
    assert fetch(get, headers={"Authorization": "AWS4-HMAC-SHA256 Credential=a/b"})[0] == 400


def test_refusals(port: int, store: Store) -> None:
    store.put("frames", "k", b"x", "text/plain", {}, WHEN)
    url, get = f"http://127.0.0.1:{port}/frames/k", {"Bucket": "frames", "Key": "k"}
    anonymous = fetch(url + "?a=<b>")
    assert (anonymous[0], b"<Code>AccessDenied</Code>" in anonymous[1]) == (403, True)
    assert fetch(f"http://127.0.0.1:{port}/moto-api/reset", "POST", b"")[0] == 403
    stranger = client(port, access="AKIDOTHER")
    assert code_of(stranger.get_object, **get) == (403, "InvalidAccessKeyId")
    assert code_of(stranger.put_object, **get, Body=b"y" * 100_000)[1] == "InvalidAccessKeyId"
    assert store.get("frames", "k").body == b"x"
    assert fetch(url, headers={"Authorization": "AWS a:b"})[0] == 400
    assert b"AuthorizationHeaderMalformed" in fetch(url, headers={"Authorization": "AWS4-HMAC-SHA256 x"})[1]


def test_what_the_store_cannot_serve_is_an_s3_error(port: int, store: Store) -> None:
    authorization = f"AWS4-HMAC-SHA256 Credential={ACCESS}/20240101/r/s3/aws4_request, Signature=0"
    found = []
    for key in ("k", "bell\x07"):  # the other makes a list without URL encoding one that XML cannot carry
        store.put("frames", key, b"hello", "text/plain", {}, WHEN)
    for method, target, body, more, *_ in BAD_REQUESTS:
        headers = {"Authorization": authorization, **more}
        status, answer = fetch(f"http://127.0.0.1:{port}{target}", method, body.encode(), headers)
        code = re.search(rb"<Error><Code>(\w+)</Code>", answer)
        found.append([status, code[1].decode() if code else answer])
    assert found == [[status, code] for *_, status, code in BAD_REQUESTS]
    assert store.keys("frames") == ["bell\x07", "k"], "nothing was changed"
    assert store.get("frames", "k").body == b"hello"
    for ignored in ("bytes", "bytes=x", "lines=1-2", "bytes=-", "bytes=3-1"):
        headers = {"Authorization": authorization, "Range": ignored}
        assert fetch(f"http://127.0.0.1:{port}/frames/k", headers=headers) == (200, b"hello"), ignored


@pytest.mark.parametrize(
    ("payload", "body"),
    [
        ("UNSIGNED-PAYLOAD", b"abc"),
        (TRAILER, b"3\r\nabc\r\n0\r\nx-amz-checksum-crc32:%s\r\n\r\n" % CRC),
        (SIGNED, b"2;%s\r\nab\r\n1;%s\r\nc\r\n0;%s\r\n\r\n" % (NAME, NAME, NAME)),
        (
            SIGNED + "-TRAILER",
            b"3;%s\r\nabc\r\n0;%s\r\nx-amz-checksum-crc32:%s\r\nx-amz-trailer-signature:0\r\n\r\n"
            % (NAME, NAME, CRC),
        ),
    ],
)
def test_bodies_are_decoded(port: int, store: Store, payload: str, body: bytes) -> None:
    assert put(port, "/frames/k", body, payload)[0] == 200
    assert store.get("frames", "k").body == b"abc"


def test_damaged_chunks_are_refused(port: int) -> None:
    wrong_digest = b"3\r\nabc\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n"
    assert b"BadDigest" in put(port, "/frames/k", wrong_digest, TRAILER)[1]
    for body in (b"4\r\nabc", b"3\r\nabcd\r\n0\r\n\r\n", b"abc"):
        assert b"IncompleteBody" in put(port, "/frames/k", body, TRAILER)[1], body


def test_an_object_with_a_forms_type_stays_as_it_is(port: int, store: Store) -> None:
    assert put(port, "/frames/form", b"a=1&key=2", "UNSIGNED-PAYLOAD")[0] == 200
    assert store.get("frames", "form").body == b"a=1&key=2"


def test_a_head_request_is_refused_without_a_body(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("HEAD", "/frames/k")
    response = connection.getresponse()
    assert (response.status, response.read()) == (403, b"")
    connection.close()
