"""An S3 client of the emulator's store, keys that are hard to carry, and plain requests."""

import urllib.error
import urllib.request
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

ACCESS, SECRET = "AKIDVIDEOSNAP", "secret+/=with signs"
WHEN = datetime(2024, 5, 6, 7, 8, 9, tzinfo=timezone.utc)
ODD_KEYS = [
    "a b/c d.jpg", "a+b.jpg", "50%.jpg", "a%20b.jpg", "截图/第一.jpg", "é?x=1&y#z.jpg", "a//b///c.jpg",
    "/lead.jpg",    "~(!*')=,;:@$.jpg", "trail/", "a/../b/./c", "<&\">.jpg", "%2F", "\U0001f3a5.jpg",
]  # fmt: skip


def client(
    endpoint: int | str,
    *,
    access: str = ACCESS,
    secret: str = SECRET,
    region: str = "cn-beijing",
    **more: Any,
) -> Any:
    url = endpoint if isinstance(endpoint, str) else f"http://127.0.0.1:{endpoint}"
    once: Any = {"retries": {"total_max_attempts": 1}, "proxies": {}, **more}
    config = Config(signature_version="s3v4", s3={"addressing_style": "path"}, **once)
    keys: Any = {"aws_access_key_id": access, "aws_secret_access_key": secret}
    return boto3.client("s3", endpoint_url=url, region_name=region, config=config, **keys)


def client_of(environment: Mapping[str, str], **more: Any) -> Any:
    """A client with the key pair of the emulated Volcengine; it opens every bucket."""
    keys = {"access": environment["VOLCENGINE_ACCESS_KEY"], "secret": environment["VOLCENGINE_SECRET_KEY"]}
    return client(environment["VOLCENGINE_TOS_ENDPOINT"], **{**keys, **more})


def fetch(
    url: str, method: str = "GET", body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, bytes]:
    request = urllib.request.Request(url, data=body, method=method, headers=headers or {})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def code_of(call: Any, *args: Any, **kwargs: Any) -> tuple[int, str]:
    with pytest.raises(ClientError) as caught:
        call(*args, **kwargs)
    return caught.value.response["ResponseMetadata"]["HTTPStatusCode"], caught.value.response["Error"]["Code"]
