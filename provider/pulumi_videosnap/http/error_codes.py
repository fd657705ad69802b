"""What an error code, or an HTTP status without one, means: the types and rules that all clouds share.

Each cloud keeps one table (`error_codes.toml`) from prefixes of its error codes to an `ErrorRule`: which
exception the code becomes and whether the call may be retried. The longest matching prefix decides; the HTTP
status decides only where no prefix matches.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pulumi_videosnap import errors
from pulumi_videosnap.errors import CallFailed, Garbled, Rejected, ServiceFault, Throttled, Unauthorized
from pulumi_videosnap.http.request import Response
from pulumi_videosnap.http.retry import Retry

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HTTP_OK = 200

_BAD_REQUEST = 400
_REQUEST_TIMEOUT = 408
_TOO_MANY_REQUESTS = 429
_INTERNAL_SERVER_ERROR = 500
_DENIED = (401, 403)

MAY_HAVE_ACTED = "it may have taken effect nevertheless; check before repeating it"
"""Advice after a call that must not be made twice, when it is not known whether the service acted on it."""


@dataclass(frozen=True)
class Outcome:
    """What a response means: success without an `error`, else what to raise once retrying does not help."""

    error: CallFailed | None = None
    retry: Retry = Retry.NEVER


OK = Outcome()


@dataclass(frozen=True)
class ErrorRule:
    """What an error code means: the exception, our words for it, what to do next, and whether to retry."""

    kind: type[CallFailed]
    text: str = ""
    advice: str = ""
    retry: Retry = Retry.NEVER

    def outcome(
        self,
        action: str,
        message: str,
        *,
        code: str,
        request_id: str = "",
        remark: str = "",
        idempotent: bool = True,
    ) -> Outcome:
        """The outcome of one response, from the service's own `message`, already scrubbed.

        `remark` is added to our words on the code; `idempotent` is whether repeating the call is harmless.
        """
        reason = ": ".join(filter(None, (self.text + remark, message.rstrip(".。")))) or "no reason given"
        unclear = self.retry is Retry.IF_IDEMPOTENT and not idempotent
        advice = MAY_HAVE_ACTED if unclear else self.advice
        return Outcome(self.kind(action, reason, code=code, request_id=request_id, advice=advice), self.retry)


THROTTLED = ErrorRule(
    Throttled,
    "the account exceeded the service's rate limit",
    "run fewer stacks at once, or run it again later",
    Retry.ALWAYS,
)
SERVER_ERROR = ErrorRule(ServiceFault, "", "try again later", Retry.IF_IDEMPOTENT)

ErrorRules = Mapping[str, ErrorRule]
"""A cloud's table, by prefix of the code."""


def read_rules(path: Path) -> ErrorRules:
    """A cloud's table in a TOML file: codes that are `throttled` or a `server_error`, rules by our error."""
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    table = dict.fromkeys(content.pop("throttled"), THROTTLED)
    table |= dict.fromkeys(content.pop("server_error"), SERVER_ERROR)
    for kind, rules in content.items():
        for facts in rules:
            codes, retry = facts.pop("codes"), Retry[facts.pop("retry", "NEVER")]
            table |= dict.fromkeys(codes, ErrorRule(getattr(errors, kind), retry=retry, **facts))
    return table


def rule_for_code(table: ErrorRules, code: str, status: int) -> ErrorRule:
    """The rule of the longest prefix of `code` in the table, else the rule for the HTTP status."""
    prefix = max((start for start in table if code.startswith(start)), key=len, default=None)
    if prefix is not None:
        return table[prefix]
    by_status = rule_for_status(status)
    # An error with a code is understood, whatever its status: Garbled is for a response without one.
    return ErrorRule(Rejected) if by_status.kind is Garbled else by_status


def rule_for_status(status: int) -> ErrorRule:
    """What an HTTP status means without an error code."""
    if status == _TOO_MANY_REQUESTS:
        return THROTTLED
    if status >= _INTERNAL_SERVER_ERROR or status == _REQUEST_TIMEOUT:
        return SERVER_ERROR
    if status in _DENIED:
        return ErrorRule(Unauthorized)
    return ErrorRule(Rejected if status >= _BAD_REQUEST else Garbled)


def outcome_of_status(
    action: str, status: int, reason: str, *, advice: str, request_id: str = "", idempotent: bool = True
) -> Outcome:
    """The outcome of a response without an error code; `advice` is used where the status suggests none."""
    found = rule_for_status(status)
    rule = replace(found, text="", advice=found.advice or advice)
    return rule.outcome(action, reason, code=f"HTTP {status}", request_id=request_id, idempotent=idempotent)


def clock_difference(response: Response, now: float) -> str:
    """How far this machine's clock, at `now`, is from the service's, in words; empty below a second."""
    behind = round(response.date(now).timestamp() - now)
    if not behind:
        return ""
    return f"; this machine's clock is {abs(behind)} s {'behind' if behind > 0 else 'ahead of'} the service's"
