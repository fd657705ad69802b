"""What is sent to each platform: host, style, signature, and nothing that only Amazon understands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders

from integration.storage.conftest import page, row
from pulumi_videosnap.settings import no_config
from pulumi_videosnap.storage.bucket import Bucket, open_bucket
from pulumi_videosnap.storage.client import client_for
from pulumi_videosnap.storage.platforms import Location, platforms
from support.data import load

BUCKET = "frames-1250000000"
EXPECTED: dict[str, tuple[str, str, dict[str, str]]] = load("storage_requests.json")
"""For each platform a region, the host there, and the parameters of a listing."""
ALL = sorted(EXPECTED)


class Raw:
    """The body of a response, as urllib3 has it."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, *_: object, **__: object) -> Iterator[bytes]:
        yield self._content

    def read(self, *_: object) -> bytes:
        content, self._content = self._content, b""
        return content


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


def text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


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
        headers = {header.lower(): text(value) for header, value in request.headers.items()}
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
    assert f"Credential={key}/" in text(request.headers["Authorization"])


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
