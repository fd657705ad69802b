"""What an answer of Alibaba Cloud MPS means, and how its lists are read: pure functions and one table.

A call succeeded when its status is 200 and its body a JSON object; a refusal carries `Code` and `Message`,
in JSON or, from some gateways, in XML.

Codes: the table of SubmitSnapshotJob, the service's general table (错误码表), and the gateway's. None of them
says which HTTP status goes with a code of the service, so the code decides, and the status only where there
is no code that we know.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError

from pulumi_videosnap.alibaba.models import Received, Refusal
from pulumi_videosnap.errors import Garbled, Rejected, ServiceFault, Unauthorized, Unreachable
from pulumi_videosnap.http.client import MAY_HAVE_ACTED, OK, Response, Retry, Outcome
from pulumi_videosnap.http.error_codes import (
    SERVER_ERROR,
    HTTP_OK,
    THROTTLED,
    ErrorRule,
    ErrorRules,
    clock_difference,
    rule_for_code,
    outcome_of_status,
)

ENDPOINT_VARIABLE = "ALIBABA_CLOUD_MPS_ENDPOINT"

Item = TypeVar("Item", bound=Received)

_KEY = "check ALIBABA_CLOUD_ACCESS_KEY_ID or the profile"
_PAIR = "check ALIBABA_CLOUD_ACCESS_KEY_SECRET or the profile: the secret must belong to the access key"
_TOKEN = "renew ALIBABA_CLOUD_SECURITY_TOKEN together with its key pair"  # noqa: S105
_GRANT = "grant the key's user the permission (mts:…) in the RAM console"
_AUTHORISE = (
    "authorise MPS for the bucket in the MPS console (Media Buckets), which also makes AliyunMTSDefaultRole"
)
_ENDPOINT = f"check {ENDPOINT_VARIABLE}"
_CLOCK = "set this machine's clock"

_NO_KEY = ErrorRule(Unauthorized, "the access key is not known to the service", _KEY)
_UNSIGNED = ErrorRule(Unauthorized, "the signature cannot be read", _KEY)
_NO_TOKEN = ErrorRule(Unauthorized, "the security token is not valid", _TOKEN)
_NO_GRANT = ErrorRule(Unauthorized, "the key lacks a permission", _GRANT)
_NO_CALL = ErrorRule(Rejected, "the endpoint does not offer this call", _ENDPOINT)

CODES: ErrorRules = {
    # The gateway.
    "InvalidAccessKeyId": _NO_KEY,
    "InvalidAccessKeyId.Inactive": ErrorRule(
        Unauthorized, "the access key is disabled", "enable it in the RAM console, or use another one"
    ),
    "MissingAccessKeyId": _UNSIGNED,
    "MissingSignature": _UNSIGNED,
    "IncompleteSignature": _UNSIGNED,
    "InvalidSignatureMethod": _UNSIGNED,
    "SignatureDoesNotMatch": ErrorRule(Unauthorized, "the signature does not match", _PAIR),
    # Each attempt has a nonce of its own, so a copy was made on the way, and the first may have gone through.
    "SignatureNonceUsed": ErrorRule(
        Unreachable,
        "the request arrived twice, and only the second copy was answered",
        "look for a proxy that repeats requests",
        Retry.IF_IDEMPOTENT,
    ),
    "InvalidTimeStamp": ErrorRule(Unauthorized, "the time of signing cannot be used", _CLOCK),
    "InvalidTimeStamp.Expired": ErrorRule(Unauthorized, "the signature has expired", _CLOCK),
    "InvalidSecurityToken": _NO_TOKEN,
    "MissingSecurityToken": _NO_TOKEN,
    "Forbidden": _NO_GRANT,
    "NoPermission": _NO_GRANT,
    "AccessDenied": _NO_GRANT,
    "Throttling": THROTTLED,
    "ServiceUnavailable": SERVER_ERROR,
    "InvalidApi": _NO_CALL,
    "InvalidAction": _NO_CALL,
    "InvalidVersion": _NO_CALL,
    "UnsupportedHTTPMethod": _NO_CALL,
    # The service.
    "InternalError": SERVER_ERROR,
    "TransientNetWorkError": ErrorRule(
        ServiceFault, "the service could not reach the file", "try again later", Retry.IF_IDEMPOTENT
    ),
    "InvalidIdentity.ServiceDisabled": ErrorRule(
        Unauthorized, "the account has not opened MPS, or it is suspended", "open it in the MPS console"
    ),
    "EntityNotExist.Role": ErrorRule(Unauthorized, "the role that MPS works with does not exist", _AUTHORISE),
    "PermissionDenied": _NO_GRANT,
    "PermissionDenied.ResourceAccess": ErrorRule(
        Unauthorized, "MPS may not read the input, or not write the output", _AUTHORISE
    ),
    "PermissionDenied.ResourceQuotaExceed": ErrorRule(
        Rejected, "the account has used up a quota", "wait for running jobs, or ask the vendor for more"
    ),
    "SnapshotTimeOut": ErrorRule(
        Rejected,
        "a synchronous snapshot has but a few seconds",
        "make the job asynchronous: set snapshot_config.num to 1",
    ),
    "InvalidParameter": ErrorRule(Rejected),
    "InvalidParameter.ResourceNotFound": ErrorRule(
        Rejected, "", "check that the input's object, both buckets and the pipeline exist in this region"
    ),
    "InvalidParameter.ResourceContentBad": ErrorRule(
        Rejected, "", "check that the input is a whole video, and the names of the output files"
    ),
    "InvalidParameter.BucketNameInvalid": ErrorRule(Rejected, "", "check the buckets' names"),
    "InvalidParameter.LocationInvalid": ErrorRule(
        Rejected, "", "the buckets' location must be the region of the MPS service, such as oss-cn-hangzhou"
    ),
    "InvalidParameter.ObjectKeyInvalid": ErrorRule(Rejected, "", "check the keys of input and output files"),
    "Missing": ErrorRule(Rejected),
}
"""What every code means, from its beginning; the longest beginning that fits decides."""

_XML_LEAF = {
    name: re.compile(rf"<{name}>(.*?)</{name}>", re.DOTALL) for name in ("RequestId", "Code", "Message")
}


def json_of(answer: Response) -> dict[str, Any] | None:
    """The JSON object that an answer carries; None when it carries none."""
    try:
        content = json.loads(answer.body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def refusal_of(answer: Response) -> Refusal:
    """What a refusal says, in JSON or in XML; blank when it is neither."""
    content = json_of(answer)
    if content is None:
        text = answer.body.decode(errors="replace")
        found = {name: pattern.search(text) for name, pattern in _XML_LEAF.items()}
        content = {name: html.unescape(match[1]).strip() for name, match in found.items() if match}
    return Refusal.model_validate(content)


@dataclass(frozen=True)
class ResponseParser:
    """Judges the answers of one call, and takes out what they carry.

    `scrub` makes foreign text fit for a message, `clock` tells the time where an answer has no Date,
    `idempotent` is whether making the call twice is harmless.
    """

    action: str
    scrub: Callable[[str], str]
    clock: Callable[[], float]
    idempotent: bool = True

    def verdict(self, answer: Response) -> Outcome:
        """What an answer means, whether it is worth repeating, and what to tell the user."""
        if answer.status != HTTP_OK:
            return self._refused(answer, refusal_of(answer))
        if json_of(answer) is None:
            return Outcome(self.garbled(answer, "the answer is not the service's JSON"), Retry.IF_IDEMPOTENT)
        return OK

    def one(self, answer: Response, field: str, kind: type[Item]) -> Item:
        """The object in a field of a successful answer; Garbled when it is not there."""
        try:
            return kind.model_validate((json_of(answer) or {}).get(field))
        except ValidationError as error:
            raise self._unreadable(answer, field, error) from None

    def many(self, answer: Response, field: str, inner: str, kind: type[Item]) -> list[Item]:
        """The objects in a list of a successful answer; Garbled when one of them cannot be read."""
        try:
            return [kind.model_validate(item) for item in self._list(answer, field, inner)]
        except ValidationError as error:
            raise self._unreadable(answer, field, error) from None

    def names(self, answer: Response, field: str) -> list[str]:
        """The strings in a list of a successful answer."""
        return [str(item) for item in self._list(answer, field, "String")]

    def number(self, answer: Response, field: str) -> int:
        """The number in a field of a successful answer; Garbled when there is none."""
        value = (json_of(answer) or {}).get(field)
        if isinstance(value, bool) or not str(value).isdecimal():
            raise self.garbled(answer, f"not as documented in {field}")
        return int(str(value))

    def text(self, answer: Response, field: str) -> str:
        """The text in a field of a successful answer; empty when there is none."""
        return str((json_of(answer) or {}).get(field) or "")

    def garbled(self, answer: Response, reason: str) -> Garbled:
        """The answer cannot be understood."""
        advice = f"run the same command again, and if that does not help, {_ENDPOINT}"
        return Garbled(
            self.action,
            self.scrub(reason),
            request_id=self.scrub(refusal_of(answer).request_id),
            advice=advice if self.idempotent else MAY_HAVE_ACTED,
        )

    def _list(self, answer: Response, field: str, inner: str) -> list[Any]:
        """A list as the SDKs' types have it, `{field: {inner: […]}}`, or as the pages do, `{field: […]}`.

        The service leaves an empty one out, but then says at least which call it answers.
        """
        content = json_of(answer) or {}
        value = content.get(field) or ([] if content.get("RequestId") else None)
        if isinstance(value, dict):
            value = value.get(inner) or []
        if not isinstance(value, list):
            raise self.garbled(answer, f"not as documented in {field}")
        return [item for item in value if item is not None]

    def _unreadable(self, answer: Response, field: str, error: ValidationError) -> Garbled:
        places = (".".join((field, *map(str, problem["loc"]))) for problem in error.errors())
        return self.garbled(answer, f"not as documented in {', '.join(places)}")

    def _refused(self, answer: Response, said: Refusal) -> Outcome:
        request_id, message = self.scrub(said.request_id), self.scrub(said.message)
        if not said.code:
            return outcome_of_status(
                self.action,
                answer.status,
                message or "the answer is not the service's",
                advice=_ENDPOINT,
                request_id=request_id,
                idempotent=self.idempotent,
            )
        late = said.code.startswith("InvalidTimeStamp")
        return rule_for_code(CODES, said.code, answer.status).verdict(
            self.action,
            message,
            code=self.scrub(said.code),
            request_id=request_id,
            remark=clock_difference(answer, self.clock()) if late else "",
            idempotent=self.idempotent,
        )
