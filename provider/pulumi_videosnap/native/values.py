"""Values between the engine's wire and ours: numbers, unknowns and secrets."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from google.protobuf.struct_pb2 import Struct

from pulumi_videosnap.core.encrypted import MARK, UNKNOWN_ON_WIRE
from pulumi_videosnap.core.properties import UNKNOWN, Path, Properties, Unknown

_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - the engine's mark of a secret, not one


def from_struct(struct: Struct) -> Properties:
    """Properties as the core has them, without the engine's own (`__provider`); secrets in plain text."""
    return {name: _plain(value) for name, value in _read(struct).items() if not name.startswith("__")}


def secret_paths(*structs: Struct) -> frozenset[Path]:
    """The paths of the values that are secrets; one inside a list makes the whole list one."""
    return frozenset(path for struct in structs for path in _secrets(_read(struct), ()))


def to_struct(properties: Mapping[str, Any], secrets: Collection[Path] = ()) -> Struct:
    """Properties as the engine reads them: absent ones left out, unknowns and secrets marked."""
    wire = {name: _wire(value) for name, value in properties.items() if value is not None}
    for path in sorted(secrets, key=len):
        _mark(wire, path)
    struct = Struct()
    struct.update(wire)
    return struct


def _read(value: Any) -> Any:
    """A Struct, or a value in one, as Python has it; JSON's own reader refuses numbers such as infinity."""
    if isinstance(value, Struct):
        return {name: _read(item) for name, item in value.fields.items()}
    kind = value.WhichOneof("kind")
    if kind == "list_value":
        return [_read(item) for item in value.list_value.values]
    if kind in (None, "null_value"):
        return None
    return _read(value.struct_value) if kind == "struct_value" else getattr(value, kind)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        if MARK in value:
            # An output that an older engine sends in full has no value while it is unknown.
            return _plain(value["value"]) if "value" in value else UNKNOWN
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return UNKNOWN if value == UNKNOWN_ON_WIRE else value


def _secrets(value: Any, path: Path) -> Iterator[Path]:
    if isinstance(value, Mapping):
        if value.get(MARK) == _SECRET or (MARK in value and value.get("secret")):
            yield path
        else:
            for name, item in value.items():
                yield from _secrets(item, (*path, name))
    elif isinstance(value, list) and any(True for item in value for _ in _secrets(item, ())):
        yield path


def _wire(value: Any) -> Any:
    if isinstance(value, Unknown):
        return UNKNOWN_ON_WIRE
    if isinstance(value, Mapping):
        return {name: _wire(item) for name, item in value.items()}
    return [_wire(item) for item in value] if isinstance(value, list | tuple) else value


def _mark(block: Any, path: Path) -> None:
    """Make a value secret where it is there, and in no block that is secret already."""
    name, rest = str(path[0]), path[1:]
    if not isinstance(block, dict) or block.get(name) is None or MARK in block:
        return
    if rest:
        _mark(block[name], rest)
    else:
        block[name] = {MARK: _SECRET, "value": block[name]}
