"""Values as the engine sends them to a policy: numbers are floats, secrets are marked, some are not known."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Path = tuple[str, ...]  # where a value is in a resource's properties, in the engine's camelCase
EACH = "*"  # a step of a path that stands for every name in a block

# The marks of Pulumi's protocol (sdk/go/common/resource).
SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105
UNKNOWNS = (
    "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # a boolean
    "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # a number
    "04da6b54-80e4-46f7-96ec-b56ff0331ba9",  # a string, and whatever a Python program does not know
    "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # an array
    "030794c1-ac77-496b-92df-f27374a8bd58",  # an asset
    "e48ece36-62e2-4504-bad9-02848725956a",  # an archive
    "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # an object
)


@dataclass(frozen=True, repr=False)
class Secret:
    """A value that must not be shown; the engine encrypts it in state."""

    value: Any

    def __repr__(self) -> str:
        return "[secret]"


@dataclass(frozen=True)
class NotKnown:
    """A value that the preview does not know yet: where that begins, and whether it is a secret."""

    path: Path = ()
    secret: bool = False


def read(value: Any) -> Any:
    """A value of the engine's message, its marks as `Secret` and `NotKnown`."""
    if isinstance(value, Mapping):
        if value.get(SIGNATURE) == SECRET:
            return Secret(read(value["value"]))
        return {name: read(item) for name, item in value.items()}
    if isinstance(value, list):
        return [read(item) for item in value]
    return NotKnown() if isinstance(value, str) and value in UNKNOWNS else value


def value_at(properties: Mapping[str, Any], path: Path) -> Any:
    """The value at a path; None where it is absent, `Secret` where it or a block around it is one."""
    value: Any = properties
    secret = False
    for depth, step in enumerate(path, 1):
        value = value.get(step) if isinstance(value, Mapping) else None
        if isinstance(value, Secret):
            value, secret = value.value, True
        if isinstance(value, NotKnown):
            return NotKnown(path[:depth], secret)
    return Secret(value) if secret and value is not None else value


def values_at(properties: Mapping[str, Any], path: Path) -> Iterator[tuple[Path, Any]]:
    """Each value at a path, in which `*` stands for every name in a block, with the path that it has."""
    if EACH not in path:
        yield path, value_at(properties, path)
        return
    depth = path.index(EACH)
    block = value_at(properties, path[:depth])
    if isinstance(block, NotKnown):
        yield path[:depth], block
    names = revealed(block)
    for name in names if isinstance(names, Mapping) else ():
        yield from values_at(properties, (*path[:depth], name, *path[depth + 1 :]))


def revealed(value: Any) -> Any:
    """The value itself, to be compared, never to be shown."""
    return value.value if isinstance(value, Secret) else value


def shown(value: Any) -> str:
    """A value for a message; a secret one stays hidden, a whole number loses its `.0`."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else repr(value)


def python_name(path: Path) -> str:
    """A path as a Python program writes it: `image_config.interval`."""
    return ".".join("".join(f"_{c.lower()}" if c.isupper() else c for c in step) for step in path)
