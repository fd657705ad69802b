"""Lets policies see what the engine really sends: which values are secrets, and which are not known yet.

The engine marks both. `pulumi_policy` takes the marks off secrets before it calls a policy, so that none
could tell a secret from plain text, and breaks a policy off where it touches a value that is not known.
"""

from collections.abc import Mapping
from typing import Any

import pulumi_policy.policy
from rules.values import read


def keep_what_the_engine_says() -> None:
    """Read the engine's properties with our own reader; call it before the pack is made."""
    name = "deserialize_properties"
    if not hasattr(pulumi_policy.policy, name):
        raise RuntimeError(f"pulumi_policy has no {name} any more: policy/engine_values.py must change")
    setattr(pulumi_policy.policy, name, _read)


def _read(properties: Mapping[str, Any], _keep_secrets: bool = False) -> Any:
    return read(properties)
