"""The emulator's process: builds the world, serves its ports, ends cleanly on SIGTERM and SIGINT."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime, timezone
from pathlib import Path
from socket import socket
from typing import Any, NamedTuple

import uvicorn
from platformdirs import user_cache_path

from videosnap_emulator import listen
from videosnap_emulator.alibaba_mps.book import JobPace
from videosnap_emulator.alibaba_mps.control import MpsControl
from videosnap_emulator.alibaba_mps.darkroom import Darkroom
from videosnap_emulator.alibaba_mps.processing import Processing
from videosnap_emulator.alibaba_mps.routes import MpsApi
from videosnap_emulator.alibaba_mps.shots import take
from videosnap_emulator.alibaba_mps.signature import Keys
from videosnap_emulator.clock import Clock, Pace, host_clock
from videosnap_emulator.connections import Connections, protocol_for
from videosnap_emulator.control import Control, control_app
from videosnap_emulator.endpoint import Api, Endpoint
from videosnap_emulator.environment import (
    ACCESS_KEY,
    ALIBABA_KEY_ID,
    ALIBABA_KEY_SECRET,
    SECRET_KEY,
    environment,
)
from videosnap_emulator.files import PageFiles
from videosnap_emulator.gate import Gate
from videosnap_emulator.keep import Keep
from videosnap_emulator.options import DEFAULT_JOB_SECONDS, parser, readings
from videosnap_emulator.rounds import Photographer
from videosnap_emulator.store import Store
from videosnap_emulator.video import Cutter, Library
from videosnap_emulator.volcengine_rtc.routes import RtcApi
from videosnap_emulator.world import World

#: A sample video for whoever wants one in the store.
SAMPLE_OBJECT = ("media", "input.mp4")
#: Seconds between two looks at what fell due, so that frames flow without requests.
TICK_SECONDS = 0.15
#: Seconds that open requests get at the end.
GRACE_SECONDS = 0.4
_PAGE = Path(__file__).parent / "page"
_LOG = logging.getLogger("videosnap_emulator")


class Parts(NamedTuple):
    """What a run consists of; `empty_store` puts the store back to its first contents."""

    world: World
    processing: Processing
    gate: Gate
    store: Store
    empty_store: Callable[[], None]


IDLE = 75
"""Seconds for which an idle connection is kept, as gateways commonly do.

With uvicorn's own five, a client's next request now and then met the very moment of closing.
"""


class Server(uvicorn.Server):
    """One of several servers in a process: signals are handled once, for all of them."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


def _log_to_stdout() -> None:
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    _LOG.handlers[:] = [handler]
    _LOG.setLevel(logging.INFO)
    _LOG.propagate = False


def _build(options: argparse.Namespace, stack: ExitStack) -> Parts:
    """Open the store and the world, in memory or in the data directory."""
    data: Path | None = options.data_dir
    folder = data / "store" if data else None
    store = Store.open(folder, ACCESS_KEY, SECRET_KEY, more_keys={ALIBABA_KEY_ID: ALIBABA_KEY_SECRET})
    stack.callback(store.close)
    keep = Keep(data)
    stack.callback(keep.close)
    library = _library(data)
    _add_sample(store, library)
    processing = _processing(options, store, stack)
    clock, photographer = Clock(host_clock, Pace(options.pace)), Photographer(store, Cutter(library))
    world = World(clock, photographer, keep, processing)
    if options.job_seconds is not None:
        with world.at_now() as (state, _):
            state.book.pace = processing.pace
    gate = Gate(check_signature=not options.no_signature_check)
    return Parts(world, processing, gate, store, lambda: _start_over(store, library))


def _processing(options: argparse.Namespace, store: Store, stack: ExitStack) -> Processing:
    darkroom = Darkroom(store, take, readings(options))
    stack.callback(darkroom.close)
    seconds = DEFAULT_JOB_SECONDS if options.job_seconds is None else options.job_seconds
    return Processing(store, darkroom, JobPace.of(seconds))


def _add_sample(store: Store, library: Library) -> None:
    """Make sure that `media/input.mp4` exists; one that a user put there stays."""
    try:
        store.get(*SAMPLE_OBJECT)
    except KeyError:
        made = datetime(2024, 1, 1, tzinfo=timezone.utc)
        store.put(*SAMPLE_OBJECT, library.read("camera0"), "video/mp4", {}, made)


def _start_over(store: Store, library: Library) -> None:
    store.empty()
    _add_sample(store, library)


def _library(data: Path | None) -> Library:
    """Return the sample videos with the cameras made already.

    No request shall wait seconds for its first frame.
    """
    library = Library(data / "samples" if data else user_cache_path("videosnap-emulator"))
    for name in ("camera0", "camera1"):
        library.read(name)
    return library


def _listeners(options: argparse.Namespace, store: Store) -> tuple[dict[str, int], dict[str, socket]]:
    """Open all ports and return their numbers and the sockets that uvicorn is to serve."""
    host, kept = options.host, listen.remembered_ports(options.data_dir)
    asked = {name: getattr(options, f"port_{name}") for name in listen.NAMES}
    sockets = {name: listen.bind(host, asked[name], kept.get(name, 0)) for name in ("rtc", "mps", "page")}
    ports = {name: int(sock.getsockname()[1]) for name, sock in sockets.items()}
    ports["store"] = store.serve(host, listen.free_port(host, asked["store"], kept.get("store", 0)))
    listen.remember_ports(options.data_dir, ports)
    return ports, sockets


def _server(app: object, http: object = "h11", date: bool = True) -> Server:
    return Server(
        uvicorn.Config(
            app,  # type: ignore[arg-type]
            http=http,  # type: ignore[arg-type]
            loop="asyncio",
            ws="none",
            lifespan="off",
            log_level="critical",
            access_log=False,
            server_header=False,
            date_header=date,
            timeout_graceful_shutdown=1,
            timeout_keep_alive=IDLE,
        )
    )


def _api_server(api: Api[Any], parts: Parts) -> Server:
    connections = Connections()
    endpoint = Endpoint(api, parts.world, parts.gate, connections)
    # The Date header of the APIs is the emulated time, so uvicorn must not add its own.
    return _server(endpoint, protocol_for(connections), date=False)


def _servers(parts: Parts, options: argparse.Namespace) -> dict[str, Server]:
    world, processing, gate = parts.world, parts.processing, parts.gate
    rtc = RtcApi(world, gate, {ACCESS_KEY: SECRET_KEY})
    keys = Keys({ALIBABA_KEY_ID: ALIBABA_KEY_SECRET}, options.mps_security_token)
    control = Control(world, gate, parts.store, parts.empty_store)
    return {
        "rtc": _api_server(rtc, parts),
        "mps": _api_server(MpsApi(world, gate, keys, processing), parts),
        "page": _server(control_app(control, MpsControl(world).routes(), PageFiles(_PAGE), options.host)),
    }


async def _flow(world: World, stop: asyncio.Event) -> None:
    """Take frames as they fall due, also when nobody asks."""
    while not stop.is_set():
        try:
            await asyncio.to_thread(world.tick)
        except Exception:
            # A full disk, say: the API goes on and the next tick tries again.
            _LOG.exception("taking frames failed")
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(stop.wait(), TICK_SECONDS)


async def _end(world: World, servers: Sequence[Server], serving: Sequence[asyncio.Future[None]]) -> None:
    """Let open requests finish for a moment and cut off the rest."""
    world.halt()
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
    options: argparse.Namespace, parts: Parts, sockets: dict[str, socket], env: dict[str, str]
) -> None:
    stop = _stop_signal()
    servers = _servers(parts, options)
    serving = [asyncio.ensure_future(servers[name].serve(sockets=[sockets[name]])) for name in servers]
    flowing = asyncio.ensure_future(_flow(parts.world, stop))
    while not all(server.started for server in servers.values()):
        await asyncio.sleep(0.01)
    listen.write_env_file(options.env_file, env)
    names = ("VIDEOSNAP_EMULATOR_URL", "VOLCENGINE_RTC_ENDPOINT", "ALIBABA_CLOUD_MPS_ENDPOINT")
    _LOG.info("ready: page %s, RTC %s, MPS %s", *(env[name] for name in names))
    _LOG.info(
        "endpoints and dummy keys are in %s: source it in the shell that is to use them", options.env_file
    )
    await stop.wait()
    await _end(parts.world, list(servers.values()), serving)
    await flowing


def _serve(options: argparse.Namespace) -> None:
    with ExitStack() as stack:
        if options.data_dir:
            stack.enter_context(listen.lock_folder(options.data_dir))
        # A file left by a killed run names ports that are not served yet.
        options.env_file.unlink(missing_ok=True)
        parts = _build(options, stack)
        ports, sockets = _listeners(options, parts.store)
        env = environment(options.host, ports, options.mps_security_token)
        asyncio.run(_run(options, parts, sockets, env))
    _LOG.info("ended")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the emulator until a signal ends it; return the exit status."""
    options = parser().parse_args(argv)
    _log_to_stdout()
    try:
        options.host = listen.loopback(options.host)
        _serve(options)
    except listen.Refusal as refusal:
        sys.stderr.write(f"{refusal}\n")
        return 2
    return 0
