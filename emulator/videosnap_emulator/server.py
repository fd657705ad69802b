"""The emulator's process: builds the services, serves their ports, ends cleanly on SIGTERM and SIGINT."""

from __future__ import annotations

import argparse
import asyncio
import io
import logging
import signal
import sys
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from socket import socket
from typing import Any

from platformdirs import user_cache_path

from videosnap_emulator import ports
from videosnap_emulator.control.api import Control
from videosnap_emulator.core.clock import Clock, Pace, host_clock
from videosnap_emulator.core.persistence import SqliteStore, StateError, WriteError
from videosnap_emulator.core.rate_limit import RateLimiter
from videosnap_emulator.core.scheduler import Scheduler
from videosnap_emulator.core.service import Context, Service
from videosnap_emulator.gateway import GatewayState, ServiceGateway
from videosnap_emulator.http_server import Connections, HostCheckMiddleware, Server, server_of
from videosnap_emulator.media.samples import Library
from videosnap_emulator.storage.objects import ObjectDatabase
from videosnap_emulator.storage.store import Store

#: The ports beside the services', by the names of their ``--port-…`` options.
STORAGE, PAGE = "store", "page"
#: A sample video for whoever wants one in the storage.
SAMPLE_OBJECT = ("media", "input.mp4")
#: Seconds between two looks at what fell due, so that frames flow without requests.
TICK_SECONDS = 0.15
#: Characters of a line of the log.
_LONGEST_LINE = 2000
#: Seconds that open requests get at the end.
GRACE_SECONDS = 0.4
_LOG = logging.getLogger("videosnap_emulator")


@dataclass
class Emulator:
    """What a run consists of."""

    scheduler: Scheduler
    gateway: GatewayState
    storage: Store
    samples: Library
    services: list[Service[Any]]

    def add_sample(self) -> None:
        """Make sure that `media/input.mp4` exists; one that a user put there stays."""
        try:
            self.storage.get(*SAMPLE_OBJECT)
        except KeyError:
            made = datetime(2024, 1, 1, tzinfo=timezone.utc)
            self.storage.put(*SAMPLE_OBJECT, self.samples.read("camera0"), "video/mp4", {}, made)

    def empty_storage(self) -> None:
        """Put the storage back to its first contents."""
        self.storage.empty()
        self.add_sample()


class LogFormatter(logging.Formatter):
    """Escapes what could act in a terminal or forge a line: requests choose parts of messages."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        """Escape the message, also its ends of lines."""
        return _escape(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:
        """Escape the lines of a traceback."""
        return "\n".join(map(_escape, super().formatException(ei).splitlines()))


def _escape(text: str) -> str:
    """Return the text, not too long, with control characters, also bidirectional ones, as ``\\x1b``."""
    shown = text if len(text) <= _LONGEST_LINE else text[:_LONGEST_LINE] + "…"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in shown)


def _log_to_stdout() -> None:
    """Log what the emulator says, and warnings of the libraries, which go to stderr unescaped otherwise."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(LogFormatter("%(asctime)s %(message)s", "%H:%M:%S"))
    logging.getLogger().handlers[:] = [handler]
    _LOG.setLevel(logging.INFO)


def build(classes: Sequence[type[Service[Any]]], options: argparse.Namespace, stack: ExitStack) -> Emulator:
    """Open storage and state, in memory or in the data directory; `stack` closes them."""
    data: Path | None = options.data_dir
    access_keys = {key for service in classes for key in service.access_keys}
    storage = Store.open(data / ports.STORE_FOLDER if data else None, access_keys)
    stack.callback(storage.close)
    database = SqliteStore(data)
    stack.callback(database.close)
    scheduler = Scheduler(Clock(host_clock, Pace(options.pace)), database)
    context = Context(scheduler, storage, _library(), options)
    services = [service(context) for service in classes]
    for service in services:
        stack.callback(service.close)
    limits = {action: limit for service in classes for action, limit in service.limits.items()}
    gateway = GatewayState(RateLimiter(limits), check_signature=not options.no_signature_check)
    emulator = Emulator(scheduler, gateway, storage, context.samples, services)
    restored = scheduler.start(services)
    if data:
        _check_both_are_there(data, storage.objects, restored)
    emulator.add_sample()
    scheduler.catch_up()
    return emulator


def _check_both_are_there(data: Path, objects: ObjectDatabase, restored: bool) -> None:
    """Raise StateError when one of the two files is gone, with which the other one would be misleading."""
    if restored and objects.fresh:
        raise StateError(objects.path, "missing or empty, while the state beside it is not")
    if not restored and (count := objects.count()):
        raise StateError(data, f"the state is missing or empty, while the store has {count} objects")


def _library() -> Library:
    """Return the sample videos with the cameras made already: no request waits for its first frame."""
    library = Library(user_cache_path("videosnap-emulator"))
    for name in ("camera0", "camera1"):
        library.read(name)
    return library


def _listen(
    options: argparse.Namespace, emulator: Emulator, stack: ExitStack
) -> tuple[dict[str, str], dict[str, socket]]:
    """Open all ports; return their URLs, and the sockets that uvicorn is to serve."""
    host, remembered = options.host, ports.remembered_ports(options.data_dir)
    names = [*(service.name for service in emulator.services), PAGE]
    wanted = {name: getattr(options, f"port_{name}") for name in (*names, STORAGE)}
    sockets = {
        name: stack.enter_context(ports.bind(host, wanted[name], remembered.get(name, 0))) for name in names
    }
    numbers = {name: int(one.getsockname()[1]) for name, one in sockets.items()}
    numbers[STORAGE] = emulator.storage.serve(host, wanted[STORAGE], remembered.get(STORAGE, 0))
    ports.remember_ports(options.data_dir, numbers)
    return {name: ports.url(host, number) for name, number in numbers.items()}, sockets


def environment(services: Sequence[Service[Any]], urls: dict[str, str]) -> dict[str, str]:
    """Return the variables that the env file exports."""
    exported: dict[str, str] = {}
    for service in services:
        exported |= service.environment(urls[service.name], urls[STORAGE])
    return {**exported, "VIDEOSNAP_EMULATOR_URL": urls[PAGE]}


def _servers(emulator: Emulator, options: argparse.Namespace, urls: dict[str, str]) -> dict[str, Server]:
    servers = {}
    for service in emulator.services:
        connections = Connections()
        gateway = ServiceGateway(service, emulator.scheduler, emulator.gateway, connections)
        app = HostCheckMiddleware(gateway, options.host, safe_reads=False)  # type: ignore[arg-type]
        # The Date header of the APIs is the emulated time, so uvicorn must not add its own.
        servers[service.name] = server_of(app, connections, date_header=False)
    control = Control(
        emulator.scheduler,
        emulator.gateway,
        emulator.storage,
        emulator.services,
        urls=urls,
        empty_storage=emulator.empty_storage,
    )
    return {**servers, PAGE: server_of(HostCheckMiddleware(control.app(), options.host), Connections())}


async def _tick(scheduler: Scheduler, stop: asyncio.Event) -> None:
    """Do what falls due, also when no request comes."""
    fault = ""
    while not stop.is_set():
        try:
            await asyncio.to_thread(scheduler.tick)
            fault = ""
        except WriteError as error:  # the API goes on and the next tick tries again
            if fault != str(error):
                fault = str(error)
                _LOG.error(fault)
        except Exception:
            _LOG.exception("taking frames failed")
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(stop.wait(), TICK_SECONDS)


async def _end(
    scheduler: Scheduler, servers: Sequence[Server], serving: Sequence[asyncio.Future[None]]
) -> None:
    """Let open requests finish for a moment and cut off the rest."""
    scheduler.halt()
    for server in servers:
        server.should_exit = True
    await asyncio.wait(serving, timeout=GRACE_SECONDS)
    for server in servers:
        server.force_exit = True
    await asyncio.gather(*serving)


def _stop_signal() -> asyncio.Event:
    """Return the event that SIGTERM and SIGINT set."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


async def _run(
    emulator: Emulator, options: argparse.Namespace, urls: dict[str, str], sockets: dict[str, socket]
) -> None:
    stop = _stop_signal()
    servers = _servers(emulator, options, urls)
    serving = [asyncio.ensure_future(servers[name].serve(sockets=[sockets[name]])) for name in servers]
    ticking = asyncio.ensure_future(_tick(emulator.scheduler, stop))
    while not all(server.started for server in servers.values()):
        await asyncio.sleep(0.01)
    ports.write_env_file(options.env_file, environment(emulator.services, urls))
    listed = [f"{service.title} {urls[service.name]}" for service in emulator.services]
    _LOG.info("ready: %s", ", ".join([f"page {urls[PAGE]}", *listed]))
    _LOG.info(
        "endpoints and dummy keys are in %s: source it in the shell that is to use them", options.env_file
    )
    await stop.wait()
    await _end(emulator.scheduler, list(servers.values()), serving)
    await ticking


def serve(classes: Sequence[type[Service[Any]]], options: argparse.Namespace) -> None:
    """Run until a signal ends it; raise StartError or StateError when it cannot start."""
    _log_to_stdout()
    with ExitStack() as stack:
        if options.data_dir:
            stack.enter_context(ports.lock_folder(options.data_dir))
        # A file left by a killed run names ports that are not served yet.
        with suppress(OSError):  # writing it says why
            options.env_file.unlink()
        emulator = build(classes, options, stack)
        urls, sockets = _listen(options, emulator, stack)
        asyncio.run(_run(emulator, options, urls, sockets))
    _LOG.info("ended")
