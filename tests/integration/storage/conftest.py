"""What the tests of buckets share: dummy keys, stores on this machine, and no waiting."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote

import pytest

from pulumi_videosnap.storage.bucket import Bucket, open_bucket
from pulumi_videosnap.storage.platforms import Location
from support.fake_server import FakeServer, Request, Respond, Response

KEYS = {"VOLCENGINE_ACCESS_KEY": "AKCANARYACCESS", "VOLCENGINE_SECRET_KEY": "CANARYSECRET"}
NAME = "Volcengine TOS bucket frames"

Serve = Callable[[Respond | Response | Sequence[Response]], tuple[Bucket, FakeServer]]


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No pauses between attempts, and nobody's AWS settings."""
    no_sleep = SimpleNamespace(sleep=lambda seconds: None, time=time.time)
    monkeypatch.setattr("botocore.endpoint.time", no_sleep)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def serve() -> Iterator[Serve]:
    """A bucket, opened as TOS, in a store that responds so."""
    with ExitStack() as stack:

        def start(respond: Respond | Response | Sequence[Response]) -> tuple[Bucket, FakeServer]:
            server = stack.enter_context(FakeServer(respond))
            location = Location("tos", "frames", "cn-beijing", endpoint=server.endpoint)
            return open_bucket(location, env=KEYS.get), server

        yield start


def row(key: str, size: int = 5) -> str:
    return (
        f"<Contents><Key>{quote(key)}</Key><LastModified>2024-05-06T07:08:09.000Z</LastModified>"
        f"<ETag>&quot;{size:x}&quot;</ETag><Size>{size}</Size></Contents>"
    )


def page(rows: str, token: str = "", head: str = "<EncodingType>url</EncodingType>") -> bytes:
    more = f"<NextContinuationToken>{token}</NextContinuationToken>" if token else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        f"{head}<IsTruncated>{str(bool(token)).lower()}</IsTruncated>{more}{rows}</ListBucketResult>"
    ).encode()


def refusal(code: str, message: str = "No.") -> bytes:
    return f"<Error><Code>{code}</Code><Message>{message}</Message><RequestId>R1</RequestId></Error>".encode()


def listing_of(keys: Sequence[str], page_size: int = 1000) -> Respond:
    """Lists a bucket with these keys, by both versions of the call."""
    keys = sorted(keys)

    def respond(request: Request) -> Response:
        query = request.query
        after = query.get("continuation-token") or query.get("start-after") or query.get("marker") or ""
        rest = [key for key in keys if key > after and key.startswith(query.get("prefix", ""))]
        token = rest[page_size - 1] if len(rest) > page_size else ""
        return Response(body=page("".join(map(row, rest[:page_size])), token))

    return respond
