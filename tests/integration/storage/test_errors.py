"""Calls that fail: one clear line each, no end of a listing that is none, and nothing secret."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ConnectTimeoutError,
    HTTPClientError,
    ProxyConnectionError,
    SSLError,
)
from botocore.parsers import ResponseParserError

from integration.storage.conftest import KEYS, NAME, Serve, listing_of, page, refusal, row
from pulumi_videosnap import errors
from pulumi_videosnap.alibaba.auth import Account
from pulumi_videosnap.alibaba.jobs import bucket_of
from pulumi_videosnap.http.credentials import Credentials
from pulumi_videosnap.settings import no_config
from pulumi_videosnap.storage.bucket import Bucket, open_bucket
from pulumi_videosnap.storage.errors import error_codes
from pulumi_videosnap.storage.platforms import Location
from support.data import load
from support.fake_server import Request, Response
from support.sampling import sample
from unit.http.test_transport import DRIPS

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
def test_a_response_that_drips_ends_within_the_budget(
    drip: str, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIDEOSNAP_CALL_BUDGET", "0.5")  # at least a second for each attempt, and one attempt
    raw, repeated = DRIPS[drip]
    bucket, server = serve(Response(raw=raw, endless=repeated, pause=0.002))
    began = time.monotonic()
    failure_of(bucket)
    assert time.monotonic() - began < 2.5
    assert len(server.requests) == 1


def test_a_long_object_that_keeps_arriving_may_take_longer(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
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


UNREACHABLE: list[tuple[type[BotoCoreError], dict[str, str], str]] = [
    (ConnectTimeoutError, {"endpoint_url": "u"}, "timed out"),
    (SSLError, {"endpoint_url": "u"}, "certificate"),
    (ProxyConnectionError, {"proxy_url": "http://u:CANARY@p"}, "proxy refused the"),
    (HTTPClientError, {}, r"failed \(HTTPClientError\)"),
]
FAILURES: list[tuple[Exception, type[errors.CallFailed], str]] = [
    *((kind(**more, error="CANARY"), errors.Unreachable, text) for kind, more, text in UNREACHABLE),
    (ResponseParserError("CANARY"), errors.Garbled, "not one of an S3 store"),
]


@pytest.mark.parametrize(("failure", "kind", "text"), FAILURES)
def test_a_failure_of_boto3_is_put_in_our_words(
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
    bucket = open_bucket(Location("aws", "frames", "eu-west-1"), env=no_config, profile=profile)
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
