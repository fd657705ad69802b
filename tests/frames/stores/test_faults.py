"""Listings that go wrong: one clear line each, never an end that is none, and nothing secret in it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from frames.stores.conftest import KEYS, Serve
from frames.stores.shelf import Answer, Asked, Reply, bucket_of, listed, refusal, row
from pulumi_videosnap import errors
from pulumi_videosnap.frames.model import Place
from pulumi_videosnap.frames.store import Store, open_store
from pulumi_videosnap.s3 import listing
from pulumi_videosnap.settings import no_config

KEYS_THERE = [f"{at % 5}/{at:05d}.jpg" for at in range(6000)]
WHERE = "Volcengine TOS bucket frames"


def failure_of(store: Store, prefix: str = "") -> errors.VideosnapError:
    """The error that a listing ends with; there must be one."""
    with pytest.raises(errors.VideosnapError) as failed:
        list(store.list(prefix))
    told = str(failed.value)
    assert "\n" not in told
    assert WHERE in told
    assert not any(secret in f"{told} {failed.value!r} {vars(failed.value)}" for secret in KEYS.values())
    assert failed.value.__cause__ is None
    return failed.value


def always(reply: Reply) -> Answer:
    return lambda asked: reply


PAGE = listed(row("a") + row("b"))
BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(
        b'<!ENTITY a%d "%s">' % (at, b"&a%s;" % (str(at - 1).encode() if at else b"") * 10) for at in range(9)
    )
    + b"]><ListBucketResult><IsTruncated>false</IsTruncated><Name>&a8;</Name></ListBucketResult>"
)

REFUSED: list[tuple[Reply, type[errors.VideosnapError], str]] = [
    (Reply(404, refusal("NoSuchBucket")), errors.Rejected, "the bucket does not exist"),
    (Reply(404), errors.Rejected, "the bucket does not exist"),
    (Reply(403, refusal("AccessDenied")), errors.Unauthorized, "grant it tos:ListBucket"),
    (Reply(403), errors.Unauthorized, "grant it tos:ListBucket"),
    (Reply(403, refusal("InvalidAccessKeyId")), errors.Unauthorized, "check VOLCENGINE_ACCESS_KEY"),
    (Reply(403, refusal("SignatureDoesNotMatch")), errors.Unauthorized, "check VOLCENGINE_ACCESS_KEY"),
    (Reply(400, refusal("ExpiredToken")), errors.Unauthorized, "does not accept the key"),
    (Reply(403, refusal("RequestTimeTooSkewed")), errors.Unauthorized, "set this machine's clock"),
    (Reply(301, refusal("PermanentRedirect")), errors.Rejected, "another region.*VOLCENGINE_TOS_REGION"),
    (Reply(400, refusal("AuthorizationHeaderMalformed")), errors.Rejected, "in another region"),
    (Reply(400, refusal("InvalidBucketName", "Odd.")), errors.Rejected, "frames: Odd"),
    (Reply(403, refusal("AccessDenied", " ".join(KEYS.values()))), errors.Unauthorized, r"AKCA\*\*\*\*"),
    (Reply(503, refusal("SlowDown")), errors.Throttled, "exceeded the service's rate limit"),
    (Reply(500, refusal("InternalError")), errors.ServiceFault, "try again later"),
    (Reply(502, b"<html>"), errors.ServiceFault, "try again later"),
    (Reply(200, refusal("InternalError")), errors.ServiceFault, "try again later"),
]


@pytest.mark.parametrize(("reply", "kind", "told"), REFUSED)
def test_a_refusal_is_told(reply: Reply, kind: type[errors.VideosnapError], told: str, serve: Serve) -> None:
    store, _ = serve(always(reply))
    failed = failure_of(store)
    assert type(failed) is kind
    with pytest.raises(kind, match=told):
        raise failed


GARBLED = {
    "empty": b"",
    "no XML": b"hello",
    "another page": b"<html><body>Sign in</body></html>",
    "another answer": b"<ListAllMyBucketsResult><IsTruncated>false</IsTruncated></ListAllMyBucketsResult>",
    "cut in a row": PAGE[:-60],
    "cut before the end": PAGE[: -len("</ListBucketResult>")],
    "cut at the head": PAGE[:80],
    "without an end": PAGE.replace(b"<IsTruncated>false</IsTruncated>", b""),
    "with an odd end": PAGE.replace(b"false", b"maybe"),
    "going on nowhere": PAGE.replace(b"false", b"true"),
    "without a key": PAGE.replace(b"<Key>a</Key>", b""),
    "without a size": PAGE.replace(b"<Size>5</Size>", b""),
    "with an odd size": PAGE.replace(b"<Size>5</Size>", b"<Size>five</Size>"),
    "without a moment": PAGE.replace(b"<LastModified>2024-05-06T07:08:09.000Z</LastModified>", b""),
    "with an odd moment": PAGE.replace(b"2024-05-06T07:08:09.000Z", b"yesterday"),
    "with a key in no encoding": PAGE.replace(b"<Key>a</Key>", b"<Key>%FF</Key>"),
    "out of order": listed(row("b") + row("a")),
    "the same twice": listed(row("a") + row("a")),
    "an entity bomb": BOMB,
    "a document type": b"<!DOCTYPE ListBucketResult>" + PAGE.partition(b"?>\n")[2],
    "an external entity": b'<!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/passwd">]><ListBucketResult>&x;',
    "a hidden encoding": ('<?xml version="1.0" encoding="utf-16"?>' + BOMB.decode()).encode("utf-16"),
    "not UTF-8": b'<?xml version="1.0" encoding="latin-1"?>'
    + listed("<Name>\xe9</Name>").partition(b"?>")[2].replace("\xe9".encode(), b"\xe9"),
    "deep": b"<ListBucketResult>" + b"<a>" * 100_000,
}


@pytest.mark.parametrize("name", GARBLED)
def test_what_is_no_listing_is_no_empty_listing(name: str, serve: Serve) -> None:
    store, _ = serve(always(Reply(body=GARBLED[name])))
    failed = failure_of(store)
    assert isinstance(failed, errors.Garbled)
    assert "the answer is no listing: " in str(failed)
    assert len(str(failed)) < 500


def test_keys_that_were_not_asked_for(serve: Serve) -> None:
    store, _ = serve(always(Reply(body=PAGE)))
    assert "not asked for" in str(failure_of(store, "b"))


def test_an_endless_answer_is_given_up(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pulumi_videosnap.s3.answers.MAX_ANSWER", 100_000)
    store, shelf = serve(always(Reply(body=b" " * 300_000)))
    assert "far too long" in str(failure_of(store))
    assert len(shelf.asked) == 1


LOOPS: dict[str, Callable[[int], bytes]] = {
    "the same page for ever": lambda at: listed(row("a"), "t"),
    "the same token with other keys": lambda at: listed(row(f"{at:05d}"), "t"),
    "tokens that come back": lambda at: listed(row(f"{at:05d}"), f"t{at % 3}"),
    "the same keys with other tokens": lambda at: listed(row("a"), f"t{at}"),
    "empty pages": lambda at: listed("", "t"),
}


# The first version goes on after its last key, so that tokens cannot mislead it.
BY_TOKEN = {"the same token with other keys", "tokens that come back"}


@pytest.mark.parametrize(
    ("name", "version"),
    [*((name, 2) for name in LOOPS), *((name, 1) for name in LOOPS if name not in BY_TOKEN)],
)
def test_a_listing_that_goes_in_circles(name: str, version: int, serve: Serve) -> None:
    store, shelf = serve(lambda asked: Reply(body=LOOPS[name](len(shelf.asked))))
    with pytest.raises(errors.Garbled, match=r"circles|not in order|does not say where"):
        list(listing.Listing(store.bucket, version, divided=False).objects(""))
    assert len(shelf.asked) < 10


@pytest.mark.parametrize("at", [1, 3, 6, 8])
def test_a_fault_amid_a_listing_ends_it_with_an_error(at: int, serve: Serve) -> None:
    well = bucket_of(KEYS_THERE)
    store, shelf = serve(lambda asked: well(asked) if len(shelf.asked) < at else Reply(403))
    found: list[str] = []
    with pytest.raises(errors.Unauthorized):
        found.extend(stored.key for stored in store.list())
    assert found == KEYS_THERE_SORTED[: len(found)]
    assert len(found) < len(KEYS_THERE)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("videosnap-listing")]


KEYS_THERE_SORTED = sorted(KEYS_THERE)

PASSING: dict[str, Reply] = {
    "busy": Reply(503, refusal("SlowDown")),
    "failing": Reply(500),
    "failing with success": Reply(200, refusal("InternalError")),
    "cut off": Reply(200, PAGE[:100], promised=len(PAGE)),
    "reset": Reply(200, PAGE[:100], promised=len(PAGE), reset=True),
    "cut in the XML": Reply(200, PAGE[:100]),
    "another page": Reply(200, b"<html/>"),
}


@pytest.mark.parametrize("name", PASSING)
def test_a_passing_fault_is_not_noticed(name: str, serve: Serve) -> None:
    well = bucket_of(KEYS_THERE)

    def answer(asked: Asked) -> Reply:
        return PASSING[name] if len(shelf.asked) % 3 == 0 else well(asked)

    store, shelf = serve(answer)
    assert [stored.key for stored in store.list()] == KEYS_THERE_SORTED


@pytest.mark.parametrize("name", ["cut off", "reset"])
def test_a_page_that_never_arrives_whole(name: str, serve: Serve) -> None:
    store, shelf = serve(always(PASSING[name]))
    failed = failure_of(store)
    assert isinstance(failed, errors.Unreachable)
    assert "the connection broke before the answer was whole" in str(failed)
    assert len(shelf.asked) == 6


def test_an_answer_that_only_just_is_whole_but_claims_less(serve: Serve) -> None:
    # What is beyond the promised length is not read, so the XML ends early.
    store, _ = serve(always(Reply(200, PAGE, promised=len(PAGE) - 10)))
    assert isinstance(failure_of(store), errors.Garbled)


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pulumi_videosnap.s3.client.ANSWER_TIMEOUT", 0.1)
    monkeypatch.setattr("pulumi_videosnap.s3.answers.PATIENCE", 0.1)
    monkeypatch.setattr("pulumi_videosnap.s3.patience.MAX_ATTEMPTS", 2)


@pytest.mark.usefixtures("hasty")
def test_a_store_that_says_nothing(serve: Serve) -> None:
    silence = threading.Event()

    def answer(asked: Asked) -> Reply:
        silence.wait(5)
        return Reply()

    store, shelf = serve(answer)
    failed = failure_of(store)
    silence.set()
    assert isinstance(failed, errors.Unreachable)
    assert f"{shelf.endpoint}, {WHERE}: no answer in time; check VOLCENGINE_TOS_ENDPOINT" in str(failed)


@pytest.mark.usefixtures("hasty")
def test_a_store_that_trickles(serve: Serve) -> None:
    store, _ = serve(always(Reply(200, PAGE[:60], promised=len(PAGE), pause=0.02)))
    assert "no answer in time" in str(failure_of(store))


def test_the_budget_ends_repeating(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]

    class Clock:
        @staticmethod
        def monotonic() -> float:
            return now[0]

        @staticmethod
        def sleep(seconds: float) -> None:
            now[0] += seconds

    monkeypatch.setattr("pulumi_videosnap.s3.patience.time", Clock)
    monkeypatch.setenv("VIDEOSNAP_CALL_BUDGET", "20")
    store, shelf = serve(lambda asked: (now.__setitem__(0, now[0] + 15), Reply(503))[1])
    failure_of(store)
    assert len(shelf.asked) == 2


def test_nobody_listens() -> None:
    store = open_store(Place("tos", "frames", "cn-beijing", endpoint="http://127.0.0.1:1"), env=KEYS.get)
    failed = failure_of(store)
    assert "http://127.0.0.1:1, Volcengine TOS bucket frames: connection refused" in str(failed)


def test_a_proxy_is_not_asked_for_what_is_on_this_machine(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    store, _ = serve(bucket_of(["a"]))
    assert [stored.key for stored in store.list()] == ["a"]


def test_aws_without_any_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    store = open_store(Place("aws", "frames", "eu-west-1"), env=no_config)
    with pytest.raises(
        errors.NotConfigured, match=r"^Amazon S3 bucket frames: no key pair.*AWS_ACCESS_KEY_ID"
    ):
        list(store.list())


def test_aws_with_a_profile_that_is_not_there() -> None:
    store = open_store(Place("aws", "frames", "eu-west-1"), env=no_config, profile="nobody")
    with pytest.raises(errors.NotConfigured, match="there is no such profile"):
        list(store.list())


def test_the_other_calls_fail_as_clearly(serve: Serve, tmp_path: Any) -> None:
    store, _ = serve(always(Reply(403)))
    calls: list[Callable[[], object]] = [
        lambda: store.head("a"),
        lambda: store.read("a", 10),
        lambda: store.missing(["a"]),
        lambda: store.delete(["a"]),
        lambda: store.download("a", tmp_path / "a"),
    ]
    for call in calls:
        with pytest.raises(errors.Unauthorized, match=f"{WHERE}/a: .*HTTP 403.*grant it tos:ListBucket"):
            call()
    assert list(tmp_path.iterdir()) == []


def test_what_is_missing_in_a_missing_bucket_is_an_error(serve: Serve, tmp_path: Any) -> None:
    store, _ = serve(always(Reply(404)))
    for call in (lambda: store.head("a"), lambda: store.read("a", 9), lambda: store.missing(["a"])):
        with pytest.raises(errors.Rejected, match=f"the bucket does not exist: {WHERE}"):
            call()
