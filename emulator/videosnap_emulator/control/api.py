"""The control API: what tests and the page use to look into the emulator and to change it. Loopback only.

What belongs to one service comes from its `Service.control_routes`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from videosnap_emulator.control.responses import StaticFiles, json_response, object_response
from videosnap_emulator.control.validation import (
    Reader,
    array,
    endpoint_of,
    number,
    query_whole,
    read_fields,
    whole,
    word,
)
from videosnap_emulator.core import Json
from videosnap_emulator.core.assumptions import assumptions_of
from videosnap_emulator.core.clock import rfc3339
from videosnap_emulator.core.faults import KINDS, Fault
from videosnap_emulator.core.scheduler import Scheduler
from videosnap_emulator.core.service import ControlRoute, Service
from videosnap_emulator.gateway import GatewayState
from videosnap_emulator.storage.store import Store

#: Seconds; a century keeps dates within what the answers' formats can write.
_LONGEST_ADVANCE = 100 * 366 * 86_400
_LONGEST_STALL = 3600
_PAGE = Path(__file__).parent / "static"
_PANEL = "panel.js"


class Control:
    """The operations that are about no service in particular; each is one short method."""

    def __init__(
        self,
        scheduler: Scheduler,
        gateway: GatewayState,
        storage: Store,
        services: Sequence[Service[Any]],
        *,
        urls: Mapping[str, str],
        empty_storage: Callable[[], None],
    ):
        self._scheduler, self._gateway, self._storage = scheduler, gateway, storage
        self._services, self._urls, self._empty_storage = services, urls, empty_storage
        self._fault_fields = _fault_fields(tuple(gateway.rate_limiter.limits))

    def health(self, _request: Request, _body: Any) -> Response:
        """Say that the emulator is up."""
        return json_response({"status": "ok"})

    def services(self, _request: Request, _body: Any) -> Response:
        """List the services with their endpoints and the limits of their actions."""
        return json_response({"services": [self._service_view(one) for one in self._services]})

    def _service_view(self, service: Service[Any]) -> Json:
        has_panel = service.static is not None and (service.static / _PANEL).exists()
        return {
            "name": service.name,
            "title": service.title,
            "callLogName": service.log_name or service.name,
            "endpoint": self._urls[service.name],
            "endpointVariable": service.endpoint_variable,
            "actions": [{"action": name, "limit": limit} for name, limit in service.limits.items()],
            "panel": f"/page/{service.name}/{_PANEL}" if has_panel else None,
        }

    def calls(self, request: Request, _body: Any) -> Response:
        """List the calls after number `after`."""
        shown, last = self._scheduler.calls_after(query_whole(request, "after", 0))
        return json_response({"calls": [call.view() for call in shown], "last": last})

    def clear_calls(self, _request: Request, _body: Any) -> Response:
        """Empty the call log."""
        return json_response({"last": self._scheduler.clear_calls()})

    def clock(self, _request: Request, _body: Any) -> Response:
        """Show the emulated and the host's time."""
        clock = self._scheduler.clock
        with self._scheduler.transaction() as now:
            about = {"now": rfc3339(now), "real": rfc3339(clock.real())}
        advanced = {"advancedSeconds": clock.advanced / 1000}
        return json_response(
            {**about, **advanced, "pace": clock.pace.value, "skewSeconds": self._gateway.skew}
        )

    def advance(self, request: Request, body: Any) -> Response:
        """Jump ahead; what falls due is done before the answer."""
        self._scheduler.advance(round(_seconds(body, 0) * 1000))
        return self.clock(request, None)

    def skew(self, request: Request, body: Any) -> Response:
        """Set the clock that signatures are checked against wrong by so many seconds."""
        self._gateway.skew = _seconds(body, -_LONGEST_ADVANCE)
        return self.clock(request, None)

    def faults(self, _request: Request, _body: Any) -> Response:
        """List the faults in force."""
        return json_response({"faults": self._gateway.faults.view()})

    def set_faults(self, request: Request, body: Any) -> Response:
        """Replace the faults."""
        rules = read_fields(body, {"faults": array(self._fault)}).get("faults", [])
        self._gateway.faults.set(rules)
        return self.faults(request, None)

    def _fault(self, path: str, value: object) -> Fault:
        fields = read_fields(value, self._fault_fields, path, required=("action", "fault"))
        names = {"fault": "kind", "afterCall": "after_call"}
        return Fault(**{names.get(name, name): given for name, given in fields.items()})

    def clear_faults(self, request: Request, _body: Any) -> Response:
        """Remove all faults."""
        self._gateway.faults.set([])
        return self.faults(request, None)

    def assumptions(self, _request: Request, _body: Any) -> Response:
        """List what the vendors' documents leave open."""
        entries = assumptions_of([type(service) for service in self._services])
        return json_response({"assumptions": [entry._asdict() for entry in entries]})

    def quota(self, _request: Request, _body: Any) -> Response:
        """Show how many calls each action had in the last second."""
        return json_response({"quota": self._gateway.rate_limiter.view()})

    def reset(self, request: Request, _body: Any) -> Response:
        """Start over: state, clock, call log, faults, rate limits and the storage's contents."""
        self._gateway.reset()
        self._scheduler.reset(self._empty_storage)
        return self.clock(request, None)

    def stored_object(self, request: Request, _body: Any) -> Response:
        """Return one stored frame."""
        return object_response(self._storage, request.path_params["bucket"], request.path_params["key"])

    def routes(self) -> list[ControlRoute]:
        """Return method, path and function of each operation, the services' included."""
        own = [
            ControlRoute("GET", "/health", self.health),
            ControlRoute("GET", "/services", self.services),
            ControlRoute("GET", "/calls", self.calls),
            ControlRoute("DELETE", "/calls", self.clear_calls),
            ControlRoute("GET", "/clock", self.clock),
            ControlRoute("POST", "/clock/advance", self.advance),
            ControlRoute("PUT", "/clock/skew", self.skew),
            ControlRoute("GET", "/faults", self.faults),
            ControlRoute("PUT", "/faults", self.set_faults),
            ControlRoute("DELETE", "/faults", self.clear_faults),
            ControlRoute("GET", "/assumptions", self.assumptions),
            ControlRoute("GET", "/quota", self.quota),
            ControlRoute("POST", "/reset", self.reset),
            ControlRoute("GET", "/frames/{bucket}/{key:path}", self.stored_object),
        ]
        return own + [route for service in self._services for route in service.control_routes()]

    def app(self) -> ASGIApp:
        """Return the control API and the page as one ASGI application."""
        folders = {service.name: service.static for service in self._services if service.static}
        files = StaticFiles({"": _PAGE, **folders})
        routes = [
            Route(one.path, endpoint_of(one.run, one.raw), methods=[one.method]) for one in self.routes()
        ]
        routes += [Route("/", files.index), Route("/page/{name:path}", files.file)]
        return Starlette(routes=routes)


def _seconds(body: Any, least: float) -> float:
    fields = read_fields(body, {"seconds": number(least, _LONGEST_ADVANCE)}, required=("seconds",))
    return float(fields["seconds"])


def _optional(read: Reader) -> Reader:
    return lambda name, value: None if value is None else read(name, value)


def _fault_fields(actions: tuple[str, ...]) -> dict[str, Reader]:
    """Return the readers of a fault's fields, by their names in a request."""
    count = whole(range(1 << 31))
    return {
        "action": word(("*", *actions)),
        "fault": word(KINDS),
        "afterCall": count,
        "times": _optional(count),
        "status": _optional(whole(range(400, 600))),
        "code": word(),
        "message": word(),
        "seconds": number(0, _LONGEST_STALL),
    }
