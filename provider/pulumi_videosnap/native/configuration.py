"""The provider's own configuration: what it accepts, and which of it is secret."""

from __future__ import annotations

from typing import Any

import grpc
from pulumi.runtime import config
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from pulumi_videosnap.core.encrypted import UNKNOWN_ON_WIRE
from pulumi_videosnap.core.properties import Unknown, nearest
from pulumi_videosnap.core.urns import resource_name
from pulumi_videosnap.kinds import NATIVE_PREFIX
from pulumi_videosnap.native.package import schema
from pulumi_videosnap.native.values import from_struct, secret_paths, to_struct
from pulumi_videosnap.plugin.run import RUN

OTHERS = ("native", "version", "pluginDownloadURL", "pluginChecksums", "parameterization")
"""What is no setting: the key that chooses the front, which a program reads, and what the engine adds."""


class Configuration(provider_pb2_grpc.ResourceProviderServicer):
    """Configuration from the stack, or from an explicit provider of the program."""

    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Refuse a key that is none, except of the stack's configuration; mark key material, also plain one.

        A program has keys of its own in the stack's configuration. One of them may be a misspelt secret.
        """
        variables, news = schema()["config"]["variables"], from_struct(request.news)
        unknown = [name for name in news if name not in variables and name not in OTHERS]
        if not resource_name(request.urn).startswith("default"):
            failures = [
                provider_pb2.CheckFailure(
                    reason=f"{name} is not a setting of this provider; {nearest(name, variables)}"
                )
                for name in unknown
            ]
            if failures:
                return provider_pb2.CheckResponse(failures=failures)
        secrets = {(name,) for name, variable in variables.items() if variable.get("secret")}
        secrets |= {(name,) for name in unknown}
        return provider_pb2.CheckResponse(inputs=to_struct(news, secrets | secret_paths(request.news)))

    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Other configuration replaces nothing: a task is where it is, whoever asks."""
        return provider_pb2.DiffResponse()

    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Keep the configuration; credentials are read from it only when they are needed."""
        values = {
            name: value for name, value in from_struct(request.args).items() if not isinstance(value, Unknown)
        }
        for name, value in values.items():
            config.set_config(f"{NATIVE_PREFIX}{name}", value)  # where lookups read it, as in a program
        # A random id, which the engine keeps in state; it is unknown in a stack's first preview.
        RUN.set_state_id("" if request.id == UNKNOWN_ON_WIRE else request.id)
        RUN.config = lambda key: values.get(key.removeprefix(NATIVE_PREFIX))
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)
