"""The base class of an emulated service, and the types of its requests and responses.

A service is one folder in ``services/`` with a subclass of `Service`, and one line in
``services/__init__.py``. From that object come its port and command-line options, the environment variables
that it exports, the keys that the storage accepts, its rate limits, its rows in the database, its part of the
control API and of the page, and its assumptions. A service from elsewhere, a test's for instance, is added
with the option ``videosnap emulator --service MODULE:CLASS``, which may be repeated.

The gateway serves one request like this, on the service's own port:

1. `Service.parse` reads the request once; what it returns is passed to all that follows.
2. `Service.verify` checks who signed it. A refusal waits until 3 has passed.
3. `Service.check_action` finds the action, or refuses the request.
4. `Service.claim_nonce` refuses a request that was sent before (not with ``--no-signature-check``).
5. The rate limit of the action (`Service.limits`) applies.
6. `Service.run` does what is asked, usually in ``with scheduler.transaction() as now:``.
7. `Service.render` or `Service.render_error` makes the response.

Faults, the call log and the order of these steps are the gateway's. Steps 2 to 7 run on a worker thread,
several requests at once; what a service keeps in memory outside a transaction needs a lock of its own.

State: a service keeps its rows in `core.persistence.Table` objects (`Service.tables`) and plain numbers in
`Service.metadata`, and changes both inside transactions only. What happens later is entered with
``scheduler.add(due, self.name, kind, id)`` and comes back as `Service.run_event`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from videosnap_emulator.core.clock import Milliseconds
from videosnap_emulator.core.persistence import Table
from videosnap_emulator.core.scheduler import Event, Scheduler, Step
from videosnap_emulator.media.samples import Library
from videosnap_emulator.storage.store import Store

#: Bytes of a request's body that are read; no action needs more.
MAXIMUM_BODY = 1 << 20


class HttpRequest(NamedTuple):
    """What arrived. Header names are in lower case; `path` and `query` are as on the wire."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def too_large(self) -> bool:
        """Whether the body was longer than what was read of it."""
        return len(self.body) > MAXIMUM_BODY


class HttpResponse(NamedTuple):
    """What is sent; the gateway adds ``Date`` (emulated time) and ``Content-Length``."""

    status: int
    body: bytes
    content_type: str


class ApiError(Exception):
    """A refusal in the vendor's words: its code, the HTTP status and the message."""

    def __init__(self, code: str, status: int, message: str):
        super().__init__(message)
        self.code, self.status, self.message = code, status, message


@dataclass
class ApiRequest:
    """A request as its service read it, once; services add fields of their own in a subclass.

    `action` and `access_key` are what the request claims, empty and None when it claims nothing. `parameters`
    go into the call log (without what looks like a secret). `request_id` is the vendor's id of the response.
    """

    http: HttpRequest
    action: str
    access_key: str | None
    parameters: object
    request_id: str


R = TypeVar("R", bound=ApiRequest)


class ControlRoute(NamedTuple):
    """One operation of the control API.

    `run` gets the request and its JSON body (None without one) on a worker thread; with `raw`, the body as
    bytes. It may raise `control.validation.FieldError` (400) and `NotFoundError` (404).
    """

    method: str
    path: str
    run: Callable[[Request, Any], Response]
    raw: bool = False


@dataclass(frozen=True)
class Context:
    """What every service gets: `samples` are the sample videos, `options` the parsed command line."""

    scheduler: Scheduler
    storage: Store
    samples: Library
    options: Namespace


class Service(ABC, Generic[R]):
    """One emulated service. The class says what it is; one object of it runs.

    Table names and names of metadata are shared by all services: begin them with the service's name.
    """

    #: One lower-case word: ``--port-NAME``, events, ``/services``.
    name: ClassVar[str]
    #: Short name for people: "port of the TITLE API", the page, the API column of the assumptions.
    title: ClassVar[str]
    #: `Call.service` in the call log, where it differs from `name`.
    log_name: ClassVar[str] = ""
    #: Environment variable that holds the URL of the service's API.
    endpoint_variable: ClassVar[str]
    #: Accepted access keys and their secrets. The storage accepts the same access keys.
    access_keys: ClassVar[Mapping[str, str]] = {}
    #: Requests per second and account, by action. It lists every action; services that
    #: share one share its limit and its faults.
    limits: ClassVar[Mapping[str, int]]
    #: Error codes that say that a request carries no signature at all ("missing" in the call log).
    unsigned_codes: ClassVar[frozenset[str]] = frozenset()
    #: TOML file of what the vendor's documents leave open; `core.assumptions` has its format.
    assumptions: ClassVar[Path | None] = None
    #: Folder of files that the page gets at ``/page/NAME/FILE``; ``panel.js`` in it adds to the page.
    static: ClassVar[Path | None] = None

    @classmethod
    def add_options(cls, parser: ArgumentParser) -> None:
        """Add command-line options of the service's own; ``--port-NAME`` exists already."""

    def __init__(self, context: Context):
        self.scheduler, self.storage = context.scheduler, context.storage
        self.samples, self.options = context.samples, context.options

    @abstractmethod
    def environment(self, endpoint: str, storage_endpoint: str) -> dict[str, str]:
        """Return the environment variables that a client needs: keys, `endpoint_variable`, storage."""

    # Requests

    @abstractmethod
    def parse(self, http: HttpRequest) -> R:
        """Read the request. Never raises: what is missing or malformed is for the steps that follow."""

    @abstractmethod
    def verify(self, request: R, now: Milliseconds) -> None:
        """Raise ApiError unless the signature is right at the host's time `now`."""

    @abstractmethod
    def check_action(self, request: R) -> None:
        """Raise ApiError unless the request names an action, in the way in which it is offered."""

    def claim_nonce(self, request: R, now: Milliseconds) -> None:
        """Raise ApiError when the request's nonce was used before; the default accepts repeated requests."""

    @abstractmethod
    def run(self, request: R) -> object:
        """Do what the request asks and return the result for `render`, or raise ApiError."""

    @abstractmethod
    def render(self, request: R, result: object) -> HttpResponse:
        """Return the response of an action."""

    @abstractmethod
    def render_error(self, request: R, error: ApiError) -> HttpResponse:
        """Return the response of a refusal."""

    @abstractmethod
    def throttled(self, action: str, limit: int) -> ApiError:
        """Return the refusal of a call beyond the `limit` of requests per second."""

    @abstractmethod
    def internal_error(self) -> ApiError:
        """Return the vendor's error for a fault of its own."""

    # State

    @property
    def tables(self) -> Sequence[Table[Any, Any]]:
        """Return the rows to persist. They are filled before `restore` and emptied by a reset."""
        return ()

    def metadata(self) -> dict[str, int]:
        """Return plain numbers to persist beside the tables: counters, settings."""
        return {}

    def restore(self, metadata: Mapping[str, int]) -> None:
        """Set up what `tables` does not hold, and schedule the events of the rows in it.

        Called at the start, with the stored numbers, and after a reset with none; `scheduler.epoch` is then
        the time at which the emulated state began.
        """

    def prune(self) -> None:
        """Delete rows that are no longer needed; called at the end of every transaction."""

    def run_event(self, event: Event, step: Step) -> bool:  # noqa: ARG002
        """Carry out an event that is due, at the time `event.due`; do nothing if it is no longer planned.

        Return False to be called again later, while the work is not done; never False if `step.wait`.
        """
        return True

    # Beside the API

    def control_routes(self) -> Sequence[ControlRoute]:
        """Return the service's operations of the control API."""
        return ()

    def close(self) -> None:
        """End the service's threads; called once, at the end."""
