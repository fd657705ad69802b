"""The engine's own preview (`pulumi preview --json`) as the steps that concern snapshot tasks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path as Folder
from typing import Any

from pulumi_videosnap import pulumi_cli
from pulumi_videosnap.core.encrypted import UNKNOWN_ON_WIRE
from pulumi_videosnap.core.properties import UNKNOWN, Path, Properties, value_at
from pulumi_videosnap.core.schema import FieldFacts, differences, facts
from pulumi_videosnap.core.urns import distinct_names, resource_name, resource_types, stack_name
from pulumi_videosnap.errors import CannotCheck, one_line
from pulumi_videosnap.kinds import ResourceKind, kind_of
from pulumi_videosnap.settings import SECRET
from pulumi_videosnap.state import (
    Options,
    RecordedResource,
    provider_configs,
    recorded_resource,
)

SAME = "same"
_PROVIDERS = "pulumi:providers:"
_PARTS = {"config", "steps", "diagnostics", "duration", "changeSummary", "maybeCorrupt"}
_STREAMING = (
    "the preview is a stream of events; unset PULUMI_ENABLE_STREAMING_JSON_PREVIEW and create it again with "
    "`pulumi preview --json`"
)
OPERATIONS = {
    "same": SAME,
    "create": "create",
    "update": "update",
    "replace": "replace",
    "delete": "delete",
}
_CREATE_REPLACEMENT, _DELETE_REPLACED = "create-replacement", "delete-replaced"
"""The steps of a replacement, which a preview lists with `--show-replacement-steps`."""
"""The engine's operations that say what becomes of a task; others (`refresh`) accompany one of these."""


@dataclass(frozen=True)
class Step:
    """What the engine is going to do with one task.

    `inputs` are the new ones, with UNKNOWN for what is not known yet, empty for a deletion; `changed` are the
    paths that the engine found to differ, a secret's too.
    """

    operation: str
    urn: str
    name: str
    kind: ResourceKind
    old: RecordedResource | None
    inputs: Properties
    changed: tuple[Path, ...] = ()
    protected: bool = False
    retained: str = ""
    """The option for which the engine makes no delete call; empty where it makes one."""
    left_out: bool = False
    """Whether `--target` or `--exclude` leaves it out of the preview."""

    @property
    def refused(self) -> bool:
        """Whether the engine will refuse it, since the task is protected."""
        return self.protected and self.operation in ("replace", "delete")

    def changed_fields(self) -> list[FieldFacts]:
        """The fields that differ; only the engine knows that a secret does."""
        if self.old is None or not self.inputs:
            return []
        model = self.kind.inputs
        differing = {leaf.path for leaf, _ in differences(model, self.old.inputs, self.inputs)}
        return [leaf for leaf in facts(model) if leaf.path in differing or self._has_changed(leaf.path)]

    def _has_changed(self, path: Path) -> bool:
        return any(changed[: len(path)] == path for changed in self.changed)


@dataclass(frozen=True)
class Plan:
    """All steps of a preview; `problem` says why it failed, and then there may be more of them.

    `unlisted` resources stay as they are, and are only counted: a preview lists them with `--show-sames`.
    `left_out` are the names of those that `--target` or `--exclude` leaves out.
    """

    stack: str
    steps: tuple[Step, ...]
    config: Mapping[str, str] = field(default_factory=dict)
    unlisted: int = 0
    problem: str | None = None
    left_out: tuple[str, ...] = ()
    warnings: tuple[tuple[str, str], ...] = ()
    """Names of tasks, each with what its check warns of."""
    provider_configs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """The configuration of each of the program's own providers, by its URN; secrets are SECRET."""

    def steps_of(self, kind: ResourceKind) -> list[Step]:
        """The steps that concern tasks of one kind."""
        return [step for step in self.steps if step.kind is kind]


def run_preview(folder: Folder, options: Sequence[str] = ()) -> Plan:
    """Run `pulumi preview` in a project's folder; CannotCheck where it failed before it had a plan."""
    ran = pulumi_cli.run(["preview", "--json", "--show-sames", "--show-replacement-steps", *options], folder)
    try:
        plan = read_preview(ran.stdout)
    except CannotCheck:
        plan = None
        if ran.returncode == 0:
            raise
    if plan is None or (ran.returncode != 0 and plan.problem is None):
        raise CannotCheck(f"`pulumi preview` failed: {pulumi_cli.stderr_summary(ran)}")
    return plan


def read_preview(text: str) -> Plan:
    """Read what `pulumi preview --json` printed; CannotCheck when it is something else."""
    if not text.strip():
        raise CannotCheck("the preview is empty: `pulumi` failed before it began; see its stderr")
    try:
        preview = pulumi_cli.parse_document(text)
        if {"sequence", "timestamp"} <= set(preview):
            raise CannotCheck(_STREAMING)
        if preview and not _PARTS & set(preview):
            raise ValueError(preview.keys())
        listed, diagnostics = preview.get("steps") or [], preview.get("diagnostics") or []
        urns = [str(step["urn"]) for step in listed]
        names = distinct_names(urn for step, urn in zip(listed, urns, strict=True) if _kind(step))
        # The engine's order differs from run to run, and a comment that is updated should not.
        steps = tuple(sorted(_steps(listed, names), key=lambda step: (step.name, step.urn)))
        same = int((preview.get("changeSummary") or {}).get(SAME, 0))
        unlisted = same - sum(step.get("op") == SAME for step in listed)
        config = {str(name): str(value) for name, value in (preview.get("config") or {}).items()}
        return Plan(
            stack_name(urns[0]) if urns else "",
            steps,
            config,
            max(0, unlisted),
            _problem(diagnostics, names),
            tuple(sorted(_left_out_names(listed, names))),
            tuple(sorted(set(_warnings(diagnostics, names)))),
            provider_configs(step.get("newState") or step.get("oldState") or {} for step in listed),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise CannotCheck("not a Pulumi preview; create one with `pulumi preview --json`") from None


def _steps(listed: Sequence[Mapping[str, Any]], names: Mapping[str, str]) -> Iterator[Step]:
    urns: dict[str, set[str]] = defaultdict(set)
    for step in listed:
        urns[str(step.get("op"))].add(str(step.get("urn")))
    for step in listed:
        old, new = step.get("oldState") or {}, step.get("newState") or {}
        kind = _kind(step)
        operation = OPERATIONS.get(str(step.get("op")))
        if _is_left_out(step) and not old.get("id"):
            continue  # not created yet, and not now
        if operation == "replace" and _is_deleted_already(step["urn"], old, urns):
            operation, old = "create", {}
        if kind and operation:
            yield Step(
                operation,
                str(step["urn"]),
                names[step["urn"]],
                kind,
                replace(recorded_resource(old, kind), name=names[step["urn"]]) if old else None,
                _with_unknowns(_without_internals(new.get("inputs") or {})),
                tuple(_paths(step)),
                # The engine lets one `up` remove the protection and replace the resource.
                bool(old.get("protect") and new.get("protect", not new)),
                _retained(step, Options.of(old), urns["delete"]),
                _is_left_out(step),
            )


def _kind(step: Mapping[str, Any]) -> ResourceKind | None:
    return kind_of(step.get("newState") or step.get("oldState") or {})


def _left_out_names(listed: Sequence[Mapping[str, Any]], names: Mapping[str, str]) -> Iterator[str]:
    left_out = (str(step["urn"]) for step in listed if _is_left_out(step))
    yield from (names.get(urn, resource_name(urn)) for urn in left_out)


def _is_left_out(step: Mapping[str, Any]) -> bool:
    """Whether `--target` or `--exclude` leaves a resource out, which no preview says in words.

    MEASURED with 3.259: such a step has the recorded outputs in its new state too, or no id in its old one.
    """
    old, new = step.get("oldState") or {}, step.get("newState") or {}
    if step.get("op") != SAME or not new.get("custom") or str(new.get("type")).startswith(_PROVIDERS):
        return False
    return bool(new.get("outputs")) or not old.get("id")


def _is_deleted_already(urn: str, old: Mapping[str, Any], urns: Mapping[str, Collection[str]]) -> bool:
    """Whether an earlier `up` was interrupted between the delete and the create of a replacement."""
    deletes_are_listed = urn in urns[_CREATE_REPLACEMENT]
    own = {urn, str(old.get("urn"))}  # which differ with `aliases`, and between the two fronts
    return deletes_are_listed and not own & set(urns[_DELETE_REPLACED]) and not old.get("retainOnDelete")


def _retained(step: Mapping[str, Any], old: Options, deleted: Collection[str]) -> str:
    if old.retained:
        return "retain_on_delete"
    is_last = step["op"] == "delete" and old.deleted_with in deleted
    return f"deleted_with {resource_name(old.deleted_with)}" if is_last else ""


def _paths(step: Mapping[str, Any]) -> Iterator[Path]:
    """The engine's paths, such as `targetStreams.streamList[0].userId`, as far as they name properties."""
    named = [*(step.get("detailedDiff") or {}), *(step.get("replaceReasons") or [])]
    for path in named or step.get("diffReasons") or []:
        yield tuple(part.partition("[")[0] for part in str(path).split(".") if not part.startswith("["))


def _without_internals(properties: Mapping[str, Any]) -> Properties:
    """Without the engine's own, such as `__provider`."""
    return {name: value for name, value in properties.items() if not name.startswith("__")}


def _with_unknowns(value: Any) -> Any:
    """The engine's sentinel of an unknown value as UNKNOWN."""
    if value == UNKNOWN_ON_WIRE:
        return UNKNOWN
    if isinstance(value, Mapping):
        return {name: _with_unknowns(item) for name, item in value.items()}
    return [_with_unknowns(item) for item in value] if isinstance(value, list) else value


def _problem(diagnostics: Sequence[Mapping[str, Any]], names: Mapping[str, str]) -> str | None:
    errors = [one for one in diagnostics if one.get("severity") == "error"]
    # A program that fails to start says why on its own stderr.
    stderr = [one for one in diagnostics if one.get("severity") == "info#err"] if errors else []
    chosen = [one for one in errors if one.get("urn")] or [*stderr, *errors]
    reasons = ((_task_name(one, names), _reason(str(one.get("message")))) for one in chosen)
    sentences = (f"{name}: {reason}" if name else reason for name, reason in reasons if reason)
    return "; ".join(dict.fromkeys(sentences)) or None


def _warnings(
    diagnostics: Sequence[Mapping[str, Any]], names: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """What the check of a task, or its resource class, warns of."""
    for one in diagnostics:
        if one.get("severity") == "warning" and (name := _task_name(one, names)):
            yield name, _reason(str(one.get("message")))


def _reason(message: str) -> str:
    """A message on one line; of a traceback only the last line."""
    lines = [line for line in message.splitlines() if line and not line.startswith((" ", "Traceback"))]
    chosen = lines[-1:] if "Traceback" in message else lines
    return one_line(" ".join(chosen)).removeprefix("error: ").removeprefix("warning: ")


def _task_name(diagnostic: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """The name of the task that a diagnostic is about; a refused one may have no step, but has its type."""
    urn = str(diagnostic.get("urn") or "")
    resource_type = resource_types(urn)[-1]
    return names.get(urn) or (resource_name(urn) if kind_of({"type": resource_type}) else "")


def number_at(inputs: Mapping[str, Any], *path: str) -> int | None:
    """A whole number among inputs; None where it is absent, a secret, or not known yet."""
    value = value_at(inputs, path)
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def text_at(inputs: Mapping[str, Any], *path: str) -> str | None:
    """A text among inputs; None where it is absent, a secret, or not known yet."""
    value = value_at(inputs, path)
    return value if isinstance(value, str) and value != SECRET else None
