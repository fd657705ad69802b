"""What an answer of Volcengine RTC means: a pure function from answer to verdict, and the tables behind it.

A call succeeded when its status is 200 and its envelope carries no error; either one alone is a failure.
Codes: the service's table docs/6348/70426 and the gateway's docs/6369/68677. Neither says which HTTP status
goes with a code of the service, so the code decides, and the status only where there is no code.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from pulumi_videosnap.errors import Garbled, NotFound, Rejected, Unauthorized
from pulumi_videosnap.http.client import OK, Response, Retry, Outcome
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
from pulumi_videosnap.volcengine.models import Envelope, ResponseError, ResponseMetadata

# NOT DOCUMENTED: no page says which code an unknown task gets. The table has one that means "the task does
# not exist or has already stopped"; the variable puts others in its place, separated by commas.
UNKNOWN_TASK_CODES = frozenset({"InvalidParameter.ErrorActiveTaskNotFound"})
UNKNOWN_TASK_CODES_VARIABLE = "VIDEOSNAP_RTC_UNKNOWN_TASK_CODES"

ENDPOINT_VARIABLE = "VOLCENGINE_RTC_ENDPOINT"

_KEY = "check VOLCENGINE_ACCESS_KEY or the profile"
_PAIR = "check VOLCENGINE_SECRET_KEY or the profile: the secret key must belong to the access key"
_TOKEN = "renew VOLCENGINE_SESSION_TOKEN together with its key pair"  # noqa: S105
_GRANT = "grant the key's user the permission in the IAM console"
_ENDPOINT_ADVICE = f"check {ENDPOINT_VARIABLE}"


_NO_GRANT = ErrorRule(Unauthorized, "the key lacks a permission", _GRANT)
_UNSIGNED = ErrorRule(Unauthorized, "the request is not signed", _KEY)

_CODES: ErrorRules = {
    "InvalidAccessKey": ErrorRule(Unauthorized, "the access key is not known to the service", _KEY),
    "SignatureDoesNotMatch": ErrorRule(Unauthorized, "the signature does not match", _PAIR),
    "InvalidTimestamp": ErrorRule(Unauthorized, "the signature has expired", "set this machine's clock"),
    "InvalidAuthorization": ErrorRule(Unauthorized, "the signature cannot be read", _KEY),
    "InvalidCredential": ErrorRule(
        Unauthorized, "the credential is not valid", f"{_KEY}, and VOLCENGINE_REGION"
    ),
    "InvalidSecretToken": ErrorRule(Unauthorized, "the session token is not valid", _TOKEN),
    "MissingAuthenticationToken": _UNSIGNED,
    "MissingSignature": _UNSIGNED,
    "LackPolicy": _NO_GRANT,
    "AccessDenied.NoPermissionForApp": ErrorRule(
        Unauthorized,
        "the account has no permission for this app",
        "check appId, and that the key belongs to the app's account",
    ),
    "AccessDenied.ServiceNotEnabled": ErrorRule(
        Unauthorized, "the snapshot service is not enabled", "enable it for the app in the RTC console"
    ),
    "InvalidActionOrVersion": ErrorRule(Rejected, "the endpoint does not offer this call", _ENDPOINT_ADVICE),
    "ServiceNotFound": ErrorRule(Rejected, "the endpoint does not offer RTC", _ENDPOINT_ADVICE),
    "InvalidParameter.NotExistAppId": ErrorRule(Rejected, "the app does not exist", "check appId"),
    "InvalidParameter.IllegalAppId": ErrorRule(Rejected, "appId is not valid", "check appId"),
    "InvalidParameter.IllegalRoomID": ErrorRule(Rejected, "roomId is not valid", "check roomId"),
    "InvalidParameter.AccountIdMismatch": ErrorRule(
        Rejected,
        "the storage's accountId is not the owner's",
        "give the main account's id, never a sub-user's",
    ),
    "FlowLimitExceeded.TaskNumberOverLimit": ErrorRule(
        Rejected, "the app runs as many tasks as it may", "stop some of them"
    ),
    # The rest of their families.
    "AccessDenied": _NO_GRANT,
    "AccountFlowLimitExceeded": THROTTLED,
    "FailToConnect": SERVER_ERROR,
    "FlowLimitExceeded": THROTTLED,
    "InternalError": SERVER_ERROR,
    "InternalService": SERVER_ERROR,
    "InvalidParameter": ErrorRule(Rejected),
}


def unknown_task_codes(env: Mapping[str, str] = os.environ) -> frozenset[str]:
    """The codes that mean "no such task": the user's, if any are named, else ours."""
    named = env.get(UNKNOWN_TASK_CODES_VARIABLE, "").split(",")
    return frozenset(code.strip() for code in named if code.strip()) or UNKNOWN_TASK_CODES


def envelope_of(answer: Response) -> Envelope | None:
    """The vendor's envelope; None when the body is not one."""
    try:
        return Envelope.model_validate_json(answer.body)
    except ValidationError:
        return None


@dataclass(frozen=True)
class ResponseParser:
    """Judges the answers of one call.

    `scrub` makes foreign text fit for a message, `clock` tells the time where an answer has no Date,
    `unknown_task` are the codes that mean "no such task" for this action.
    """

    action: str
    scrub: Callable[[str], str]
    clock: Callable[[], float]
    unknown_task: frozenset[str] = frozenset()

    def verdict(self, answer: Response) -> Outcome:
        """What an answer means, whether it is worth repeating, and what to tell the user."""
        envelope = envelope_of(answer)
        if envelope is None:
            return self._without_envelope(answer)
        metadata = envelope.response_metadata
        if metadata.error is not None:
            return self._refusal(answer, metadata, metadata.error)
        if answer.status != HTTP_OK:
            return self._by_status(answer, self._id(metadata), "no error is named")
        return OK

    def result(self, answer: Response) -> object:
        """The envelope's `Result` of a successful answer, as it came."""
        envelope = envelope_of(answer)
        return envelope.result if envelope else None

    def request_id(self, answer: Response) -> str:
        """The vendor's id of the call; empty when the answer does not carry it."""
        envelope = envelope_of(answer)
        return self._id(envelope.response_metadata) if envelope else ""

    def not_found(self, answer: Response, reason: str, code: str = "", request_id: str = "") -> NotFound:
        """The task is unknown, as of the service's clock."""
        at = answer.date(self.clock())
        return NotFound(self.action, reason, at=at, code=code, request_id=request_id)

    def _id(self, metadata: ResponseMetadata) -> str:
        return self.scrub(metadata.request_id or "")

    def _without_envelope(self, answer: Response) -> Outcome:
        if answer.status != HTTP_OK:
            return self._by_status(answer, "", "the answer is not the service's")
        error = Garbled(self.action, "the answer is not the service's JSON", advice=_ENDPOINT_ADVICE)
        return Outcome(error, Retry.IF_IDEMPOTENT)

    def _by_status(self, answer: Response, request_id: str, reason: str) -> Outcome:
        return outcome_of_status(
            self.action, answer.status, reason, request_id=request_id, advice=_ENDPOINT_ADVICE
        )

    def _refusal(self, answer: Response, metadata: ResponseMetadata, error: ResponseError) -> Outcome:
        code, request_id = self.scrub(error.code), self._id(metadata)
        message = self.scrub(error.message)
        if error.code in self.unknown_task:
            reason = message.rstrip(".。") or "no reason is given"
            return Outcome(self.not_found(answer, reason, code, request_id))
        remark = clock_difference(answer, self.clock()) if error.code == "InvalidTimestamp" else ""
        meaning = rule_for_code(_CODES, error.code, answer.status)
        return meaning.verdict(self.action, message, code=code, request_id=request_id, remark=remark)
