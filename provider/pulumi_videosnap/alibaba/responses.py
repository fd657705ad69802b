"""Parses the responses of Alibaba Cloud MPS, good and bad.

A call succeeded when its status is 200 and its body a JSON object; a refusal has `Code` and `Message`, in
JSON or, from some gateways, in XML.
"""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from pulumi_videosnap.alibaba.auth import ENDPOINT
from pulumi_videosnap.alibaba.models import Received, Refusal
from pulumi_videosnap.errors import Garbled
from pulumi_videosnap.http.error_codes import (
    HTTP_OK,
    MAY_HAVE_ACTED,
    OK,
    ErrorRule,
    Outcome,
    clock_difference,
    outcome_of_status,
    read_rules,
    rule_for_code,
)
from pulumi_videosnap.http.request import Response
from pulumi_videosnap.http.retry import Retry

CODES = read_rules(Path(__file__).with_name("error_codes.toml"))
ENDPOINT_ADVICE = f"check {ENDPOINT.env}"
Item = TypeVar("Item", bound=Received)

_GENERAL = "InvalidParameter."


def rule_of(code: str, status: int) -> ErrorRule:
    """What a code means; a code of the service may come with or without `InvalidParameter.` before it."""
    other = code.removeprefix(_GENERAL) if code.startswith(_GENERAL) else _GENERAL + code
    return CODES[other] if code not in CODES and other in CODES else rule_for_code(CODES, code, status)


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
        content = {name: _xml_leaf(text, name) for name in ("RequestId", "Code", "Message")}
    return Refusal.model_validate(content)


def _xml_leaf(text: str, name: str) -> str:
    """The text of the first element of that name: no pattern, whose time may grow faster than the text."""
    _, _, rest = text.partition(f"<{name}>")
    leaf, end, _ = rest.partition(f"</{name}>")
    return html.unescape(leaf).strip() if end else ""


_REASONS = ("Code", "Message", "ErrorCode", "ErrorMessage")
"""The fields that say why a job or its notification failed."""


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
            return kind.model_validate(self._scrub_reasons((json_of(response) or {}).get(field)))
        except ValidationError as error:
            raise self._unreadable(response, field, error) from None

    def many(self, response: Response, field: str, inner: str, kind: type[Item]) -> list[Item]:
        """The objects in a list of a successful response; Garbled when one of them cannot be read."""
        try:
            items = self._scrub_reasons(self._list(response, field, inner))
            return [kind.model_validate(item) for item in items]
        except ValidationError as error:
            raise self._unreadable(response, field, error) from None

    def names(self, response: Response, field: str, inner: str = "String") -> list[str]:
        """The strings in a list of a successful response."""
        return [str(item) for item in self._list(response, field, inner)]

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
        advice = f"run the same command again, and if that does not help, {ENDPOINT_ADVICE}"
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

    def _scrub_reasons(self, value: Any) -> Any:
        """A response's content, with what it says of failures made fit for a message."""
        if isinstance(value, list):
            return list(map(self._scrub_reasons, value))
        if not isinstance(value, dict):
            return value
        return {
            name: self.scrub(one) if name in _REASONS and isinstance(one, str) else self._scrub_reasons(one)
            for name, one in value.items()
        }

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
                advice=ENDPOINT_ADVICE,
                request_id=request_id,
                idempotent=self.idempotent,
            )
        expired = refusal.code.startswith("InvalidTimeStamp")
        return rule_of(refusal.code, response.status).outcome(
            self.action,
            message,
            code=self.scrub(refusal.code),
            request_id=request_id,
            remark=clock_difference(response, self.clock()) if expired else "",
            idempotent=self.idempotent,
        )
