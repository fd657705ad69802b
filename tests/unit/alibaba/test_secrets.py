"""Canary credentials, searched in all that a failed call can show: messages, reprs, tracebacks, logs."""

from __future__ import annotations

import base64
import logging
import traceback
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from pulumi_videosnap.alibaba.api import MpsApi
from pulumi_videosnap.alibaba.auth import Account
from pulumi_videosnap.alibaba.models import SubmitSnapshotJobBody
from pulumi_videosnap.errors import CallFailed
from pulumi_videosnap.http.credentials import Credentials
from pulumi_videosnap.http.retry import Retry
from pulumi_videosnap.http.transport import HttpTransport, Response, TransportError

ApiOf = Callable[..., tuple[MpsApi, Any]]


def assert_nothing_leaks(shown: str, credentials: Credentials) -> None:
    for secret in credentials.secrets():
        raw = secret.encode()
        for spelling in (secret, quote(secret, safe=""), raw.hex(), base64.b64encode(raw).decode()):
            assert spelling not in shown
    assert "Signature=" not in shown


def echoes(said: str) -> list[Response | Exception]:
    """What a careless service might say, in each way that it can."""
    quoted = said.replace('"', "'").replace("\n", "\\n").encode()
    return [
        Response(
            400, {}, b'{"Code": "InvalidParameter", "Message": "%b", "RequestId": "%b"}' % (quoted, quoted)
        ),
        Response(400, {}, b'{"Code": "%b", "Message": "%b"}' % (quoted, quoted)),
        Response(
            400,
            {},
            b'{"Code": "SignatureDoesNotMatch", "Message": "server string to sign is:%b"}' % quoted,
        ),
        Response(500, {}, b"<Error><Code>InternalError</Code><Message>%b</Message></Error>" % said.encode()),
        Response(429, {}, b'{"Message": "%b"}' % quoted),
        Response(400, {}, said.encode()),
        Response(200, {}, said.encode()),
        Response(200, {}, b'{"SnapshotJob": {"State": "%b"}}' % quoted),
        Response(200, {}, b'{"RequestId": "%b", "SnapshotJob": "%b"}' % (quoted, quoted)),
        TransportError("lost", Retry.IF_IDEMPOTENT),
    ]


@pytest.mark.parametrize("index", range(10))
def test_no_failure_shows_a_secret(
    index: int,
    api_of: ApiOf,
    credentials: Credentials,
    body: SubmitSnapshotJobBody,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    said = "\n".join(("You sent:", *credentials.secrets(), "0f" * 32))
    api, script = api_of(echoes(said)[index])
    with pytest.raises(CallFailed) as failed:
        api.submit(body)
    error = failed.value
    whole = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    assert_nothing_leaks(f"{error} {error!r} {vars(error)!r} {whole} {caplog.text}", credentials)
    assert_nothing_leaks(f"{script.requests!r} {api!r}", credentials)
    # The scrubbing is real: what was sent does carry them.
    assert credentials.session_token in script.requests[0].headers.values()


def test_the_real_transports_failure_shows_no_secret(
    caller_of: Callable[..., Any],
    credentials: Credentials,
    body: SubmitSnapshotJobBody,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    transport = HttpTransport()
    api = MpsApi(Account(credentials, "http://127.0.0.1:1"), caller_of(transport))
    with pytest.raises(CallFailed, match="ALIBABA_CLOUD_MPS_ENDPOINT") as failed:
        api.submit(body)
    transport.close()
    whole = "".join(traceback.format_exception(failed.value))
    assert_nothing_leaks(f"{whole} {caplog.text}", credentials)
    assert "During handling" not in whole
