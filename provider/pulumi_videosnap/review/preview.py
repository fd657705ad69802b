"""The engine's own preview (`pulumi preview --json`) as the steps that concern snapshot tasks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pulumi_videosnap.core.properties import UNKNOWN, Path, Properties
from pulumi_videosnap.errors import CannotCheck, one_line
from pulumi_videosnap.state import RecordedResource, kind_of, name_in, recorded_of

SECRET = "[secret]"  # noqa: S105 - how a preview shows one
NOT_KNOWN_YET = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""How a preview writes a value that only the change itself will tell."""
SAME = "same"
OPERATIONS = {
    "same": SAME,
    "create": "create",
    "update": "update",
    "replace": "replace",
    "create-replacement": "replace",
    "delete": "delete",
}
"""The engine's operations that say what becomes of a task; others (`refresh`) come beside one of these."""


@dataclass(frozen=True)
class Step:
    """What the engine is going to do with one task.

    `inputs` are the new ones, with UNKNOWN for what is not known yet, empty for a deletion; `changed` are the
    paths that the engine found to differ, a secret's too.
    """

    operation: str
    urn: str
    kind: str
    old: RecordedResource | None
    inputs: Properties
    changed: tuple[Path, ...] = ()
    protected: bool = False
    retained: bool = False

    @property
    def name(self) -> str:
        """The task's name in the program."""
        return name_in(self.urn)


@dataclass(frozen=True)
class Plan:
    """All steps of a preview; `problem` says why it failed, and then there may be more of them.

    `unlisted` resources stay as they are, and are only counted: a preview lists them with `--show-sames`.
    """

    stack: str
    steps: tuple[Step, ...]
    config: Mapping[str, str] = field(default_factory=dict)
    unlisted: int = 0
    problem: str | None = None


def plan_of(text: str) -> Plan:
    """Read what `pulumi preview --json` printed; CannotCheck when it is something else."""
    if not text.strip():
        raise CannotCheck("the preview is empty: `pulumi` failed before it began, and told why on stderr")
    try:
        told = json.loads(text)
        listed, diagnostics = told.get("steps") or [], told.get("diagnostics") or []
        urns = [str(step["urn"]) for step in listed]
        # The engine's order differs from run to run, and a comment that is updated should not.
        steps = tuple(sorted(_steps(listed), key=lambda step: (step.name, step.urn)))
        same = int((told.get("changeSummary") or {}).get(SAME, 0))
        unlisted = same - sum(step.get("op") == SAME for step in listed)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise CannotCheck("this is no preview: write one with `pulumi preview --json`") from None
    stack = urns[0].removeprefix("urn:pulumi:").partition("::")[0] if urns else ""
    return Plan(stack, steps, told.get("config") or {}, max(0, unlisted), _problem(diagnostics))


def _steps(listed: Sequence[Mapping[str, Any]]) -> Iterator[Step]:
    for step in listed:
        old, new = step.get("oldState") or {}, step.get("newState") or {}
        kind = kind_of(str((new or old).get("type", "")))
        operation = OPERATIONS.get(str(step.get("op")))
        if kind and operation:
            yield Step(
                operation,
                str(step["urn"]),
                kind,
                recorded_of(old, kind) if old else None,
                _known(_ours(new.get("inputs") or {})),
                tuple(_paths(step)),
                bool(old.get("protect")),
                bool(old.get("retainOnDelete")),
            )


def _paths(step: Mapping[str, Any]) -> Iterator[Path]:
    """The engine's paths, such as `targetStreams.streamList[0].userId`, as far as they name properties."""
    named = [*(step.get("detailedDiff") or {}), *(step.get("replaceReasons") or [])]
    for path in named or step.get("diffReasons") or []:
        yield tuple(part.partition("[")[0] for part in str(path).split(".") if not part.startswith("["))


def _ours(properties: Mapping[str, Any]) -> Properties:
    """Without the engine's own."""
    return {name: value for name, value in properties.items() if not name.startswith("__")}


def _known(value: Any) -> Any:
    """The engine's mark of what is not known yet as ours."""
    if value == NOT_KNOWN_YET:
        return UNKNOWN
    if isinstance(value, Mapping):
        return {name: _known(item) for name, item in value.items()}
    return [_known(item) for item in value] if isinstance(value, list) else value


def _problem(diagnostics: Sequence[Mapping[str, Any]]) -> str | None:
    errors = [one for one in diagnostics if one.get("severity") == "error"]
    # A program that cannot even begin says why on its own stderr.
    stderr = [one for one in diagnostics if one.get("severity") == "info#err"] if errors else []
    chosen = [one for one in errors if one.get("urn")] or [*stderr, *errors]
    said = [f"{_named(one)}{text}" for one in chosen if (text := _reason(str(one.get("message"))))]
    return "; ".join(dict.fromkeys(said)) or None


def _reason(message: str) -> str:
    """A message on one line; of a traceback its last line alone, and nothing of one of its frames."""
    lines = [line for line in message.splitlines() if line and not line.startswith((" ", "Traceback"))]
    chosen = lines[-1:] if "Traceback" in message else lines
    return one_line(" ".join(chosen)).removeprefix("error: ")


def _named(diagnostic: Mapping[str, Any]) -> str:
    urn = str(diagnostic.get("urn") or "")
    return f"{name_in(urn)}: " if kind_of(urn.rpartition("::")[0].rpartition("::")[2]) else ""
