"""The RTC API as an endpoint sees it: how its requests name themselves and how they are answered."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping

from videosnap_emulator.gate import Gate
from videosnap_emulator.volcengine_rtc.actions import operation_of, perform, query_of
from videosnap_emulator.volcengine_rtc.envelope import Head, failure, request_id, success
from videosnap_emulator.volcengine_rtc.errors import gateway_error, over_limit, rtc_error
from videosnap_emulator.volcengine_rtc.signature import claimed_access_key, parse, verify
from videosnap_emulator.wire import Answer, ApiError, Request
from videosnap_emulator.world import World


def _digits() -> str:
    return secrets.token_hex(10)


class RtcApi:
    """Volcengine RTC's snapshot actions; `keys` are the accepted access keys and their secrets."""

    service = "rtc"
    unsigned = frozenset({"MissingAuthenticationToken", "MissingSignature"})

    def __init__(
        self, world: World, gate: Gate, keys: Mapping[str, str], digits: Callable[[], str] = _digits
    ):
        self._world, self._gate, self._keys, self._digits = world, gate, keys, digits

    def action(self, request: Request) -> str:
        """Name the action, or return an empty text."""
        return query_of(request).get("Action", "")

    def access_key(self, request: Request) -> str | None:
        """Return the access key that a request claims."""
        return claimed_access_key(request.headers)

    def parameters(self, request: Request) -> object:
        """Return what was asked: the body, or the query when there is none."""
        if request.body and not request.too_large:
            try:
                return json.loads(request.body)
            except (ValueError, RecursionError):
                return {}
        return {k: v for k, v in query_of(request).items() if k not in ("Action", "Version")}

    def head(self, request: Request) -> Head:
        """Return ResponseMetadata; its region is the one that was signed for."""
        query = query_of(request)
        names = query.get("Action", ""), query.get("Version", "")
        head = Head(request_id(self._world.now(), self._digits()), *names)
        try:
            return head._replace(region=parse(request.headers).region)
        except ApiError:
            return head

    def verify(self, request: Request) -> None:
        """Raise ApiError unless the signature is good."""
        verify(request, self._keys, self._gate.real_now())

    def operation(self, request: Request) -> Callable[[], object]:
        """Find what is to be done, or raise the gateway's ApiError."""
        operation = operation_of(request)

        def act() -> object:
            if request.too_large:
                raise rtc_error("InvalidParameter.SizeOverLimit", "The request body is too large.")
            return perform(operation, request, self._world)

        return act

    def use_once(self, request: Request) -> None:
        """Accept a repeated request: this vendor has no nonce."""

    def over_limit(self, action: str, limit: int) -> ApiError:
        """Return the refusal of a call too many in a second."""
        return over_limit(action, limit)

    def internal_error(self) -> ApiError:
        """Return what the vendor says when it does not know what is wrong."""
        return gateway_error("InternalError")

    def success(self, head: Head, result: object) -> Answer:
        """Return the answer of an action."""
        return success(head, result)

    def failure(self, head: Head, error: ApiError) -> Answer:
        """Return the answer of a refusal."""
        return failure(head, error)
