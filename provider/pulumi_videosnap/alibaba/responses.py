"""Responses of Alibaba Cloud MPS: the table of error codes, and a parser of successful responses.

A call succeeded when its status is 200 and its body a JSON object; a refusal has `Code` and `Message`, in
JSON or, from some gateways, in XML.

Codes: the table of SubmitSnapshotJob, the service's general table (错误码表), and the gateway's. None of them
documents the HTTP status of a code of the service, so the code decides, and the status only for unknown
codes.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError

from pulumi_videosnap.alibaba.auth import ENDPOINT, KEYS
from pulumi_videosnap.alibaba.models import Received, Refusal
from pulumi_videosnap.errors import Garbled, Rejected, ServiceFault, Unauthorized, Unreachable
from pulumi_videosnap.http.error_codes import (
    HTTP_OK,
    MAY_HAVE_ACTED,
    OK,
    SERVER_ERROR,
    THROTTLED,
    ErrorRule,
    ErrorRules,
    Outcome,
    clock_difference,
    outcome_of_status,
    rule_for_code,
)
from pulumi_videosnap.http.retry import Retry
from pulumi_videosnap.http.transport import Response

Item = TypeVar("Item", bound=Received)

_KEY = f"check {KEYS.access_key.env} or the profile"
_PAIR = f"check {KEYS.secret_key.env} or the profile: the secret must belong to the access key"
_TOKEN = f"renew {KEYS.session_token.env} together with its key pair"
_GRANT = "grant the key's user the permission (mts:…) in the RAM console"
_AUTHORISE = (
    "authorise MPS for the bucket in the MPS console (Media Buckets), which also creates AliyunMTSDefaultRole"
)
_ENDPOINT = f"check {ENDPOINT.env}"
_CLOCK = "correct this machine's clock"

_NO_KEY = ErrorRule(Unauthorized, "the access key is not known to the service", _KEY)
_UNSIGNED = ErrorRule(Unauthorized, "the signature is missing or malformed", _KEY)
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
    # Each attempt has its own nonce, so the request was copied on the way, and the first copy may have
    # arrived.
    "SignatureNonceUsed": ErrorRule(
        Unreachable,
        "the request arrived twice, and only the second copy was answered",
        "look for a proxy that repeats requests",
        Retry.IF_IDEMPOTENT,
    ),
    "InvalidTimeStamp": ErrorRule(Unauthorized, "the signature's timestamp is invalid", _CLOCK),
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
        Unauthorized, "MPS is not allowed to read the input or to write the output", _AUTHORISE
    ),
    "PermissionDenied.ResourceQuotaExceed": ErrorRule(
        Rejected, "the account has used up a quota", "wait for running jobs, or ask the vendor for more"
    ),
    "SnapshotTimeOut": ErrorRule(
        Rejected,
        "a synchronous snapshot has a few seconds only",
        "make the job asynchronous: set snapshot_config.num to 1",
    ),
    "InvalidParameter": ErrorRule(Rejected),
    "InvalidParameter.ResourceNotFound": ErrorRule(
        Rejected, "", "check that the input's object, both buckets and the pipeline exist in this region"
    ),
    "InvalidParameter.ResourceContentBad": ErrorRule(
        Rejected, "", "check that the input is a complete video, and the names of the output files"
    ),
    "InvalidParameter.BucketNameInvalid": ErrorRule(Rejected, "", "check the buckets' names"),
    "InvalidParameter.LocationInvalid": ErrorRule(
        Rejected, "", "the buckets' location must be the region of the MPS service, such as oss-cn-hangzhou"
    ),
    "InvalidParameter.ObjectKeyInvalid": ErrorRule(Rejected, "", "check the keys of input and output files"),
    "Missing": ErrorRule(Rejected),
}
"""The rule of every code, by prefix; the longest matching prefix decides."""

_XML_LEAF = {
    name: re.compile(rf"<{name}>(.*?)</{name}>", re.DOTALL) for name in ("RequestId", "Code", "Message")
}


def json_of(response: Response) -> dict[str, Any] | None:
    """The JSON object in a response; None when there is none."""
    try:
        content = json.loads(response.body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def refusal_of(response: Response) -> Refusal:
    """The code and message of a refusal, in JSON or in XML; blank when it is neither."""
    content = json_of(response)
    if content is None:
        text = response.body.decode(errors="replace")
        found = {name: pattern.search(text) for name, pattern in _XML_LEAF.items()}
        content = {name: html.unescape(match[1]).strip() for name, match in found.items() if match}
    return Refusal.model_validate(content)


@dataclass(frozen=True)
class ResponseParser:
    """Classifies the responses of one call, and reads what they contain.

    `scrub` makes untrusted text fit for a message, `clock` is used for a response without a Date header,
    `idempotent` is whether repeating the call is harmless.
    """

    action: str
    scrub: Callable[[str], str]
    clock: Callable[[], float]
    idempotent: bool = True

    def classify(self, response: Response) -> Outcome:
        """Whether the call succeeded, else its error and whether to retry."""
        if response.status != HTTP_OK:
            return self._refused(response, refusal_of(response))
        if json_of(response) is None:
            return Outcome(
                self.garbled(response, "the response is not the service's JSON"), Retry.IF_IDEMPOTENT
            )
        return OK

    def one(self, response: Response, field: str, kind: type[Item]) -> Item:
        """The object in a field of a successful response; Garbled when it is absent."""
        try:
            return kind.model_validate((json_of(response) or {}).get(field))
        except ValidationError as error:
            raise self._unreadable(response, field, error) from None

    def many(self, response: Response, field: str, inner: str, kind: type[Item]) -> list[Item]:
        """The objects in a list of a successful response; Garbled when one of them cannot be read."""
        try:
            return [kind.model_validate(item) for item in self._list(response, field, inner)]
        except ValidationError as error:
            raise self._unreadable(response, field, error) from None

    def names(self, response: Response, field: str) -> list[str]:
        """The strings in a list of a successful response."""
        return [str(item) for item in self._list(response, field, "String")]

    def number(self, response: Response, field: str) -> int:
        """The number in a field of a successful response; Garbled when there is none."""
        value = (json_of(response) or {}).get(field)
        if isinstance(value, bool) or not str(value).isdecimal():
            raise self.garbled(response, f"not as documented in {field}")
        return int(str(value))

    def text(self, response: Response, field: str) -> str:
        """The text in a field of a successful response; empty when there is none."""
        return str((json_of(response) or {}).get(field) or "")

    def garbled(self, response: Response, reason: str) -> Garbled:
        """The error for a response that cannot be understood."""
        advice = f"run the same command again, and if that does not help, {_ENDPOINT}"
        return Garbled(
            self.action,
            self.scrub(reason),
            request_id=self.scrub(refusal_of(response).request_id),
            advice=advice if self.idempotent else MAY_HAVE_ACTED,
        )

    def _list(self, response: Response, field: str, inner: str) -> list[Any]:
        """A list as the SDKs' types have it, `{field: {inner: […]}}`, or as the pages do, `{field: […]}`.

        The service omits an empty list, but such a response has a RequestId.
        """
        content = json_of(response) or {}
        value = content.get(field) or ([] if content.get("RequestId") else None)
        if isinstance(value, dict):
            value = value.get(inner) or []
        if not isinstance(value, list):
            raise self.garbled(response, f"not as documented in {field}")
        return [item for item in value if item is not None]

    def _unreadable(self, response: Response, field: str, error: ValidationError) -> Garbled:
        places = (".".join((field, *map(str, problem["loc"]))) for problem in error.errors())
        return self.garbled(response, f"not as documented in {', '.join(places)}")

    def _refused(self, response: Response, refusal: Refusal) -> Outcome:
        request_id, message = self.scrub(refusal.request_id), self.scrub(refusal.message)
        if not refusal.code:
            return outcome_of_status(
                self.action,
                response.status,
                message or "the response is not from the service",
                advice=_ENDPOINT,
                request_id=request_id,
                idempotent=self.idempotent,
            )
        expired = refusal.code.startswith("InvalidTimeStamp")
        return rule_for_code(CODES, refusal.code, response.status).outcome(
            self.action,
            message,
            code=self.scrub(refusal.code),
            request_id=request_id,
            remark=clock_difference(response, self.clock()) if expired else "",
            idempotent=self.idempotent,
        )
