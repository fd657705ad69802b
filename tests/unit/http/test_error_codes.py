"""What each error code and status of both clouds becomes: which exception, and whether the call is retried.

The tables are tests/data/{rtc,mps}/error_codes.json, from the vendors' pages: status, code or body, error,
retry. A body `[*100000` stands for that many brackets.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import pytest

from pulumi_videosnap import errors
from pulumi_videosnap.alibaba import responses as mps
from pulumi_videosnap.http.error_codes import Outcome
from pulumi_videosnap.http.request import Response
from pulumi_videosnap.volcengine import responses as rtc
from support.data import load
from unit.scripted import AT, mps_refusal, rtc_refusal

NOW = datetime(2024, 1, 1, tzinfo=timezone.utc).timestamp()
TABLES = {cloud: load(f"{cloud}/error_codes.json") for cloud in ("rtc", "mps")}


@dataclass(frozen=True)
class Cloud:
    """One cloud's parser, and how its service refuses."""

    parser: rtc.ResponseParser | mps.ResponseParser
    refusal: Callable[..., Response]
    expired: str
    """The code for a signature that has expired."""

    def classify(self, response: Response) -> Outcome:
        return self.parser.classify(response)


CLOUDS = {
    "rtc": Cloud(
        rtc.ResponseParser("Do", errors.one_line, lambda: NOW, rtc.unknown_task_codes({})),
        rtc_refusal,
        "InvalidTimestamp",
    ),
    "mps": Cloud(
        mps.ResponseParser("Do", errors.one_line, lambda: NOW), mps_refusal, "InvalidTimeStamp.Expired"
    ),
}
SUBMIT = mps.ResponseParser("SubmitSnapshotJob", errors.one_line, lambda: NOW, idempotent=False)


def table(name: str) -> list[Any]:
    return [
        pytest.param(cloud, *row, id=f"{cloud}: {row[0]} {str(row[1])[:40]}")
        for cloud in CLOUDS
        for row in TABLES[cloud][name]
    ]


@pytest.mark.parametrize(("cloud", "status", "code", "kind", "retry"), table("codes"))
def test_a_code(cloud: str, status: int, code: str, kind: str, retry: str) -> None:
    outcome = CLOUDS[cloud].classify(CLOUDS[cloud].refusal(code, status=status))
    assert outcome.error is not None
    assert (type(outcome.error).__name__, outcome.retry.name) == (kind, retry)
    assert (outcome.error.code, bool(outcome.error.request_id)) == (code, True)
    assert f"No ({code})" in str(outcome.error)


@pytest.mark.parametrize(("cloud", "status", "body", "kind", "retry"), table("without a code"))
def test_a_response_without_a_code(cloud: str, status: int, body: str, kind: str | None, retry: str) -> None:
    content = b"[" * 100_000 if body == "[*100000" else body.encode("latin-1")
    outcome = CLOUDS[cloud].classify(Response(status, {}, content))
    assert (outcome.error and type(outcome.error).__name__, outcome.retry.name) == (kind, retry)


def test_every_rule_of_mps_is_tried() -> None:
    codes = [row.values[2] for row in table("codes") if row.values[0] == "mps"]
    tried = {max((s for s in mps.CODES if str(code).startswith(s)), key=len, default="") for code in codes}
    # The same meanings under names that some gateways use.
    same = {"MissingSignature", "InvalidTimeStamp", "MissingSecurityToken", "InvalidAction", "InvalidVersion"}
    assert set(mps.CODES) - tried <= same


@pytest.mark.parametrize("rules", [rtc.CODES, mps.CODES])
def test_every_missing_permission_comes_with_advice(rules: Any) -> None:
    denied = {code: rule for code, rule in rules.items() if rule.kind is errors.Unauthorized}
    assert denied
    assert [code for code, rule in denied.items() if not (rule.text and rule.advice)] == []


@pytest.mark.parametrize(("code", "advice"), TABLES["mps"]["advice"])
def test_a_refusal_says_what_to_do(code: str, advice: str) -> None:
    assert advice in str(SUBMIT.classify(mps_refusal(code)).error)


def test_whole_sentences() -> None:
    message = 'The format of parameter "SnapshotConfig:OutputFile:Object" is invalid.'
    assert str(SUBMIT.classify(mps_refusal("InvalidParameter.ResourceContentBad", message)).error) == (
        "SubmitSnapshotJob was refused: the input or an output's name is not valid: The format of parameter "
        '"SnapshotConfig:OutputFile:Object" is invalid (InvalidParameter.ResourceContentBad); check that the '
        "input is a complete video, that `time` is within it, and the names of the output files "
        "(RequestId 19B6D8C5-A5DD-467A-B435-29D393C7AAAA)"
    )
    message = "The accesskey [AKLT] included in the request is invalid."
    error = CLOUDS["rtc"].classify(rtc_refusal("InvalidAccessKey", message, status=401)).error
    assert str(error) == (
        "Do was refused: the access key is not known to the service: The accesskey [AKLT] included in the "
        "request is invalid (InvalidAccessKey); check VOLCENGINE_ACCESS_KEY or the profile "
        "(RequestId 2025020709532617FF27DCF79B6BEFE478)"
    )
    body = b'{"ResponseMetadata":{"RequestId":"R","Error":{"CodeN":100002,"Code":"MissingParameter"}}}'
    error = CLOUDS["rtc"].classify(Response(400, {}, body)).error
    assert str(error) == "Do was refused: no reason given (MissingParameter) (RequestId R)"


XML = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<Error>\n  <RequestId>8906582E-6722</RequestId>\n'
    "  <HostId>mts.cn-hangzhou.aliyuncs.com</HostId>\n  <Code>{}</Code>\n"
    "  <Message>Specified &quot;key&quot;\n is not &lt;found&gt;.</Message>\n</Error>"
)


@pytest.mark.parametrize(("status", "code", "kind", "retry"), TABLES["mps"]["in XML"])
def test_a_refusal_of_mps_in_xml(status: int, code: str, kind: str, retry: str) -> None:
    outcome = CLOUDS["mps"].classify(Response(status, {}, XML.format(code).encode()))
    assert (type(outcome.error).__name__, outcome.retry.name) == (kind, retry)
    assert outcome.error is not None
    assert (outcome.error.code, outcome.error.request_id) == (code, "8906582E-6722")
    assert 'Specified "key" is not <found>' in str(outcome.error)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_wrong_clock_is_reported_with_the_difference_and_a_long_message_cut(cloud: str) -> None:
    service = CLOUDS[cloud]
    for date, text in (
        ("Mon, 01 Jan 2024 00:10:00 GMT", "this machine's clock is 600 s behind the service's"),
        ("Sun, 31 Dec 2023 23:50:00 GMT", "this machine's clock is 600 s ahead of the service's"),
        ("", "the signature has expired: Late"),
    ):
        assert text in str(service.classify(service.refusal(service.expired, "Late.", date=date)).error)
    message = "first\r\n\x1b[31msecond\x00 " + "x" * 5000
    text = str(service.classify(service.refusal("InvalidParameter", message)).error)
    assert "\n" not in text
    assert "\x1b" not in text
    assert len(text) < 500


def test_not_found_has_the_services_time() -> None:
    day = "Wed, 03 Jan 2024"
    dates = {f"{day} 08:00:00 GMT", f"{day} 08:00:00 -0000", f"{day} 16:00:00 +0800"}
    for date in (*dates, "Wed, 03 Jan 99999999999999999999 08:00:00 GMT", "yesterday", ""):
        unknown = rtc_refusal("InvalidParameter.ErrorActiveTaskNotFound", "指定任务不存在", date=date)
        found = CLOUDS["rtc"].classify(unknown).error
        assert isinstance(found, errors.NotFound)
        assert found.at == (AT if date in dates else datetime.fromtimestamp(NOW, timezone.utc)), date
        assert "指定任务不存在" in str(found)


def test_the_codes_for_an_unknown_task_can_be_replaced() -> None:
    default = rtc.unknown_task_codes({})
    assert default == rtc.unknown_task_codes({"VIDEOSNAP_RTC_UNKNOWN_TASK_CODES": " , "})
    own = rtc.unknown_task_codes({"VIDEOSNAP_RTC_UNKNOWN_TASK_CODES": " TaskNotFound, ,Other "})
    assert own == {"TaskNotFound", "Other"}
    parser = rtc.ResponseParser("GetSnapshotTask", errors.one_line, lambda: NOW, own)
    assert isinstance(parser.classify(rtc_refusal("Other")).error, errors.NotFound)
