"""What the tests of the MPS client share: answers in the vendor's shape, and the API on a script of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pulumi_videosnap.alibaba.api import MpsApi
from pulumi_videosnap.alibaba.auth import Account
from pulumi_videosnap.alibaba.models import InputFile, OutputFile, SnapshotConfig, SubmitSnapshotJobBody
from pulumi_videosnap.http.client import ApiClient
from pulumi_videosnap.http.credentials import Credentials
from pulumi_videosnap.http.request import Response

REQUEST_ID = "19B6D8C5-A5DD-467A-B435-29D393C7AAAA"


def answer(content: dict[str, Any] | None = None, *, status: int = 200, **headers: str) -> Response:
    """An answer of the service: a request id, and what else it says."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status, named, json.dumps({"RequestId": REQUEST_ID, **(content or {})}).encode())


def refusal(code: str, message: str = "No.", *, status: int = 400, **headers: str) -> Response:
    """A refusal in the service's JSON."""
    said = {"HostId": "mts.cn-hangzhou.aliyuncs.com", "Code": code, "Message": message}
    return answer(said, status=status, **headers)


@pytest.fixture
def credentials() -> Credentials:
    return Credentials("LTAICANARYACCESS", "CANARYSECRETKEY+/=", "CANARYSECURITYTOKEN")


@pytest.fixture
def body() -> SubmitSnapshotJobBody:
    output = OutputFile(bucket="frames", location="oss-cn-hangzhou", object="output_%7BCount%7D.jpg")
    return SubmitSnapshotJobBody(
        input=InputFile(bucket="media", location="oss-cn-hangzhou", object="input.mp4"),
        snapshot_config=SnapshotConfig(output_file=output, time=2, interval=2, num=3, height=360),
        user_data="token-1",
    )


@pytest.fixture
def api_of(
    caller_of: Callable[..., ApiClient], credentials: Credentials, script_of: Any
) -> Callable[..., tuple[MpsApi, Any]]:
    """Makes the API on a script of answers and failures; nonces count from 1."""

    def make(*steps: Response | Exception) -> tuple[MpsApi, Any]:
        script = script_of(list(steps))
        nonces = iter(range(1, 1000))
        return MpsApi(Account(credentials), caller_of(script), lambda: f"nonce-{next(nonces)}"), script

    return make


@pytest.fixture
def answer_of() -> Callable[..., Response]:
    return answer


@pytest.fixture
def refusal_of() -> Callable[..., Response]:
    return refusal


@pytest.fixture
def sample() -> Callable[[str], bytes]:
    """A sample answer from the vendor's pages 提交截图作业 and 查询截图作业 (2021), word for word."""
    return lambda name: (Path(__file__).parents[2] / "data" / "mps" / name).read_bytes()
