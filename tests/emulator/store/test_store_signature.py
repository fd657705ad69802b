"""Who may use the store: signatures, presigned URLs, bodies."""

import base64
import hashlib
import http.client
import time
import zlib
from typing import Any

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from support.store_support import ACCESS, SECRET, WHEN, client, code_of, fetch
from videosnap_emulator.s3_body import STREAMING, open_body
from videosnap_emulator.s3_signature import Call, Refused, Seal, verify
from videosnap_emulator.store import Store


class Signer(S3SigV4Auth):
    """Signs with the payload hash it is told."""

    told = ""

    def payload(self, request: AWSRequest) -> str:
        return self.told


def signed(port: int, method: str, path: str, body: bytes, payload: str) -> tuple[int, bytes]:
    """Send a request signed by botocore with the given payload hash."""
    request = AWSRequest(method, f"http://127.0.0.1:{port}{path}", data=body)
    signer = Signer(Credentials(ACCESS, SECRET), "s3", "cn-beijing")
    signer.told = payload
    signer.add_auth(request)
    return fetch(str(request.url), method, body, dict(request.headers.items()))


def test_presigned_urls(port: int, s3: Any, store: Store, clock: Any) -> None:
    put = s3.generate_presigned_url(
        "put_object", Params={"Bucket": "frames", "Key": "p q", "ContentType": "image/jpeg"}
    )
    assert fetch(put, "PUT", b"body", {"Content-Type": "image/jpeg"})[0] == 200
    assert store.get("frames", "p q").body == b"body"
    get = s3.generate_presigned_url("get_object", Params={"Bucket": "frames", "Key": "p q"}, ExpiresIn=60)
    assert fetch(get) == (200, b"body")
    assert b"SignatureDoesNotMatch" in fetch(get.replace("p%20q", "other"))[1]
    assert b"SignatureDoesNotMatch" in fetch(get, "DELETE")[1]
    assert b"SignatureDoesNotMatch" in fetch(get + "&response-content-type=text%2Fhtml")[1]
    assert b"AuthorizationQueryParametersError" in fetch(get + "&X-Amz-Expires=600")[1]
    assert b"not signed" in fetch(get, headers={"x-amz-meta-a": "b"})[1]
    clock.ahead = 62
    status, body = fetch(get)
    assert (status, b"Request has expired" in body) == (403, True)


def test_refusals(port: int, store: Store) -> None:
    store.put("frames", "k", b"x", "text/plain", {}, WHEN)
    anonymous = fetch(f"http://127.0.0.1:{port}/frames/k?a=<b>")
    assert anonymous[0] == 403
    assert b"<Code>AccessDenied</Code>" in anonymous[1]
    assert fetch(f"http://127.0.0.1:{port}/moto-api/reset", "POST", b"")[0] == 403
    get = {"Bucket": "frames", "Key": "k"}
    assert code_of(client(port, secret="wrong").get_object, **get) == (403, "SignatureDoesNotMatch")
    assert code_of(client(port, access="AKIDOTHER").get_object, **get) == (403, "InvalidAccessKeyId")
    assert (
        code_of(client(port, secret="wrong").put_object, **get, Body=b"y" * 100_000)[1]
        == "SignatureDoesNotMatch"
    )
    assert store.get("frames", "k").body == b"x"
    assert fetch(f"http://127.0.0.1:{port}/frames/k", headers={"Authorization": "AWS a:b"})[0] == 400


@pytest.mark.parametrize(("skew", "status"), [(-1000, 403), (-800, 200), (800, 200), (1000, 403)])
def test_the_clock_decides(skew: int, status: int) -> None:
    late = Store.open(None, ACCESS, SECRET, now=lambda: time.time() + skew)
    reached = client(late.serve("127.0.0.1", 0))
    if status == 200:
        reached.list_objects_v2(Bucket="frames")
    else:
        assert code_of(reached.list_objects_v2, Bucket="frames") == (403, "RequestTimeTooSkewed")
    late.close()


def test_payload_hashes(port: int, store: Store) -> None:
    good = hashlib.sha256(b"body").hexdigest()
    assert signed(port, "PUT", "/frames/k", b"body", good)[0] == 200
    assert b"XAmzContentSHA256Mismatch" in signed(port, "PUT", "/frames/k", b"b0dy", good)[1]
    assert signed(port, "PUT", "/frames/form", b"a=1&key=2", "UNSIGNED-PAYLOAD")[0] == 200
    assert store.get("frames", "form").body == b"a=1&key=2", "an object with a form's type stays as it is"
    assert b"XAmzContentSHA256Mismatch" in signed(port, "PUT", "/frames/k", b"x", "STREAMING-OTHER")[1]
    crc = base64.b64encode(zlib.crc32(b"abc").to_bytes(4, "big"))
    chunks = b"3\r\nabc\r\n0\r\nx-amz-checksum-crc32:%s\r\n\r\n"
    assert signed(port, "PUT", "/frames/c", chunks % crc, STREAMING[0])[0] == 200
    assert store.get("frames", "c").body == b"abc"
    assert b"BadDigest" in signed(port, "PUT", "/frames/c", chunks % b"AAAAAA==", STREAMING[0])[1]
    assert b"IncompleteBody" in signed(port, "PUT", "/frames/c", b"4\r\nabc", STREAMING[0])[1]


def test_the_example_of_the_aws_documents() -> None:
    """PUT in signed chunks, as in "Transferring Payload in Multiple Chunks"."""
    call = Call(
        "PUT", "/examplebucket/chunkObject.txt", "",
        [
            ("host", "s3.amazonaws.com"), ("x-amz-date", "20130524T000000Z"),
            ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
            ("authorization",
             "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
             "SignedHeaders=content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;"
             "x-amz-decoded-content-length;x-amz-storage-class,"
             "Signature=4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"),
            ("x-amz-content-sha256", STREAMING[1]), ("content-encoding", "aws-chunked"),
            ("x-amz-decoded-content-length", "66560"), ("content-length", "66824"),
        ],
    )  # fmt: skip
    seal = verify(call, "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", 1369353600.0)
    parts = [
        (65536, "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"),
        (1024, "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"),
        (0, "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"),
    ]
    raw = b"".join(
        b"%x;chunk-signature=%s\r\n%s\r\n" % (size, name.encode(), b"a" * size) for size, name in parts
    )
    assert open_body(seal, raw) == (b"a" * 66560, {})
    with pytest.raises(Refused, match="chunk"):
        open_body(seal, raw.replace(b"aaa\r\n", b"aab\r\n"))
    with pytest.raises(Refused):
        open_body(seal, raw[:-90])


def test_signed_trailers() -> None:
    seal = Seal(STREAMING[2], b"key", "20130524T000000Z", "20130524/r/s3/aws4_request", "seed")
    empty = hashlib.sha256(b"").hexdigest()
    last = seal.sign("AWS4-HMAC-SHA256-PAYLOAD", seal.stamp, seal.scope, "seed", empty, empty)
    digest = hashlib.sha256(b"x-amz-checksum-crc32:AAAAAA==\n").hexdigest()
    name = seal.sign("AWS4-HMAC-SHA256-TRAILER", seal.stamp, seal.scope, last, digest)
    text = (
        f"0;chunk-signature={last}\r\nx-amz-checksum-crc32:AAAAAA==\r\nx-amz-trailer-signature:{name}\r\n\r\n"
    )
    assert open_body(seal, text.encode()) == (b"", {"x-amz-checksum-crc32": "AAAAAA=="})
    with pytest.raises(Refused, match="trailer"):
        open_body(seal, text.replace("AAAAAA==", "AAAAAQ==").encode())


def test_a_head_request_is_refused_without_a_body(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("HEAD", "/frames/k")
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (403, b"")
    connection.close()
