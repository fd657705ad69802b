"""What a service's error code, or a bare HTTP status, means: the part of it that every cloud shares.

A cloud keeps one table from the beginnings of its codes to meanings; the longest beginning that fits a code
decides, and the HTTP status only where none does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pulumi_videosnap.errors import CallFailed, Garbled, Rejected, ServiceFault, Throttled, Unauthorized
from pulumi_videosnap.http.client import MAY_HAVE_ACTED, Response, Retry, Outcome

HTTP_OK = 200

_HTTP_REFUSED = 400
_HTTP_TIMEOUT = 408
_HTTP_TOO_MANY = 429
_HTTP_FAULT = 500
_HTTP_DENIED = (401, 403)


@dataclass(frozen=True)
class ErrorRule:
    """What a code says: which error it is, whether to repeat the call, in our words, and what to do next."""

    kind: type[CallFailed]
    text: str = ""
    advice: str = ""
    retry: Retry = Retry.NEVER

    def verdict(
        self,
        action: str,
        message: str,
        *,
        code: str,
        request_id: str = "",
        remark: str = "",
        idempotent: bool = True,
    ) -> Outcome:
        """The verdict on one answer, from the service's own `message`, made fit for the user already.

        `remark` is added to our words on the code; `idempotent` is whether making the call twice is harmless.
        """
        reason = ": ".join(filter(None, (self.text + remark, message.rstrip(".。")))) or "no reason is given"
        unclear = self.retry is Retry.IF_IDEMPOTENT and not idempotent
        advice = MAY_HAVE_ACTED if unclear else self.advice
        return Outcome(self.kind(action, reason, code=code, request_id=request_id, advice=advice), self.retry)


THROTTLED = ErrorRule(
    Throttled,
    "too many calls a second by this account",
    "run fewer stacks at once, or allow more time with VIDEOSNAP_CALL_BUDGET",
    Retry.ALWAYS,
)
SERVER_ERROR = ErrorRule(ServiceFault, "", "try again later", Retry.IF_IDEMPOTENT)

ErrorRules = Mapping[str, ErrorRule]
"""A cloud's table, from the beginnings of codes."""


def rule_for_code(table: ErrorRules, code: str, status: int) -> ErrorRule:
    """What a code means by the longest beginning of it that the table has, else by the HTTP status."""
    known = max((start for start in table if code.startswith(start)), key=len, default=None)
    if known is not None:
        return table[known]
    by_status = rule_for_status(status)
    # An error that names a code is understood, whatever its status: Garbled is for what names none.
    return ErrorRule(Rejected) if by_status.kind is Garbled else by_status


def rule_for_status(status: int) -> ErrorRule:
    """What a status says where no code does."""
    if status == _HTTP_TOO_MANY:
        return THROTTLED
    if status >= _HTTP_FAULT or status == _HTTP_TIMEOUT:
        return SERVER_ERROR
    if status in _HTTP_DENIED:
        return ErrorRule(Unauthorized)
    return ErrorRule(Rejected if status >= _HTTP_REFUSED else Garbled)


def outcome_of_status(
    action: str, status: int, reason: str, *, advice: str, request_id: str = "", idempotent: bool = True
) -> Outcome:
    """The verdict on an answer that names no code; `advice` is given where the status suggests none."""
    meaning = rule_for_status(status)
    told = replace(meaning, text="", advice=meaning.advice or advice)
    return told.verdict(action, reason, code=f"HTTP {status}", request_id=request_id, idempotent=idempotent)


def clock_difference(answer: Response, ours: float) -> str:
    """How far this machine's clock, at `ours`, is from the service's; empty when not by a second."""
    behind = round(answer.date(ours).timestamp() - ours)
    if not behind:
        return ""
    return f", as this clock is {abs(behind)} s {'behind' if behind > 0 else 'ahead of'} the service's"
