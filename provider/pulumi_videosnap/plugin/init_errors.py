"""How both fronts tell the engine of a resource that exists although its create or update failed."""

from __future__ import annotations

from typing import Any

import grpc
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import provider_pb2, status_pb2

CODE = grpc.StatusCode.UNKNOWN
"""The engine reads the details only where their code is the call's own, which must be this one."""


def record_as_failed(context: Any, id_: str, properties: Struct, inputs: Struct | None, reason: str) -> None:
    """Have the engine record a resource with its `initErrors`, once the call of this context fails."""
    failed = provider_pb2.ErrorResourceInitFailed(
        id=id_, properties=properties, inputs=inputs, reasons=[reason]
    )
    status = status_pb2.Status(code=CODE.value[0], message=reason)
    status.details.add().Pack(failed)
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
