"""Who may use the store: known access keys, in a header or a presigned URL; and bodies in chunks."""

import base64
import http.client
import zlib
from typing import Any

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from support.store_support import ACCESS, SECRET, WHEN, client, code_of, fetch
from videosnap_emulator.storage.store import Store

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
