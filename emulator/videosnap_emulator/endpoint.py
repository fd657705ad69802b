"""One vendor's API as an ASGI application: gateway checks, quota, faults, the action, the journal.

What differs between the vendors is behind `Api`; the order of things is here, once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any, Generic, Protocol, TypeVar

from videosnap_emulator.calls import Call, masked, without_secrets
from videosnap_emulator.connections import Connections
from videosnap_emulator.faults import Fault
from videosnap_emulator.gate import Gate
from videosnap_emulator.quota import LIMITS
from videosnap_emulator.wire import Answer, ApiError, Receive, Request, Send, read_request, send_answer
from videosnap_emulator.world import World

_HTML = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
#: Faults after which the connection is closed without an answer; faults that hide the vendor's error.
_CUT, _NO_CODE = ("close-before", "close-after"), ("close-before", "html")
_LOG = logging.getLogger("videosnap_emulator.calls")


class Head(Protocol):
    """What an answer says of its request."""

    @property
    def request_id(self) -> str:
        """Return the vendor's id of the request."""
        ...


H = TypeVar("H", bound=Head)


class Api(Protocol[H]):
    """What an endpoint needs to know of one vendor's API."""

    #: The vendor's name of the service, for the journal.
    service: str
    #: Codes that say that a request is not signed at all.
    unsigned: frozenset[str]

    def action(self, request: Request) -> str:
        """Name the action, or return an empty text."""
        ...

    def access_key(self, request: Request) -> str | None:
        """Return the access key that a request claims."""
        ...

    def parameters(self, request: Request) -> object:
        """Return what was asked, for the journal."""
        ...

    def head(self, request: Request) -> H:
        """Return what all answers to this request have in common."""
        ...

    def verify(self, request: Request) -> None:
        """Raise ApiError unless the signature is good."""
        ...

    def operation(self, request: Request) -> Callable[[], object]:
        """Find what is to be done, or raise the gateway's ApiError."""
        ...

    def use_once(self, request: Request) -> None:
        """Raise ApiError when this very request was used before."""
        ...

    def over_limit(self, action: str, limit: int) -> ApiError:
        """Return the refusal of a call too many in a second."""
        ...

    def internal_error(self) -> ApiError:
        """Return what the vendor says when it does not know what is wrong."""
        ...

    def success(self, head: H, result: object) -> Answer:
        """Return the answer of an action."""
        ...

    def failure(self, head: H, error: ApiError) -> Answer:
        """Return the answer of a refusal."""
        ...


class Endpoint(Generic[H]):
    """One request at a time per thread; the event loop itself never waits for the world."""

    def __init__(
        self,
        api: Api[H],
        world: World,
        gate: Gate,
        connections: Connections,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        timer: Callable[[], float] = perf_counter,
    ):
        self._api, self._world, self._gate, self._connections = api, world, gate, connections
        self._sleep, self._timer = sleep, timer

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request; one that the emulator's end overtakes is cut off, not answered."""
        try:
            await self._serve(scope, receive, send)
        except asyncio.CancelledError:
            self._connections.cut(tuple(scope["client"]))
            raise

    async def _serve(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Answer, or spoil the answer as a fault has it."""
        started, arrived = self._timer(), self._gate.quota.now()
        request = await read_request(scope, receive)
        fault = self._gate.faults.begin(self._api.action(request))
        kind = fault.kind if fault else ""
        if fault and kind == "stall-before":
            await self._sleep(fault.seconds)
        answer = await asyncio.to_thread(self._handle, request, fault, (started, arrived))
        if fault and kind == "stall-after":
            await self._sleep(fault.seconds)
        if kind in _CUT:
            await self._cut(scope, receive)
        else:
            await send_answer(send, answer, await asyncio.to_thread(self._world.now))

    async def _cut(self, scope: dict[str, Any], receive: Receive) -> None:
        """Close the connection and wait until uvicorn knows: it would answer 500 otherwise."""
        self._connections.cut(tuple(scope["client"]))
        while (await receive())["type"] != "http.disconnect":
            pass

    def _handle(self, request: Request, fault: Fault | None, times: tuple[float, float]) -> Answer:
        """Do what is asked and enter the call into the journal before its answer leaves."""
        started, arrived = times
        call = self._new_call(request, fault)
        answer = self._answer(request, call, fault, arrived)
        _note(call, answer, fault)
        call.duration = (self._timer() - started) * 1000
        self._world.record(call)
        told = (call.action or "-", str(call.status or "cut"), call.code or call.fault or "")
        _LOG.info(" ".join(filter(None, told)))
        return answer

    def _new_call(self, request: Request, fault: Fault | None) -> Call:
        call = Call(self._world.now(), self._gate.host_time(), self._api.action(request))
        call.service = self._api.service
        call.access_key = masked(self._api.access_key(request))
        call.fault = fault.kind if fault else None
        shown = without_secrets(self._api.parameters(request))
        call.summary = shown if isinstance(shown, dict) else {}
        call.qps_limit = LIMITS.get(call.action, 0)
        return call

    def _answer(self, request: Request, call: Call, fault: Fault | None, arrived: float) -> Answer:
        head = self._api.head(request)
        call.request_id = head.request_id
        try:
            refusal = self._check_signature(request, call)
            self._strike(fault, call.action)
            answer = self._api.success(head, self._act(request, call, refusal, arrived))
        except ApiError as error:
            call.code = error.code
            answer = self._api.failure(head, error)
        except Exception:
            _LOG.exception("%s failed", call.action)
            unexpected = self._api.internal_error()
            call.code = unexpected.code
            answer = self._api.failure(head, unexpected)
        return _spoil(answer, fault)

    def _check_signature(self, request: Request, call: Call) -> ApiError | None:
        """Note the signature's state in `call` and return the refusal, if any."""
        if not self._gate.check_signature:
            call.signature = "unchecked"
            return None
        try:
            self._api.verify(request)
        except ApiError as error:
            call.signature = "missing" if error.code in self._api.unsigned else "mismatch"
            return error
        call.signature = "ok"
        return None

    def _act(self, request: Request, call: Call, refusal: ApiError | None, arrived: float) -> object:
        """Run the gateway's checks in its order (the action comes before the signature), then act."""
        operation = self._api.operation(request)
        if refusal is not None:
            raise refusal
        if self._gate.check_signature:
            self._api.use_once(request)
        usage = self._gate.quota.admit(call.action, arrived)
        call.qps_used = usage.used
        if not usage.admitted:
            raise self._api.over_limit(call.action, usage.limit)
        return operation()

    def _strike(self, fault: Fault | None, action: str) -> None:
        """Raise what a fault puts in place of the action."""
        if fault is None:
            return
        if fault.kind == "throttle":
            raise self._api.over_limit(action, LIMITS.get(action, 0))
        if fault.kind == "error":
            raise ApiError(fault.code, fault.status or 500, fault.message)
        if fault.kind in _NO_CODE:
            raise ApiError(fault.kind, fault.status or 502, fault.kind)


def _note(call: Call, answer: Answer, fault: Fault | None) -> None:
    """Enter what the client gets to see."""
    kind = fault.kind if fault else ""
    call.status = None if kind in _CUT else answer.status
    if kind in _NO_CODE:
        call.code = None


def _spoil(answer: Answer, fault: Fault | None) -> Answer:
    """Return the answer as the fault lets it through."""
    kind = fault.kind if fault else ""
    if kind == "malformed":
        return answer._replace(body=answer.body[: len(answer.body) // 2])
    if kind == "empty":
        return answer._replace(body=b"")
    return Answer(answer.status, _HTML, "text/html") if kind == "html" else answer
