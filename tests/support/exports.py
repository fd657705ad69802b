"""State as `pulumi stack export` writes it, of resources that a test made or made up."""

import json
from collections.abc import Mapping
from typing import Any

from support.engine_model import EngineModel
from support.plugin import DYNAMIC_TYPE


def resource(
    token: str, name: str, id: str, inputs: Mapping[str, Any], outputs: Any = None, **more: Any
) -> dict[str, Any]:
    """A resource of the dynamic front; its outputs are its inputs unless they are given."""
    kind = f"{DYNAMIC_TYPE}{token}"
    urn = f"urn:pulumi:dev::shop::{kind}::{name}"
    recorded = inputs if outputs is None else outputs
    return {"urn": urn, "type": kind, "id": id, "inputs": inputs, "outputs": recorded, **more}


def resources_of(stack: EngineModel, token: str) -> list[dict[str, Any]]:
    """What a stack of one kind has."""
    return [resource(token, name, one.id, one.inputs, one.outputs) for name, one in stack.state.items()]


def export(*resources: Any, **more: Any) -> str:
    """The export of these resources; `more` is what else the deployment has."""
    return json.dumps({"version": 3, "deployment": {"resources": resources, **more}})
