"""Runs of the engine's model over provider processes: forks that break at any call, servers with a port."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent import futures
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2, struct_pb2
from pulumi.dynamic.dynamic import serialize_provider
from pulumi.runtime.proto import engine_pb2_grpc, provider_pb2

from pulumi_videosnap.alibaba.resource import SnapshotJobProvider
from pulumi_videosnap.core.run_registry import Entry
from support.emulator import clean_environment
from support.engine_model import EngineModel
from support.forked_plugin import RESTART, Fault
from support.plugin import DYNAMIC_TYPE, NATIVE_TYPE, PROVIDER, EngineLog, Plugin, PluginError, to_struct
from support.plugin_host import PluginHost

PROVIDERS = {
    "volcengine:SnapshotTask": PROVIDER,
    "alibaba:SnapshotJob": serialize_provider(SnapshotJobProvider()),
}

LEFT_BEHIND_AFTER = 10.0
"""Seconds after which a provider counts as left behind by its engine."""


class EngineKilled(BaseException):
    """The engine is gone in the middle of a run, and with it everything that it has not recorded."""


class Forks:
    """A process that forks a provider for each run."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="forks")
        self.path = f"{self._folder.name}/socket"
        command = [sys.executable, "-m", "support.forked_plugin", self.path]
        environment = {**clean_environment(), "PYTHONPATH": str(Path(__file__).parents[1])}
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, env=environment)

    def connect(self) -> Connection:
        """A connection to a new provider process."""
        deadline = time.monotonic() + 60
        while True:
            with contextlib.suppress(FileNotFoundError, ConnectionRefusedError):
                client = socket.socket(socket.AF_UNIX)
                client.connect(self.path)
                return Connection(client.detach())
            client.close()
            assert time.monotonic() < deadline, "no process to fork from"
            assert self._process.poll() is None, "the process to fork from has ended"
            time.sleep(0.05)

    def close(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(30)
        self._folder.cleanup()


@dataclass
class Runs:
    """What the runs of one stack have in common; `fault` is for the next one."""

    forks: Forks
    front: str
    type_: str
    provider: str
    environment: Mapping[str, str]
    restart: Callable[[], object] = lambda: None
    fault: Fault | None = None
    calls: int = 0
    """How many calls to services the last run made."""
    left_behind: int = 0

    def engine(self) -> EngineModel:
        """A stack of resources of one kind."""
        return EngineModel(self._start, self.type_, previews=False)

    @contextlib.contextmanager
    def _start(self, engine: EngineModel) -> Iterator[ForkedPlugin]:
        fault, self.fault = self.fault, None
        plugin = ForkedPlugin(self, engine.entries, fault)
        try:
            yield plugin
        finally:
            self.left_behind += not plugin.end()

    def unmanaged(self, folder: Path) -> list[Mapping[str, Any]]:
        """What `videosnap drift` names on the same machine where the stack is empty."""
        state, urn = folder / "state.json", "urn:pulumi:test::mini::pulumi:pulumi:Stack::mini-test"
        state.write_text(
            json.dumps({"deployment": {"resources": [{"type": "pulumi:pulumi:Stack", "urn": urn}]}})
        )
        plugin = ForkedPlugin(self, tuple, None)
        code, report = plugin.command("drift", "--json", "--state", str(state))
        plugin.end()
        assert code == 0, report
        found: list[Mapping[str, Any]] = json.loads(report)["unmanaged"]
        return found


class ForkedPlugin(Plugin):
    """One provider process: one run of the engine."""

    def __init__(self, runs: Runs, entries: Callable[[], Sequence[Entry]], fault: Fault | None) -> None:
        self.native = runs.front == "native"
        self.log, self._provider, self._entries = EngineLog(), runs.provider, entries
        self._shared = runs
        self._connection = runs.forks.connect()
        self._connection.send((runs.front, dict(runs.environment), fault and tuple(fault)))
        self.pid: int = self._connection.recv()
        self._engine_killed = False

    def call(self, method: str, request: Any) -> Any:
        if hasattr(request, "urn"):
            request.urn = self._urn(request.urn)
        state: list[Any] = [("urn:pulumi:test::mini::pulumi:pulumi:Stack::mini-test", "", {})]
        state += [(self._urn(one.resource), one.id, one.outputs) for one in self._entries()]
        with contextlib.suppress(OSError):
            self._connection.send((method, request.SerializeToString(), state))
        while True:
            assert self._connection.poll(60), f"{method} got no answer"
            try:
                kind, answer, *sent = self._connection.recv()
            except (EOFError, OSError):
                if self._engine_killed:
                    raise EngineKilled from None
                raise PluginError("the plugin has ended") from None
            if kind == "engine killed":
                self._engine_killed = True
            elif kind == RESTART:
                self._shared.restart()
                self._connection.send("restarted")
            else:
                break
        self._shared.calls, self.seconds, self.megabytes = sent
        if self._engine_killed:
            raise EngineKilled
        if kind == "error":
            text, metadata = answer
            raise PluginError(text.strip(), metadata.get("grpc-status-details-bin", b""))
        answer_type = empty_pb2.Empty if method == "Delete" else getattr(provider_pb2, f"{method}Response")
        return answer_type.FromString(answer)

    def command(self, *words: str) -> tuple[int, str]:
        """Run a command in the process; its exit code and what it prints."""
        self._connection.send(("Command", words, []))
        assert self._connection.poll(120), f"{words} does not end"
        code, output, self.seconds, self.megabytes = self._connection.recv()
        return code, output

    def _urn(self, urn: str) -> str:
        return urn.replace(DYNAMIC_TYPE, NATIVE_TYPE) if self.native else urn

    def end(self) -> bool:
        """Whether the process has ended, as it must by itself where its engine was killed."""
        if not self._engine_killed:
            self._connection.close()
        deadline = time.monotonic() + LEFT_BEHIND_AFTER
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError, EOFError):
                while not self._connection.closed and self._connection.poll(0):
                    self._connection.recv()
            try:
                os.kill(self.pid, 0)
            except ProcessLookupError:
                self._connection.close()
                return True
            time.sleep(0.002)
        os.kill(self.pid, 9)
        return False


@dataclass
class Kill:
    """Kill the plugin in a call that changes something, as soon as `hit` says so."""

    hit: Callable[[], bool]
    done: bool = False


class HostedRuns:
    """What the runs of one stack have in common whose plugins have a port, and read state from a file.

    `announced` are the ids that the next run's program writes down for the plugin; `kill` is for that run.
    """

    def __init__(
        self, stack: str, front: str, folder: Path, host: PluginHost, environment: Mapping[str, str]
    ) -> None:
        self.announced: list[str] = []
        self.kill: Kill | None = None
        self.front, self._file, self._host = front, folder / f"{stack}.json", host
        self._environment = {**environment, "HOME": str(folder), "PATH": f"{folder}:{os.environ['PATH']}"}
        self._server = grpc.server(futures.ThreadPoolExecutor(max_workers=2))
        engine_pb2_grpc.add_EngineServicer_to_server(EngineLog(), self._server)
        self._port = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()

    def close(self) -> None:
        self._server.stop(0).wait(10)

    def engine(self) -> EngineModel:
        """A stack whose resources go by their URNs."""
        return EngineModel(self._start, previews=False)

    def save(self, engine: EngineModel) -> None:
        """Write what `pulumi stack export` prints."""
        resources = [{"urn": one.resource, "id": one.id, "outputs": one.outputs} for one in engine.entries()]
        text = json.dumps({"deployment": {"resources": resources}})
        self._file.write_text(text.replace(DYNAMIC_TYPE, NATIVE_TYPE) if self.front == "native" else text)

    @contextlib.contextmanager
    def _start(self, engine: EngineModel) -> Iterator[Plugin]:
        program = Path(self._environment["VIDEOSNAP_QUOTA_DIR"]) / f"program-{self._port}"
        program.parent.mkdir(exist_ok=True)
        program.write_text("".join(f"{hashlib.sha256(one.encode()).hexdigest()}\n" for one in self.announced))
        kill, self.announced, self.kill = self.kill, [], None
        pid, port = self._host.start(self.front, f"127.0.0.1:{self._port}", self._environment)
        try:
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                plugin = HostedPlugin(channel, self.front, lambda: self.save(engine), pid, kill)
                plugin.configure({})
                yield plugin
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


class HostedPlugin(Plugin):
    """One process with a port: one run of the engine."""

    def __init__(
        self, channel: grpc.Channel, front: str, save: Callable[[], None], pid: int, kill: Kill | None
    ) -> None:
        super().__init__(channel, EngineLog(), "", front)
        self._save, self._pid, self._kill = save, pid, kill

    def with_provider(self, values: Mapping[str, Any], urn: str = "") -> struct_pb2.Struct:
        kind = urn.split("::")[2].rpartition(DYNAMIC_TYPE)[2]
        return to_struct(values if self.native else {**values, "__provider": PROVIDERS[kind]})

    def _send(self, method: str, request: Any) -> Any:
        self._save()
        if self._kill is None or method not in ("Create", "Update", "Delete"):
            return super()._send(method, request)
        with futures.ThreadPoolExecutor(max_workers=1) as thread:
            answer = thread.submit(super()._send, method, request)
            while not answer.done():
                if self._kill.hit():
                    self._kill.done = True
                    os.kill(self._pid, signal.SIGKILL)
                    break
                time.sleep(0.005)
            return answer.result(timeout=60)
