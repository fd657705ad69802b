"""Jobs submitted as Pulumi would, and what they left in the store, fetched with an ordinary S3 client."""

from __future__ import annotations

import functools
import io
import itertools
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from PIL import Image

from pulumi_videosnap.alibaba.api import MpsApi
from pulumi_videosnap.alibaba.auth import Account, find_account
from pulumi_videosnap.alibaba.jobs import Jobs, OpenAccount, PendingSubmissions, bucket_of
from pulumi_videosnap.alibaba.lifecycle import SnapshotJobLifecycle
from pulumi_videosnap.http.client import ApiClient
from pulumi_videosnap.http.rate_limit import MemoryReservations, RateLimiter
from pulumi_videosnap.http.transport import HttpTransport
from support.miniengine import MiniEngine

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

LOCATION = "oss-cn-hangzhou"
SOURCES, RESULTS = "media", "frames"


class SkippingClock:
    """A clock on which pauses pass at once; nothing is missed, for the emulator's clock is manual."""

    def __init__(self) -> None:
        self._now = 0.0

    def monotonic(self) -> float:
        return self._now

    def sleep(self, seconds: float) -> None:
        self._now += seconds


@dataclass(frozen=True)
class Stored:
    """An object that a job wrote."""

    image: Image.Image
    metadata: Mapping[str, str]


@dataclass(frozen=True)
class JobResult:
    """The outputs of a job, and what is really there: every object below the job's own folder, by its key."""

    outputs: Mapping[str, Any]
    stored: Mapping[str, Stored]
    texts: Mapping[str, str] = field(default_factory=dict)


class JobRunner:
    """Submits jobs, each with a folder of its own in the bucket of results."""

    def __init__(self, environment: Mapping[str, str], folder: Path) -> None:
        account = find_account(None, LOCATION, env=environment.get, home=folder)
        self._opened = OpenAccount(_jobs(account), functools.partial(bucket_of, account, env=environment.get))
        self._store = _store(account, environment["ALIBABA_CLOUD_OSS_ENDPOINT"])
        self._numbers = itertools.count()

    def upload(self, key: str, video: bytes) -> None:
        self._store.put_object(Bucket=SOURCES, Key=key, Body=video)

    def source(self, key: str) -> bytes:
        return self._store.get_object(Bucket=SOURCES, Key=key)["Body"].read()

    def new_folder(self) -> str:
        """The beginning of keys that no other job has."""
        return f"job{next(self._numbers)}/"

    def run(self, folder: str, source: str, config: Mapping[str, Any]) -> JobResult:
        """Run a job whose keys begin with `folder`, to its end; what it raises is the provider's."""
        inputs = {
            "owner": f"truth.dev.{folder[:-1]}",
            "input": {"location": LOCATION, "bucket": SOURCES, "object": source},
            "snapshotConfig": config,
        }
        stack = MiniEngine(lambda host: SnapshotJobLifecycle(host, lambda profile, location: self._opened))
        stack.up({"job": inputs})
        return self._result(folder, stack.state["job"].outputs)

    def keys(self, folder: str) -> list[str]:
        pages = self._store.get_paginator("list_objects_v2").paginate(Bucket=RESULTS, Prefix=folder)
        return [found["Key"] for page in pages for found in page.get("Contents", [])]

    def _result(self, folder: str, outputs: Mapping[str, Any]) -> JobResult:
        keys = self.keys(folder)
        texts = {key: self._body(key)[0].decode() for key in keys if key.endswith(".vtt")}
        stored = {key: self._frame(key) for key in keys if key not in texts}
        return JobResult(outputs, stored, texts)

    def _frame(self, key: str) -> Stored:
        body, metadata = self._body(key)
        image = Image.open(io.BytesIO(body))
        assert image.format == "JPEG"
        return Stored(image, metadata)

    def _body(self, key: str) -> tuple[bytes, Mapping[str, str]]:
        found = self._store.get_object(Bucket=RESULTS, Key=key)
        return found["Body"].read(), found["Metadata"]


def place(key: str) -> dict[str, str]:
    """An output file as a program declares it."""
    return {"location": LOCATION, "bucket": RESULTS, "object": key}


def _jobs(account: Account) -> Jobs:
    client = ApiClient(HttpTransport(), RateLimiter(MemoryReservations()))
    clock = SkippingClock()
    pending = PendingSubmissions(Path(tempfile.mkdtemp(prefix="pending")), clock.monotonic)
    return Jobs(MpsApi(account, client), pending, monotonic=clock.monotonic, sleep=clock.sleep)


def _store(account: Account, endpoint: str) -> S3Client:
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id=account.credentials.access_key,
        aws_secret_access_key=account.credentials.secret_key,
        region_name=account.region,
    )
