"""The signature of both editions: published vectors, and equality with the vendor's three Python signers."""

from __future__ import annotations

import importlib
import re
from datetime import datetime, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pulumi_videosnap.http.credentials import Credentials
from pulumi_videosnap.http.request import Request
from pulumi_videosnap.volcengine.auth import Scope, sign, signed_host
from support.data import load

KEYS = Credentials("AKLTEXAMPLE", "SECRETEXAMPLE")
SCOPE, BYTEPLUS = Scope("cn-north-1", "rtc"), Scope("ap-singapore-1", "rtc")
NEW_YEAR = datetime(2024, 1, 1, tzinfo=timezone.utc)

VECTORS = load("rtc/signatures.json")


def request_of(row: dict[str, Any]) -> Request:
    query = tuple((name, value) for name, value in row["query"])
    headers, body = row["headers"], row["body"].encode()
    return Request(row["method"], "https://rtc.volcengineapi.com", query, headers=headers, body=body)


POST, GET = map(request_of, VECTORS)


@pytest.mark.parametrize("row", VECTORS, ids=lambda row: row["method"])
def test_vector(row: dict[str, Any]) -> None:
    request = request_of(row)
    before = repr(request), dict(request.headers)
    headers = sign(request, KEYS, SCOPE, NEW_YEAR)
    assert headers["X-Content-Sha256"] == row["body hash"]
    assert headers["Authorization"] == (
        "HMAC-SHA256 Credential=AKLTEXAMPLE/20240101/cn-north-1/rtc/request, "
        f"SignedHeaders={row['names']}, Signature={row['signature']}"
    )
    assert sign(request, KEYS, SCOPE, NEW_YEAR) == headers, "signing is pure"
    assert (repr(request), dict(request.headers)) == before
    shown = repr(Request(request.method, request.endpoint, request.query, headers=headers, body=request.body))
    assert not re.search("SECRET|AKLT|Signature" + ("|661e" if request.body else ""), shown)


@pytest.mark.parametrize(
    ("endpoint", "host"),
    [
        ("https://rtc.volcengineapi.com", "rtc.volcengineapi.com"),
        ("https://rtc.volcengineapi.com:443", "rtc.volcengineapi.com"),
        ("http://rtc.volcengineapi.com:80", "rtc.volcengineapi.com"),
        ("http://127.0.0.1:8080", "127.0.0.1:8080"),
        ("http://127.0.0.1:1443", "127.0.0.1:1443"),
        ("http://[::1]:8080", "[::1]:8080"),
        ("http://[::1]:80", "[::1]"),
    ],
)
def test_the_host_keeps_any_port_but_80_and_443(endpoint: str, host: str) -> None:
    assert signed_host(endpoint) == host


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)
VALUES = st.one_of(TEXT, st.sampled_from(["", " ", "+", "~", "a b", "a+b", "a@b.c", "%2F", "视频/流", "*"]))
# Parameter names are the vendor's, ASCII letters: the two signers sort other names differently.
NAMES = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", min_size=1, max_size=8)
QUERIES = st.dictionaries(NAMES, VALUES, max_size=5)
TOKENS = st.one_of(st.none(), st.text("abcXYZ019+/=", min_size=1, max_size=20))
SECRETS = st.text("abcXYZ019+/=", min_size=1, max_size=20)
HOSTS = st.sampled_from(
    [
        *("rtc.volcengineapi.com", "open.byteplusapi.com", "rtc.volcengineapi.com:443", "h:80"),
        *("127.0.0.1:8080", "localhost:44380"),
    ]
)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::SyntaxWarning", "ignore::UserWarning")
@settings(max_examples=150, deadline=None)
@given(
    method=st.sampled_from(["GET", "POST"]),
    query=QUERIES,
    body=TEXT,
    token=TOKENS,
    secret=SECRETS,
    host=HOSTS,
)
def test_the_official_signers_of_both_editions_agree(
    method: str, query: dict[str, str], body: str, token: str | None, secret: str, host: str
) -> None:
    given_headers = {"Content-Type": "application/json"} if method == "POST" else {}
    body = body if method == "POST" else ""
    request = Request(
        method, f"https://{host}", tuple(query.items()), headers=given_headers, body=body.encode()
    )
    credentials = Credentials("AKLTEXAMPLE", secret, token)
    for official in (_sign_with_volcengine, _sign_with_volcenginesdkcore, _sign_with_byteplus):
        theirs = official(method, query, body, {**given_headers, "Host": host}, credentials)
        now = datetime.strptime(theirs["X-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
        ours = sign(request, credentials, BYTEPLUS if official is _sign_with_byteplus else SCOPE, now)
        for name in ("X-Date", "X-Content-Sha256", "X-Security-Token", "Authorization"):
            assert ours.get(name) == theirs.get(name), f"{official.__name__}: {name}"


def _official(module: str, name: str) -> Any:
    """A class of the vendor's SDKs; imported late, as they are heavy and warn on newer Pythons."""
    return getattr(importlib.import_module(module), name)


def _sign_with_volcengine(
    method: str, query: dict[str, str], body: str, headers: dict[str, str], keys: Credentials
) -> dict[str, str]:
    request = _official("volcengine.base.Request", "Request")()
    request.method, request.path, request.query, request.body = method, "/", dict(query), body
    request.headers = dict(headers)
    pair = (keys.access_key, keys.secret_key, SCOPE.service, SCOPE.region, keys.session_token or "")
    theirs = _official("volcengine.Credentials", "Credentials")(*pair)
    _official("volcengine.auth.SignerV4", "SignerV4").sign(request, theirs)
    signed: dict[str, str] = request.headers
    return signed


def _sign_with_volcenginesdkcore(
    method: str, query: dict[str, str], body: str, headers: dict[str, str], keys: Credentials
) -> dict[str, str]:
    signed = dict(headers)
    pair = (keys.access_key, keys.secret_key, SCOPE.region, SCOPE.service, keys.session_token)
    _official("volcenginesdkcore.signv4", "SignerV4").sign("/", method, signed, body, None, query, *pair)
    return signed


def _sign_with_byteplus(
    method: str, query: dict[str, str], body: str, headers: dict[str, str], keys: Credentials
) -> dict[str, str]:
    """It knows no session tokens, and signs any header whose name begins with X-."""
    request = _official("byteplus_sdk.base.Request", "Request")()
    request.method, request.path, request.query, request.body = method, "/", dict(query), body
    token = {"X-Security-Token": keys.session_token} if keys.session_token else {}
    request.headers = {**headers, **token}
    theirs = _official("byteplus_sdk.Credentials", "Credentials")(
        keys.access_key, keys.secret_key, BYTEPLUS.service, BYTEPLUS.region
    )
    _official("byteplus_sdk.auth.SignerV4", "SignerV4").sign(request, theirs)
    signed: dict[str, str] = request.headers
    return signed
