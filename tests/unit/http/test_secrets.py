"""Canary credentials of MPS, searched in all that a failed call can show: messages, reprs, tracebacks, logs.

tests/integration/protocol/test_secrets.py does the same for RTC, through the provider's server.
"""

from __future__ import annotations

import base64
import logging
import traceback
from urllib.parse import quote

import pytest

from pulumi_videosnap.alibaba.api import MpsApi
from pulumi_videosnap.alibaba.auth import Account
from pulumi_videosnap.errors import CallFailed
from pulumi_videosnap.http.request import Response
from pulumi_videosnap.http.retry import Retry
from pulumi_videosnap.http.transport import HttpTransport, TransportError
from unit.scripted import MPS_KEYS, SUBMIT, Script, VirtualTime, client

ECHO = "\n".join(("You sent:", *MPS_KEYS.secrets(), "0f" * 32))
TEXT = ECHO.replace("\n", "\\n")
STEPS: list[Response | Exception] = [
    Response(400, {}, f'{{"Code": "InvalidParameter", "Message": "{TEXT}", "RequestId": "{TEXT}"}}'.encode()),
    Response(400, {}, f'{{"Code": "{TEXT}", "Message": "{TEXT}"}}'.encode()),
    Response(400, {}, f'{{"Code": "SignatureDoesNotMatch", "Message": "to sign is:{TEXT}"}}'.encode()),
    Response(500, {}, f"<Error><Code>InternalError</Code><Message>{ECHO}</Message></Error>".encode()),
    Response(429, {}, f'{{"Message": "{TEXT}"}}'.encode()),
    Response(200, {}, f'{{"SnapshotJob": {{"State": "{TEXT}"}}}}'.encode()),
    Response(200, {}, f'{{"RequestId": "{TEXT}", "SnapshotJob": "{TEXT}"}}'.encode()),
    *(Response(status, {}, ECHO.encode()) for status in (400, 200, 502)),
    TransportError("lost", Retry.IF_IDEMPOTENT),
]
"""The responses of a careless service that repeats its request, and none."""


def assert_nothing_leaks(error: CallFailed, log: str) -> str:
    """Returns the traceback."""
    whole = "".join(traceback.format_exception(error))
    shown = f"{error} {error!r} {vars(error)!r} {whole} {log}"
    for secret in MPS_KEYS.secrets():
        raw = secret.encode()
        for spelling in (secret, quote(secret, safe=""), raw.hex(), base64.b64encode(raw).decode()):
            assert spelling not in shown
    assert "Signature=" not in shown
    return whole


@pytest.mark.parametrize("step", STEPS)
def test_no_failure_shows_a_secret(step: Response | Exception, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    script = Script([step])
    with pytest.raises(CallFailed) as failed:
        MpsApi(Account(MPS_KEYS, "https://host"), client(script, script.time)).submit(SUBMIT)
    assert_nothing_leaks(failed.value, f"{script.requests!r} {caplog.text}")
    # The scrubbing is real: the request does have them.
    assert MPS_KEYS.session_token in script.requests[0].headers.values()


def test_a_failure_of_the_real_transport_shows_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    transport = HttpTransport()
    with pytest.raises(CallFailed, match="ALIBABA_CLOUD_MPS_ENDPOINT") as failed:
        MpsApi(Account(MPS_KEYS, "http://127.0.0.1:1"), client(transport, VirtualTime())).submit(SUBMIT)
    transport.close()
    assert "During handling" not in assert_nothing_leaks(failed.value, caplog.text)
