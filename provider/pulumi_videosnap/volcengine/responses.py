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
from pulumi_videosnap.http.client import OK, Answer, Retry, Verdict
from pulumi_videosnap.http.error_codes import (
    FAULT,
    HTTP_OK,
    TOO_FAST,
    Meaning,
    Meanings,
    clock_difference,
    meaning_of,
    without_code,
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


_NO_GRANT = Meaning(Unauthorized, "the key lacks a permission", _GRANT)
_UNSIGNED = Meaning(Unauthorized, "the request is not signed", _KEY)

_CODES: Meanings = {
    "InvalidAccessKey": Meaning(Unauthorized, "the access key is not known to the service", _KEY),
    "SignatureDoesNotMatch": Meaning(Unauthorized, "the signature does not match", _PAIR),
    "InvalidTimestamp": Meaning(Unauthorized, "the signature has expired", "set this machine's clock"),
    "InvalidAuthorization": Meaning(Unauthorized, "the signature cannot be read", _KEY),
    "InvalidCredential": Meaning(
        Unauthorized, "the credential is not valid", f"{_KEY}, and VOLCENGINE_REGION"
    ),
    "InvalidSecretToken": Meaning(Unauthorized, "the session token is not valid", _TOKEN),
    "MissingAuthenticationToken": _UNSIGNED,
    "MissingSignature": _UNSIGNED,
    "LackPolicy": _NO_GRANT,
    "AccessDenied.NoPermissionForApp": Meaning(
        Unauthorized,
        "the account has no permission for this app",
        "check appId, and that the key belongs to the app's account",
    ),
    "AccessDenied.ServiceNotEnabled": Meaning(
        Unauthorized, "the snapshot service is not enabled", "enable it for the app in the RTC console"
    ),
    "InvalidActionOrVersion": Meaning(Rejected, "the endpoint does not offer this call", _ENDPOINT_ADVICE),
    "ServiceNotFound": Meaning(Rejected, "the endpoint does not offer RTC", _ENDPOINT_ADVICE),
    "InvalidParameter.NotExistAppId": Meaning(Rejected, "the app does not exist", "check appId"),
    "InvalidParameter.IllegalAppId": Meaning(Rejected, "appId is not valid", "check appId"),
    "InvalidParameter.IllegalRoomID": Meaning(Rejected, "roomId is not valid", "check roomId"),
    "InvalidParameter.AccountIdMismatch": Meaning(
        Rejected,
        "the storage's accountId is not the owner's",
        "give the main account's id, never a sub-user's",
    ),
    "FlowLimitExceeded.TaskNumberOverLimit": Meaning(
        Rejected, "the app runs as many tasks as it may", "stop some of them"
    ),
    # The rest of their families.
    "AccessDenied": _NO_GRANT,
    "AccountFlowLimitExceeded": TOO_FAST,
    "FailToConnect": FAULT,
    "FlowLimitExceeded": TOO_FAST,
    "InternalError": FAULT,
    "InternalService": FAULT,
    "InvalidParameter": Meaning(Rejected),
}


def unknown_task_codes(env: Mapping[str, str] = os.environ) -> frozenset[str]:
    """The codes that mean "no such task": the user's, if any are named, else ours."""
    named = env.get(UNKNOWN_TASK_CODES_VARIABLE, "").split(",")
    return frozenset(code.strip() for code in named if code.strip()) or UNKNOWN_TASK_CODES


def envelope_of(answer: Answer) -> Envelope | None:
    """The vendor's envelope; None when the body is not one."""
    try:
        return Envelope.model_validate_json(answer.body)
    except ValidationError:
        return None


@dataclass(frozen=True)
class Reader:
    """Judges the answers of one call.

    `scrub` makes foreign text fit for a message, `clock` tells the time where an answer has no Date,
    `unknown_task` are the codes that mean "no such task" for this action.
    """

    action: str
    scrub: Callable[[str], str]
    clock: Callable[[], float]
    unknown_task: frozenset[str] = frozenset()

    def verdict(self, answer: Answer) -> Verdict:
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

    def result(self, answer: Answer) -> object:
        """The envelope's `Result` of a successful answer, as it came."""
        envelope = envelope_of(answer)
        return envelope.result if envelope else None

    def request_id(self, answer: Answer) -> str:
        """The vendor's id of the call; empty when the answer does not carry it."""
        envelope = envelope_of(answer)
        return self._id(envelope.response_metadata) if envelope else ""

    def not_found(self, answer: Answer, reason: str, code: str = "", request_id: str = "") -> NotFound:
        """The task is unknown, as of the service's clock."""
        at = answer.date(self.clock())
        return NotFound(self.action, reason, at=at, code=code, request_id=request_id)

    def _id(self, metadata: ResponseMetadata) -> str:
        return self.scrub(metadata.request_id or "")

    def _without_envelope(self, answer: Answer) -> Verdict:
        if answer.status != HTTP_OK:
            return self._by_status(answer, "", "the answer is not the service's")
        error = Garbled(self.action, "the answer is not the service's JSON", advice=_ENDPOINT_ADVICE)
        return Verdict(error, Retry.IF_REPEATABLE)

    def _by_status(self, answer: Answer, request_id: str, reason: str) -> Verdict:
        return without_code(
            self.action, answer.status, reason, request_id=request_id, advice=_ENDPOINT_ADVICE
        )

    def _refusal(self, answer: Answer, metadata: ResponseMetadata, error: ResponseError) -> Verdict:
        code, request_id = self.scrub(error.code), self._id(metadata)
        message = self.scrub(error.message)
        if error.code in self.unknown_task:
            reason = message.rstrip(".。") or "no reason is given"
            return Verdict(self.not_found(answer, reason, code, request_id))
        remark = clock_difference(answer, self.clock()) if error.code == "InvalidTimestamp" else ""
        meaning = meaning_of(_CODES, error.code, answer.status)
        return meaning.verdict(self.action, message, code=code, request_id=request_id, remark=remark)
