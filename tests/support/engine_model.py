"""The engine's steps over a plugin's gRPC door: thousands of them, with a plugin process for each run.

It asks what the engine asks, in its order, and keeps state as the engine does; what it does was seen of the
real one, with which tests/e2e drives the same stories.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent import futures
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import json_format
from pulumi.dynamic.dynamic import serialize_provider
from pulumi.runtime.proto import engine_pb2_grpc, provider_pb2, provider_pb2_grpc, status_pb2

from pulumi_videosnap.alibaba.resource import SnapshotJobProvider
from support.plugin import DYNAMIC_TYPE, NATIVE_TYPE, PROVIDER, EngineLog, to_struct
from support.plugin_host import PluginHost

PROVIDERS = {
    "volcengine:SnapshotTask": PROVIDER,
    "alibaba:SnapshotJob": serialize_provider(SnapshotJobProvider()),
}
Properties = dict[str, Any]


@dataclass(frozen=True)
class Resource:
    """One resource of a program; `parents` are types, as in a URN, and `alias` is its former URN."""

    kind: str
    name: str
    inputs: Properties
    parents: str = ""
    alias: str = ""
    announced: str = ""
    """The id that its class writes down for the plugin."""

    def urn(self, stack: str) -> str:
        return f"urn:pulumi:{stack}::walk::{self.parents}{DYNAMIC_TYPE}{self.kind}::{self.name}"


@dataclass
class Entry:
    """One resource in state."""

    kind: str
    id: str
    inputs: Properties
    outputs: Properties
    failed: bool = False
    """Whether it has initErrors: the next `up` updates it, whatever Diff says."""
    replacing: bool = False
    """Deleted to make room for its replacement, which is not there yet."""


class Broken(Exception):
    """The run ended with an error, or a process of it was killed."""


@dataclass
class Run:
    """What a run of the engine did, by URN."""

    replaced: set[str] = field(default_factory=set)
    applied: set[str] = field(default_factory=set)
    """What it created, updated or replaced."""
    made: set[str] = field(default_factory=set)
    """What it created or replaced."""
    deleted: set[str] = field(default_factory=set)
    error: str = ""


@dataclass
class Kill:
    """Kill the plugin in a call of the service, as soon as `hit` says so."""

    hit: Callable[[], bool]
    done: bool = False


class EngineModel:
    """One stack, and an engine that runs on it again and again."""

    def __init__(
        self, name: str, front: str, folder: Path, host: PluginHost, environment: Mapping[str, str]
    ) -> None:
        self.name, self.front, self.folder, self._host = name, front, folder, host
        self.state: dict[str, Entry] = {}
        self.log = EngineLog()
        self._server = grpc.server(futures.ThreadPoolExecutor(max_workers=2))
        engine_pb2_grpc.add_EngineServicer_to_server(self.log, self._server)
        self._port = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()
        self._environment = {**environment, "HOME": str(folder), "PATH": f"{folder}:{os.environ['PATH']}"}
        self._stub: Any = None
        self._pid, self._run = 0, Run()
        self._kill: Kill | None = None
        self._save()

    def close(self) -> None:
        self._server.stop(0).wait(10)

    def up(self, program: Sequence[Resource], *, refresh: bool = False, kill: Kill | None = None) -> Run:
        """One `pulumi up`, with or without --refresh."""

        def steps() -> None:
            if refresh:
                self._refresh()
            wanted = {self._step(resource) for resource in program}
            self._delete(urn for urn in reversed(list(self.state)) if urn not in wanted)

        return self._running(steps, program, kill)

    def refresh(self) -> Run:
        """One `pulumi refresh`."""
        return self._running(self._refresh)

    def destroy(self, targets: Sequence[str] = (), kill: Kill | None = None) -> Run:
        """One `pulumi destroy`, of everything or of some URNs."""
        chosen = [urn for urn in reversed(list(self.state)) if not targets or urn in targets]
        return self._running(lambda: self._delete(iter(chosen)), kill=kill)

    def _running(
        self, steps: Callable[[], None], program: Sequence[Resource] = (), kill: Kill | None = None
    ) -> Run:
        self._run, self._kill = Run(), kill
        self._announce(program)
        with self._plugin():
            try:
                steps()
            except Broken as broken:
                self._run.error = str(broken)
        return self._run

    @contextlib.contextmanager
    def _plugin(self) -> Iterator[None]:
        self._pid, port = self._host.start(self.front, f"127.0.0.1:{self._port}", self._environment)
        try:
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                self._stub = provider_pb2_grpc.ResourceProviderStub(channel)
                self._ask("Configure", provider_pb2.ConfigureRequest(args=to_struct({}), acceptSecrets=True))
                yield
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)

    def _announce(self, program: Sequence[Resource]) -> None:
        """Write down what the program declares, as its process does."""
        file = Path(self._environment["VIDEOSNAP_QUOTA_DIR"]) / f"program-{self._port}"
        file.parent.mkdir(exist_ok=True)
        ids = [one.announced for one in program if one.announced]
        file.write_text("".join(f"{hashlib.sha256(one.encode()).hexdigest()}\n" for one in ids))

    def _step(self, resource: Resource) -> str:
        """Bring one resource in line; returns its URN."""
        urn, kind = resource.urn(self.name), resource.kind
        former = urn if urn in self.state or resource.alias not in self.state else resource.alias
        entry = self.state.get(former)
        inputs = self._check(urn, kind, entry, resource.inputs)
        if entry is None:
            self._create(urn, kind, inputs)
            return urn
        replaces, changed = self._diff(urn, entry, inputs)
        if former != urn and not replaces and not entry.replacing:
            self.state = {urn if key == former else key: value for key, value in self.state.items()}
            self._save()
        if replaces or entry.replacing:
            self._replace(urn, former, entry, inputs)
        elif changed or entry.failed:
            self._update(urn, entry, inputs)
        return urn

    def _check(self, urn: str, kind: str, entry: Entry | None, declared: Properties) -> Properties:
        olds = self._struct(kind, entry.inputs) if entry else to_struct({})
        request = provider_pb2.CheckRequest(urn=urn, olds=olds, news=self._struct(kind, declared))
        answer = self._ask("Check", request)
        if answer.failures:
            raise Broken("; ".join(failure.reason for failure in answer.failures))
        return _plain(answer.inputs)

    def _diff(self, urn: str, entry: Entry, inputs: Properties) -> tuple[list[str], bool]:
        olds, before, news = (self._struct(entry.kind, one) for one in (entry.outputs, entry.inputs, inputs))
        request = provider_pb2.DiffRequest(urn=urn, id=entry.id, olds=olds, old_inputs=before, news=news)
        answer = self._ask("Diff", request)
        unknown = answer.changes == provider_pb2.DiffResponse.DIFF_UNKNOWN
        changed = entry.inputs != inputs if unknown else answer.changes == provider_pb2.DiffResponse.DIFF_SOME
        return list(answer.replaces), changed

    def _create(self, urn: str, kind: str, inputs: Properties) -> None:
        answer = self._recording(urn, kind, inputs, "Create", properties=self._struct(kind, inputs))
        self.state[urn] = Entry(kind, answer.id, inputs, _plain(answer.properties))
        self._run.made.add(urn)
        self._done(urn)

    def _update(self, urn: str, entry: Entry, inputs: Properties) -> None:
        olds, news = self._struct(entry.kind, entry.outputs), self._struct(entry.kind, inputs)
        answer = self._recording(urn, entry.kind, entry.inputs, "Update", id=entry.id, olds=olds, news=news)
        self.state[urn] = Entry(entry.kind, entry.id, inputs, _plain(answer.properties))
        self._done(urn)

    def _replace(self, urn: str, former: str, entry: Entry, inputs: Properties) -> None:
        self._run.replaced |= {urn, former}
        if not entry.replacing:
            self._ask("Delete", self._deletion(former, entry))
            entry.replacing = True
            self._save()
        self._create(urn, entry.kind, inputs)
        if former != urn:
            self.state.pop(former, None)
            self._save()

    def _delete(self, urns: Iterator[str]) -> None:
        for urn in list(urns):
            entry = self.state[urn]
            if not entry.replacing:
                self._ask("Delete", self._deletion(urn, entry))
            del self.state[urn]
            self._run.deleted.add(urn)
            self._save()

    def _deletion(self, urn: str, entry: Entry) -> Any:
        properties = self._struct(entry.kind, entry.outputs)
        return provider_pb2.DeleteRequest(urn=urn, id=entry.id, properties=properties)

    def _refresh(self) -> None:
        for urn, entry in list(self.state.items()):
            if entry.replacing:
                continue
            outputs, inputs = self._struct(entry.kind, entry.outputs), self._struct(entry.kind, entry.inputs)
            request = provider_pb2.ReadRequest(urn=urn, id=entry.id, properties=outputs, inputs=inputs)
            try:
                answer = self._call("Read", request)
            except grpc.RpcError as error:
                if (found := _init_failed(error)) is None:
                    raise Broken(_text(error)) from None
                entry.inputs = _plain(found.inputs) or entry.inputs
                entry.outputs, entry.failed = _plain(found.properties), True
                continue
            if answer.id:
                read = _plain(answer.inputs) if answer.HasField("inputs") else entry.inputs
                self.state[urn] = Entry(entry.kind, answer.id, read, _plain(answer.properties))
            else:
                del self.state[urn]
        self._save()

    def _recording(self, urn: str, kind: str, inputs: Properties, method: str, **request: Any) -> Any:
        """A create or an update; what fails with a resource that exists is recorded."""
        try:
            return self._call(method, getattr(provider_pb2, f"{method}Request")(urn=urn, **request))
        except grpc.RpcError as error:
            if found := _init_failed(error):
                self.state[urn] = Entry(kind, found.id, inputs, _plain(found.properties), failed=True)
                self._save()
            raise Broken(_text(error)) from None

    def _ask(self, method: str, request: Any) -> Any:
        try:
            return self._call(method, request)
        except grpc.RpcError as error:
            raise Broken(_text(error)) from None

    def _call(self, method: str, request: Any) -> Any:
        if self.front == "native" and hasattr(request, "urn"):
            request.urn = request.urn.replace(DYNAMIC_TYPE, NATIVE_TYPE)
        answer = getattr(self._stub, method).future(request, timeout=60)
        if self._kill is not None and method in ("Create", "Update", "Delete"):
            while not answer.done():
                if self._kill.hit():
                    self._kill.done = True
                    os.kill(self._pid, signal.SIGKILL)
                    break
                time.sleep(0.005)
        return answer.result(timeout=60)

    def _struct(self, kind: str, values: Properties) -> Any:
        return to_struct(values if self.front == "native" else {**values, "__provider": PROVIDERS[kind]})

    def _done(self, urn: str) -> None:
        self._run.applied.add(urn)
        self._save()

    def _save(self) -> None:
        """What `pulumi stack export` prints, for the plugin."""
        resources = [{"urn": urn, "id": one.id, "outputs": one.outputs} for urn, one in self.state.items()]
        text = json.dumps({"deployment": {"resources": resources}})
        (self.folder / f"{self.name}.json").write_text(
            text.replace(DYNAMIC_TYPE, NATIVE_TYPE) if self.front == "native" else text
        )


def _plain(values: Any) -> Properties:
    plain: Properties = json_format.MessageToDict(values)
    plain.pop("__provider", None)
    return {name: value for name, value in plain.items() if value is not None}


def _text(error: Any) -> str:
    return (error.details() or str(error.code())).strip()


def _init_failed(error: Any) -> Any:
    """The resource that a failed call says exists nevertheless."""
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            found = provider_pb2.ErrorResourceInitFailed()
            if status_pb2.Status.FromString(value).details[0].Unpack(found):
                return found
    return None
