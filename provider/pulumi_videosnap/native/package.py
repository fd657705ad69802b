"""The checked-in schema, as the running plugin needs it; nothing of a cloud is imported for it."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pulumi_videosnap.kinds import NATIVE_PREFIX

FILE = Path(__file__).with_name("schema.json")


def schema_text() -> str:
    """The schema as `GetSchema` answers it."""
    return FILE.read_text(encoding="utf-8")


@functools.cache
def schema() -> Mapping[str, Any]:
    """The schema."""
    found: Mapping[str, Any] = json.loads(schema_text())
    return found


def output_names(token: str) -> list[str]:
    """The properties of a resource that only the service knows: no program sets them."""
    resource = schema()["resources"].get(f"{NATIVE_PREFIX}{token}", {"properties": {}, "inputProperties": {}})
    return [name for name in resource["properties"] if name not in resource["inputProperties"]]
