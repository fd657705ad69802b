"""Canary credentials of MPS, searched in all that a failed call can show: messages, reprs, tracebacks, logs.

tests/integration/protocol/test_secrets.py does the same for RTC, through the provider's server.
"""

import contextlib
import html
import logging
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pulumi_videosnap.alibaba.api import MpsApi
from pulumi_videosnap.alibaba.auth import Account
from pulumi_videosnap.errors import MAX_TEXT, TEXT_LIMIT, CallFailed, one_line
from pulumi_videosnap.http.request import Response
from pulumi_videosnap.http.transport import HttpTransport
from pulumi_videosnap.redaction import mask_values
from pulumi_videosnap.settings import no_config
from pulumi_videosnap.storage.bucket import open_bucket
from pulumi_videosnap.storage.platforms import Location
from pulumi_videosnap.volcengine import auth as volcengine
from pulumi_videosnap.volcengine.api import RtcApi
from pulumi_videosnap.volcengine.models import TaskKey
from support import fake_server
from support.canary import ENCODINGS, echoes, leaks
from support.fake_server import FakeServer
from support.sampling import sample
from unit.scripted import (
    MPS_KEYS,
    SUBMIT,
    Script,
    VirtualTime,
    client,
    mps_answer,
    mps_api,
    mps_refusal,
    rtc_answer,
    rtc_refusal,
)

Send = Callable[[Response], object]


@contextlib.contextmanager
def _aws_store(folder: Path) -> Iterator[Send]:
    """A store that is read with the keys of an AWS profile file."""
    names = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
    lines = (f"{name} = {key}" for name, key in zip(names, MPS_KEYS.secrets(), strict=True))
    (folder / "credentials").write_text("\n".join(("[theirs]", *lines)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(folder / "credentials"))
        with _store(folder, "aws", "theirs", env=no_config) as send:
            yield send


@contextlib.contextmanager
def _store(_: Path, platform: str = "oss", profile: str | None = None, **access: Any) -> Iterator[Send]:
    with FakeServer(fake_server.Response()) as server:
        location = Location(platform, "frames", "eu-west-1", endpoint=server.endpoint, profile=profile)
        bucket = open_bucket(location, **(access or {"credentials": MPS_KEYS}))

        def send(response: Response) -> object:
            server.respond = fake_server.Response(response.status, response.body)
            return bucket.read("a.jpg", 10)

        yield send


@contextlib.contextmanager
def _mps(_: Path) -> Iterator[Send]:
    yield lambda response: mps_api(response)[0].submit(SUBMIT)


@contextlib.contextmanager
def _rtc(_: Path) -> Iterator[Send]:
    def send(response: Response) -> object:
        script = Script([response])
        api = RtcApi(volcengine.Account(MPS_KEYS), client(script, script.time))
        return api.get(TaskKey("app", "room", "task"))

    yield send


def _xml(
    code: str = "AccessDenied", message: str = "No.", request: str = "R1", status: int = 403
) -> Response:
    body = f"<Error><Code>{code}</Code><Message>{message}</Message><RequestId>{request}</RequestId></Error>"
    return Response(status, {}, body.encode())


def _page(status: int) -> Callable[[str], Response]:
    return lambda echo: Response(status, {}, echo.encode())


_WRONG = {"SnapshotTask": {"StartTime": 1, "Status": 2}}
Connect = Callable[[Path], contextlib.AbstractContextManager[Send]]
PLACES: dict[str, tuple[Connect, Callable[[str], Response]]] = {
    "MPS code": (_mps, lambda echo: mps_refusal(f"InvalidParameter.{echo}")),
    "MPS message": (_mps, lambda echo: mps_refusal("SignatureDoesNotMatch", f"to sign is: {echo}")),
    "MPS request id": (_mps, lambda echo: mps_answer({"Code": "Bad", "RequestId": echo}, status=400)),
    "MPS message in XML": (_mps, lambda echo: _xml("InternalError", html.escape(echo), status=500)),
    "MPS message without a code": (_mps, lambda echo: mps_answer({"Message": echo}, status=429)),
    **{f"MPS page, {status}": (_mps, _page(status)) for status in (200, 400, 502)},
    "MPS state": (_mps, lambda echo: mps_answer({"SnapshotJob": {"State": echo}})),
    "MPS type": (_mps, lambda echo: mps_answer({"SnapshotJob": {"State": [echo]}})),
    "MPS job": (_mps, lambda echo: mps_answer({"RequestId": echo, "SnapshotJob": echo})),
    "RTC code": (_rtc, lambda echo: rtc_refusal(f"InvalidParameter.{echo}")),
    "RTC message": (_rtc, lambda echo: rtc_refusal("SignatureDoesNotMatch", f"to sign is: {echo}")),
    "RTC unknown task": (_rtc, lambda echo: rtc_refusal("InvalidParameter.ErrorActiveTaskNotFound", echo)),
    "RTC page": (_rtc, lambda echo: Response(200, {}, echo.encode())),
    "RTC field": (_rtc, lambda echo: rtc_answer({"SnapshotTask": {**_WRONG, "ImageConfig": {echo: echo}}})),
    "RTC fields": (
        _rtc,
        lambda echo: rtc_answer({"SnapshotTask": {"TargetStreams": {"StreamList": {echo: 1}}}}),
    ),
    "store code": (_store, lambda echo: _xml(code=html.escape(echo))),
    "store message": (_store, lambda echo: _xml(message=html.escape(echo))),
    "store request id": (_store, lambda echo: _xml(request=html.escape(echo))),
    "store message, keys of a profile file": (_aws_store, lambda echo: _xml(message=html.escape(echo))),
    "store code, keys of a profile file": (_aws_store, lambda echo: _xml(code=html.escape(echo))),
}
"""A call, and a response to it that repeats a text somewhere."""


def _shown(error: CallFailed, log: str = "") -> str:
    """All that shows a failure, and the traceback with all that led to it."""
    return f"{error} {error!r} {vars(error)} {''.join(traceback.format_exception(error))} {log}"


@pytest.mark.parametrize("place", PLACES)
def test_no_encoding_shows_a_secret(place: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.INFO, "botocore")  # it logs whole requests for whoever asks for more
    connect, respond = PLACES[place]
    shown = {}
    with connect(tmp_path) as send:
        for encoding, echo in echoes(MPS_KEYS.secrets()).items():
            caplog.clear()
            with pytest.raises(CallFailed) as failed:
                send(respond(echo))
            shown[encoding] = _shown(failed.value, caplog.text)
    secrets = MPS_KEYS.secrets()
    assert [name for name, text in shown.items() if any(leaks(text, one) for one in secrets)] == []
    assert [name for name, text in shown.items() if "Signature=" in text] == []


def test_a_failed_jobs_reason_shows_no_secret_in_any_encoding() -> None:
    """It is part of a response that succeeds, from which it gets into state, errors and reports."""
    for echo in sample(list(echoes(MPS_KEYS.secrets()).values()), 0.3):
        sent = {"MessageId": "", "ErrorCode": echo, "ErrorMessage": echo}
        failed = {"Id": "1", "State": "Fail", "Code": echo, "Message": echo, "MNSMessageResult": sent}
        api, _ = mps_api(mps_answer({"SnapshotJobList": {"SnapshotJob": [failed]}}))
        (job,) = api.query(["1"]).jobs
        shown = job.model_dump_json()
        assert [one for one in MPS_KEYS.secrets() if leaks(shown, one)] == []


@pytest.mark.parametrize(
    "before", ["", "x" * (MAX_TEXT - 30), " " * (MAX_TEXT - 30), "%20" * (MAX_TEXT // 3 - 9)]
)
def test_a_long_text_shows_no_part_of_a_secret_where_it_is_cut(before: str) -> None:
    for echo in sample(list(echoes([MPS_KEYS.secret_key * 3]).values()), 0.25):
        assert leaks(one_line(before + echo, [MPS_KEYS.secret_key * 3]), MPS_KEYS.secret_key * 3) == []


@pytest.mark.parametrize("encoding", sample(list(ENCODINGS), 0.2))
def test_a_short_message_shows_no_part_of_a_secret_where_it_is_cut(encoding: str) -> None:
    """Of a secret that is known only after the cut, such as a value that the program marks."""
    secret = "cAnAry&Value+42=/of%tenant#9"
    for filler in range(TEXT_LIMIT - 170, TEXT_LIMIT, 2):
        text = one_line("y" * filler + ENCODINGS[encoding](secret) + "z" * TEXT_LIMIT)
        assert leaks(mask_values(text, [secret], "[secret]"), secret) == [], text


def test_a_failure_of_the_real_transport_shows_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    transport = HttpTransport()
    with pytest.raises(CallFailed, match="ALIBABA_CLOUD_MPS_ENDPOINT") as failed:
        MpsApi(Account(MPS_KEYS, "http://127.0.0.1:1"), client(transport, VirtualTime())).submit(SUBMIT)
    transport.close()
    shown = _shown(failed.value, caplog.text)
    assert [one for one in MPS_KEYS.secrets() if leaks(shown, one)] == []
    assert "Signature=" not in shown
    assert "During handling" not in shown
