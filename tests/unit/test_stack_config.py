"""Which configuration a stack's state is read with."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pulumi_videosnap.state import read_export

TYPE, KEY = "pulumi:providers:videosnap", "volcengineRegion"


def provider(name: str, value: str) -> dict[str, Any]:
    urn = f"urn:pulumi:dev::shop::{TYPE}::{name}"
    return {"urn": urn, "type": TYPE, "id": name, "inputs": {KEY: value}}


@pytest.mark.parametrize("default", ["default", "default_0_1_0"])
@pytest.mark.parametrize("order", [1, -1], ids=["own-last", "own-first"])
def test_a_provider_of_the_program_never_overrides_the_stacks_configuration(default: str, order: int) -> None:
    resources = [provider(default, "of the stack"), provider("own", "of its own")][::order]
    stack = read_export(json.dumps({"version": 3, "deployment": {"resources": resources}}), "dev")
    assert stack.setting(f"videosnap:{KEY}") == "of the stack"
