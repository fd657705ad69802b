# ruff: noqa: PLC0415, S310 - everything is imported under a patched clock, and the URLs are ours
"""The provider's server under both fronts in processes that start in milliseconds and fail at a chosen call.

`python -m support.forked_plugin SOCKET` imports everything once and forks for each run of the engine. Servers
are called with the protocol's own messages, without a port. Sleeping takes no time in it, but moves its clock
and, for a service whose work takes time, the emulator's. What breaks does so where a call leaves the process
or its answer enters; a kill is a SIGKILL, which no `finally` sees.
"""

import contextlib
import importlib.util
import io
import os
import select
import signal
import socket
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

from support.processes import megabytes

_real_sleep, _real_monotonic, _real_time = time.sleep, time.monotonic, time.time
_clock = {"slept": 0.0, "off": 0.0}
_MOVES_TIME = "EMULATOR_THAT_MOVES_WITH_SLEEP"
FAULT_SERVER = "FAULT_SERVER"
LATE = "answer late"
ACTS = (
    "answer dropped", LATE, "answer cut", "answer malformed", "answer of a wrong type", "502 though it acted",
)  # fmt: skip
"""Answers that go wrong although the service did what it was asked for."""
_PLACES = {"connection refused": "http://127.0.0.1:1", "host not found": "http://nowhere.invalid"}
REFUSES = ("connection closed", "throttled", "500", "502", *_PLACES, "credentials expired")
"""Calls that have no effect."""
MOMENTS = ("before the call", "after the service acted")
CLOCK = "clock off by 20 minutes"
TOLD = "before the engine is told"
RESTART = "emulator restarted"


class Fault(NamedTuple):
    """What goes wrong, from which call of a run on and how often (0 is without end)."""

    name: str
    call: int = 0
    times: int = 1


def _sleep(seconds: float) -> None:
    _clock["slept"] += seconds
    if emulator := os.environ.get(_MOVES_TIME):
        body = b'{"seconds": %f}' % seconds
        request = urllib.request.Request(
            f"{emulator}/clock/advance", body, {"Content-Type": "application/json"}
        )
        urllib.request.urlopen(request, timeout=30).close()


class _Sender:
    """Every call that leaves the process: those of the fault's number on go wrong."""

    def __init__(self, fault: Fault | None, connection: Any) -> None:
        self.fault = fault or Fault("", -1)
        self.sent = 0
        self._connection = connection

    def send(self, act: Callable[[], Any], bad: Callable[[str], Any]) -> Any:
        """Let a call be made by `act`, or answered by `bad`, which has no effect."""
        name, first, times = self.fault
        number, self.sent = self.sent, self.sent + 1
        if not name or number < first or (times and number >= first + times):
            return act()
        if name in ACTS:
            act()
        if name in ACTS + REFUSES:
            return bad(name)
        victim, _, moment = name.partition(", ")
        if moment == MOMENTS[0]:
            self.end(victim)
        found = act()
        if moment == MOMENTS[1]:
            self.end(victim)
        return found

    def end(self, victim: str) -> None:
        """The provider dies, the engine dies or is interrupted, the emulator starts again."""
        if victim == "provider killed":
            os.kill(os.getpid(), signal.SIGKILL)
        elif victim == "engine killed":
            self._connection.send(("engine killed", None))
            threading.Thread(target=_lose_engine, daemon=True).start()
        elif victim == "^C":
            from pulumi_videosnap.plugin.run import RUN

            RUN.cancel()
        else:
            self._connection.send((victim, None))
            self._connection.recv()


def _lose_engine() -> None:
    from pulumi_videosnap.plugin.run import RUN

    RUN.end_without_engine()


def _load() -> None:
    """Import everything with a clock that only sleeping moves on, and with the two ways out patched."""
    time.sleep = _sleep  # type: ignore[assignment]
    time.monotonic = lambda: _real_monotonic() + _clock["slept"]
    time.time = lambda: _real_time() + sum(_clock.values())
    import botocore.httpsession

    import pulumi_videosnap.alibaba.jobs
    import pulumi_videosnap.native.server
    import pulumi_videosnap.volcengine.api  # noqa: F401
    from pulumi_videosnap.http.transport import HttpTransport
    from pulumi_videosnap.kinds import kinds, resource_types
    from pulumi_videosnap.plugin.run import Run

    assert kinds()
    assert resource_types()
    Run.sleep = lambda self, seconds: _sleep(seconds)  # type: ignore[method-assign]
    call, send = HttpTransport.__call__, botocore.httpsession.URLLib3Session.send
    lookup = socket.getaddrinfo

    def answer_badly(fault: str) -> tuple[str, float]:
        return _PLACES.get(fault, os.environ[FAULT_SERVER]), 0.05 if fault == LATE else 5

    def api(self: Any, request: Any) -> Any:
        def bad(fault: str) -> Any:
            endpoint, timeout = answer_badly(fault)
            headers = {**request.headers, "X-Fault": fault}
            return call(self, replace(request, endpoint=endpoint, headers=headers, timeout=timeout))

        return _sender.send(lambda: call(self, request), bad)

    def store(self: Any, request: Any) -> Any:
        def bad(fault: str) -> Any:
            request.url, _ = answer_badly(fault)
            request.headers["X-Fault"] = fault
            return send(self, request)

        return _sender.send(lambda: send(self, request), bad)

    def find_host(host: Any, *more: Any, **named: Any) -> Any:
        if str(host).endswith(".invalid"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return lookup(host, *more, **named)

    HttpTransport.__call__ = api  # type: ignore[method-assign]
    setattr(botocore.httpsession.URLLib3Session, "send", store)  # noqa: B010 - mypy refuses an assignment
    socket.getaddrinfo = find_host
    _servers()


def _servers() -> dict[str, type]:
    """The class that serves under each front; that of the dynamic one is in a module that serves at once."""
    if not _SERVERS:
        from pulumi_videosnap.native.server import Provider

        spec = importlib.util.find_spec("pulumi.dynamic.__main__")
        assert spec is not None
        assert spec.origin is not None
        module = importlib.util.module_from_spec(spec)
        exec(Path(spec.origin).read_text().removesuffix("main()\n"), vars(module))  # noqa: S102
        _SERVERS.update(dynamic=module.DynamicResourceProviderServicer, native=Provider)
    return _SERVERS


_SERVERS: dict[str, type] = {}
_sender: _Sender


class _Aborted(Exception):
    """A method ended its call with an error."""


class _CallContext:
    """What a method gets from gRPC."""

    def __init__(self) -> None:
        self.details = ""
        self.metadata: Any = ()
        self.callbacks: list[Callable[[], object]] = []

    def abort(self, code: object, details: str) -> None:
        self.details = details
        raise _Aborted

    def set_trailing_metadata(self, metadata: Any) -> None:
        self.metadata = metadata

    def add_callback(self, act: Callable[[], object]) -> None:
        self.callbacks.append(act)

    def set_code(self, code: object) -> None: ...
    def set_details(self, details: str) -> None: ...


def _serve(connection: Connection) -> None:
    """One run of the engine: answer its calls until it closes the connection."""
    global _sender
    from pulumi_videosnap.core.run_registry import Entry
    from pulumi_videosnap.plugin import run

    front, environment, fault = connection.recv()
    entries: list[Any] = []
    connection.send(os.getpid())
    os.environ.clear()
    os.environ.update(environment)
    _clock["off"] = -1200.0 if fault and fault[0] == CLOCK else 0.0
    run.RUN.serves, sys.tracebacklimit = True, 0
    run._read_entries = lambda urn: [Entry(*entry) for entry in entries]
    _sender, server = _Sender(Fault(*fault) if fault else None, connection), _servers()[front]()
    while True:
        try:
            method, request, entries = connection.recv()
        except (EOFError, OSError):
            os._exit(0)
        context, began = _CallContext(), _now()
        if method == "Command":
            connection.send((*_command(request), _now() - began, megabytes(os.getpid(), "VmHWM")))
            continue
        try:
            answer: Any = getattr(server, method)(_parse(method, request), context)
            answer = "answer", answer.SerializeToString()
        except _Aborted:
            answer = "error", (context.details, dict(context.metadata))
        victim, _, moment = _sender.fault.name.partition(", ")
        if moment == TOLD and method in ("Create", "Read", "Update", "Delete"):
            _sender.end(victim)
        connection.send((*answer, _sender.sent, _now() - began, megabytes(os.getpid(), "VmHWM")))
        for act in context.callbacks:
            act()


def _parse(method: str, message: bytes) -> Any:
    from pulumi.runtime.proto import provider_pb2

    return getattr(provider_pb2, f"{method}Request").FromString(message)


def _command(words: list[str]) -> tuple[int, str]:
    """Run `videosnap`, or look something up as a program does; returns the exit code and the output."""
    from pulumi_videosnap import alibaba, volcengine
    from pulumi_videosnap.cli import main
    from pulumi_videosnap.errors import VideosnapError

    with contextlib.redirect_stdout(io.StringIO()) as output, contextlib.redirect_stderr(output):
        try:
            if words[0] == "task":
                volcengine.get_snapshot_task(*words[1:])
            elif words[0] == "job":
                alibaba.get_snapshot_job(words[1], location=words[2])
            else:
                return main(words), output.getvalue()
        except VideosnapError as failed:
            return 1, str(failed)
    return 0, output.getvalue()


def _now() -> float:
    """Seconds, without those in which other processes had the processor."""
    waited = int(Path("/proc/self/schedstat").read_text().split()[1])
    return time.monotonic() - waited / 1e9


def _fork_for_each(path: str) -> None:
    _load()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        while sys.stdin not in select.select([listener, sys.stdin], [], [])[0]:
            accepted, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                _serve(Connection(accepted.detach()))
            accepted.close()


if __name__ == "__main__":
    _fork_for_each(sys.argv[1])
