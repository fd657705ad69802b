"""Runs of the small engine over forked provider processes, any of which may break at any call."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2

from pulumi_videosnap.core.lifecycle import (
    Checked,
    Context,
    Created,
    Failure,
    Found,
    Gone,
    Lifecycle,
    Present,
)
from pulumi_videosnap.core.properties import Path as PropertyPath
from pulumi_videosnap.core.properties import Properties
from pulumi_videosnap.core.run_registry import Entry
from support.emulator import clean_environment
from support.forked_plugin import RESTART, Fault
from support.miniengine import InitFailed, MiniEngine
from support.plugin import DYNAMIC_TYPE, NATIVE_TYPE, EngineLog, Plugin, PluginError

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
    _runs: dict[int, tuple[object, ForkedPlugin]] = field(default_factory=dict)

    def engine(self) -> MiniEngine:
        """A stack of resources of one kind."""
        return MiniEngine(self._lifecycle, type_=self.type_, previews=False)

    def end(self) -> None:
        """End the provider processes of runs that are over."""
        for _, plugin in self._runs.values():
            self.left_behind += not plugin.end()
        self._runs.clear()

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

    def _lifecycle(self, context: Context) -> Lifecycle:
        found = self._runs.get(id(context.runs))
        if found is None:
            self.end()
            fault, self.fault = self.fault, None
            plugin = ForkedPlugin(self, context.entries, fault)
            found = self._runs[id(context.runs)] = (context.runs, plugin)
        return _PluginLifecycle(found[1], context.resource)


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


class _PluginLifecycle(Lifecycle):
    """A lifecycle whose every step is a call of a provider's server."""

    def __init__(self, plugin: ForkedPlugin, urn: str) -> None:
        self._plugin, self._urn = plugin, urn

    def check(self, declared: Mapping[str, object]) -> Checked:
        inputs, refused = self._plugin.check(self._urn, declared)
        return Checked(inputs, [Failure((), reason) for reason in refused])

    def diff(self, recorded: Properties, inputs: Properties) -> list[PropertyPath]:
        return [(path,) for path in self._plugin.diff(self._urn, "", recorded, inputs)]

    def create(self, inputs: Properties) -> Created:
        try:
            return Created(*self._plugin.create(self._urn, inputs))
        except PluginError as failed:
            if failed.recorded is not None:
                raise InitFailed(str(failed), *failed.recorded) from None
            raise

    def read(self, task_id: str, recorded: Properties) -> Present | Gone:
        id_, outputs, inputs = self._plugin.read(self._urn, task_id, recorded)
        return Present(inputs if inputs is not None else recorded, outputs) if id_ else Gone()

    def find(self, import_id: str) -> Found | None:
        raise NotImplementedError

    def update(self, task_id: str, recorded: Properties, inputs: Properties) -> Properties:
        return self._plugin.update(self._urn, task_id, recorded, inputs)

    def delete(self, task_id: str, recorded: Properties) -> None:
        self._plugin.delete(self._urn, task_id, recorded)
