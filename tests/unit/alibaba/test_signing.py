"""The V3 signature: the published vector, and equality with the vendor's own signer and client."""

from __future__ import annotations

import importlib
from datetime import datetime, timezone
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pulumi_videosnap.alibaba.auth import sign
from pulumi_videosnap.http.credentials import Credentials
from pulumi_videosnap.http.request import Request

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


@pytest.mark.parametrize(
    "endpoint", ["https://mts.cn-hangzhou.aliyuncs.com", "http://127.0.0.1:8080", "http://[::1]:80"]
)
def test_the_host_is_sent_as_it_is_signed(endpoint: str) -> None:
    signed = sign(Request("POST", endpoint), PUBLISHED_KEYS, "A", "V", now=NEW_YEAR, nonce="n")
    assert signed["Host"] == endpoint.partition("//")[2]


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
