"""Responses of Volcengine RTC: the table of error codes, and a parser of successful responses.

A call succeeded when its status is 200 and its envelope has no error; either one alone is a failure.
Codes: the service's table docs/6348/70426 and the gateway's docs/6369/68677. Neither documents the HTTP
status of a code of the service, so the code decides, and the status only where there is no code.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from pulumi_videosnap.errors import Garbled, NotFound, Rejected, Unauthorized
from pulumi_videosnap.http.error_codes import (
    HTTP_OK,
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
from pulumi_videosnap.volcengine.auth import ENDPOINT, KEYS, REGION, UNKNOWN_TASK_CODES
from pulumi_videosnap.volcengine.models import Envelope, ResponseError, ResponseMetadata

_KEY = f"check {KEYS.access_key.env} or the profile"
_PAIR = f"check {KEYS.secret_key.env} or the profile: the secret key must belong to the access key"
_TOKEN = f"renew {KEYS.session_token.env} together with its key pair"
_GRANT = "grant the key's user the permission in the IAM console"
_ENDPOINT_ADVICE = f"check {ENDPOINT.env}"

_NO_GRANT = ErrorRule(Unauthorized, "the key lacks a permission", _GRANT)
_UNSIGNED = ErrorRule(Unauthorized, "the request is not signed", _KEY)

CODES: ErrorRules = {
    "InvalidAccessKey": ErrorRule(Unauthorized, "the access key is not known to the service", _KEY),
    "SignatureDoesNotMatch": ErrorRule(Unauthorized, "the signature does not match", _PAIR),
    "InvalidTimestamp": ErrorRule(Unauthorized, "the signature has expired", "correct this machine's clock"),
    "InvalidAuthorization": ErrorRule(Unauthorized, "the signature is malformed", _KEY),
    "InvalidCredential": ErrorRule(Unauthorized, "the credential is not valid", f"{_KEY}, and {REGION.env}"),
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
        "set the main account's id, never a sub-user's",
    ),
    "FlowLimitExceeded.TaskNumberOverLimit": ErrorRule(
        Rejected, "the app has reached its limit of running tasks", "stop some of them"
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
    """The codes that mean "no such task": those of VIDEOSNAP_RTC_UNKNOWN_TASK_CODES, else the default."""
    codes = frozenset(filter(None, map(str.strip, UNKNOWN_TASK_CODES.read(env).split(","))))
    return codes or frozenset({UNKNOWN_TASK_CODES.default})


def envelope_of(response: Response) -> Envelope | None:
    """The vendor's envelope; None when the body is not one."""
    try:
        return Envelope.model_validate_json(response.body)
    except ValidationError:
        return None


@dataclass(frozen=True)
class ResponseParser:
    """Classifies the responses of one call, and reads what they contain.

    `scrub` makes untrusted text fit for a message, `clock` is used for a response without a Date header,
    `unknown_task` are the codes that mean "no such task" for this action.
    """

    action: str
    scrub: Callable[[str], str]
    clock: Callable[[], float]
    unknown_task: frozenset[str] = frozenset()

    def classify(self, response: Response) -> Outcome:
        """Whether the call succeeded, else its error and whether to retry."""
        envelope = envelope_of(response)
        if envelope is None:
            return self._without_envelope(response)
        metadata = envelope.response_metadata
        if metadata.error is not None:
            return self._refusal(response, metadata, metadata.error)
        if response.status != HTTP_OK:
            return self._by_status(response, self._id(metadata), "the response names no error")
        return OK

    def result(self, response: Response) -> object:
        """The envelope's `Result` of a successful response, unchanged."""
        envelope = envelope_of(response)
        return envelope.result if envelope else None

    def request_id(self, response: Response) -> str:
        """The vendor's id of the call; empty when the response has none."""
        envelope = envelope_of(response)
        return self._id(envelope.response_metadata) if envelope else ""

    def not_found(self, response: Response, reason: str, code: str = "", request_id: str = "") -> NotFound:
        """The error for an unknown task, with the time by the service's clock."""
        at = response.date(self.clock())
        return NotFound(self.action, reason, at=at, code=code, request_id=request_id)

    def _id(self, metadata: ResponseMetadata) -> str:
        return self.scrub(metadata.request_id or "")

    def _without_envelope(self, response: Response) -> Outcome:
        if response.status != HTTP_OK:
            return self._by_status(response, "", "the response is not from the service")
        error = Garbled(self.action, "the response is not the service's JSON", advice=_ENDPOINT_ADVICE)
        return Outcome(error, Retry.IF_IDEMPOTENT)

    def _by_status(self, response: Response, request_id: str, reason: str) -> Outcome:
        return outcome_of_status(
            self.action, response.status, reason, request_id=request_id, advice=_ENDPOINT_ADVICE
        )

    def _refusal(self, response: Response, metadata: ResponseMetadata, error: ResponseError) -> Outcome:
        code, request_id = self.scrub(error.code), self._id(metadata)
        message = self.scrub(error.message)
        if error.code in self.unknown_task:
            reason = message.rstrip(".。") or "no reason given"
            return Outcome(self.not_found(response, reason, code, request_id))
        remark = clock_difference(response, self.clock()) if error.code == "InvalidTimestamp" else ""
        rule = rule_for_code(CODES, error.code, response.status)
        return rule.outcome(self.action, message, code=code, request_id=request_id, remark=remark)
