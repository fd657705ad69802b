"""`pulumi-resource-videosnap`: the plugin's process, which the engine starts and ends."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from pulumi_videosnap.native.configuration import Configuration
from pulumi_videosnap.native.functions import Functions
from pulumi_videosnap.native.package import schema_text
from pulumi_videosnap.native.resources import Resources
from pulumi_videosnap.native.spelling import as_the_program_writes
from pulumi_videosnap.plugin import engine_log
from pulumi_videosnap.plugin.engine_watch import end_with
from pulumi_videosnap.plugin.run import RUN
from pulumi_videosnap.settings import threads

LOOK_AT_PARENT = 1.0
"""Seconds between two looks at whether the engine is still there."""
_LARGEST_MESSAGE = 400 * 1024 * 1024  # bytes, the engine's own limit


class Provider(Resources, Functions, Configuration):
    """The protocol, with what concerns no resource."""

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Say what this provider understands."""
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    def Attach(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Serve an engine that did not start this process (`PULUMI_DEBUG_PROVIDERS`)."""
        engine_log.listen_at(request.address)
        return Empty()

    def GetSchema(self, request: Any, context: grpc.ServicerContext) -> Any:
        """The checked-in schema."""
        return provider_pb2.GetSchemaResponse(schema=schema_text())

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:
        """The version of the package."""
        return plugin_pb2.PluginInfo(version=version("pulumi-videosnap"))


def main() -> None:
    """Serve until the engine ends this process, or is gone itself."""
    if address := engine_log.engine_address():
        end_with(address)
    for number in (signal.SIGINT, signal.SIGTERM):  # with the first, the engine ends a plugin
        signal.signal(number, lambda *_: os._exit(0))
    parent = os.getppid()
    options = [(f"grpc.max_{way}_message_length", _LARGEST_MESSAGE) for way in ("receive", "send")]
    server = grpc.server(ThreadPoolExecutor(max_workers=threads()), options=options)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Provider(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    RUN.serves, RUN.spell = True, as_the_program_writes
    server.start()
    print(port, flush=True)  # noqa: T201 - the engine reads it
    while os.getppid() == parent:
        time.sleep(LOOK_AT_PARENT)
    RUN.end_without_engine()


if __name__ == "__main__":
    main()
