"""Parses the responses of Volcengine RTC, good and bad.

A call succeeded when its status is 200 and its envelope has no error; either one alone is a failure.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from pulumi_videosnap.errors import Garbled, NotFound
from pulumi_videosnap.http.error_codes import (
    HTTP_OK,
    OK,
    Outcome,
    clock_difference,
    outcome_of_status,
    read_rules,
    rule_for_code,
)
from pulumi_videosnap.http.request import Response
from pulumi_videosnap.http.retry import Retry
from pulumi_videosnap.volcengine.auth import ENDPOINT, UNKNOWN_TASK_CODES
from pulumi_videosnap.volcengine.models import Envelope, ResponseError, ResponseMetadata

CODES = read_rules(Path(__file__).with_name("error_codes.toml"))
ENDPOINT_ADVICE = f"check {ENDPOINT.env}"


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
        error = Garbled(self.action, "the response is not the service's JSON", advice=ENDPOINT_ADVICE)
        return Outcome(error, Retry.IF_IDEMPOTENT)

    def _by_status(self, response: Response, request_id: str, reason: str) -> Outcome:
        return outcome_of_status(
            self.action, response.status, reason, request_id=request_id, advice=ENDPOINT_ADVICE
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
