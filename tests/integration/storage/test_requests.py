"""The requests of a bucket's calls, and what their failures say."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from botocore import exceptions
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.parsers import ResponseParserError

from integration.storage.conftest import KEYS, NAME, Serve, listing_of, page, refusal, row
from pulumi_videosnap import errors
from pulumi_videosnap.alibaba.auth import Account
from pulumi_videosnap.alibaba.jobs import bucket_of
from pulumi_videosnap.http.credentials import Credentials
from pulumi_videosnap.settings import no_config
from pulumi_videosnap.storage.bucket import Bucket, open_bucket
from pulumi_videosnap.storage.client import client_for
from pulumi_videosnap.storage.errors import error_codes
from pulumi_videosnap.storage.platforms import Location, platforms
from support.data import load
from support.fake_server import Request, Response
from support.sampling import sample
from unit.http.test_transport import DRIPS

BUCKET = "frames-1250000000"
EXPECTED: dict[str, tuple[str, str, dict[str, str]]] = load("storage_requests.json")
"""For each platform a region, the host there, and the parameters of a listing."""
ALL = sorted(EXPECTED)


class Raw(BytesIO):
    """The body of a response, as urllib3 has it."""

    def stream(self, *_: object, **__: object) -> Iterator[bytes]:
        yield self.read()


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[AWSPreparedRequest]:
    """The requests that reach the network, which answers each."""
    requests: list[AWSPreparedRequest] = []

    def send(_: Any, request: AWSPreparedRequest) -> AWSResponse:
        requests.append(request)
        content = page(row("a/1")) if "max-keys" in str(request.url) else b"jpeg"
        body = content if request.method == "GET" else b""
        headers = HTTPHeaders()
        headers["Content-Length"], headers["ETag"] = str(len(body)), '"e"'
        headers["Last-Modified"] = "Mon, 06 May 2024 07:08:09 GMT"
        raw: Any = Raw(body)
        return AWSResponse(str(request.url), 204 if request.method == "DELETE" else 200, headers, raw)

    monkeypatch.setattr("botocore.httpsession.URLLib3Session.send", send)
    return requests


def bucket_on(name: str, **more: str) -> Bucket:
    keys = platforms()[name].keys
    values = ("AKCANARY", "SKCANARY", "TOKENCANARY")
    env = dict(zip((setting.env for setting in keys.settings), values, strict=True)) | more
    return open_bucket(Location(name, BUCKET, EXPECTED[name][0]), env=env.get)


def headers_of(request: AWSPreparedRequest) -> dict[str, str]:
    pairs = request.headers.items()
    return {name.lower(): one.decode() if isinstance(one, bytes) else one for name, one in pairs}


@pytest.mark.parametrize("name", ALL)
def test_the_requests_of_every_call(name: str, sent: list[AWSPreparedRequest]) -> None:
    region, host, listing = EXPECTED[name]
    bucket, key = bucket_on(name), "a/视频 +%.jpg"
    list(bucket.list("a/"))
    bucket.head(key)
    bucket.read(key, 100)
    bucket.missing([key])
    bucket.delete([key])
    urls = [urlsplit(str(request.url)) for request in sent]
    root = f"/{BUCKET}" if name == "kodo" else ""
    path = f"{root}/a/%E8%A7%86%E9%A2%91%20%2B%25.jpg"
    assert {(url.scheme, url.netloc) for url in urls} == {("https", host)}
    assert [(request.method, url.path) for request, url in zip(sent, urls, strict=True)] == [
        ("GET", root or "/"),
        *((method, path) for method in ("HEAD", "GET", "HEAD", "DELETE")),
    ]
    assert dict(parse_qsl(urls[0].query)) == listing
    for request in sent:
        headers = headers_of(request)
        scope = re.escape(f"{region}/s3/aws4_request")
        assert re.match(rf"AWS4-HMAC-SHA256 Credential=AKCANARY/\d{{8}}/{scope}, ", headers["authorization"])
        assert headers["x-amz-security-token"] == "TOKENCANARY"
        assert "SKCANARY" not in str(headers) + str(request.url)
        # What stores other than Amazon's refuse: newer checksums, and bodies in signed chunks.
        assert not re.search("checksum|trailer|chunked|crc|decoded", f"{list(headers)} {request.url}")
        assert not request.body


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize(
    "endpoint", ["https://store.example:8443", "http://127.0.0.1:9000", "http://localhost:9000"]
)
def test_an_endpoint_can_be_set(name: str, endpoint: str, sent: list[AWSPreparedRequest]) -> None:
    bucket_on(name, **{platforms()[name].endpoint_setting.env: endpoint}).delete(["a"])
    is_path = name in ("kodo", "aws") or "example" not in endpoint
    expected = f"{endpoint}/{BUCKET}/a" if is_path else f"https://{BUCKET}.store.example:8443/a"
    assert [request.url for request in sent] == [expected]


@pytest.fixture
def aws_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A user's AWS settings, in files and in the environment."""
    (tmp_path / "config").write_text(
        "[profile theirs]\nregion = us-east-1\nendpoint_url = https://aws.example\n"
        "aws_access_key_id = AWSKEY\naws_secret_access_key = AWSSECRET\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_PROFILE", "theirs")
    monkeypatch.setenv("AWS_REQUEST_CHECKSUM_CALCULATION", "when_supported")


@pytest.mark.usefixtures("aws_settings")
@pytest.mark.parametrize("name", ALL)
def test_aws_settings_are_read_for_aws_alone(name: str, sent: list[AWSPreparedRequest]) -> None:
    location = Location(name, BUCKET, EXPECTED[name][0])
    bucket = open_bucket(location, env=no_config) if name == "aws" else bucket_on(name)
    bucket.delete(["a"])
    (request,) = sent
    host, key = ("aws.example", "AWSKEY") if name == "aws" else (EXPECTED[name][1], "AKCANARY")
    assert urlsplit(str(request.url)).netloc == host
    assert f"Credential={key}/" in headers_of(request)["authorization"]


def test_amazons_other_partitions_have_their_own_hosts(sent: list[AWSPreparedRequest]) -> None:
    env = {"AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "SK"}
    open_bucket(Location("aws", "frames", "cn-north-1"), env=env.get).delete(["a"])
    open_bucket(Location("aws", "fra.mes", "eu-west-1"), env=env.get).delete(["a"])
    assert [request.url for request in sent] == [
        "https://frames.s3.cn-north-1.amazonaws.com.cn/a",
        "https://s3.eu-west-1.amazonaws.com/fra.mes/a",
    ]
    first = bucket_on("tos").config
    assert client_for(first) is client_for(bucket_on("tos").config), "a client is shared"
    assert client_for(bucket_on("oss").config) is not client_for(first)


PAGE = page(row("a") + row("b"))
MANY = sorted(f"{at % 5}/{at:05d}.jpg" for at in range(6000))


def failure_of(bucket: Bucket, prefix: str = "") -> errors.VideosnapError:
    """The error that a listing ends with; there must be one."""
    with pytest.raises(errors.VideosnapError) as failed:
        list(bucket.list(prefix))
    sentence = str(failed.value)
    assert "\n" not in sentence
    assert len(sentence) < 600
    assert NAME in sentence
    assert not any(secret in f"{sentence} {failed.value!r} {vars(failed.value)}" for secret in KEYS.values())
    assert failed.value.__cause__ is None
    return failed.value


REFUSALS = load("storage_refusals.json")
"""Status, code, message or body, error, what its sentence says, and headers."""


@pytest.mark.parametrize("row", REFUSALS, ids=lambda row: f"{row[0]} {row[1]}")
def test_a_refusal_names_the_cause_and_what_to_do(row: list[Any], serve: Serve) -> None:
    status, code, message, kind, text, *headers = row
    body = refusal(code, message or "No.") if code else message.encode()
    bucket, server = serve(Response(status, body, *headers))
    failed = failure_of(bucket)
    assert type(failed).__name__ == kind
    assert re.search(text, str(failed))
    # Only what may pass is tried again, and no other region is.
    assert len(server.requests) == (4 if kind in ("Throttled", "ServiceFault") else 1)


@pytest.mark.parametrize("drip", sample(sorted(DRIPS), 0.2))
def test_a_drip_ends_within_the_budget(drip: str, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIDEOSNAP_CALL_BUDGET", "0.5")  # at least a second for each attempt, and one attempt
    raw, repeated = DRIPS[drip]
    bucket, server = serve(Response(raw=raw, endless=repeated, pause=0.002))
    began = time.monotonic()
    failure_of(bucket)
    assert time.monotonic() - began < 2.5
    assert len(server.requests) == 1


def test_a_long_object_that_arrives_may_take_longer(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIDEOSNAP_CALL_BUDGET", "0.5")
    bucket, server = serve(Response(body=b"x" * 250_000, pause=0.01, piece=2000))
    assert len(bucket.read("a.jpg", 250_000)) == 250_000
    assert len(server.requests) == 1


GARBLED = load("storage_garbled.json")
"""Bodies, or what they have in a good page's place of something."""


@pytest.mark.parametrize("name", GARBLED)
def test_what_is_not_a_listing_is_not_an_empty_listing(name: str, serve: Serve) -> None:
    old, new = GARBLED[name] if isinstance(GARBLED[name], list) else (PAGE.decode(), GARBLED[name])
    body = PAGE.replace(old.encode(), new.encode())
    bucket, _ = serve(Response(body=body))
    failed = failure_of(bucket)
    # botocore takes broken XML for a failure of the store, and tries again.
    assert isinstance(failed, errors.Garbled | errors.ServiceFault)
    assert "response is" in str(failed)


def test_other_listings_that_cannot_be_used(serve: Serve) -> None:
    entities = "".join(f'<!ENTITY a{at + 1} "{f"&a{at};" * 10}">' for at in range(9))
    head = f'<!DOCTYPE l [<!ENTITY a0 "{"a" * 10}">{entities}]>'
    bomb = f"{head}<ListBucketResult><Name>&a9;</Name></ListBucketResult>"
    bucket, server = serve(Response(body=bomb.encode()))
    assert "incomplete or not XML" in str(failure_of(bucket)), "an entity bomb is not expanded"
    server.respond = Response(body=PAGE)
    assert "was not asked for" in str(failure_of(bucket, "b"))
    server.respond = Response(body=page("", "t"))
    with pytest.raises(errors.Garbled, match="does not advance"):
        bucket.missing(["b"], by_listing=True)


@pytest.mark.parametrize(
    "body",
    [
        lambda at: page(row("a"), "t"),
        lambda at: page(row(f"{at:05d}"), "t"),
        lambda at: page(row("a"), f"t{at}"),
        lambda at: page("", "t"),
    ],
    ids=["one page", "one token", "one key", "empty pages"],
)
def test_a_listing_that_does_not_advance_ends(body: Callable[[int], bytes], serve: Serve) -> None:
    bucket, server = serve(lambda request: Response(body=body(len(server.requests))))
    assert isinstance(failure_of(bucket), errors.Garbled)
    assert len(server.requests) < 5


@pytest.mark.parametrize("at", [1, 3, 6])
def test_a_failure_amid_a_listing_is_an_error(at: int, serve: Serve) -> None:
    respond = listing_of(MANY)
    bucket, server = serve(lambda request: respond(request) if len(server.requests) < at else Response(403))
    found: list[str] = []
    with pytest.raises(errors.Unauthorized):
        found.extend(stored.key for stored in bucket.list())
    assert found == MANY[: 1000 * (at - 1)]


PASSING: dict[str, Response] = {
    "busy": Response(503, refusal("SlowDown")),
    "failing": Response(500),
    "failing with success": Response(200, refusal("InternalError")),
    "cut off": Response(200, PAGE[:100], content_length=len(PAGE)),
    "reset": Response(200, PAGE[:100], content_length=len(PAGE), reset=True),
    "hanging up": Response(raw=b""),
}


@pytest.mark.parametrize("name", sample(list(PASSING), 0.5))
def test_a_passing_failure_goes_unnoticed(name: str, serve: Serve) -> None:
    respond = listing_of(MANY)

    def sometimes(request: Request) -> Response:
        return PASSING[name] if len(server.requests) % 3 == 0 else respond(request)

    bucket, server = serve(sometimes)
    assert [stored.key for stored in bucket.list()] == MANY


def test_a_page_that_never_arrives_in_full(serve: Serve) -> None:
    lost = "connection closed before the response was complete"
    for name, text in (("cut off", "its response is incomplete"), ("hanging up", lost)):
        bucket, server = serve(PASSING[name])
        assert text in str(failure_of(bucket))
        assert len(server.requests) == 4


def test_a_silent_store_times_out(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIDEOSNAP_CALL_BUDGET", "1")
    bucket, server = serve(Response(delay=5))
    failed = failure_of(bucket)
    assert isinstance(failed, errors.Unreachable)
    sentence = "timed out waiting for the response; check VOLCENGINE_TOS_ENDPOINT"
    assert f"{server.endpoint}, {NAME}: {sentence}" in str(failed)
    assert len(server.requests) == 1, "a small budget allows one attempt only"
    monkeypatch.setenv("VIDEOSNAP_CALL_BUDGET", "long")
    with pytest.raises(errors.NotConfigured, match="VIDEOSNAP_CALL_BUDGET"):
        serve(Response())


@pytest.mark.parametrize(
    ("endpoint", "text"),
    [("http://127.0.0.1:1", "connection refused"), ("https://store.invalid", "host not found")],
)
def test_an_endpoint_that_cannot_be_reached(endpoint: str, text: str) -> None:
    bucket = open_bucket(Location("tos", "frames", "cn-beijing", endpoint=endpoint), env=KEYS.get)
    assert f"{NAME}: {text}; check VOLCENGINE_TOS_ENDPOINT and the network" in str(failure_of(bucket))


UNREACHABLE: list[tuple[type[exceptions.BotoCoreError], dict[str, str], str]] = [
    (exceptions.ConnectTimeoutError, {"endpoint_url": "u"}, "timed out"),
    (exceptions.SSLError, {"endpoint_url": "u"}, "certificate"),
    (exceptions.ProxyConnectionError, {"proxy_url": "http://u:CANARY@p"}, "proxy refused the"),
    (exceptions.HTTPClientError, {}, r"failed \(HTTPClientError\)"),
]
FAILURES: list[tuple[Exception, type[errors.CallFailed], str]] = [
    *((kind(**more, error="CANARY"), errors.Unreachable, text) for kind, more, text in UNREACHABLE),
    (ResponseParserError("CANARY"), errors.Garbled, "not one of an S3 store"),
]


@pytest.mark.parametrize(("failure", "kind", "text"), FAILURES)
def test_a_failure_of_boto3_has_a_sentence_of_ours(
    failure: Exception, kind: type[errors.CallFailed], text: str, serve: Serve, monkeypatch: Any
) -> None:
    def fail(*_: Any) -> None:
        raise failure

    monkeypatch.setattr("botocore.httpsession.URLLib3Session.send", fail)
    bucket, _ = serve(Response())
    with pytest.raises(kind, match=f"{NAME}/a: .*{text}.*check VOLCENGINE_TOS_ENDPOINT") as failed:
        bucket.delete(["a"])
    assert "CANARY" not in str(failed.value)
    with pytest.raises(errors.Rejected, match="not a valid bucket or key name"):
        open_bucket(Location("tos", "no bucket?", "cn-beijing"), env=KEYS.get).delete(["a"])


def test_a_proxy_is_not_used_for_this_machine(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    bucket, _ = serve(listing_of(["a"]))
    assert [stored.key for stored in bucket.list()] == ["a"]


@pytest.mark.parametrize(
    ("profile", "text"), [(None, "no key pair.*AWS_ACCESS_KEY_ID"), ("nobody", "the profile was not found")]
)
def test_aws_settings_that_cannot_be_used(profile: str | None, text: str) -> None:
    bucket = open_bucket(Location("aws", "frames", "eu-west-1", profile=profile), env=no_config)
    with pytest.raises(errors.NotConfigured, match=f"^Amazon S3 bucket frames: {text}"):
        list(bucket.list())


def test_every_call_names_what_it_was_denied(serve: Serve, tmp_path: Path) -> None:
    bucket, _ = serve(Response(403))
    read, delete = "tos:ListBucket and tos:GetObject", "the permission to delete objects"
    calls: list[tuple[Callable[[], object], str]] = [
        (lambda: bucket.head("a"), read),
        (lambda: bucket.read("a", 10), read),
        (lambda: bucket.missing(["a"]), read),
        (lambda: bucket.download("a", tmp_path / "a"), read),
        (lambda: bucket.delete(["a"]), delete),
    ]
    for call, permission in calls:
        text = f"access denied: {NAME}/a: .*grant the key {permission}"
        with pytest.raises(errors.Unauthorized, match=text):
            call()
    assert list(tmp_path.iterdir()) == []


def test_a_missing_bucket_is_not_a_missing_object(serve: Serve) -> None:
    bucket, server = serve(Response(404))
    for call in (lambda: bucket.head("a"), lambda: bucket.read("a", 9), lambda: bucket.missing(["a"])):
        with pytest.raises(errors.Rejected, match=f"bucket not found: {NAME}") as missing:
            call()
        assert missing.value.code == "NoSuchBucket"
    # A key that may not look at the bucket may still look for an object.
    server.respond = lambda request: Response(403 if request.path == "/frames" else 404)
    assert bucket.missing(["a"]) == ["a"]


def test_the_first_failure_ends_a_deletion(serve: Serve) -> None:
    bucket, server = serve(Response(403, refusal("AccessDenied"), {"x-oss-request-id": "R2"}))
    with pytest.raises(errors.Unauthorized) as refused:
        bucket.delete([str(number) for number in range(500)])
    assert (refused.value.action, refused.value.request_id) == ("DeleteObject", "R2")
    assert len(server.requests) < 500
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("videosnap-objects")]


def test_every_code_has_a_test(serve: Serve) -> None:
    bucket, _ = serve(Response())
    assert set(error_codes(bucket.platform, "")) - {row[1] for row in REFUSALS} == {
        *("401", "403", "301", "500", "Forbidden", "InvalidToken", "InvalidSecurityToken"),
        *("NoSuchKey", "PreconditionFailed", "RequestTimeout", "ServiceUnavailable"),
    }


def test_a_jobs_bucket_names_its_own_platform(serve: Serve) -> None:
    _, server = serve(Response(403, refusal("AccessDenied")))
    account = Account(Credentials("AKCANARY", "SKCANARY"), region="cn-hangzhou")
    bucket = bucket_of(account, "frames", env={"ALIBABA_CLOUD_OSS_ENDPOINT": server.endpoint}.get)
    text = "Alibaba Cloud OSS bucket frames/a.*grant the key oss:DeleteObject"
    with pytest.raises(errors.Unauthorized, match=text):
        bucket.delete(["a"])
    assert "SKCANARY" not in repr(bucket)
