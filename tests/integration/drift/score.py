"""Holds what the command said against what it had to say, and counts the mistakes by their kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from integration.drift.expected import Cell, Expected, Told, expected
from pulumi_videosnap.drift.model import DRIFTED, Verdict
from pulumi_videosnap.report.base import ExitCode

FALSE, MISSED, HUSHED = "false drift", "missed drift", "could not check, told as no drift"
GAVE_UP, VERDICT, FIELDS, LOST, EXIT = (
    "checked, told as could not check",
    "another verdict",
    "other fields",
    "not told, or told twice",
    "another exit code",
)
MISTAKES = (FALSE, MISSED, HUSHED, GAVE_UP, VERDICT, FIELDS, LOST, EXIT)


@dataclass
class Score:
    """What was held against each other, and what came out otherwise than it had to."""

    cells: int = 0
    expected: Counter[str] = field(default_factory=Counter)
    mistakes: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    def mistake(self, kind: str, note: str) -> None:
        """Count one."""
        self.mistakes[kind] += 1
        self.notes.append(f"{kind}: {note}")

    def lines(self) -> list[str]:
        """The counts, for people."""
        of = ", ".join(f"{count} {verdict}" for verdict, count in sorted(self.expected.items()))
        return [
            f"{self.cells} cells: {of}",
            ", ".join(f"{kind}: {self.mistakes[kind]}" for kind in MISTAKES),
        ]


def score_report(score: Score, where: str, cells: Sequence[Cell], told: Mapping[str, Told], run: Any) -> None:
    """Hold a run's report, as JSON, against the table; `told` is by kind of task."""
    code, report = run
    findings = [finding for stack in report["stacks"] for finding in stack["findings"]]
    names = Counter(finding["name"] for finding in findings)
    for strange in names.keys() - {cell.name for cell in cells}:
        score.mistake(LOST, f"{where}: {strange} is no task of this stack")
    by_name = {finding["name"]: finding for finding in findings}
    for cell in cells:
        may = expected(cell, told[cell.kind])
        score.cells += 1
        score.expected[may[0].verdict.value] += 1
        if names[cell.name] != 1:
            score.mistake(LOST, f"{where}: {cell.name} is told {names[cell.name]} times")
            continue
        _hold(score, f"{where}: {cell.name}", may, by_name[cell.name])
    _hold_the_code(score, where, [expected(cell, told[cell.kind]) for cell in cells], code, report)


def _hold(score: Score, where: str, may: Sequence[Expected], finding: Mapping[str, Any]) -> None:
    said = Verdict(finding["verdict"])
    fields = {change["field"] for change in finding["changes"]}
    best = next((one for one in may if one.verdict is said), None)
    if best is None:
        wanted = " or ".join(one.verdict.value for one in may)
        kind = _mistake([one.verdict for one in may], said)
        score.mistake(kind, f"{where} is {said.value!r}, not {wanted!r} ({finding['why']})")
    elif not best.fields <= fields <= best.fields | best.perhaps:
        score.mistake(FIELDS, f"{where} names {sorted(fields)}, not {sorted(best.fields)}")


def _mistake(may: Sequence[Verdict], said: Verdict) -> str:
    """Which kind of mistake a wrong verdict is."""
    if said is Verdict.UNREADABLE:
        return GAVE_UP
    if said in DRIFTED:
        return VERDICT if any(verdict in DRIFTED for verdict in may) else FALSE
    if any(verdict not in DRIFTED and verdict is not Verdict.UNREADABLE for verdict in may):
        return VERDICT
    return MISSED if any(verdict in DRIFTED for verdict in may) else HUSHED


def _hold_the_code(
    score: Score, where: str, may: Iterable[Sequence[Expected]], code: int, report: Mapping[str, Any]
) -> None:
    """The exit code, and what the report says of it, where the table leaves nothing open."""
    sure = [one[0].verdict for one in may if len(one) == 1]
    wanted = ExitCode.FAILED if Verdict.UNREADABLE in sure else None
    if wanted is None and sure:
        wanted = ExitCode.FINDING if any(verdict in DRIFTED for verdict in sure) else ExitCode.AS_EXPECTED
    if wanted is None:  # some calls failed, so something could not be checked
        wanted = ExitCode.FAILED
    said = (code, report["exitCode"], report["complete"])
    if said != (wanted, wanted, wanted != ExitCode.FAILED):
        score.mistake(EXIT, f"{where}: exit code, exitCode and complete are {said}, not {wanted}")
