"""Canary credentials, searched in all that a failed call can show: messages, reprs, tracebacks, logs."""

from __future__ import annotations

import base64
import logging
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

import pytest
from pydantic import SecretStr

from pulumi_videosnap.alibaba import auth as alibaba
from pulumi_videosnap.alibaba.api import MpsApi
from pulumi_videosnap.errors import CallFailed
from pulumi_videosnap.http.request import Response
from pulumi_videosnap.http.retry import Retry
from pulumi_videosnap.http.transport import HttpTransport, TransportError
from pulumi_videosnap.volcengine import auth as volcengine
from pulumi_videosnap.volcengine.api import RtcApi
from pulumi_videosnap.volcengine.models import CustomConfig, StartSnapshotBody, StorageConfig
from unit.scripted import RTC_KEYS, SUBMIT, Script, VirtualTime, client, rtc_answer

THIRD_PARTY = ("CANARYBUCKETKEY", "CANARYBUCKETSECRET+/=")
CUSTOM = CustomConfig(bucket="b", access_key=SecretStr(THIRD_PARTY[0]), secret_key=SecretStr(THIRD_PARTY[1]))
START = StartSnapshotBody(
    app_id="661e", room_id="R", task_id="T", storage_config=StorageConfig(type=2, custom_config=CUSTOM)
)


@dataclass(frozen=True)
class Cloud:
    """How one cloud's call is made, and the responses of a careless service that repeats its request."""

    call: Callable[..., object]
    echoes: Callable[[str], list[Response | Exception]]
    endpoint_variable: str


def rtc_echoes(echo: str) -> list[Response | Exception]:
    return [
        rtc_answer(status=400, error={"Code": "InvalidParameter", "Message": echo}),
        rtc_answer(status=400, error={"Code": echo, "Message": echo}),
        rtc_answer(status=401, error={"Code": "SignatureDoesNotMatch", "Message": echo}),
        rtc_answer(status=200, error={"Code": "InternalError", "Message": echo}),
        rtc_answer(status=429, error={"Code": "FlowLimitExceeded.QPSOverLimit", "Message": echo}),
    ]


def mps_echoes(echo: str) -> list[Response | Exception]:
    text = echo.replace('"', "'").replace("\n", "\\n")
    bodies = [
        (400, f'{{"Code": "InvalidParameter", "Message": "{text}", "RequestId": "{text}"}}'),
        (400, f'{{"Code": "{text}", "Message": "{text}"}}'),
        (400, f'{{"Code": "SignatureDoesNotMatch", "Message": "server string to sign is:{text}"}}'),
        (500, f"<Error><Code>InternalError</Code><Message>{echo}</Message></Error>"),
        (429, f'{{"Message": "{text}"}}'),
        (200, f'{{"SnapshotJob": {{"State": "{text}"}}}}'),
        (200, f'{{"RequestId": "{text}", "SnapshotJob": "{text}"}}'),
    ]
    return [Response(status, {}, body.encode()) for status, body in bodies]


CLOUDS = {
    "rtc": Cloud(
        lambda client, *keys: RtcApi(volcengine.Account(*keys), client).start(START),
        rtc_echoes,
        "VOLCENGINE_RTC_ENDPOINT",
    ),
    "mps": Cloud(
        lambda client, *keys: MpsApi(alibaba.Account(*keys), client).submit(SUBMIT),
        mps_echoes,
        "ALIBABA_CLOUD_MPS_ENDPOINT",
    ),
}
CASES = [(cloud, index) for cloud in CLOUDS for index in range(len(CLOUDS[cloud].echoes("")) + 4)]


def assert_nothing_leaks(shown: str) -> None:
    for secret in (*RTC_KEYS.secrets(), *THIRD_PARTY):
        raw = secret.encode()
        for spelling in (secret, quote(secret, safe=""), raw.hex(), base64.b64encode(raw).decode()):
            assert spelling not in shown
    assert "Signature=" not in shown


@pytest.mark.parametrize(("cloud", "index"), CASES)
def test_no_failure_shows_a_secret(cloud: str, index: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    echo = "\n".join(("You sent:", *RTC_KEYS.secrets(), *(THIRD_PARTY if cloud == "rtc" else ()), "0f" * 32))
    plain = [Response(status, {}, echo.encode()) for status in (400, 200, 502)]
    steps = [*CLOUDS[cloud].echoes(echo), *plain, TransportError("lost", Retry.IF_IDEMPOTENT)]
    script = Script([steps[index]])
    with pytest.raises(CallFailed) as failed:
        CLOUDS[cloud].call(client(script, script.time), RTC_KEYS, "https://host")
    error = failed.value
    whole = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    assert_nothing_leaks(f"{error} {error!r} {vars(error)!r} {whole} {caplog.text}")
    assert_nothing_leaks(f"{script.requests!r} {START!r}")
    # The scrubbing is real: the request does have them.
    assert RTC_KEYS.session_token in script.requests[0].headers.values()
    assert cloud == "mps" or THIRD_PARTY[1].encode() in script.requests[0].body


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_failure_of_the_real_transport_shows_no_secret(
    cloud: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    transport = HttpTransport()
    with pytest.raises(CallFailed, match=CLOUDS[cloud].endpoint_variable) as failed:
        CLOUDS[cloud].call(client(transport, VirtualTime()), RTC_KEYS, "http://127.0.0.1:1")
    transport.close()
    whole = "".join(traceback.format_exception(failed.value))
    assert_nothing_leaks(f"{whole} {caplog.text}")
    assert "During handling" not in whole
