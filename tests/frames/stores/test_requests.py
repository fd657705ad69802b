"""What is really sent to each platform: host, style, signature, and none of what only Amazon understands."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import botocore.httpsession
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders

from frames.stores.shelf import listed, row
from pulumi_videosnap.frames.model import Place
from pulumi_videosnap.frames.store import Store, open_store
from pulumi_videosnap.frames.stores import PLATFORMS
from pulumi_videosnap.s3.answers import Whole
from pulumi_videosnap.s3.client import client_for
from pulumi_videosnap.settings import no_config

REGIONS = {
    "tos": "cn-beijing",
    "oss": "cn-hangzhou",
    "aws": "eu-west-1",
    "obs": "cn-north-4",
    "cos": "ap-guangzhou",
    "kodo": "cn-east-1",
}
ALL = sorted(REGIONS)


class Raw(Whole):
    """A body as urllib3 gives it."""

    def read1(self, amount: int, **_: Any) -> bytes:
        piece, self._content = self._content[:amount], self._content[amount:]
        return piece

    def close(self) -> None:
        pass


class Recorder:
    """Stands where botocore meets the network: keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[AWSPreparedRequest] = []

    def send(self, request: AWSPreparedRequest) -> AWSResponse:
        self.sent.append(request)
        url = str(request.url)
        body = listed(row("a/1")) if "max-keys" in url else b"jpeg"
        headers = HTTPHeaders()
        headers["Content-Length"] = "0" if request.method == "DELETE" else str(len(body))
        headers["ETag"] = '"e"'
        headers["Last-Modified"] = "Mon, 06 May 2024 07:08:09 GMT"
        raw: Any = Raw(body if request.method == "GET" else b"")
        return AWSResponse(url, 204 if request.method == "DELETE" else 200, headers, raw)


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    recorder = Recorder()
    monkeypatch.setattr(
        botocore.httpsession.URLLib3Session, "send", lambda _, request: recorder.send(request)
    )
    return recorder


def store_on(key: str, **more: str) -> Store:
    keys = PLATFORMS[key].keys
    env = {
        keys.access_key.env: "AKCANARY",
        keys.secret_key.env: "SKCANARY",
        keys.session_token.env: "TOKENCANARY",
        **more,
    }
    return open_store(Place(key, "frames-1250000000", REGIONS[key]), env=env.get)


def use_all(store: Store, key: str) -> None:
    list(store.list("a/"))
    store.head(key)
    store.read(key, 100)
    store.missing([key])
    store.delete([key])


HOSTS = {
    "tos": "frames-1250000000.tos-s3-cn-beijing.volces.com",
    "oss": "frames-1250000000.s3.oss-cn-hangzhou.aliyuncs.com",
    "aws": "frames-1250000000.s3.eu-west-1.amazonaws.com",
    "obs": "frames-1250000000.obs.cn-north-4.myhuaweicloud.com",
    "cos": "frames-1250000000.cos.ap-guangzhou.myqcloud.com",
    "kodo": "s3.cn-east-1.qiniucs.com",
}


@pytest.mark.parametrize("key", ALL)
def test_where_requests_go(key: str, recorder: Recorder) -> None:
    use_all(store_on(key), "a/视频 +%.jpg")
    path = "/frames-1250000000" if key == "kodo" else ""
    name = "/a/%E8%A7%86%E9%A2%91%20%2B%25.jpg"
    urls = [urlsplit(str(request.url)) for request in recorder.sent]
    assert {(url.scheme, url.netloc) for url in urls} == {("https", HOSTS[key])}
    assert [(request.method, url.path) for request, url in zip(recorder.sent, urls, strict=True)] == [
        ("GET", path or "/"),
        *((method, f"{path}{name}") for method in ("HEAD", "GET", "HEAD", "DELETE")),
    ]


@pytest.mark.parametrize("key", ALL)
def test_every_request_is_signed_for_the_region_and_nothing_else_is_added(
    key: str, recorder: Recorder
) -> None:
    use_all(store_on(key), "a")
    assert len(recorder.sent) == 5
    for request in recorder.sent:
        headers = {name.lower(): _text(value) for name, value in request.headers.items()}
        scope = re.escape(f"{REGIONS[key]}/s3/aws4_request")
        assert re.match(
            rf"AWS4-HMAC-SHA256 Credential=AKCANARY/\d{{8}}/{scope}, SignedHeaders=", headers["authorization"]
        )
        assert headers["x-amz-security-token"] == "TOKENCANARY"
        assert "SKCANARY" not in str(headers) + str(request.url)
        # What stores other than Amazon's refuse: newer checksums, and bodies in signed chunks.
        assert not [name for name in headers if re.search("checksum|trailer|chunked|crc|decoded", name)]
        assert "checksum" not in str(request.url)
        assert not request.body


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


SECOND = {"list-type": "2", "prefix": "a/", "max-keys": "1000"}
LISTINGS = {
    "tos": {**SECOND, "encoding-type": "url"},
    "oss": {**SECOND, "encoding-type": "url"},
    "aws": {**SECOND, "encoding-type": "url"},
    "obs": {"prefix": "a/", "max-keys": "1000"},
    "cos": {"prefix": "a/", "max-keys": "1000", "encoding-type": "url"},
    "kodo": SECOND,
}


@pytest.mark.parametrize("key", ALL)
def test_how_a_listing_is_asked_for(key: str, recorder: Recorder) -> None:
    list(store_on(key).list("a/"))
    (request,) = recorder.sent
    assert dict(parse_qsl(urlsplit(str(request.url)).query)) == LISTINGS[key]


@pytest.mark.parametrize("key", ALL)
@pytest.mark.parametrize(
    ("endpoint", "virtual", "path"),
    [
        (
            "https://store.example:8443",
            "https://frames-1250000000.store.example:8443/a",
            "https://store.example:8443/frames-1250000000/a",
        ),
        ("http://127.0.0.1:9000", "", "http://127.0.0.1:9000/frames-1250000000/a"),
        ("http://localhost:9000", "", "http://localhost:9000/frames-1250000000/a"),
    ],
)
def test_any_endpoint_can_be_overridden(
    key: str, endpoint: str, virtual: str, path: str, recorder: Recorder
) -> None:
    store = store_on(key, **{PLATFORMS[key].endpoint_setting.env: endpoint})
    store.delete(["a"])
    (request,) = recorder.sent
    assert request.url == (path if key in ("kodo", "aws") or not virtual else virtual)


@pytest.mark.parametrize("key", [key for key in ALL if key != "aws"])
def test_nothing_of_the_users_settings_for_aws_is_read(
    key: str, recorder: Recorder, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    _theirs(monkeypatch, tmp_path)
    store_on(key).delete(["a"])
    (request,) = recorder.sent
    assert urlsplit(str(request.url)).netloc == HOSTS[key]
    assert "Credential=AKCANARY/" in _text(request.headers["Authorization"])


def test_for_aws_they_are(recorder: Recorder, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    _theirs(monkeypatch, tmp_path)
    open_store(Place("aws", "frames", "eu-west-1"), env=no_config).delete(["a"])
    (request,) = recorder.sent
    assert request.url == "https://aws.example/frames/a"
    assert "Credential=AWSKEY/" in _text(request.headers["Authorization"])


def _theirs(monkeypatch: pytest.MonkeyPatch, folder: Any) -> None:
    (folder / "config").write_text(
        "[profile theirs]\nregion = us-east-1\nendpoint_url = https://aws.example\n"
        "aws_access_key_id = AWSKEY\naws_secret_access_key = AWSSECRET\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(folder / "config"))
    monkeypatch.setenv("AWS_PROFILE", "theirs")


def test_amazons_other_partitions_have_their_own_hosts(recorder: Recorder) -> None:
    env = {"AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "SK"}
    open_store(Place("aws", "frames", "cn-north-1"), env=env.get).delete(["a"])
    open_store(Place("aws", "fra.mes", "eu-west-1"), env=env.get).delete(["a"])
    assert [request.url for request in recorder.sent] == [
        "https://frames.s3.cn-north-1.amazonaws.com.cn/a",
        "https://s3.eu-west-1.amazonaws.com/fra.mes/a",
    ]


def test_a_client_is_kept(recorder: Recorder) -> None:
    first, again = store_on("tos"), store_on("tos")
    assert client_for(first.bucket.wiring) is client_for(again.bucket.wiring)
    assert client_for(store_on("oss").bucket.wiring) is not client_for(first.bucket.wiring)
