"""The provider's gRPC server under both fronts, driven as the engine drives it.

One suite of tests is for both: the requests of a test have the dynamic type in their URN, which is translated
on the way to a native plugin and back in what it logs.
"""

import contextlib
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent import futures
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.dynamic.dynamic import serialize_provider
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, provider_pb2, provider_pb2_grpc, status_pb2

from pulumi_videosnap.volcengine.resource import SnapshotTaskProvider

PROVIDER = serialize_provider(SnapshotTaskProvider())
DYNAMIC_TYPE, NATIVE_TYPE = "pulumi-python:dynamic/", "videosnap:"
COMMANDS = {"dynamic": ["pulumi.dynamic"], "native": ["pulumi_videosnap.native.server"]}
FRONTS = tuple(COMMANDS)
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


@dataclass
class EngineLog(engine_pb2_grpc.EngineServicer):
    """A stand-in for the engine that keeps what a plugin logs."""

    lines: list[engine_pb2.LogRequest] = field(default_factory=list)

    def Log(self, request: engine_pb2.LogRequest, context: Any) -> empty_pb2.Empty:
        request.urn = request.urn.replace(NATIVE_TYPE, DYNAMIC_TYPE)
        self.lines.append(request)
        return empty_pb2.Empty()

    def messages(self, urn: str = "") -> list[str]:
        return [line.message for line in self.lines if not urn or line.urn == urn]


class PluginError(Exception):
    """What the engine would show of a failed call; `recorded` is what it records although the call failed."""

    def __init__(self, text: str, details: bytes = b"") -> None:
        super().__init__(text)
        self.recorded: tuple[str, dict[str, Any], dict[str, Any] | None] | None = None
        failed = provider_pb2.ErrorResourceInitFailed()
        if any(one.Unpack(failed) for one in status_pb2.Status.FromString(details).details):
            self.recorded = failed.id, _plain(failed.properties), _plain(failed.inputs) or None


class Plugin:
    """One plugin process: one run of the engine; its streams can be read once it has ended."""

    def __init__(self, channel: grpc.Channel, log: EngineLog, provider: str, front: str = "dynamic") -> None:
        self.native = front == "native"
        self.stub: Any = _NativeStub(channel) if self.native else _stub(channel)
        self.channel, self.log = channel, log
        self.stdout = self.stderr = self.engine = ""
        self.process: subprocess.Popen[bytes]
        self.end_engine: Callable[[], object]
        self._provider = provider

    def configure(self, config: Mapping[str, Any]) -> None:
        self.call("Configure", provider_pb2.ConfigureRequest(args=to_struct(config), acceptSecrets=True))

    def check(
        self, urn: str, inputs: Mapping[str, Any], olds: Mapping[str, Any] | None = None
    ) -> tuple[dict[str, Any], list[str]]:
        before = self.with_provider(olds, urn) if olds else to_struct({})
        request = provider_pb2.CheckRequest(urn=urn, olds=before, news=self.with_provider(inputs, urn))
        answer = self.call("Check", request)
        refused = [failure.reason for failure in answer.failures]
        # Refused inputs may hold numbers that JSON does not have.
        return {} if refused else _plain(answer.inputs), refused

    def diff(self, urn: str, id: str, outputs: Mapping[str, Any], inputs: Mapping[str, Any]) -> list[str]:
        return self.changes(urn, id, outputs, inputs)[0]

    def changes(
        self,
        urn: str,
        id: str,
        outputs: Mapping[str, Any],
        inputs: Mapping[str, Any],
        old_inputs: Mapping[str, Any] | None = None,
    ) -> tuple[list[str], bool | None]:
        """What replaces, and whether anything changes; None where the plugin leaves that to the engine."""
        olds, news = self.with_provider(outputs, urn), self.with_provider(inputs, urn)
        before = None if old_inputs is None else self.with_provider(old_inputs, urn)
        request = provider_pb2.DiffRequest(urn=urn, id=id, olds=olds, news=news, old_inputs=before)
        answer = self.call("Diff", request)
        unknown = answer.changes == provider_pb2.DiffResponse.DIFF_UNKNOWN
        changed = answer.changes == provider_pb2.DiffResponse.DIFF_SOME
        return list(answer.replaces), None if unknown else changed

    def create(self, urn: str, inputs: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        request = provider_pb2.CreateRequest(urn=urn, properties=self.with_provider(inputs, urn))
        answer = self.call("Create", request)
        return answer.id, _plain(answer.properties)

    def read(
        self, urn: str, id: str, outputs: Mapping[str, Any], inputs: Mapping[str, Any] | None = None
    ) -> tuple[str, dict[str, Any], Any]:
        recorded = None if inputs is None else self.with_provider(inputs, urn)
        properties = self.with_provider(outputs, urn)
        request = provider_pb2.ReadRequest(urn=urn, id=id, properties=properties, inputs=recorded)
        answer = self.call("Read", request)
        read = _plain(answer.inputs) if answer.HasField("inputs") else None
        return answer.id, _plain(answer.properties), read

    def update(
        self, urn: str, id: str, outputs: Mapping[str, Any], inputs: Mapping[str, Any]
    ) -> dict[str, Any]:
        olds, news = self.with_provider(outputs, urn), self.with_provider(inputs, urn)
        request = provider_pb2.UpdateRequest(urn=urn, id=id, olds=olds, news=news)
        return _plain(self.call("Update", request).properties)

    def delete(self, urn: str, id: str, outputs: Mapping[str, Any]) -> None:
        properties = self.with_provider(outputs, urn)
        self.call("Delete", provider_pb2.DeleteRequest(urn=urn, id=id, properties=properties))

    def with_provider(self, values: Mapping[str, Any], urn: str = "") -> struct_pb2.Struct:
        return to_struct({**values, "__provider": self._provider})

    def ask(self, method: str, urn: str, **fields: Any) -> Any:
        """A call of a method of resources; fields that are dicts are sent as Structs, as they stand."""
        return self.call(method, request_of(method, urn, **fields))

    def call(self, method: str, request: Any) -> Any:
        try:
            return self._send(method, request)
        except grpc.RpcError as error:
            text = (error.details() or str(error.code())).strip()
            # The dynamic front's errors begin with the name of their class.
            prefix = "videosnap: " if self.native and not text.startswith("Traceback") else ""
            metadata: Any = error.trailing_metadata() or ()
            raise PluginError(prefix + text, dict(metadata).get("grpc-status-details-bin", b"")) from None

    def _send(self, method: str, request: Any) -> Any:
        return getattr(self.stub, method)(request, timeout=60)


def _stub(channel: grpc.Channel) -> Any:
    return provider_pb2_grpc.ResourceProviderStub(channel)


class _NativeStub:
    """Translates the types in the requests of tests that are for both fronts."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._stub = _stub(channel)

    def __getattr__(self, method: str) -> Callable[..., Any]:
        def call(request: Any, timeout: float = 60) -> Any:
            if hasattr(request, "urn"):
                request.urn = request.urn.replace(DYNAMIC_TYPE, NATIVE_TYPE)
            return getattr(self._stub, method)(request, timeout=timeout)

        return call


@contextlib.contextmanager
def running_plugin(
    environment: Mapping[str, str],
    provider: str = PROVIDER,
    *,
    config: Mapping[str, Any] | None = None,
    address: str | None = "an engine that listens",
    front: str = "dynamic",
    folder: Path | None = None,
) -> Iterator[Plugin]:
    """Start a front's server; `address` is the engine's, a stand-in by default; None leaves it out."""
    log, engine = EngineLog(), grpc.server(futures.ThreadPoolExecutor(max_workers=2))
    engine_pb2_grpc.add_EngineServicer_to_server(log, engine)
    listening = f"127.0.0.1:{engine.add_insecure_port('127.0.0.1:0')}"
    engine.start()
    given = [] if address is None else [listening if address.startswith("an engine") else address]
    command = [sys.executable, "-u", "-m", *COMMANDS[front], *given]
    with tempfile.TemporaryFile() as stderr:
        streams: Any = {"stdout": subprocess.PIPE, "stderr": stderr}
        process = subprocess.Popen(command, env=dict(environment), cwd=folder, **streams)
        plugin = None
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline())
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                plugin = Plugin(channel, log, provider, front)
                plugin.engine, plugin.process = listening, process
                plugin.end_engine = lambda: engine.stop(0).wait(10)
                plugin.configure(config or {})
                yield plugin
        finally:
            process.kill()
            rest, _ = process.communicate(timeout=10)
            engine.stop(0).wait(10)
            stderr.seek(0)
            said = stderr.read().decode()
            if plugin is not None:
                plugin.stdout, plugin.stderr = rest.decode(), said
            elif said:
                print(said, file=sys.stderr)


def request_of(method: str, urn: str, **fields: Any) -> Any:
    sent = {name: to_struct(value) if isinstance(value, dict) else value for name, value in fields.items()}
    return getattr(provider_pb2, f"{method}Request")(urn=urn, **sent)


def to_struct(values: Mapping[str, Any]) -> struct_pb2.Struct:
    made = struct_pb2.Struct()
    made.update(dict(values))
    return made


def _plain(values: struct_pb2.Struct) -> dict[str, Any]:
    plain: dict[str, Any] = json_format.MessageToDict(values)
    plain.pop("__provider", None)
    return plain
