"""Canary credentials, searched in all that a failed call can show: messages, reprs, tracebacks, logs."""

from __future__ import annotations

import base64
import logging
import traceback
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from pydantic import SecretStr

from pulumi_videosnap.errors import CallFailed
from pulumi_videosnap.http.credentials import Credentials
from pulumi_videosnap.http.retry import Retry
from pulumi_videosnap.http.transport import HttpTransport, Response, TransportError
from pulumi_videosnap.volcengine.api import RtcApi
from pulumi_videosnap.volcengine.auth import Account
from pulumi_videosnap.volcengine.models import CustomConfig, StartSnapshotBody, StorageConfig

THIRD_PARTY = ("CANARYBUCKETKEY", "CANARYBUCKETSECRET+/=")
BODY = StartSnapshotBody(
    app_id="661e",
    room_id="Room1",
    task_id="Task1",
    storage_config=StorageConfig(
        type=2,
        custom_config=CustomConfig(
            bucket="frames", access_key=SecretStr(THIRD_PARTY[0]), secret_key=SecretStr(THIRD_PARTY[1])
        ),
    ),
)


def spellings(secret: str) -> set[str]:
    raw = secret.encode()
    return {secret, quote(secret, safe=""), raw.hex(), base64.b64encode(raw).decode(), repr(secret)[1:-1]}


def assert_nothing_leaks(shown: str, credentials: Credentials) -> None:
    for secret in (*credentials.secrets(), *THIRD_PARTY):
        for spelling in spellings(secret):
            assert spelling not in shown
    assert "Signature=" not in shown


def echo(credentials: Credentials) -> str:
    """What a careless service might say: all that it was sent, over several lines."""
    return "\n".join(("You sent:", *credentials.secrets(), *THIRD_PARTY, "0f" * 32))


def failures(credentials: Credentials, answer_of: Callable[..., Response]) -> list[Response | Exception]:
    said = echo(credentials)
    return [
        answer_of(status=400, error={"Code": "InvalidParameter", "Message": said}),
        answer_of(status=400, error={"Code": said, "Message": said}),
        answer_of(status=401, error={"Code": "SignatureDoesNotMatch", "Message": said}),
        answer_of(status=200, error={"Code": "InternalError", "Message": said}),
        answer_of(status=429, error={"Code": "FlowLimitExceeded.QPSOverLimit", "Message": said}),
        Response(400, {}, said.encode()),
        Response(200, {}, said.encode()),
        Response(502, {}, said.encode()),
        TransportError("lost", Retry.IF_IDEMPOTENT),
    ]


@pytest.mark.parametrize("index", range(9))
def test_no_failure_shows_a_secret(
    index: int,
    api_of: Callable[..., tuple[RtcApi, Any]],
    answer_of: Callable[..., Response],
    credentials: Credentials,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    api, script = api_of(failures(credentials, answer_of)[index])
    with pytest.raises(CallFailed) as failed:
        api.start(BODY)
    error = failed.value
    whole = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    attributes = repr(vars(error))
    assert_nothing_leaks(f"{error} {error!r} {attributes} {whole} {caplog.text}", credentials)
    assert_nothing_leaks(f"{script.requests!r} {api!r} {BODY!r}", credentials)
    # The scrubbing is real: what was sent does carry them.
    assert THIRD_PARTY[1].encode() in script.requests[0].body


def test_the_real_transports_failure_shows_no_secret(
    caller_of: Callable[..., Any], credentials: Credentials, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    transport = HttpTransport()
    api = RtcApi(Account(credentials, "http://127.0.0.1:1"), caller_of(transport))
    with pytest.raises(CallFailed) as failed:
        api.start(BODY)
    transport.close()
    whole = "".join(traceback.format_exception(failed.value))
    assert_nothing_leaks(f"{whole} {caplog.text}", credentials)
    assert "During handling" not in whole
