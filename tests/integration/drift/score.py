"""Holds what the command said against what it had to say, and counts the mistakes by their kind."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from integration.drift.expected import UNREADABLE, Cell, Expected, Told, expected
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
FINE = re.compile(
    r"no drift|in sync|(?<!response was )\bcomplete\b|as recorded|nothing drifted", re.IGNORECASE
)
"""What a reader takes for "nothing drifted"."""
FEW = 4
"""So many tasks are always named; of more that are alike the text may say "and 7 more"."""


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


def score_text(
    score: Score, where: str, cells: Sequence[Cell], told: Mapping[str, Told], run: tuple[int, str]
) -> None:
    """Hold a run's text against the table: what could not be checked is said, and never as no drift."""
    code, text = run
    unread = [cell.name for cell in cells if expected(cell, told[cell.kind]) == (UNREADABLE,)]
    paragraphs = text.split("\n\n")
    for name in unread:
        naming = [paragraph for paragraph in paragraphs if _names(paragraph, name)]
        if not naming and len(cells) <= FEW:
            score.mistake(LOST, f"{where}: the text does not name {name}")
        for paragraph in naming:
            if not paragraph.startswith(Verdict.UNREADABLE.value):
                score.mistake(HUSHED, f"{where}: {name} in {paragraph}")
    if len(unread) == len(cells):
        for paragraph in paragraphs:
            if FINE.search(" ".join(paragraph.split())) and not paragraph.startswith(
                Verdict.UNREADABLE.value
            ):
                score.mistake(HUSHED, f"{where}: {paragraph}")
    if unread:
        _hold_the_head(score, where, f"{len(unread)} of {len(cells)} tasks?", paragraphs[0], code)


def _hold_the_head(score: Score, where: str, unread: str, head: str, code: int) -> None:
    """The first paragraph counts what could not be checked, whatever else it says."""
    if not re.search(rf"\b{unread}[^.;]*cannot be read", head):
        score.mistake(HUSHED, f"{where}: {head} does not say that {unread} cannot be read")
    if code != ExitCode.FAILED:
        score.mistake(EXIT, f"{where}: the text's exit code is {code}")


def _names(text: str, name: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text) is not None
