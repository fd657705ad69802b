"""Objects of OSS: what goes out over the S3 protocol, what comes of each answer, and a real store."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import botocore.exceptions
import botocore.parsers
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from moto.server import ThreadedMotoServer

from pulumi_videosnap import errors
from pulumi_videosnap.alibaba.objects import CODES, Objects, client_for, oss_endpoint
from pulumi_videosnap.http.credentials import Credentials

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

OSS = oss_endpoint("cn-hangzhou")

REQUEST_ID = "5C3D9175B6FC201293ADAAAA"

Reply = tuple[int, str] | Exception


def refusal(code: str, message: str = "No.") -> str:
    return (
        f"<?xml version='1.0' encoding='UTF-8'?>\n<Error><Code>{code}</Code><Message>{message}</Message>"
        f"<RequestId>{REQUEST_ID}</RequestId></Error>"
    )


@dataclass
class Wire:
    """Stands between botocore and the network: keeps what is sent, and answers by method and path."""

    replies: Mapping[str, Reply]
    sent: list[AWSPreparedRequest] = field(default_factory=list)
    then: Callable[[], object] = lambda: None

    def __call__(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        self.sent.append(request)
        assert request.url is not None
        path = re.sub(r"^https?://[^/]+", "", request.url)
        reply = self.replies.get(f"{request.method} {path}", self.replies.get(str(request.method), (204, "")))
        self.then()
        if isinstance(reply, Exception):
            raise reply
        headers = HTTPHeaders()
        headers["x-oss-request-id"] = REQUEST_ID
        return AWSResponse(request.url, reply[0], headers, Raw(reply[1].encode()))


class Raw:
    """The body of an answer."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, *_: object, **__: object) -> Iterator[bytes]:
        yield self._content


@pytest.fixture
def objects_on(credentials: Credentials) -> Iterator[Callable[..., tuple[Objects, Wire]]]:
    """Makes a bucket whose requests go to a wire."""
    wired: list[tuple[S3Client, Any]] = []

    def make(
        replies: Mapping[str, Reply], *, keys: Credentials = credentials, endpoint: str = OSS
    ) -> tuple[Objects, Wire]:
        wire: Any = Wire(replies)
        client = client_for(keys, "cn-hangzhou", endpoint)
        client.meta.events.register_first("before-send.s3", wire)
        wired.append((client, wire))
        return Objects(keys, "cn-hangzhou", endpoint, "frames"), wire

    yield make
    for client, wire in wired:
        client.meta.events.unregister("before-send.s3", wire)


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    no_time = SimpleNamespace(sleep=lambda seconds: None, monotonic=time.monotonic)
    monkeypatch.setattr("pulumi_videosnap.s3.patience.time", no_time)


ObjectsOn = Callable[..., tuple[Objects, Wire]]


def test_a_deletion_is_one_request_per_key(objects_on: ObjectsOn, credentials: Credentials) -> None:
    objects, wire = objects_on({})
    objects.delete(["a/00001.jpg", "视频 +.jpg"])
    assert sorted(str(request.url) for request in wire.sent) == [
        "https://frames.s3.oss-cn-hangzhou.aliyuncs.com/%E8%A7%86%E9%A2%91%20%2B.jpg",
        "https://frames.s3.oss-cn-hangzhou.aliyuncs.com/a/00001.jpg",
    ]
    for request in wire.sent:
        assert request.method == "DELETE"
        assert not request.body
        authorization = _text(request.headers["Authorization"])
        assert f"Credential={credentials.access_key}/" in authorization
        assert "/cn-hangzhou/s3/aws4_request" in authorization
        assert _text(request.headers["X-Amz-Security-Token"]) == credentials.session_token
        # OSS knows neither S3's newer checksums nor bodies in signed chunks.
        names = {name.lower() for name in request.headers}
        assert not {name for name in names if "checksum" in name or "trailer" in name or "chunked" in name}


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


@pytest.mark.parametrize(
    ("endpoint", "url"),
    [
        ("http://127.0.0.1:9000", "http://127.0.0.1:9000/frames/a"),
        ("http://localhost:9000", "http://localhost:9000/frames/a"),
        ("https://oss.example", "https://frames.oss.example/a"),
    ],
)
def test_a_bucket_is_a_path_on_this_machine_and_a_host_elsewhere(
    endpoint: str, url: str, objects_on: ObjectsOn
) -> None:
    objects, wire = objects_on({}, endpoint=endpoint)
    objects.delete(["a"])
    assert [request.url for request in wire.sent] == [url]


def test_no_token_is_sent_where_there_is_none(objects_on: ObjectsOn) -> None:
    objects, wire = objects_on({}, keys=Credentials("AK", "SK"))
    objects.delete(["a"])
    assert "X-Amz-Security-Token" not in wire.sent[0].headers


def test_nothing_of_the_users_settings_for_aws_is_read(
    objects_on: ObjectsOn, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    (tmp_path / "config").write_text("[default]\ns3 =\n    addressing_style = path\nregion = us-east-1\n")
    theirs = {
        "AWS_PROFILE": "nobody",
        "AWS_ACCESS_KEY_ID": "AWSKEY",
        "AWS_SECRET_ACCESS_KEY": "AWSSECRET",
        "AWS_SESSION_TOKEN": "AWSTOKEN",
        "AWS_ENDPOINT_URL": "https://aws.example",
        "AWS_ENDPOINT_URL_S3": "https://aws.example",
        "AWS_REQUEST_CHECKSUM_CALCULATION": "when_supported",
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
    }
    for name, value in theirs.items():
        monkeypatch.setenv(name, value)
    objects, wire = objects_on({}, keys=Credentials("OURKEY", "OURSECRET"))
    objects.delete(["a"])
    (request,) = wire.sent
    assert request.url == "https://frames.s3.oss-cn-hangzhou.aliyuncs.com/a"
    assert "Credential=OURKEY/" in _text(request.headers["Authorization"])
    assert "X-Amz-Security-Token" not in request.headers


@pytest.mark.parametrize("reply", [(204, ""), (200, ""), (404, refusal("NoSuchKey")), (404, "")])
def test_deleting_what_is_not_there_is_success(reply: Reply, objects_on: ObjectsOn) -> None:
    objects, _ = objects_on({"DELETE": reply})
    objects.delete(["gone"])


def test_deleting_nothing_asks_nothing(objects_on: ObjectsOn) -> None:
    objects, wire = objects_on({})
    objects.delete([])
    assert objects.missing([]) == []
    assert wire.sent == []


def test_what_is_missing_is_told_in_order(objects_on: ObjectsOn) -> None:
    objects, wire = objects_on({"HEAD": (200, ""), "HEAD /b": (404, ""), "HEAD /d": (404, "")})
    assert objects.missing(["d", "a", "b", "c"]) == ["d", "b"]
    # The bucket is asked for once, and only where something is missing.
    assert [str(request.url).rpartition("/")[2] for request in wire.sent].count("") == 1
    objects, wire = objects_on({"HEAD": (200, "")})
    assert objects.missing(["a"]) == []
    assert len(wire.sent) == 1


def test_a_missing_bucket_is_not_a_missing_object(objects_on: ObjectsOn) -> None:
    objects, _ = objects_on({"HEAD": (404, "")})
    with pytest.raises(errors.Rejected, match="the bucket does not exist: frames") as missing:
        objects.missing(["a"])
    assert missing.value.code == "NoSuchBucket"


def test_who_may_not_look_at_the_bucket_may_still_look_for_an_object(objects_on: ObjectsOn) -> None:
    objects, _ = objects_on({"HEAD /a": (404, ""), "HEAD /": (403, "")})
    assert objects.missing(["a"]) == ["a"]


REFUSED: list[tuple[Reply, type[errors.CallFailed], str]] = [
    ((404, refusal("NoSuchBucket")), errors.Rejected, "the bucket does not exist: frames/a"),
    ((403, refusal("AccessDenied")), errors.Unauthorized, "no permission for it: frames/a.*oss:DeleteObject"),
    ((403, refusal("InvalidAccessKeyId")), errors.Unauthorized, "does not accept the key: frames/a"),
    ((403, refusal("SignatureDoesNotMatch")), errors.Unauthorized, "does not accept the key: frames/a"),
    ((403, refusal("SecurityTokenExpired")), errors.Unauthorized, "does not accept the key: frames/a"),
    ((403, refusal("RequestTimeTooSkewed")), errors.Unauthorized, "set this machine's clock"),
    ((403, refusal("SomethingNew", "Why not.")), errors.Unauthorized, "frames/a: Why not"),
    ((409, refusal("ObjectNotDeletable", "Worm.")), errors.Rejected, "frames/a: Worm"),
    ((500, refusal("InternalError")), errors.ServiceFault, "frames/a"),
    ((503, refusal("ServiceUnavailable")), errors.ServiceFault, "frames/a"),
    ((503, refusal("SlowDown")), errors.Throttled, "frames/a"),
    ((502, "<html>"), errors.ServiceFault, "frames/a"),
]


@pytest.mark.parametrize(("reply", "kind", "told"), REFUSED)
def test_a_refusal_names_the_bucket(
    reply: Reply, kind: type[errors.CallFailed], told: str, objects_on: ObjectsOn
) -> None:
    objects, _ = objects_on({"DELETE": reply})
    with pytest.raises(errors.CallFailed, match=told) as refused:
        objects.delete(["a"])
    assert type(refused.value) is kind
    assert (refused.value.action, "\n" in str(refused.value)) == ("DeleteObject", False)
    assert refused.value.request_id == REQUEST_ID


def test_every_code_of_the_table_is_tried() -> None:
    tried = " ".join(reply[1] for reply, _, _ in REFUSED if isinstance(reply, tuple))
    assert {code for code in CODES if f"<Code>{code}</Code>" not in tried} == {"InvalidSecurityToken"}


def test_a_bare_refusal_shows_its_status(objects_on: ObjectsOn) -> None:
    objects, _ = objects_on({"HEAD": (403, "")})
    with pytest.raises(
        errors.Unauthorized, match=r"HeadObject was refused: frames/a: Forbidden \(HTTP 403\)"
    ):
        objects.missing(["a"])


def test_a_passing_fault_is_not_noticed(objects_on: ObjectsOn) -> None:
    replies: dict[str, Reply] = {"DELETE": (503, "")}
    objects, wire = objects_on(replies)

    wire.then = lambda: replies.update({"DELETE": (204, "")})
    objects.delete(["a"])
    assert len(wire.sent) == 2


UNANSWERED: list[tuple[Exception, type[errors.CallFailed], str]] = [
    (
        botocore.exceptions.EndpointConnectionError(endpoint_url=OSS, error="CANARY"),
        errors.Unreachable,
        "connection refused",
    ),
    (
        botocore.exceptions.ConnectTimeoutError(endpoint_url=OSS, error="CANARY"),
        errors.Unreachable,
        "no connection in time",
    ),
    (botocore.exceptions.ReadTimeoutError(endpoint_url=OSS), errors.Unreachable, "no answer in time"),
    (
        botocore.exceptions.SSLError(endpoint_url=OSS, error=ValueError("CANARY")),
        errors.Unreachable,
        "TLS failed",
    ),
    (
        botocore.exceptions.ProxyConnectionError(proxy_url="http://u:CANARY@p", error="CANARY"),
        errors.Unreachable,
        "the proxy",
    ),
    (
        botocore.exceptions.ConnectionClosedError(endpoint_url=OSS, error="CANARY"),
        errors.Unreachable,
        r"the connection failed \(ConnectionClosedError\)",
    ),
    (botocore.parsers.ResponseParserError("CANARY"), errors.Garbled, "not the service's"),
]


@pytest.mark.parametrize(("failure", "kind", "told"), UNANSWERED)
def test_no_answer_is_told_in_our_words(
    failure: Exception, kind: type[errors.CallFailed], told: str, objects_on: ObjectsOn
) -> None:
    objects, _ = objects_on({"DELETE": failure})
    with pytest.raises(kind, match=f"{OSS}, frames/a: .*{told}.*ALIBABA_CLOUD_OSS_ENDPOINT") as failed:
        objects.delete(["a"])
    assert "CANARY" not in str(failed.value)


def test_a_name_that_no_bucket_has(credentials: Credentials) -> None:
    objects = Objects(credentials, "cn-hangzhou", OSS, "no bucket?")
    with pytest.raises(errors.Rejected, match="no bucket or key can have this name"):
        objects.delete(["a"])


def test_what_the_service_echoes_is_scrubbed(objects_on: ObjectsOn, credentials: Credentials) -> None:
    said = refusal("AccessDenied", " ".join(credentials.secrets()))
    objects, _ = objects_on({"DELETE": (403, said)})
    with pytest.raises(errors.Unauthorized) as refused:
        objects.delete(["a"])
    shown = f"{refused.value!r} {refused.value} {vars(refused.value)} {objects!r}"
    assert not any(secret in shown for secret in credentials.secrets())
    assert refused.value.__cause__ is None


def test_the_first_failure_ends_it(objects_on: ObjectsOn) -> None:
    objects, wire = objects_on({"DELETE": (403, refusal("AccessDenied"))})
    with pytest.raises(errors.Unauthorized):
        objects.delete([str(number) for number in range(500)])
    assert len(wire.sent) < 500
    assert not [t for t in threading.enumerate() if t.name.startswith("videosnap-objects")]


def test_a_client_is_kept(credentials: Credentials) -> None:
    first = client_for(credentials, "cn-hangzhou", OSS)
    assert client_for(credentials, "cn-hangzhou", OSS) is first
    assert client_for(credentials, "cn-beijing", OSS) is not first


def test_boto3_is_loaded_only_when_objects_are_asked_for() -> None:
    code = "import sys, pulumi_videosnap.alibaba.objects; sys.exit('boto3' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.fixture(scope="module")
def store() -> Iterator[str]:
    """A store that speaks S3, on this machine."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def test_a_real_store(store: str) -> None:
    keys = Credentials("AK", "SK")
    client = client_for(keys, "cn-hangzhou", store)
    here: Any = {"LocationConstraint": "cn-hangzhou"}
    client.create_bucket(Bucket="frames", CreateBucketConfiguration=here)
    objects = Objects(keys, "cn-hangzhou", store, "frames")
    names = ["a/00001.jpg", "a/00002.jpg", "视频 +%.jpg"]
    for name in names:
        client.put_object(Bucket="frames", Key=name, Body=b"jpeg")
    assert objects.missing([*names, "a/00003.jpg"]) == ["a/00003.jpg"]
    objects.delete([*names[1:], "a/00003.jpg"])
    assert objects.missing(names) == names[1:]
    nowhere = Objects(keys, "cn-hangzhou", store, "nowhere")
    with pytest.raises(errors.Rejected, match="the bucket does not exist: nowhere"):
        nowhere.missing(names)
    with pytest.raises(errors.Rejected, match="the bucket does not exist: nowhere"):
        nowhere.delete(names)


def test_nobody_there(credentials: Credentials) -> None:
    objects = Objects(credentials, "cn-hangzhou", "http://127.0.0.1:1", "frames")
    with pytest.raises(errors.Unreachable, match=r"127\.0\.0\.1:1, frames/a: connection refused"):
        objects.delete(["a"])
