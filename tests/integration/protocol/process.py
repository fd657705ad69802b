"""The plugin's process with everything that it says: to its caller, to the engine, and to its streams."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from concurrent import futures
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from pulumi.runtime.proto import engine_pb2_grpc, provider_pb2_grpc

from integration.protocol.fake_rtc import FakeRtc
from support.plugin import EngineLog, Plugin

KIND = "urn:pulumi:dev::stories::pulumi-python:dynamic/volcengine:SnapshotTask::"
URN = f"{KIND}lobby"
HASTE = "0.04"
"""Seconds for a call that is to fail: enough for one attempt."""
KEYS = {"VOLCENGINE_ACCESS_KEY": "AKLTexample", "VOLCENGINE_SECRET_KEY": "an-example"}


@dataclass
class Spoken:
    """A plugin at work; its streams can be read once it has ended."""

    plugin: Plugin
    stub: provider_pb2_grpc.ResourceProviderStub
    log: EngineLog
    stdout: str = ""
    stderr: str = ""


@contextlib.contextmanager
def spoken_plugin(
    environment: Mapping[str, str],
    *,
    config: Mapping[str, Any] | None = None,
    address: str | None = "an engine that listens",
) -> Iterator[Spoken]:
    """Start the SDK's server; `address` is the engine's, None leaves it out."""
    with _engine() as (log, listening), tempfile.TemporaryFile() as stderr:
        given = [] if address is None else [listening if address.startswith("an engine") else address]
        process = subprocess.Popen(
            [sys.executable, "-u", "-m", "pulumi.dynamic", *given],
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=dict(environment),
        )
        assert process.stdout is not None
        first = process.stdout.readline().decode()
        spoken = None
        try:
            with grpc.insecure_channel(f"127.0.0.1:{int(first)}") as channel:
                stub = provider_pb2_grpc.ResourceProviderStub(channel)
                spoken = Spoken(Plugin(channel, log), stub, log)
                spoken.plugin.configure(config or {})
                yield spoken
        finally:
            process.kill()
            rest, _ = process.communicate()
            stderr.seek(0)
            if spoken is not None:
                spoken.stdout, spoken.stderr = rest.decode(), stderr.read().decode()


@contextlib.contextmanager
def _engine() -> Iterator[tuple[EngineLog, str]]:
    log, server = EngineLog(), grpc.server(futures.ThreadPoolExecutor(max_workers=2))
    engine_pb2_grpc.add_EngineServicer_to_server(log, server)
    address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    try:
        yield log, address
    finally:
        server.stop(0).wait()


def surroundings(rtc: FakeRtc, home: Path, **more: str) -> dict[str, str]:
    """An environment in which the plugin finds the rtc, a home of its own, and no credentials."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "VOLCENGINE_RTC_ENDPOINT": rtc.endpoint,
        "VIDEOSNAP_QUOTA_DIR": str(home / "quota"),
        "VIDEOSNAP_CALL_BUDGET": HASTE,
        **more,
    }
