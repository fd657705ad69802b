"""A stack's state as the engine writes it: the resources of known kinds, read through `pulumi`.

Every backend works, since `pulumi stack export` prints the state; nothing is written. Secrets of resources
stay encrypted unless the caller asks for them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from pulumi_videosnap.core.encrypted import MARK, is_encrypted, plain, secret_paths
from pulumi_videosnap.core.properties import Path as PropertyPath
from pulumi_videosnap.core.properties import parse_path, texts_in, value_at
from pulumi_videosnap.core.timestamps import parse_rfc3339
from pulumi_videosnap.core.urns import (
    distinct_names,
    is_default_provider,
    project_name,
    resource_name,
    stack_name,
)
from pulumi_videosnap.errors import CannotCheck
from pulumi_videosnap.kinds import NATIVE_PREFIX, ResourceKind, kind_of
from pulumi_videosnap.pulumi_cli import parse_document, read_output, read_text
from pulumi_videosnap.redaction import mask
from pulumi_videosnap.settings import SECRET

PROVIDER_TYPES = {"pulumi:providers:pulumi-python": "", "pulumi:providers:videosnap": NATIVE_PREFIX}
"""The resources that have the stack's configuration as of the last write, and what their keys leave out."""
_BLOCKS = ("inputs", "outputs")


@dataclass(frozen=True)
class Options:
    """The resource options that state records, and that the engine follows; paths are property paths."""

    protected: bool = False
    retained: bool = False
    deleted_with: str = ""
    ignored: tuple[PropertyPath, ...] = ()
    replaced_on: tuple[PropertyPath, ...] = ()

    @classmethod
    def of(cls, resource: Mapping[str, Any]) -> Options:
        """The options of a resource of the engine's state."""
        ignored, replaced_on = (
            tuple(map(parse_path, resource.get(name) or ())) for name in ("ignoreChanges", "replaceOnChanges")
        )
        retained, protected = bool(resource.get("retainOnDelete")), bool(resource.get("protect"))
        return cls(protected, retained, str(resource.get("deletedWith") or ""), ignored, replaced_on)


@dataclass(frozen=True)
class RecordedResource:
    """One resource of a known kind in a stack: its name in the program, its id, its outputs and its inputs.

    `secret_paths` are the paths whose values are secrets: their plain text must never be shown.
    """

    name: str
    kind: ResourceKind
    id: str
    properties: Mapping[str, Any]
    urn: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    secret_paths: frozenset[PropertyPath] = frozenset()
    options: Options = Options()
    provider: str = ""
    """The URN of the provider that the program gives it; empty for the one that the engine makes."""

    @property
    def shown_id(self) -> str:
        """The id for a report. Where the task has secrets, only parts that are recorded in plain text too."""
        if not (paths := self.secret_paths):
            return self.id
        plain = {text for block in (self.inputs, self.properties) for text in texts_in(block, paths)}
        return "/".join(part if part in plain else SECRET for part in self.id.split("/"))

    def hide(self, text: Any) -> Any:
        """A text of a report without `secrets`."""
        return mask(text, self.secrets, SECRET, cut=True) if isinstance(text, str) else text

    @property
    def secrets(self) -> tuple[str, ...]:
        """The texts that no report may contain, as far as they are known."""
        paths, shown = self.secret_paths, self.shown_id.split("/")
        values = (value_at(block, path) for block in (self.inputs, self.properties) for path in paths)
        known = [text for value in values if not is_encrypted(value) for text in texts_in(value)]
        return (*known, *(part for part in self.id.split("/") if part not in shown))


@dataclass(frozen=True)
class Stack:
    """A stack's name and its tasks, in the program's order; when it was written, and its configuration then.

    `shared` are further entries with the id of one of the tasks, as an interrupted rename leaves them.

    `pending_replacements` were deleted to be replaced, and their replacement was never created;
    `pending_creates` are those that the engine began to create without ever recording the end.
    """

    name: str
    tasks: tuple[RecordedResource, ...]
    written: datetime | None = None
    config: Mapping[str, Any] = field(default_factory=dict)
    pending_replacements: tuple[RecordedResource, ...] = ()
    pending_creates: tuple[RecordedResource, ...] = ()
    shared: tuple[RecordedResource, ...] = ()
    state_ids: Mapping[str, str] = field(default_factory=dict)
    """The providers' ids, which tell this state from another backend's; each with how resources name it."""
    provider_configs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """The configuration of each of the program's own providers, by its URN."""
    project: str = ""
    """Empty where nothing is in state, so that it is not known."""

    def for_provider(self, urn: str) -> Stack:
        """This stack with the configuration of a provider: no key of one reaches another's tasks."""
        return replace(self, config=self.provider_configs.get(urn, {})) if urn else self

    def setting(self, key: str) -> str | None:
        """A key of the configuration; None where it is not set, SECRET where it is an encrypted secret."""
        value = self.config.get(key)
        return SECRET if is_encrypted(value) else value if isinstance(value, str) else None

    @property
    def has_secret_config(self) -> bool:
        """Whether a key of this package in the configuration is encrypted."""
        settings = [item for one in (self.config, *self.provider_configs.values()) for item in one.items()]
        return any(key.startswith(NATIVE_PREFIX) and is_encrypted(value) for key, value in settings)


def read_stack(name: str | None, folder: Path, *, show_secrets: bool = False) -> Stack:
    """The tasks of a stack; CannotCheck when the engine prints no state.

    Their secrets are decrypted if wanted; those of the configuration anyway, where the engine can.
    """
    export = ["stack", "export", *(["--stack", name] if name else [])]
    text = read_output(export, folder)
    if show_secrets and MARK in text:
        text = read_output([*export, "--show-secrets"], folder)
    stack = read_export(text, name or (lambda: read_output(["stack", "--show-name"], folder).strip()))
    with contextlib.suppress(CannotCheck):
        if stack.has_secret_config:
            shown = read_export(read_output([*export, "--show-secrets"], folder), stack.name)
            return replace(stack, config=shown.config, provider_configs=shown.provider_configs)
    return stack


def read_stack_file(file: str) -> Stack:
    """The tasks in a file that `pulumi stack export` wrote; `-` is standard input."""
    return read_export(read_text(file), "")


def read_export(text: str, name: str | Callable[[], str]) -> Stack:
    """The tasks in the engine's export of a stack; a callable `name` is used where no URN has the name."""
    try:
        deployment = parse_document(text)["deployment"]
        resources = _entries(deployment, "resources")
        for at, operation in enumerate(_entries(deployment, "pending_operations")):
            _check_entry(operation.get("resource"), f"pending_operations[{at}].resource")
        pending = list(_pending_creates(deployment, resources))
        names = distinct_names(str(one.get("urn", "")) for one in (*resources, *pending) if kind_of(one))
        providers = [one for one in resources if one.get("type") in PROVIDER_TYPES]
        recorded = list(_record_all((one for one in resources if not one.get("pendingReplacement")), names))
        # The engine writes the resources of its last run before those that this run did not come to.
        tasks = {(one.kind.token, one.id): one for one in reversed(recorded)}
        stack = Stack(
            stack_name(str(resources[0].get("urn", ""))) if resources else "",
            tuple(one for one in recorded if one is tasks[one.kind.token, one.id]),
            _to_the_second((deployment.get("manifest") or {}).get("time")),
            _config(filter(_is_default, providers)),
            tuple(_record_all((one for one in resources if one.get("pendingReplacement")), names)),
            tuple(_record_all(pending, names)),
            tuple(one for one in recorded if one is not tasks[one.kind.token, one.id]),
            {str(one.get("id")): f"{one['urn']}::{one.get('id')}" for one in providers},
            provider_configs(resources),
            project_name(str(resources[0]["urn"])) if resources else "",
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise CannotCheck("not a Pulumi stack export; create one with `pulumi stack export`") from None
    known = name if isinstance(name, str) else stack.name or name()
    return replace(stack, name=known or stack.name)


def _entries(deployment: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    """A list of the deployment; CannotCheck names the entry that the engine did not write so."""
    entries = deployment.get(name) or []
    for at, entry in enumerate(entries):
        _check_entry(entry, f"{name}[{at}]")
    return cast("Sequence[Mapping[str, Any]]", entries)


def _check_entry(entry: Any, path: str) -> None:
    blocks = [entry, *(entry.get(name) or {} for name in _BLOCKS)] if isinstance(entry, Mapping) else [entry]
    for block, name in zip(blocks, ("", *_BLOCKS), strict=False):
        if not isinstance(block, Mapping):
            where = f"{path}.{name}".rstrip(".")
            raise CannotCheck(
                f"deployment.{where} is {type(block).__name__}, not an object: the state is damaged or was "
                "edited; export it again, or repair it and load it with `pulumi stack import`"
            )


def _to_the_second(moment: Any) -> datetime | None:
    """The engine writes nanoseconds, which not every Python reads."""
    return parse_rfc3339(f"{moment[:19]}Z") if moment else None


def recorded_block(properties: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A block of recorded properties, empty when there is none; CannotCheck when it is a secret."""
    block = properties.get(name) or {}
    if is_encrypted(block):
        raise CannotCheck(f"{name} is a secret as a whole in state: make only its keys secret")
    return block if isinstance(block, Mapping) else {}


def recorded_bucket(block: Mapping[str, Any]) -> str:
    """The bucket that a recorded block names; CannotCheck when it names none that can be read."""
    bucket = block.get("bucket")
    if is_encrypted(bucket):
        raise CannotCheck("its bucket is a secret in state, so it cannot be listed")
    if not bucket:
        raise CannotCheck("state records no bucket for it")
    return str(bucket)


def recorded_profile(properties: Mapping[str, Any]) -> str | None:
    """The profile of a resource's account; None where it names none."""
    return profile if isinstance(profile := properties.get("profile"), str) else None


def recorded_resource(resource: Mapping[str, Any], kind: ResourceKind) -> RecordedResource:
    """A resource of the engine's state that is of a kind."""
    urn = str(resource.get("urn", ""))
    inputs, outputs = resource.get("inputs") or {}, resource.get("outputs") or {}
    return RecordedResource(
        resource_name(urn),
        kind,
        str(resource.get("id", "")),
        plain(outputs),
        urn,
        plain(inputs),
        frozenset(secret_paths(inputs)) | frozenset(secret_paths(outputs)),
        Options.of(resource),
        _provider_of(resource),
    )


def _record_all(
    resources: Iterable[Mapping[str, Any]], names: Mapping[str, str]
) -> Iterator[RecordedResource]:
    for resource in resources:
        # An entry that is only still to be deleted, after its replacement, is not of the program any more.
        if not resource.get("delete") and (kind := kind_of(resource)):
            recorded = recorded_resource(resource, kind)
            yield replace(recorded, name=names[recorded.urn])


def _pending_creates(
    deployment: Mapping[str, Any], resources: Sequence[Mapping[str, Any]]
) -> Iterator[Mapping[str, Any]]:
    """The engine never removes a pending operation by itself, even if the resource was created later."""
    created = {resource.get("urn") for resource in resources}
    for operation in deployment.get("pending_operations") or []:
        if operation.get("type") == "creating" and operation["resource"].get("urn") not in created:
            yield operation["resource"]


def _provider_of(resource: Mapping[str, Any]) -> str:
    """The program's own provider of a native resource; one of a dynamic resource decides nothing."""
    urn = str(resource.get("provider") or "").rpartition("::")[0]
    own = urn.partition("::pulumi:providers:")[2].startswith(f"{NATIVE_PREFIX}:")
    return urn if own and not _is_default({"urn": urn}) else ""


def provider_configs(resources: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """The configuration of each of the program's own providers among some resources, by its URN."""
    own = (one for one in resources if one.get("type") in PROVIDER_TYPES and not _is_default(one))
    return {str(one["urn"]): _config([one]) for one in own}


def _config(providers: Iterable[Mapping[str, Any]]) -> Mapping[str, Any]:
    settings: dict[str, Any] = {}
    for one in reversed(list(providers)):  # what is written first is the newest
        prefix = PROVIDER_TYPES[str(one["type"])]
        settings |= {f"{prefix}{key}": value for key, value in plain(one.get("inputs") or {}).items()}
    return settings


def _is_default(resource: Mapping[str, Any]) -> bool:
    return is_default_provider(str(resource.get("urn")))
