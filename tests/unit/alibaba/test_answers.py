"""What each answer of MPS means: literal tables, with what must not be repeated or taken for gone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone

import pytest

from pulumi_videosnap import errors
from pulumi_videosnap.alibaba.models import SnapshotJob
from pulumi_videosnap.alibaba.responses import CODES, ResponseParser
from pulumi_videosnap.http.retry import Retry
from pulumi_videosnap.http.transport import Response

NOW = datetime(2024, 1, 1, tzinfo=timezone.utc).timestamp()
READER = ResponseParser("QuerySnapshotJobList", errors.one_line, lambda: NOW)
SUBMIT = ResponseParser("SubmitSnapshotJob", errors.one_line, lambda: NOW, idempotent=False)

NEVER, IF_IDEMPOTENT, ALWAYS = Retry.NEVER, Retry.IF_IDEMPOTENT, Retry.ALWAYS
REJECTED, UNAUTHORIZED, SERVER_ERROR = errors.Rejected, errors.Unauthorized, errors.ServiceFault

RefusalOf = Callable[..., Response]

CODES_TOLD: list[tuple[int, str, type[errors.CallFailed], Retry]] = [
    # The table of SubmitSnapshotJob.
    (400, "InvalidParameter.ResourceNotFound", REJECTED, NEVER),
    (404, "InvalidParameter.ResourceNotFound", REJECTED, NEVER),
    (400, "SnapshotTimeOut", REJECTED, NEVER),
    (504, "SnapshotTimeOut", REJECTED, NEVER),
    (400, "InvalidParameter.ResourceContentBad", REJECTED, NEVER),
    (403, "InvalidParameter.ResourceContentBad", REJECTED, NEVER),
    (400, "EntityNotExist.Role", UNAUTHORIZED, NEVER),
    (404, "EntityNotExist.Role", UNAUTHORIZED, NEVER),
    (400, "PermissionDenied.ResourceAccess", UNAUTHORIZED, NEVER),
    (403, "PermissionDenied.ResourceAccess", UNAUTHORIZED, NEVER),
    (500, "InternalError", SERVER_ERROR, IF_IDEMPOTENT),
    (400, "InternalError", SERVER_ERROR, IF_IDEMPOTENT),
    (500, "TransientNetWorkError", SERVER_ERROR, IF_IDEMPOTENT),
    (400, "TransientNetWorkError", SERVER_ERROR, IF_IDEMPOTENT),
    # The general table; no status is documented, so the code must do.
    (400, "Throttling", errors.Throttled, ALWAYS),
    (503, "Throttling", errors.Throttled, ALWAYS),
    (403, "InvalidIdentity.ServiceDisabled", UNAUTHORIZED, NEVER),
    (400, "InvalidParameter", REJECTED, NEVER),
    (500, "InvalidParameter", REJECTED, NEVER),
    (400, "InvalidParameter.NullValue", REJECTED, NEVER),
    (400, "InvalidParameter.EmptyValue", REJECTED, NEVER),
    (400, "InvalidParameter.NotSupported", REJECTED, NEVER),
    (400, "InvalidParameter.OutOfRange", REJECTED, NEVER),
    (400, "InvalidParameter.InvalidState", REJECTED, NEVER),
    (400, "InvalidParameter.ResourceNotSupported", REJECTED, NEVER),
    (400, "InvalidParameter.ResourceDeleted", REJECTED, NEVER),
    (400, "InvalidParameter.NoAudioStream", REJECTED, NEVER),
    (400, "InvalidParameter.JsonFormatInvalid", REJECTED, NEVER),
    (400, "InvalidParameter.JsonObjectFormatInvalid", REJECTED, NEVER),
    (400, "InvalidParameter.JsonArrayFormatInvalid", REJECTED, NEVER),
    (400, "InvalidParameter.UUIDFormatInvalid", REJECTED, NEVER),
    (400, "InvalidParameter.Format", REJECTED, NEVER),
    (400, "InvalidParameter.NumberFormatInvalid", REJECTED, NEVER),
    (400, "InvalidParameter.BucketNameInvalid", REJECTED, NEVER),
    (400, "InvalidParameter.LocationInvalid", REJECTED, NEVER),
    (400, "InvalidParameter.ObjectKeyInvalid", REJECTED, NEVER),
    (403, "PermissionDenied.ResourceQuotaExceed", REJECTED, NEVER),
    (403, "PermissionDenied.SomethingElse", UNAUTHORIZED, NEVER),
    # Of the sending of messages.
    (400, "AccessDenied", UNAUTHORIZED, NEVER),
    (400, "InvalidQueueName", REJECTED, NEVER),
    (400, "TopicNameInvalid", REJECTED, NEVER),
    (404, "QueueNotExist", REJECTED, NEVER),
    (404, "TopicNotExist", REJECTED, NEVER),
    (400, "InvalidArgument", REJECTED, NEVER),
    # The gateway's, with their documented statuses.
    (404, "InvalidApi.NotFound", REJECTED, NEVER),
    (400, "MissingInput", REJECTED, NEVER),
    (400, "MissingSnapshotConfig", REJECTED, NEVER),
    (400, "MissingAccessKeyId", UNAUTHORIZED, NEVER),
    (404, "InvalidAccessKeyId.NotFound", UNAUTHORIZED, NEVER),
    (400, "InvalidAccessKeyId.Inactive", UNAUTHORIZED, NEVER),
    (400, "InvalidTimeStamp.Format", UNAUTHORIZED, NEVER),
    (400, "InvalidTimeStamp.Expired", UNAUTHORIZED, NEVER),
    (400, "SignatureNonceUsed", errors.Unreachable, IF_IDEMPOTENT),
    (400, "UnsupportedHTTPMethod", REJECTED, NEVER),
    (400, "InvalidSignatureMethod", UNAUTHORIZED, NEVER),
    (400, "SignatureDoesNotMatch", UNAUTHORIZED, NEVER),
    (400, "IncompleteSignature", UNAUTHORIZED, NEVER),
    (400, "InvalidSecurityToken.Expired", UNAUTHORIZED, NEVER),
    (403, "Forbidden.RAM", UNAUTHORIZED, NEVER),
    (403, "NoPermission", UNAUTHORIZED, NEVER),
    (400, "Throttling.User", errors.Throttled, ALWAYS),
    (400, "Throttling.Api", errors.Throttled, ALWAYS),
    (503, "ServiceUnavailable", SERVER_ERROR, IF_IDEMPOTENT),
    # Codes nobody has documented.
    (400, "SomethingNew", REJECTED, NEVER),
    (404, "SnapshotJobNotFound", REJECTED, NEVER),
    (403, "SomethingNew", UNAUTHORIZED, NEVER),
    (429, "SomethingNew", errors.Throttled, ALWAYS),
    (503, "SomethingNew", SERVER_ERROR, IF_IDEMPOTENT),
    (302, "SomethingNew", REJECTED, NEVER),
]


@pytest.mark.parametrize(("status", "code", "kind", "retry"), CODES_TOLD)
def test_a_code(
    status: int, code: str, kind: type[errors.CallFailed], retry: Retry, refusal_of: RefusalOf
) -> None:
    said = READER.classify(refusal_of(code, status=status))
    assert (type(said.error), said.retry) == (kind, retry)
    assert said.error is not None
    assert said.error.code == code
    assert said.error.request_id == "19B6D8C5-A5DD-467A-B435-29D393C7AAAA"
    assert f"No ({code})" in str(said.error)


def test_every_line_of_the_table_is_tried() -> None:
    told = [code for _, code, _, _ in CODES_TOLD]
    untried = {
        start
        for start in CODES
        if not any(
            max((s for s in CODES if code.startswith(s)), key=len, default="") == start for code in told
        )
    }
    # The same meanings under names that some gateways use.
    assert untried <= {
        "MissingSignature",
        "InvalidTimeStamp",
        "MissingSecurityToken",
        "InvalidAction",
        "InvalidVersion",
    }


def test_what_needs_somebodys_hand_is_told() -> None:
    for start, meaning in CODES.items():
        if meaning.kind is errors.Unauthorized:
            assert meaning.text, start
            assert meaning.advice, start


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("PermissionDenied.ResourceAccess", "AliyunMTSDefaultRole"),
        ("EntityNotExist.Role", "authorise MPS"),
        ("InvalidIdentity.ServiceDisabled", "open it in the MPS console"),
        ("SnapshotTimeOut", "set snapshot_config.num to 1"),
        ("InvalidAccessKeyId.NotFound", "ALIBABA_CLOUD_ACCESS_KEY_ID"),
        ("InvalidAccessKeyId.Inactive", "the access key is disabled"),
        ("SignatureDoesNotMatch", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"),
        ("InvalidSecurityToken.MismatchWithAccessKey", "ALIBABA_CLOUD_SECURITY_TOKEN"),
        ("InvalidParameter.LocationInvalid", "must be the region"),
        ("InvalidApi.NotFound", "ALIBABA_CLOUD_MPS_ENDPOINT"),
    ],
)
def test_a_refusal_says_what_to_do(code: str, told: str, refusal_of: RefusalOf) -> None:
    assert told in str(SUBMIT.classify(refusal_of(code)).error)


def test_the_whole_sentence(refusal_of: RefusalOf) -> None:
    message = 'The format of parameter "SnapshotConfig:OutputFile:Object" is invalid.'
    error = SUBMIT.classify(refusal_of("InvalidParameter.ResourceContentBad", message)).error
    assert str(error) == (
        'SubmitSnapshotJob was refused: The format of parameter "SnapshotConfig:OutputFile:Object" is '
        "invalid (InvalidParameter.ResourceContentBad); check that the input is a complete video, and the "
        "names of the output files (RequestId 19B6D8C5-A5DD-467A-B435-29D393C7AAAA)"
    )


UNCLEAR = [
    (500, b'{"Code": "InternalError", "Message": "Oops"}'),
    (400, b'{"Code": "TransientNetWorkError"}'),
    (400, b'{"Code": "SignatureNonceUsed"}'),
    (503, b'{"Code": "ServiceUnavailable"}'),
    (502, b"<html>bad gateway</html>"),
    (408, b""),
    (200, b"<html>"),
]


@pytest.mark.parametrize(("status", "body"), UNCLEAR)
def test_an_unclear_end_of_a_submission_is_told(status: int, body: bytes) -> None:
    said = SUBMIT.classify(Response(status, {}, body))
    assert said.retry is IF_IDEMPOTENT
    assert "it may have taken effect nevertheless; check before repeating it" in str(said.error)
    assert "check before" not in str(READER.classify(Response(status, {}, body)).error)


STATUSES: list[tuple[int, bytes, type[errors.CallFailed] | None, Retry]] = [
    (200, b"{}", None, NEVER),
    (200, b'{"RequestId": "R"}', None, NEVER),
    (200, b"\xef\xbb\xbf{}", None, NEVER),
    (200, b"", errors.Garbled, IF_IDEMPOTENT),
    (200, b"null", errors.Garbled, IF_IDEMPOTENT),
    (200, b"[]", errors.Garbled, IF_IDEMPOTENT),
    (200, b'{"RequestId": ', errors.Garbled, IF_IDEMPOTENT),
    (200, b"<html>Sign in to the hotel network</html>", errors.Garbled, IF_IDEMPOTENT),
    (200, b"<SubmitSnapshotJobResponse/>", errors.Garbled, IF_IDEMPOTENT),
    (200, b"\xff\xfe", errors.Garbled, IF_IDEMPOTENT),
    (200, b"[" * 100_000, errors.Garbled, IF_IDEMPOTENT),
    (202, b"{}", errors.Garbled, NEVER),
    (302, b"", errors.Garbled, NEVER),
    (400, b"Bad Request", REJECTED, NEVER),
    (401, b"", UNAUTHORIZED, NEVER),
    (403, b"<html>firewall</html>", UNAUTHORIZED, NEVER),
    # A web server without the API says 404: that is never a missing job.
    (404, b"<html>not found</html>", REJECTED, NEVER),
    (408, b"", SERVER_ERROR, IF_IDEMPOTENT),
    (429, b"", errors.Throttled, ALWAYS),
    (500, b"\xff", SERVER_ERROR, IF_IDEMPOTENT),
    (503, b"[]", SERVER_ERROR, IF_IDEMPOTENT),
]


@pytest.mark.parametrize(("status", "body", "kind", "retry"), STATUSES)
def test_an_answer_without_a_code(
    status: int, body: bytes, kind: type[errors.CallFailed] | None, retry: Retry
) -> None:
    said = READER.classify(Response(status, {}, body))
    assert (type(said.error) if said.error else None, said.retry) == (kind, retry)


XML = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<Error>\n  <RequestId>8906582E-6722</RequestId>\n'
    "  <HostId>mts.cn-hangzhou.aliyuncs.com</HostId>\n  <Code>{code}</Code>\n"
    "  <Message>Specified &quot;key&quot;\n is not &lt;found&gt;.</Message>\n</Error>"
)


@pytest.mark.parametrize(
    ("status", "code", "kind", "retry"),
    [
        (404, "InvalidAccessKeyId.NotFound", UNAUTHORIZED, NEVER),
        (400, "Throttling.User", errors.Throttled, ALWAYS),
        (500, "InternalError", SERVER_ERROR, IF_IDEMPOTENT),
    ],
)
def test_an_xml_refusal(status: int, code: str, kind: type[errors.CallFailed], retry: Retry) -> None:
    headers = {"content-type": "text/xml;charset=utf-8"}
    said = READER.classify(Response(status, headers, XML.format(code=code).encode()))
    assert (type(said.error), said.retry) == (kind, retry)
    assert said.error is not None
    assert (said.error.code, said.error.request_id) == (code, "8906582E-6722")
    assert 'Specified "key" is not <found>' in str(said.error)


@pytest.mark.parametrize(
    ("date", "told"),
    [
        ("Mon, 01 Jan 2024 00:40:00 GMT", "this machine's clock is 2400 s behind the service's"),
        ("Sun, 31 Dec 2023 23:20:00 GMT", "this machine's clock is 2400 s ahead of the service's"),
        ("", "the signature has expired: Late"),
    ],
)
def test_a_wrong_clock_is_told_with_the_difference(date: str, told: str, refusal_of: RefusalOf) -> None:
    assert told in str(READER.classify(refusal_of("InvalidTimeStamp.Expired", "Late.", date=date)).error)


def test_a_long_message_is_cut_and_put_on_one_line(refusal_of: RefusalOf) -> None:
    message = "first\r\n\x1b[31msecond\x00 " + "x" * 5000
    text = str(READER.classify(refusal_of("InvalidParameter", message)).error)
    assert "\n" not in text
    assert "\x1b" not in text
    assert len(text) < 500


JOB = '{"Id": "a1", "State": "Success"}'


@pytest.mark.parametrize(
    ("content", "ids"),
    [
        ('{"SnapshotJobList": {"SnapshotJob": [' + JOB + "]}}", ["a1"]),
        ('{"SnapshotJobList": [' + JOB + "]}", ["a1"]),
        ('{"SnapshotJobList": {"SnapshotJob": [null, ' + JOB + "]}}", ["a1"]),
        ('{"SnapshotJobList": {"SnapshotJob": []}}', []),
        ('{"RequestId": "R", "SnapshotJobList": {}}', []),
        ('{"RequestId": "R", "SnapshotJobList": []}', []),
        ('{"RequestId": "R", "SnapshotJobList": ""}', []),
        ('{"RequestId": "R", "SnapshotJobList": null}', []),
        ('{"RequestId": "R"}', []),
    ],
)
def test_a_list_in_every_shape(content: str, ids: list[str]) -> None:
    answer = Response(200, {}, content.encode())
    jobs = READER.many(answer, "SnapshotJobList", "SnapshotJob", SnapshotJob)
    assert [job.id for job in jobs] == ids


@pytest.mark.parametrize(
    "content",
    [
        "{}",
        '{"NextPageToken": "t"}',
        '{"RequestId": "R", "SnapshotJobList": "none"}',
        '{"RequestId": "R", "SnapshotJobList": 3}',
        '{"RequestId": "R", "SnapshotJobList": {"SnapshotJob": "a1"}}',
        '{"RequestId": "R", "SnapshotJobList": {"SnapshotJob": ["a1"]}}',
        '{"RequestId": "R", "SnapshotJobList": {"SnapshotJob": [{"State": "Success"}]}}',
        '{"RequestId": "R", "SnapshotJobList": {"SnapshotJob": [' + JOB + ', {"Id": ""}]}}',
    ],
)
def test_a_list_that_cannot_be_read_is_not_an_empty_one(content: str) -> None:
    with pytest.raises(errors.Garbled, match="not as documented in SnapshotJobList"):
        READER.many(Response(200, {}, content.encode()), "SnapshotJobList", "SnapshotJob", SnapshotJob)
