"""The V3 signature: the published vector, and equality with the vendor's own signer and client."""

from __future__ import annotations

import importlib
import re
from datetime import datetime, timezone
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pulumi_videosnap.alibaba.auth import sign
from pulumi_videosnap.http.credentials import Credentials
from pulumi_videosnap.http.request import Request, canonical_request
from unit.scripted import SUBMIT

NEW_YEAR = datetime(2024, 1, 1, tzinfo=timezone.utc)

# The vendor's page 2593177, "V3 request structure and signature".
PUBLISHED = Request(
    "POST",
    "https://ecs.cn-shanghai.aliyuncs.com",
    (("ImageId", "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"), ("RegionId", "cn-shanghai")),
)
PUBLISHED_KEYS = Credentials("YourAccessKeyId", "YourAccessKeySecret")
PUBLISHED_NONCE = "3156853299f313e23d1673dc12e1703d"
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_the_published_vector() -> None:
    now = datetime(2023, 10, 26, 10, 22, 32, tzinfo=timezone.utc)
    headers = sign(PUBLISHED, PUBLISHED_KEYS, "RunInstances", "2014-05-26", now=now, nonce=PUBLISHED_NONCE)
    assert headers == {
        "Host": "ecs.cn-shanghai.aliyuncs.com",
        "x-acs-action": "RunInstances",
        "x-acs-version": "2014-05-26",
        "x-acs-date": "2023-10-26T10:22:32Z",
        "x-acs-signature-nonce": PUBLISHED_NONCE,
        "x-acs-content-sha256": EMPTY,
        "Authorization": (
            "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;"
            "x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,"
            "Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
        ),
    }


def test_a_canonical_request_is_sorted_and_ends_its_headers_with_an_empty_line() -> None:
    request = Request("POST", "https://h", (("b", "+ *~%"), ("a", "频/")))
    assert canonical_request(request, {"host": "h"}) == (
        f"POST\n/\na=%E9%A2%91%2F&b=%2B%20%2A~%25\nhost:h\n\nhost\n{EMPTY}"
    )


def test_the_security_token_goes_with_its_access_key_and_is_signed() -> None:
    keys = Credentials("AK", "SK", "TOKEN")
    headers = sign(PUBLISHED, keys, "A", "V", now=NEW_YEAR, nonce="n")
    assert (headers["x-acs-accesskey-id"], headers["x-acs-security-token"]) == ("AK", "TOKEN")
    assert "x-acs-accesskey-id;" in headers["Authorization"]
    assert "x-acs-security-token;" in headers["Authorization"]


@pytest.mark.parametrize(
    "endpoint", ["https://mts.cn-hangzhou.aliyuncs.com", "http://127.0.0.1:8080", "http://[::1]:80"]
)
def test_the_host_is_sent_as_it_is_signed(endpoint: str) -> None:
    signed = sign(Request("POST", endpoint), PUBLISHED_KEYS, "A", "V", now=NEW_YEAR, nonce="n")
    assert signed["Host"] == endpoint.partition("//")[2]


def test_signing_is_pure_and_shows_nothing() -> None:
    request = Request("POST", "https://h", headers={"Accept": "application/json"})
    first = sign(request, PUBLISHED_KEYS, "A", "V", now=NEW_YEAR, nonce="n")
    assert first == sign(request, PUBLISHED_KEYS, "A", "V", now=NEW_YEAR, nonce="n")
    assert request.headers == {"Accept": "application/json"}
    shown = repr(Request("POST", "https://h", headers=first))
    assert not re.search("YourAccess|Signature", shown)


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
ODD = ["", "\n", "a b", "a+b", "%2F", "{Count}.jpg", "%7BCount%7D", "视频/流", "&=?#", *" +*~%"]
# Parameter names are the vendor's: ASCII letters.
NAMES = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz.1", min_size=1, max_size=8)
QUERIES = st.dictionaries(NAMES, st.one_of(TEXT, st.sampled_from(ODD)), max_size=6)
KEYS = st.text("abcXYZ019+/=", min_size=1, max_size=20)
HOSTS = st.sampled_from(["mts.cn-hangzhou.aliyuncs.com", "127.0.0.1:8080", "localhost:443"])
HEADERS = {
    "Accept": st.just("application/json"),
    "User-Agent": st.sampled_from(["pulumi-videosnap/1", "  padded  "]),
    "content-type": st.just("application/x-www-form-urlencoded"),
}
REQUESTS = st.builds(
    Request,
    st.sampled_from(["GET", "POST"]),
    HOSTS.map("https://{}".format),
    QUERIES.map(lambda query: tuple(query.items())),
    headers=st.fixed_dictionaries({}, optional=HEADERS),
    body=st.one_of(st.just(b""), TEXT.map(str.encode)),
)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::SyntaxWarning")
@settings(max_examples=200, deadline=None)
@given(
    request_=REQUESTS,
    keys=st.builds(Credentials, st.just("LTAIEXAMPLE"), KEYS, st.one_of(st.none(), KEYS)),
    nonce=st.text("0123456789abcdef-", min_size=1, max_size=36),
    now=st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(timezone.utc)),
)
def test_the_official_signer_agrees(request_: Request, keys: Credentials, nonce: str, now: datetime) -> None:
    ours = sign(request_, keys, "SubmitSnapshotJob", "2014-06-18", now=now, nonce=nonce)
    payload = _official().hash(request_.body, "ACS3-HMAC-SHA256").hex()
    assert ours["x-acs-content-sha256"] == payload
    signed = {**request_.headers, **{name: v for name, v in ours.items() if name != "Authorization"}}
    query = dict(request_.query)
    theirs = SimpleNamespace(method=request_.method, pathname="/", query=query, headers=signed)
    pair = (keys.access_key, keys.secret_key)
    assert ours["Authorization"] == _official().get_authorization(theirs, "ACS3-HMAC-SHA256", payload, *pair)


def _official() -> Any:
    """The vendor's helpers; imported late, as they are heavy and may warn on newer Pythons."""
    return importlib.import_module("alibabacloud_tea_openapi.utils").Utils


class Captured(BaseException):
    """Stops the official client where it would send; it retries, or wraps, every Exception."""


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::SyntaxWarning")
@pytest.mark.parametrize("token", [None, "TOKEN+/="])
def test_the_official_client_sends_the_same_request(token: str | None, monkeypatch: Any) -> None:
    theirs = _request_of_the_official_client(token, monkeypatch)
    headers = {name.lower(): value for name, value in theirs.headers.items()}
    extra = {name: headers[name] for name in ("accept", "user-agent", "x-acs-credentials-provider")}
    ours = Request("POST", "https://mts.cn-hangzhou.aliyuncs.com", SUBMIT.parameters(), headers=extra)
    now = datetime.strptime(headers["x-acs-date"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    keys = Credentials("LTAIEXAMPLE", "SECRET", token)
    nonce = headers["x-acs-signature-nonce"]
    signed = sign(ours, keys, "SubmitSnapshotJob", "2014-06-18", now=now, nonce=nonce)
    assert {name.lower(): value for name, value in {**extra, **signed}.items()} == headers
    assert dict(parse_qsl(urlsplit(ours.url).query)) == theirs.query
    assert (theirs.method, theirs.pathname, theirs.body or b"") == ("POST", "/", b"")


def _request_of_the_official_client(token: str | None, monkeypatch: pytest.MonkeyPatch) -> Any:
    core = importlib.import_module("darabonba.core").DaraCore
    models = importlib.import_module("alibabacloud_mts20140618.models")
    config = importlib.import_module("alibabacloud_tea_openapi.utils_models").Config(
        access_key_id="LTAIEXAMPLE", access_key_secret="SECRET", security_token=token, region_id="cn-hangzhou"
    )
    client = importlib.import_module("alibabacloud_mts20140618.client").Client(config)
    sent: list[Any] = []

    def do_action(request: Any, *_: Any, **__: Any) -> None:
        sent.append(request)
        raise Captured

    monkeypatch.setattr(core, "do_action", do_action)
    sample = dict(SUBMIT.parameters())
    names = {"input": "Input", "snapshot_config": "SnapshotConfig", "user_data": "UserData"}
    asked = models.SubmitSnapshotJobRequest(**{ours: sample[theirs] for ours, theirs in names.items()})
    with pytest.raises(Captured):
        client.submit_snapshot_job(asked)
    return sent[0]
