"""The emulator's process: builds the world, serves the three ports, ends cleanly on SIGTERM and SIGINT."""

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
from typing import NamedTuple

import uvicorn
from platformdirs import user_cache_path

from videosnap_emulator import listen
from videosnap_emulator.clock import Clock, Pace, host_clock
from videosnap_emulator.connections import Connections, protocol_for
from videosnap_emulator.control import Control, control_app
from videosnap_emulator.files import PageFiles
from videosnap_emulator.keep import Keep
from videosnap_emulator.options import parser
from videosnap_emulator.rounds import Photographer
from videosnap_emulator.store import Store
from videosnap_emulator.video import Cutter, Library
from videosnap_emulator.volcengine_rtc.routes import Gate, RtcEndpoint
from videosnap_emulator.world import World

#: The one key pair that the emulator accepts. It opens nothing else.
ACCESS_KEY = "AKLTvideosnapEmulatorKey"
SECRET_KEY = "videosnap-emulator-secret-key"  # noqa: S105 - public on purpose
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
    gate: Gate
    store: Store
    empty_store: Callable[[], None]


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
    store = Store.open(data / "store" if data else None, ACCESS_KEY, SECRET_KEY)
    stack.callback(store.close)
    keep = Keep(data)
    stack.callback(keep.close)
    library = _library(data)
    _add_sample(store, library)
    world = World(Clock(host_clock, Pace(options.pace)), Photographer(store, Cutter(library)), keep)
    gate = Gate({ACCESS_KEY: SECRET_KEY}, check_signature=not options.no_signature_check)
    return Parts(world, gate, store, lambda: _start_over(store, library))


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
    sockets = {name: listen.bind(host, asked[name], kept.get(name, 0)) for name in ("rtc", "page")}
    ports = {name: int(sock.getsockname()[1]) for name, sock in sockets.items()}
    ports["store"] = store.serve(host, listen.free_port(host, asked["store"], kept.get("store", 0)))
    listen.remember_ports(options.data_dir, ports)
    return ports, sockets


def _environment(host: str, ports: dict[str, int]) -> dict[str, str]:
    return {
        "VOLCENGINE_ACCESS_KEY": ACCESS_KEY,
        "VOLCENGINE_SECRET_KEY": SECRET_KEY,
        "VOLCENGINE_RTC_ENDPOINT": listen.url(host, ports["rtc"]),
        "VOLCENGINE_TOS_ENDPOINT": listen.url(host, ports["store"]),
        "VIDEOSNAP_EMULATOR_URL": listen.url(host, ports["page"]),
    }


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
        )
    )


def _servers(parts: Parts, host: str) -> dict[str, Server]:
    connections = Connections()
    # The Date header of the RTC API is the emulated time, so uvicorn must not add its own.
    rtc = _server(RtcEndpoint(parts.world, parts.gate, connections), protocol_for(connections), date=False)
    page = _server(control_app(Control(*parts), PageFiles(_PAGE), host))
    return {"rtc": rtc, "page": page}


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
    servers = _servers(parts, options.host)
    serving = [asyncio.ensure_future(servers[name].serve(sockets=[sockets[name]])) for name in servers]
    flowing = asyncio.ensure_future(_flow(parts.world, stop))
    while not all(server.started for server in servers.values()):
        await asyncio.sleep(0.01)
    listen.write_env_file(options.env_file, env)
    _LOG.info("ready: page %s, RTC %s", env["VIDEOSNAP_EMULATOR_URL"], env["VOLCENGINE_RTC_ENDPOINT"])
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
        asyncio.run(_run(options, parts, sockets, _environment(options.host, ports)))
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
