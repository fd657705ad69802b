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

from pulumi_videosnap.errors import (
    CallFailed,
    Garbled,
    NotFound,
    Rejected,
    ServiceFault,
    Throttled,
    Unauthorized,
)
from pulumi_videosnap.http import OK, Answer, Retry, Verdict
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
_THROTTLED_ADVICE = "run fewer stacks at once, or allow more time with VIDEOSNAP_CALL_BUDGET"


@dataclass(frozen=True)
class Meaning:
    """What a code says: which error it is, whether to repeat the call, in our words, and what to do next."""

    kind: type[CallFailed]
    text: str = ""
    advice: str = ""
    retry: Retry = Retry.NEVER


_TOO_FAST = Meaning(Throttled, "too many calls a second by this account", _THROTTLED_ADVICE, Retry.ALWAYS)
_FAULT = Meaning(ServiceFault, "", "try again later", Retry.IF_REPEATABLE)
_NO_GRANT = Meaning(Unauthorized, "the key lacks a permission", _GRANT)
_UNSIGNED = Meaning(Unauthorized, "the request is not signed", _KEY)

_CODES: Mapping[str, Meaning] = {
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
}
# Beginnings of codes, for the rest of their families.
_FAMILIES: Mapping[str, Meaning] = {
    "AccessDenied": _NO_GRANT,
    "AccountFlowLimitExceeded": _TOO_FAST,
    "FailToConnect": _FAULT,
    "FlowLimitExceeded": _TOO_FAST,
    "InternalError": _FAULT,
    "InternalService": _FAULT,
    "InvalidParameter": Meaning(Rejected),
}

_HTTP_OK = 200
_HTTP_TOO_MANY = 429
_HTTP_REFUSED = 400
_HTTP_TIMEOUT = 408
_HTTP_FAULT = 500
_HTTP_DENIED = (401, 403)


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
        if answer.status != _HTTP_OK:
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
        if answer.status != _HTTP_OK:
            return self._by_status(answer, "", "the answer is not the service's")
        error = Garbled(self.action, "the answer is not the service's JSON", advice=_ENDPOINT_ADVICE)
        return Verdict(error, Retry.IF_REPEATABLE)

    def _by_status(self, answer: Answer, request_id: str, reason: str) -> Verdict:
        meaning = _meaning_of_status(answer.status)
        code = f"HTTP {answer.status}"
        advice = meaning.advice or _ENDPOINT_ADVICE
        error = meaning.kind(self.action, reason, code=code, request_id=request_id, advice=advice)
        return Verdict(error, meaning.retry)

    def _refusal(self, answer: Answer, metadata: ResponseMetadata, error: ResponseError) -> Verdict:
        code, request_id = self.scrub(error.code), self._id(metadata)
        message = self.scrub(error.message).rstrip(".。")
        if error.code in self.unknown_task:
            return Verdict(self.not_found(answer, message or "no reason is given", code, request_id))
        meaning = _meaning_of(error.code, answer.status)
        text = meaning.text + (self._clock_difference(answer) if error.code == "InvalidTimestamp" else "")
        reason = ": ".join(filter(None, (text, message))) or "no reason is given"
        told = meaning.kind(self.action, reason, code=code, request_id=request_id, advice=meaning.advice)
        return Verdict(told, meaning.retry)

    def _clock_difference(self, answer: Answer) -> str:
        ours = self.clock()
        behind = round(answer.date(ours).timestamp() - ours)
        if not behind:
            return ""
        return f", as this clock is {abs(behind)} s {'behind' if behind > 0 else 'ahead of'} the service's"


def _meaning_of(code: str, status: int) -> Meaning:
    known = _CODES.get(code) or next((m for family, m in _FAMILIES.items() if code.startswith(family)), None)
    by_status = _meaning_of_status(status)
    # An error in the envelope is understood, whatever its status: Garbled is for what has no envelope.
    return known or (Meaning(Rejected) if by_status.kind is Garbled else by_status)


def _meaning_of_status(status: int) -> Meaning:
    """What a status says where no code does."""
    if status == _HTTP_TOO_MANY:
        return _TOO_FAST
    if status >= _HTTP_FAULT or status == _HTTP_TIMEOUT:
        return _FAULT
    if status in _HTTP_DENIED:
        return Meaning(Unauthorized)
    return Meaning(Rejected if status >= _HTTP_REFUSED else Garbled)
