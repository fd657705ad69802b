"""The tasks that a stack's state records, read through the engine and never written.

`pulumi stack export` is asked for the state, so every backend works, and what is a secret stays one unless
the reader asks to have it opened.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from pulumi_videosnap.core.properties import Path as PropertyPath
from pulumi_videosnap.core.timestamps import parse_rfc3339
from pulumi_videosnap.errors import CannotCheck
from pulumi_videosnap.pulumi_cli import ask

LIVE, FILE = "live room", "video file"
KINDS = {"volcengine:SnapshotTask": LIVE, "alibaba:SnapshotJob": FILE}
PROVIDER_TYPE = "pulumi:providers:pulumi-python"
"""The resource that holds the stack's configuration, as it was when the stack was last written."""
_SECRET = "4dabf18193072939515e22adb298388d"  # noqa: S105 - the engine's mark of an encrypted value


@dataclass(frozen=True)
class RecordedResource:
    """One task of a stack: its name in the program, its kind, its id, its properties and its inputs.

    `sealed` are the paths whose values are secrets: what was opened of them must never be shown.
    """

    name: str
    kind: str
    id: str
    properties: Mapping[str, Any]
    urn: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    sealed: frozenset[PropertyPath] = frozenset()


@dataclass(frozen=True)
class Stack:
    """A stack's name and its tasks, in the program's order; when it was written, and its configuration then.

    `interrupted` are tasks that were ended to be replaced, and whose replacement was never made; `begun` are
    those that the engine noted it was making, and of which it never noted that they were made.
    """

    name: str
    tasks: tuple[RecordedResource, ...]
    written: datetime | None = None
    config: Mapping[str, Any] = field(default_factory=dict)
    interrupted: tuple[RecordedResource, ...] = ()
    begun: tuple[RecordedResource, ...] = ()

    def setting(self, key: str) -> str | None:
        """A key of the configuration; None where it is not set, or is a secret that was not opened."""
        value = self.config.get(key)
        return value if isinstance(value, str) else None


def stack_of(name: str | None, folder: Path, *, opened: bool = False) -> Stack:
    """The tasks of a stack, with secrets opened if asked; CannotCheck when the engine hands out no state."""
    export = ["stack", "export", *(["--stack", name] if name else [])]
    text = ask(export, folder)
    if opened and _SECRET in text:
        text = ask([*export, "--show-secrets"], folder)
    return read_export(text, name or (lambda: ask(["stack", "--show-name"], folder).strip()))


def stack_in(file: str) -> Stack:
    """The tasks in a file that `pulumi stack export` wrote; `-` is standard input."""
    return read_export(text_of(file), "")


def text_of(file: str) -> str:
    """The text of a file, or of standard input for `-`."""
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as unreadable:
        raise CannotCheck(f"{file} cannot be read ({type(unreadable).__name__})") from None


def read_export(text: str, name: str | Callable[[], str]) -> Stack:
    """The tasks in the engine's export of a stack; its name is asked for only where no resource tells it."""
    try:
        deployment = json.loads(text)["deployment"]
        resources: Sequence[Mapping[str, Any]] = deployment.get("resources") or []
        written = _to_the_second((deployment.get("manifest") or {}).get("time"))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise CannotCheck("this is no export of a stack: write one with `pulumi stack export`") from None
    known = name if isinstance(name, str) else _name_in(resources) or name()
    tasks = [task for task in resources if not task.get("pendingReplacement")]
    interrupted = [task for task in resources if task.get("pendingReplacement")]
    return Stack(
        known or _name_in(resources),
        tuple(_tasks(tasks)),
        written,
        _config(resources),
        tuple(_tasks(interrupted)),
        tuple(_begun(deployment, resources)),
    )


def _to_the_second(moment: Any) -> datetime | None:
    """The engine writes nanoseconds, which not every Python reads."""
    return parse_rfc3339(f"{moment[:19]}Z") if moment else None


def is_hidden(value: Any) -> bool:
    """Whether a recorded value is a secret, which an export shows encrypted only."""
    return isinstance(value, Mapping) and _SECRET in value


def holds_hidden(value: Any) -> bool:
    """Whether a recorded value is a closed secret, or has one somewhere in it."""
    if isinstance(value, Mapping):
        return is_hidden(value) or any(map(holds_hidden, value.values()))
    return isinstance(value, list) and any(map(holds_hidden, value))


def recorded_block(properties: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A block of recorded properties, empty when there is none; CannotCheck when it is a secret."""
    block = properties.get(name) or {}
    if is_hidden(block):
        raise CannotCheck(f"{name} is a secret as a whole in state: make only its keys secret")
    return block if isinstance(block, Mapping) else {}


def recorded_bucket(block: Mapping[str, Any]) -> str:
    """The bucket that a recorded block names; CannotCheck when it names none that can be read."""
    bucket = block.get("bucket")
    if is_hidden(bucket):
        raise CannotCheck("its bucket is a secret in state, so it cannot be listed")
    if not bucket:
        raise CannotCheck("state records no bucket for it")
    return str(bucket)


def without_hidden(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Properties without the secrets that were not opened, also inside blocks; a list goes as a whole."""
    return {
        name: without_hidden(value) if isinstance(value, Mapping) else value
        for name, value in properties.items()
        if not is_hidden(value) and not (isinstance(value, list) and holds_hidden(value))
    }


def kind_of(resource_type: str) -> str | None:
    """The kind of task that a resource type stands for; None for every other resource."""
    return KINDS.get(resource_type.partition("dynamic/")[2])


def name_in(urn: str) -> str:
    """A resource's name in the program, the last part of its URN."""
    return urn.rpartition("::")[2]


def recorded_of(resource: Mapping[str, Any], kind: str) -> RecordedResource:
    """A resource of the engine's state as a task."""
    urn = str(resource.get("urn", ""))
    inputs, outputs = resource.get("inputs") or {}, resource.get("outputs") or {}
    return RecordedResource(
        name_in(urn),
        kind,
        str(resource.get("id", "")),
        _opened(outputs),
        urn,
        _opened(inputs),
        frozenset(_sealed(inputs)) | frozenset(_sealed(outputs)),
    )


def _tasks(resources: Sequence[Mapping[str, Any]]) -> Iterator[RecordedResource]:
    for resource in resources:
        kind = kind_of(str(resource.get("type", "")))
        # What is still to be deleted after its replacement was made is no task of the program any more.
        if kind is not None and not resource.get("delete"):
            yield recorded_of(resource, kind)


def _begun(
    deployment: Mapping[str, Any], resources: Sequence[Mapping[str, Any]]
) -> Iterator[RecordedResource]:
    """The engine never takes such a note back by itself, not even when the resource was made later."""
    made = {resource.get("urn") for resource in resources}
    noted = deployment.get("pending_operations") or []
    begun = [one["resource"] for one in noted if one.get("type") == "creating"]
    yield from _tasks([resource for resource in begun if resource.get("urn") not in made])


def _config(resources: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    providers = (one for one in resources if one.get("type") == PROVIDER_TYPE)
    settings: dict[str, Any] = _opened(next((one.get("inputs") or {} for one in providers), {}))
    return settings


def _opened(value: Any) -> Any:
    """A value with its secrets in plain text where the export has them so; a closed one stays as it is."""
    if is_hidden(value):
        return json.loads(value["plaintext"]) if "plaintext" in value else value
    if isinstance(value, Mapping):
        return {name: _opened(item) for name, item in value.items()}
    return [_opened(item) for item in value] if isinstance(value, list) else value


def _sealed(value: Any, path: PropertyPath = ()) -> Iterator[PropertyPath]:
    if is_hidden(value) or (isinstance(value, list) and holds_hidden(value)):
        yield path
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from _sealed(item, (*path, name))


def _name_in(resources: Sequence[Mapping[str, Any]]) -> str:
    """The stack's name as every URN begins with it."""
    urn = str(resources[0].get("urn", "")) if resources else ""
    return urn.removeprefix("urn:pulumi:").partition("::")[0]
