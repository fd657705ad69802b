"""The RTC endpoint as an ASGI application: gateway checks, quota, faults, the action, the journal."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from videosnap_emulator.calls import Call, masked, without_secrets
from videosnap_emulator.clock import Milliseconds, host_clock, http_date
from videosnap_emulator.connections import Connections
from videosnap_emulator.faults import Fault, Faults
from videosnap_emulator.quota import LIMITS, Quota
from videosnap_emulator.tasks import Json
from videosnap_emulator.volcengine_rtc.actions import operation_of, perform, query_of
from videosnap_emulator.volcengine_rtc.envelope import Answer, Head, failure, request_id, success
from videosnap_emulator.volcengine_rtc.errors import ApiError, gateway_error, over_limit, rtc_error
from videosnap_emulator.volcengine_rtc.signature import Request, claimed_access_key, parse, verify
from videosnap_emulator.world import World

LARGEST_BODY = 1 << 20
_LOG = logging.getLogger("videosnap_emulator.rtc")
_HTML = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
#: Faults after which the connection is closed without an answer; faults that hide the vendor's error.
_CUT, _NO_CODE = ("close-before", "close-after"), ("close-before", "html")
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


def _digits() -> str:
    return secrets.token_hex(10)


@dataclass
class Gate:
    """What the endpoint checks requests against; `skew` (s) makes the host's clock wrong on purpose."""

    keys: Mapping[str, str]
    check_signature: bool = True
    host_time: Callable[[], Milliseconds] = host_clock
    skew: float = 0.0
    quota: Quota = field(default_factory=Quota)
    faults: Faults = field(default_factory=Faults)

    def real_now(self) -> Milliseconds:
        """Return the time that signatures are checked against."""
        return self.host_time() + round(self.skew * 1000)

    def reset(self) -> None:
        """Forget skew, faults and quota."""
        self.skew = 0.0
        self.faults.set([])
        self.quota.reset()


class RtcEndpoint:
    """One request at a time per thread; the event loop itself never waits for the world."""

    def __init__(
        self,
        world: World,
        gate: Gate,
        connections: Connections,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        timer: Callable[[], float] = perf_counter,
        digits: Callable[[], str] = _digits,
    ):
        self._world, self._gate, self._connections = world, gate, connections
        self._sleep, self._timer, self._digits = sleep, timer, digits

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
        request = await _read(scope, receive)
        action = query_of(request).get("Action", "")
        fault = self._gate.faults.begin(action)
        kind = fault.kind if fault else ""
        if fault and kind == "stall-before":
            await self._sleep(fault.seconds)
        answer = await asyncio.to_thread(self._handle, request, fault, (started, arrived))
        if fault and kind == "stall-after":
            await self._sleep(fault.seconds)
        if kind in _CUT:
            await self._cut(scope, receive)
        else:
            await _send(send, answer, await asyncio.to_thread(self._world.now))

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
        query = query_of(request)
        call = Call(self._world.now(), self._gate.host_time(), query.get("Action", ""))
        call.access_key = masked(claimed_access_key(request.headers))
        call.fault = fault.kind if fault else None
        call.summary = _summary(request)
        call.qps_limit = LIMITS.get(call.action, 0)
        return call

    def _head(self, request: Request) -> Head:
        query = query_of(request)
        head = Head(
            request_id(self._world.now(), self._digits()), query.get("Action", ""), query.get("Version", "")
        )
        try:
            return head._replace(region=parse(request.headers).region)
        except ApiError:
            return head

    def _answer(self, request: Request, call: Call, fault: Fault | None, arrived: float) -> Answer:
        head = self._head(request)
        try:
            refusal = self._check_signature(request, call)
            _strike(fault, call.action)
            answer = success(head, self._act(request, call, refusal, arrived))
        except ApiError as error:
            call.code = error.code
            answer = failure(head, error)
        except Exception:
            _LOG.exception("%s failed", call.action)
            answer = failure(head, gateway_error("InternalError"))
        return _spoil(answer, fault)

    def _check_signature(self, request: Request, call: Call) -> ApiError | None:
        """Note the signature's state in `call` and return the refusal, if any."""
        if not self._gate.check_signature:
            call.signature = "unchecked"
            return None
        try:
            verify(request, self._gate.keys, self._gate.real_now())
        except ApiError as error:
            missing = error.code in ("MissingAuthenticationToken", "MissingSignature")
            call.signature = "missing" if missing else "mismatch"
            return error
        call.signature = "ok"
        return None

    def _act(self, request: Request, call: Call, refusal: ApiError | None, arrived: float) -> object:
        """Run the gateway's checks in its order (Action comes before signature), then act."""
        operation = operation_of(request)
        if refusal is not None:
            raise refusal
        usage = self._gate.quota.admit(call.action, arrived)
        call.qps_used = usage.used
        if not usage.admitted:
            raise over_limit(call.action, usage.limit)
        if len(request.body) > LARGEST_BODY:
            raise rtc_error("InvalidParameter.SizeOverLimit", "The request body is too large.")
        return perform(operation, request, self._world)


def _strike(fault: Fault | None, action: str) -> None:
    """Raise what a fault puts in place of the action."""
    if fault is None:
        return
    if fault.kind == "throttle":
        raise over_limit(action, LIMITS.get(action, 0))
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


def _summary(request: Request) -> Json:
    """Return the request's parameters without secrets."""
    asked: object = {k: v for k, v in query_of(request).items() if k not in ("Action", "Version")}
    if request.body and len(request.body) <= LARGEST_BODY:
        try:
            asked = json.loads(request.body)
        except (ValueError, RecursionError):
            asked = {}
    shown = without_secrets(asked)
    return shown if isinstance(shown, dict) else {}


async def _read(scope: dict[str, Any], receive: Receive) -> Request:
    """Read the whole request, chunked or not; what is beyond the limit is dropped."""
    body, more = bytearray(), True
    while more:
        message = await receive()
        more = message.get("more_body", False)
        if len(body) <= LARGEST_BODY:
            body += message.get("body", b"")
    path = scope.get("raw_path") or scope["path"].encode()
    query = scope["query_string"].decode("latin-1")
    return Request(scope["method"], path.decode("latin-1"), query, _headers(scope["headers"]), bytes(body))


def _headers(pairs: list[tuple[bytes, bytes]]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for raw_name, raw_value in pairs:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    return headers


async def _send(send: Send, answer: Answer, now: Milliseconds) -> None:
    headers = {
        "content-type": answer.content_type,
        "content-length": str(len(answer.body)),
        "date": http_date(now),
    }
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": raw})
    await send({"type": "http.response.body", "body": answer.body})
