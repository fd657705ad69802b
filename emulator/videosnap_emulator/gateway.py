"""The HTTP front of one service as an ASGI application: one request parsed, verified, limited, run, rendered.

What differs between services is behind `core.service.Service`; the order of the steps is here, once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Generic, TypeVar

from videosnap_emulator.core.call_log import Call, mask, without_secrets
from videosnap_emulator.core.clock import Milliseconds, http_date
from videosnap_emulator.core.faults import Fault, Faults
from videosnap_emulator.core.persistence import WriteError
from videosnap_emulator.core.rate_limit import RateLimiter
from videosnap_emulator.core.scheduler import Scheduler
from videosnap_emulator.core.service import (
    MAXIMUM_BODY,
    ApiError,
    ApiRequest,
    HttpRequest,
    HttpResponse,
    Service,
)
from videosnap_emulator.http_server import Connections

_HTML = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
#: Faults after which the connection is closed without a response; faults that hide the vendor's error.
_CUT, _NO_CODE = ("close-before", "close-after"), ("close-before", "html")
#: Characters of an action, which may be anything, in the call log.
_LONGEST_ACTION = 100
_LOG = logging.getLogger("videosnap_emulator.calls")
R = TypeVar("R", bound=ApiRequest)
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


@dataclass
class GatewayState:
    """What the gateways of all services share, and what the control API changes in it.

    `skew` (s) makes the clock that signatures are checked against wrong on purpose.
    """

    rate_limiter: RateLimiter
    check_signature: bool = True
    skew: float = 0.0
    faults: Faults = field(default_factory=Faults)

    def reset(self) -> None:
        """Remove skew, faults and the counts of the rate limiter."""
        self.skew = 0.0
        self.faults.set([])
        self.rate_limiter.reset()


@dataclass
class _Exchange(Generic[R]):
    """One request on its way: its entry in the call log, the fault that strikes it, when it came (s)."""

    request: R
    call: Call
    fault: Fault | None
    arrived: float

    @property
    def kind(self) -> str:
        """The fault's kind, or an empty text."""
        return self.fault.kind if self.fault else ""


class ServiceGateway(Generic[R]):
    """Serves one service; the event loop itself never waits for the scheduler."""

    def __init__(
        self,
        service: Service[R],
        scheduler: Scheduler,
        state: GatewayState,
        connections: Connections,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        timer: Callable[[], float] = perf_counter,
    ):
        self._service, self._scheduler, self._state = service, scheduler, state
        self._connections = connections
        self._sleep, self._timer = sleep, timer

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request; one that the emulator's end overtakes is cut off, not answered."""
        try:
            await self._serve(scope, receive, send)
        except asyncio.CancelledError:
            self._connections.cut(tuple(scope["client"]))
            raise

    async def _serve(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Answer, or spoil the response as a fault has it."""
        started, arrived = self._timer(), self._state.rate_limiter.now()
        request = self._service.parse(await read_request(scope, receive))
        fault = self._state.faults.begin(request.action)
        exchange = _Exchange(request, self._new_call(request, fault), fault, arrived)
        if fault and fault.kind == "stall-before":
            await self._sleep(fault.seconds)
        response = await asyncio.to_thread(self._handle, exchange, started)
        if fault and fault.kind == "stall-after":
            await self._sleep(fault.seconds)
        if exchange.kind in _CUT:
            await self._cut(scope, receive)
        else:
            await send_response(send, response, self._scheduler.clock.now())

    async def _cut(self, scope: dict[str, Any], receive: Receive) -> None:
        """Close the connection and wait until uvicorn knows: it would answer 500 otherwise."""
        self._connections.cut(tuple(scope["client"]))
        while (await receive())["type"] != "http.disconnect":
            pass

    def _new_call(self, request: R, fault: Fault | None) -> Call:
        shown = without_secrets(request.parameters)
        return Call(
            time=self._scheduler.clock.now(),
            real_time=self._scheduler.clock.real(),
            action=request.action[:_LONGEST_ACTION],
            access_key=mask(request.access_key),
            qps_limit=self._service.limits.get(request.action, 0),
            summary=shown if isinstance(shown, dict) else {},
            fault=fault.kind if fault else None,
            service=self._service.log_name or self._service.name,
            request_id=request.request_id,
        )

    def _handle(self, exchange: _Exchange[R], started: float) -> HttpResponse:
        """Run the request and enter the call into the call log before its response leaves."""
        call = exchange.call
        response = _spoil(self._respond(exchange), exchange.kind)
        call.status = None if exchange.kind in _CUT else response.status
        if exchange.kind in _NO_CODE:
            call.code = None
        call.duration = (self._timer() - started) * 1000
        with suppress(WriteError):  # the next write has it
            self._scheduler.record(call)
        line = (call.action or "-", str(call.status or "cut"), call.code or call.fault or "")
        _LOG.info(" ".join(filter(None, line)))
        return response

    def _respond(self, exchange: _Exchange[R]) -> HttpResponse:
        request, call = exchange.request, exchange.call
        try:
            refusal = self._check_signature(exchange)
            self._strike(exchange)
            return self._service.render(request, self._run(exchange, refusal))
        except ApiError as error:
            refused = error
        except WriteError as error:
            _LOG.error("%s failed: %s", call.action, error)
            refused = self._service.internal_error()
        except Exception:
            _LOG.exception("%s failed", call.action)
            refused = self._service.internal_error()
        call.code = refused.code
        return self._service.render_error(request, refused)

    def _signature_time(self) -> Milliseconds:
        return self._scheduler.clock.real() + round(self._state.skew * 1000)

    def _check_signature(self, exchange: _Exchange[R]) -> ApiError | None:
        """Note the signature's state in the call and return the refusal, if any."""
        call = exchange.call
        if not self._state.check_signature:
            call.signature = "unchecked"
            return None
        try:
            self._service.verify(exchange.request, self._signature_time())
        except ApiError as error:
            call.signature = "missing" if error.code in self._service.unsigned_codes else "mismatch"
            return error
        call.signature = "ok"
        return None

    def _run(self, exchange: _Exchange[R], refusal: ApiError | None) -> object:
        """Check in the order of the vendors' gateways (the action comes before the signature), then run."""
        request, call = exchange.request, exchange.call
        self._service.check_action(request)
        if refusal is not None:
            raise refusal
        if self._state.check_signature:
            self._service.claim_nonce(request, self._signature_time())
        usage = self._state.rate_limiter.admit(call.action, exchange.arrived)
        call.qps_used = usage.used
        if not usage.admitted:
            raise self._service.throttled(call.action, usage.limit)
        return self._service.run(request)

    def _strike(self, exchange: _Exchange[R]) -> None:
        """Raise what a fault puts in place of the action."""
        fault, call = exchange.fault, exchange.call
        if fault is None:
            return
        if fault.kind == "throttle":
            raise self._service.throttled(call.action, call.qps_limit)
        if fault.kind == "error":
            raise ApiError(fault.code, fault.status or 500, fault.message)
        if fault.kind in _NO_CODE:
            raise ApiError(fault.kind, fault.status or 502, fault.kind)


def _spoil(response: HttpResponse, kind: str) -> HttpResponse:
    """Return the response as the fault lets it through."""
    if kind == "malformed":
        return response._replace(body=response.body[: len(response.body) // 2])
    if kind == "empty":
        return response._replace(body=b"")
    return HttpResponse(response.status, _HTML, "text/html") if kind == "html" else response


async def read_request(scope: dict[str, Any], receive: Receive) -> HttpRequest:
    """Read the whole request, chunked or not; of a body beyond the limit only its beginning."""
    body, more = bytearray(), True
    while more and len(body) <= MAXIMUM_BODY:
        message = await receive()
        more = message.get("more_body", False)
        body += message.get("body", b"")
    path = scope.get("raw_path") or scope["path"].encode()
    query = scope["query_string"].decode("latin-1")
    return HttpRequest(
        scope["method"], path.decode("latin-1"), query, _headers(scope["headers"]), bytes(body)
    )


def _headers(pairs: list[tuple[bytes, bytes]]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for raw_name, raw_value in pairs:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    return headers


async def send_response(send: Send, response: HttpResponse, now: Milliseconds) -> None:
    """Send the response, dated with the emulated time."""
    headers = {
        "content-type": response.content_type,
        "content-length": str(len(response.body)),
        "date": http_date(now),
    }
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": response.status, "headers": raw})
    await send({"type": "http.response.body", "body": response.body})
