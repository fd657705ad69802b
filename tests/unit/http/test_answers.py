"""What each answer of the service means: literal tables, with what must not be repeated or taken for gone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import pytest

from pulumi_videosnap import errors
from pulumi_videosnap.http.retry import Retry
from pulumi_videosnap.http.transport import Response
from pulumi_videosnap.volcengine.responses import (
    ResponseParser,
    unknown_task_codes,
)

UNKNOWN_TASK_CODES = unknown_task_codes({})
NOW = datetime(2024, 1, 1, tzinfo=timezone.utc).timestamp()
READER = ResponseParser("GetSnapshotTask", errors.one_line, lambda: NOW, UNKNOWN_TASK_CODES)
AnswerOf = Callable[..., Response]

NEVER, IF_IDEMPOTENT, ALWAYS = Retry.NEVER, Retry.IF_IDEMPOTENT, Retry.ALWAYS

CODES: list[tuple[int, str, type[errors.CallFailed], Retry]] = [
    # The gateway's table, with its documented statuses.
    (400, "MissingParameter", errors.Rejected, NEVER),
    (401, "MissingAuthenticationToken", errors.Unauthorized, NEVER),
    (400, "MissingRequestInfo", errors.Rejected, NEVER),
    (401, "MissingSignature", errors.Unauthorized, NEVER),
    (400, "InvalidTimestamp", errors.Unauthorized, NEVER),
    (403, "InvalidTimestamp", errors.Unauthorized, NEVER),
    (404, "ServiceNotFound", errors.Rejected, NEVER),
    (404, "InvalidActionOrVersion", errors.Rejected, NEVER),
    (401, "InvalidAccessKey", errors.Unauthorized, NEVER),
    (401, "SignatureDoesNotMatch", errors.Unauthorized, NEVER),
    (403, "LackPolicy", errors.Unauthorized, NEVER),
    (403, "AccessDenied", errors.Unauthorized, NEVER),
    (500, "InternalError", errors.ServiceFault, IF_IDEMPOTENT),
    (502, "FailToConnect", errors.ServiceFault, IF_IDEMPOTENT),
    (504, "InternalServiceTimeout", errors.ServiceFault, IF_IDEMPOTENT),
    (400, "InvalidAuthorization", errors.Unauthorized, NEVER),
    (400, "InvalidCredential", errors.Unauthorized, NEVER),
    (401, "InvalidSecretToken", errors.Unauthorized, NEVER),
    # The service's own table; no status is documented, so the code must do.
    (200, "InvalidParameter", errors.Rejected, NEVER),
    (200, "InvalidParameter.IllegalRoomID", errors.Rejected, NEVER),
    (400, "InvalidParameter.NotExistAppId", errors.Rejected, NEVER),
    (404, "InvalidParameter.NotExistAppId", errors.Rejected, NEVER),
    (500, "InvalidParameter.Unmarshal", errors.Rejected, NEVER),
    (200, "InvalidParameter.AccountIdMismatch", errors.Rejected, NEVER),
    (200, "InvalidParameter.ErrorActiveTaskNotFound", errors.NotFound, NEVER),
    (404, "InvalidParameter.ErrorActiveTaskNotFound", errors.NotFound, NEVER),
    (500, "InvalidParameter.ErrorActiveTaskNotFound", errors.NotFound, NEVER),
    (200, "FlowLimitExceeded.QPSOverLimit", errors.Throttled, ALWAYS),
    (429, "FlowLimitExceeded.QPSOverLimit", errors.Throttled, ALWAYS),
    (200, "FlowLimitExceeded.TaskNumberOverLimit", errors.Rejected, NEVER),
    (403, "AccessDenied.NoPermissionForApp", errors.Unauthorized, NEVER),
    (200, "AccessDenied.ServiceNotEnabled", errors.Unauthorized, NEVER),
    (200, "InternalError.GenerateTokenFailed", errors.ServiceFault, IF_IDEMPOTENT),
    # Codes nobody has documented.
    (200, "SomethingNew", errors.Rejected, NEVER),
    (404, "TaskNotFound", errors.Rejected, NEVER),
    (429, "SomethingNew", errors.Throttled, ALWAYS),
    (503, "SomethingNew", errors.ServiceFault, IF_IDEMPOTENT),
    (403, "SomethingNew", errors.Unauthorized, NEVER),
]


@pytest.mark.parametrize(("status", "code", "kind", "retry"), CODES)
def test_a_code(
    status: int, code: str, kind: type[errors.CallFailed], retry: Retry, answer_of: AnswerOf
) -> None:
    said = READER.classify(answer_of(status=status, error={"Code": code, "Message": "No."}))
    assert (type(said.error), said.retry) == (kind, retry)
    assert said.error is not None
    assert (said.error.code, said.error.request_id) == (code, "2025020709532617FF27DCF79B6BEFE478")
    assert f"({code})" in str(said.error)


STATUSES: list[tuple[int, bytes, type[errors.CallFailed] | None, Retry]] = [
    (200, b'{"ResponseMetadata": {}}', None, NEVER),
    (200, b'{"ResponseMetadata": {"Error": null}, "Result": "ok"}', None, NEVER),
    (200, b'{"ResponseMetadata": {"Error": {}}, "Result": {}}', errors.Rejected, NEVER),
    (500, b'{"ResponseMetadata": {}, "Result": "ok"}', errors.ServiceFault, IF_IDEMPOTENT),
    (202, b'{"ResponseMetadata": {}, "Result": "ok"}', errors.Garbled, NEVER),
    (200, b"", errors.Garbled, IF_IDEMPOTENT),
    (200, b"{}", errors.Garbled, IF_IDEMPOTENT),
    (200, b"null", errors.Garbled, IF_IDEMPOTENT),
    (200, b'{"Result": "ok"}', errors.Garbled, IF_IDEMPOTENT),
    (200, b'{"ResponseMetadata": {"Reque', errors.Garbled, IF_IDEMPOTENT),
    (200, b"<html>Sign in to the hotel network</html>", errors.Garbled, IF_IDEMPOTENT),
    (200, b"\xff\xfe", errors.Garbled, IF_IDEMPOTENT),
    (302, b"", errors.Garbled, NEVER),
    (400, b"Bad Request", errors.Rejected, NEVER),
    (401, b"", errors.Unauthorized, NEVER),
    (403, b"<html>firewall</html>", errors.Unauthorized, NEVER),
    # A web server without the API says 404: that is never a missing task.
    (404, b"<html>not found</html>", errors.Rejected, NEVER),
    (408, b"", errors.ServiceFault, IF_IDEMPOTENT),
    (429, b"", errors.Throttled, ALWAYS),
    (500, b"", errors.ServiceFault, IF_IDEMPOTENT),
    (502, b"<html>bad gateway</html>", errors.ServiceFault, IF_IDEMPOTENT),
    (503, b"", errors.ServiceFault, IF_IDEMPOTENT),
]


@pytest.mark.parametrize(("status", "body", "kind", "retry"), STATUSES)
def test_an_answer_without_a_code(
    status: int, body: bytes, kind: type[errors.CallFailed] | None, retry: Retry
) -> None:
    said = READER.classify(Response(status, {}, body))
    assert (type(said.error) if said.error else None, said.retry) == (kind, retry)


def test_the_gateways_refusal_may_lack_all_but_the_request_id() -> None:
    body = b'{"ResponseMetadata":{"RequestId":"R","Error":{"CodeN":100002,"Code":"MissingParameter"}}}'
    error = READER.classify(Response(400, {}, body)).error
    assert isinstance(error, errors.Rejected)
    assert str(error) == ("GetSnapshotTask was refused: no reason given (MissingParameter) (RequestId R)")


def test_an_unknown_key_is_told_with_what_to_do(answer_of: AnswerOf) -> None:
    message = "The accesskey [AKLT] included in the request is invalid."
    error = READER.classify(
        answer_of(status=401, error={"Code": "InvalidAccessKey", "Message": message})
    ).error
    assert str(error) == (
        "GetSnapshotTask was refused: the access key is not known to the service: The accesskey [AKLT] "
        "included in the request is invalid (InvalidAccessKey); check VOLCENGINE_ACCESS_KEY or the profile "
        "(RequestId 2025020709532617FF27DCF79B6BEFE478)"
    )


@pytest.mark.parametrize(
    ("date", "told"),
    [
        ("Mon, 01 Jan 2024 00:10:00 GMT", "this machine's clock is 600 s behind the service's"),
        ("Sun, 31 Dec 2023 23:50:00 GMT", "this machine's clock is 600 s ahead of the service's"),
        ("", "the signature has expired: Late"),
    ],
)
def test_a_wrong_clock_is_told_with_the_difference(date: str, told: str, answer_of: AnswerOf) -> None:
    error = {"Code": "InvalidTimestamp", "Message": "Late."}
    assert told in str(READER.classify(answer_of(status=400, error=error, date=date)).error)


@pytest.mark.parametrize(
    ("date", "at"),
    [
        ("Wed, 03 Jan 2024 08:00:00 GMT", datetime(2024, 1, 3, 8, tzinfo=timezone.utc)),
        ("", datetime(2024, 1, 1, tzinfo=timezone.utc)),
        ("Wed, 03 Jan 2024 08:00:00 -0000", datetime(2024, 1, 3, 8, tzinfo=timezone.utc)),
        ("Wed, 03 Jan 2024 16:00:00 +0800", datetime(2024, 1, 3, 8, tzinfo=timezone.utc)),
        ("Wed, 03 Jan 99999999999999999999 08:00:00 GMT", datetime(2024, 1, 1, tzinfo=timezone.utc)),
        ("yesterday", datetime(2024, 1, 1, tzinfo=timezone.utc)),
    ],
)
def test_not_found_carries_the_services_time(date: str, at: datetime, answer_of: AnswerOf) -> None:
    error: dict[str, Any] = {"Code": "InvalidParameter.ErrorActiveTaskNotFound", "Message": "指定任务不存在"}
    found = READER.classify(answer_of(error=error, date=date)).error
    assert isinstance(found, errors.NotFound)
    assert found.at == at
    assert "指定任务不存在" in str(found)


def test_the_codes_for_an_unknown_task_can_be_replaced(answer_of: AnswerOf) -> None:
    assert unknown_task_codes({}) == UNKNOWN_TASK_CODES
    assert unknown_task_codes({"VIDEOSNAP_RTC_UNKNOWN_TASK_CODES": " , "}) == UNKNOWN_TASK_CODES
    named = unknown_task_codes({"VIDEOSNAP_RTC_UNKNOWN_TASK_CODES": " TaskNotFound, ,Other "})
    assert named == {"TaskNotFound", "Other"}
    reader = ResponseParser("GetSnapshotTask", errors.one_line, lambda: NOW, named)
    assert isinstance(reader.classify(answer_of(error={"Code": "Other"})).error, errors.NotFound)


def test_a_long_message_is_cut_and_put_on_one_line(answer_of: AnswerOf) -> None:
    message = "first\r\n\x1b[31msecond\x00 " + "x" * 5000
    text = str(READER.classify(answer_of(error={"Code": "InvalidParameter", "Message": message})).error)
    assert "\n" not in text
    assert "\x1b" not in text
    assert len(text) < 500
