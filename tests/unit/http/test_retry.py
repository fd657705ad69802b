"""Repeating a call on virtual time: budget, jitter, Retry-After; and what the codes of a refusal mean.

The tables are tests/data/{rtc,mps}/error_codes.json, from the vendors' pages: status, code or body, error,
whether it is retried, and a part of what it says.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_videosnap import errors
from pulumi_videosnap.alibaba import responses as mps
from pulumi_videosnap.http.client import Call
from pulumi_videosnap.http.error_codes import OK, Outcome
from pulumi_videosnap.http.request import Request, Response
from pulumi_videosnap.http.retry import Retry, retry_policy
from pulumi_videosnap.http.transport import TransportError
from pulumi_videosnap.volcengine import responses as rtc
from support.data import load
from unit.scripted import AT, Script, VirtualTime, client, mps_refusal, rtc_refusal

VERDICTS = {
    200: OK,
    400: Outcome(errors.Rejected("Do", "bad"), Retry.NEVER),
    429: Outcome(errors.Throttled("Do", "slow down"), Retry.ALWAYS),
    500: Outcome(errors.ServiceFault("Do", "broken"), Retry.IF_IDEMPOTENT),
}
Step = Response | TransportError
GOOD, BROKEN = Response(200), Response(500)
DEAD = TransportError("connection refused", Retry.ALWAYS, deadline=5.0)
SLOW_CONNECT = TransportError("no connection in time", Retry.ALWAYS)
LOST = TransportError("the connection broke", Retry.IF_IDEMPOTENT)
TLS = TransportError("TLS failed", Retry.NEVER)
GIANT = TransportError("more than 4194304 bytes", Retry.NEVER, kind=errors.Garbled)


def throttled(retry_after: str, **headers: str) -> Response:
    return Response(429, {"retry-after": retry_after, **headers})


def a_call(
    *, idempotent: bool = True, qps: float = 1000, prepare: Callable[[datetime], Request] | None = None
) -> Call:
    prepare = prepare or (lambda now: Request("GET", "https://host"))
    names = {"action": "Do", "account": "digest", "endpoint_setting": "SOME_ENDPOINT"}
    outcome = lambda answer: VERDICTS[answer.status]  # noqa: E731
    return Call(qps=qps, idempotent=idempotent, prepare=prepare, classify=outcome, **names)


def played(*steps: Step, random: float = 0.5, budget: float = 45.0, **call: Any) -> tuple[Any, Script]:
    """What a call ends with, and what it took."""
    script = Script(list(steps))
    try:
        return client(script, script.time, budget, random).call(a_call(**call)), script
    except errors.CallFailed as failed:
        return failed, script


CASES: list[tuple[list[Step], bool, int, type[errors.CallFailed] | None]] = [
    ([GOOD], True, 1, None),
    ([GOOD], False, 1, None),
    ([BROKEN, GOOD], True, 2, None),
    ([BROKEN, LOST, GOOD], True, 3, None),
    ([BROKEN, BROKEN, BROKEN, BROKEN, BROKEN, GOOD], True, 6, None),
    ([BROKEN], True, 6, errors.ServiceFault),
    ([LOST], True, 6, errors.Unreachable),
    ([Response(400)], True, 1, errors.Rejected),
    ([TLS], True, 1, errors.Unreachable),
    ([GIANT], True, 1, errors.Garbled),
    # Repeating would not be harmless: only what certainly was not acted on goes out again.
    ([BROKEN, GOOD], False, 1, errors.ServiceFault),
    ([LOST, GOOD], False, 1, errors.Unreachable),
    ([DEAD, GOOD], False, 2, None),
    ([SLOW_CONNECT, GOOD], False, 2, None),
    ([Response(429), GOOD], False, 2, None),
    ([Response(429), BROKEN, GOOD], False, 2, errors.ServiceFault),
    # Longer than the budget.
    ([throttled("60")], True, 1, errors.Throttled),
]


@pytest.mark.parametrize(("steps", "idempotent", "attempts", "kind"), CASES)
def test_what_is_repeated(
    steps: list[Step], idempotent: bool, attempts: int, kind: type[errors.CallFailed] | None
) -> None:
    end, script = played(*steps, idempotent=idempotent, random=0.0)
    assert type(end) is (kind or Response)
    assert len(script.requests) == attempts
    assert steps[0] == GOOD or attempts > 1 or sum(script.time.slept) == 0
    if steps[0] is LOST and not idempotent:
        assert "may have taken effect" in str(end)


@pytest.mark.parametrize(("random", "first"), [(0.0, 0.0), (0.5, 0.1), (1.0, 0.2)])
def test_pauses_grow_and_are_jittered_in_full(random: float, first: float) -> None:
    _, script = played(BROKEN, random=random)
    pauses = [first * factor for factor in (1, 2, 4, 8, 16) if first]
    assert [pause for pause in script.time.slept if pause > 0.005] == pytest.approx(pauses)


def test_retry_after_is_honoured_in_seconds_or_as_a_date() -> None:
    date = {"date": "Wed, 03 Jan 2024 08:00:00 GMT"}
    assert 7 in played(throttled("7"), GOOD)[1].time.slept
    assert 9 in played(throttled("Wed, 03 Jan 2024 08:00:09 GMT", **date), GOOD)[1].time.slept
    for senseless in ("soon", "-5", "1.5", "", "²"):
        assert max(played(throttled(senseless), GOOD)[1].time.slept) <= 0.2


def test_a_dead_endpoint_shows_within_five_seconds() -> None:
    failed, script = played(DEAD, random=1.0)
    assert script.time.now - VirtualTime().now <= 5
    assert isinstance(failed, errors.Unreachable)
    sentence = "Do got no response: https://host: connection refused; check SOME_ENDPOINT and the network"
    assert str(failed) == sentence


@given(budget=st.floats(0.5, 60), random=st.floats(0, 1, exclude_max=True), hang=st.floats(0, 20))
def test_no_call_outlasts_its_budget(budget: float, random: float, hang: float) -> None:
    time = VirtualTime(now=0.0)

    def transport(request: Request) -> Response:
        assert request.timeout <= 15
        time.sleep(min(hang, request.timeout))
        return BROKEN

    with pytest.raises(errors.ServiceFault):
        client(transport, time, budget, random).call(a_call())
    # The last attempt has a second even when less is left.
    assert time.now <= budget + 1


def test_each_attempt_takes_a_slot_and_is_signed_for_its_own_moment() -> None:
    moments: list[float] = []

    def prepare(now: datetime) -> Request:
        moments.append(now.timestamp())
        return Request("GET", "https://host")

    _, script = played(BROKEN, qps=1, random=0.0, prepare=prepare)
    gaps = [later - earlier for earlier, later in pairwise(moments)]
    assert len(script.requests) == len(moments) == 6
    assert all(gap >= 1 / 0.95 - 1e-6 for gap in gaps)


def test_a_full_queue_is_throttling_or_ends_a_repeated_call_with_what_went_wrong() -> None:
    assert isinstance(played(BROKEN, qps=0.01)[0], errors.ServiceFault)
    script = Script([GOOD])
    api_client = client(script, script.time)
    api_client.call(a_call(qps=0.01))
    text = r"reserved for the next 105\.3 s.*VIDEOSNAP_CALL_BUDGET"
    with pytest.raises(errors.Throttled, match=text):
        api_client.call(a_call(qps=0.01))
    assert len(script.requests) == 1


def test_the_budget_comes_from_the_environment() -> None:
    budgets = [retry_policy({"VIDEOSNAP_CALL_BUDGET": text}).deadline for text in ("", "10", " 0.5 ")]
    assert budgets == [45.0, 10.0, 0.5]
    for text in ("0", "-1", "soon", "nan", "inf", "1e999"):
        with pytest.raises(errors.NotConfigured, match="VIDEOSNAP_CALL_BUDGET"):
            retry_policy({"VIDEOSNAP_CALL_BUDGET": text})


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
