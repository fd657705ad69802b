"""Every drift the emulator can make, for each state of a task: none missed, none made up, none hidden."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from integration.drift import jobs, tasks
from integration.drift.expected import TABLE, TABLES, UNANSWERED, UNREADABLE, Cell, Expected, Known, expected
from integration.drift.population import UNTIL_LOOKED_AT, UNTIL_RECORDED, Population, populate
from integration.drift.scenarios import LONG, Scenario, scenarios
from pulumi_videosnap.cli.drift import main
from pulumi_videosnap.drift.model import DRIFTED, Verdict
from pulumi_videosnap.report.base import ExitCode
from pulumi_videosnap.volcengine.drift import FIRST_LOOK
from support.emulator import Emulator, running_emulator
from support.layers import COUNTED
from support.sampling import sample

MISTAKES = FALSE, MISSED, UNCHECKED, GAVE_UP, VERDICT, FIELDS, LOST, EXIT = (
    "false drift",
    "missed drift",
    "could not check, reported as no drift",
    "checked, reported as unreadable",
    "another verdict",
    "other fields",
    "not reported, or twice",
    "another exit code",
)


@dataclass
class Score:
    """What was compared, and what came out otherwise than it had to."""

    cells: int = 0
    expected: Counter[str] = field(default_factory=Counter)
    mistakes: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    def mistake(self, kind: str, note: str) -> None:
        self.mistakes[kind] += 1
        self.notes.append(f"{kind}: {note}")

    def lines(self) -> list[str]:
        of = ", ".join(f"{count} {verdict}" for verdict, count in sorted(self.expected.items()))
        return [f"{self.cells} cells: {of}", ", ".join(f"{kind}: {self.mistakes[kind]}" for kind in MISTAKES)]


def score_report(
    score: Score, where: str, cells: Sequence[Cell], known: Mapping[str, Known], run: Any
) -> None:
    """Compare a run's report, as JSON, with the table; `known` is by kind of task."""
    code, report = run
    findings = [finding for stack in report["stacks"] for finding in stack["findings"]]
    names = Counter(finding["name"] for finding in findings)
    for strange in names.keys() - {cell.name for cell in cells}:
        score.mistake(LOST, f"{where}: {strange} is no task of this stack")
    by_name = {finding["name"]: finding for finding in findings}
    for cell in cells:
        may = expected(cell, known[cell.kind])
        score.cells += 1
        score.expected[may[0].verdict.value] += 1
        if names[cell.name] != 1:
            score.mistake(LOST, f"{where}: {cell.name} is reported {names[cell.name]} times")
            continue
        _compare(score, f"{where}: {cell.name}", may, by_name[cell.name])
    _compare_code(score, where, [expected(cell, known[cell.kind]) for cell in cells], code, report)


def _compare(score: Score, where: str, may: Sequence[Expected], finding: Mapping[str, Any]) -> None:
    found = Verdict(finding["verdict"])
    fields = {change["field"] for change in finding["changes"]}
    best = next((one for one in may if one.verdict is found), None)
    if best is None:
        wanted = " or ".join(one.verdict.value for one in may)
        kind = _mistake([one.verdict for one in may], found)
        score.mistake(kind, f"{where} is {found.value!r}, not {wanted!r} ({finding['why']})")
    elif not best.fields <= fields <= best.fields | best.perhaps:
        score.mistake(FIELDS, f"{where} names {sorted(fields)}, not {sorted(best.fields)}")


def _mistake(may: Sequence[Verdict], found: Verdict) -> str:
    if found is Verdict.UNREADABLE:
        return GAVE_UP
    if found in DRIFTED:
        return VERDICT if any(verdict in DRIFTED for verdict in may) else FALSE
    if any(verdict not in DRIFTED and verdict is not Verdict.UNREADABLE for verdict in may):
        return VERDICT
    return MISSED if any(verdict in DRIFTED for verdict in may) else UNCHECKED


def _compare_code(
    score: Score, where: str, may: Iterable[Sequence[Expected]], code: int, report: Mapping[str, Any]
) -> None:
    """The exit code, and what the report says of it, where the table leaves nothing open."""
    sure = [one[0].verdict for one in may if len(one) == 1]
    wanted = ExitCode.FINDING if any(verdict in DRIFTED for verdict in sure) else ExitCode.AS_EXPECTED
    if Verdict.UNREADABLE in sure or not sure:  # or some calls failed, so something could not be checked
        wanted = ExitCode.FAILED
    found = (code, report["exitCode"], report["complete"])
    if found != (wanted, wanted, wanted != ExitCode.FAILED):
        score.mistake(EXIT, f"{where}: exit code, exitCode and complete are {found}, not {wanted}")


EVERY, BOTH = list(TABLE), ("room", "job")
SAMPLE = 0.15
FEW = 12
"""How many cells are enough where each call is tried until its time is over."""
ALL = sample(EVERY, SAMPLE, by=lambda cell: (cell.kind, cell.state, cell.drift == "nothing"))
SOME_DRIFTS = ("nothing", "interval", "stopped-by-api", "unknown")
JOB_DRIFTS = ("first-deleted", "forgotten", "vtt-deleted", "succeeded", "failed")
HOUR = 3600
MOST_QUERIES = 2
"""What all jobs of a stack may cost together."""
SO_FAR = UNTIL_RECORDED + UNTIL_LOOKED_AT


@dataclass
class Matrix:
    """A population, and the command run on it again and again."""

    population: Population
    emulator: Emulator
    folder: Path
    capsys: pytest.CaptureFixture[str]
    environment: pytest.MonkeyPatch
    score: Score = field(default_factory=Score)
    runs: Iterator[int] = field(default_factory=count)
    budget: float = LONG

    def compare(self, where: str, chosen: Sequence[Cell], known: Mapping[str, Known]) -> None:
        arguments = self.population.export(self.folder / "state.json", chosen)
        # As a new process would, to which a budget that no run had before comes close.
        budget = self.budget + next(self.runs) / 1e6
        self.environment.setenv("VIDEOSNAP_CALL_BUDGET", f"{budget:f}")
        self.capsys.readouterr()
        code = main([*arguments, "--json"])
        score_report(self.score, where, chosen, known, (code, json.loads(self.capsys.readouterr().out)))


@pytest.fixture
def matrix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Matrix]:
    with running_emulator(tmp_path, "--pace", "manual") as emulator:
        keys = {"MATRIX_KEY": "AKIDmatrix", "MATRIX_SECRET": "secret"}
        for name, value in emulator.surroundings(tmp_path, **keys).items():
            monkeypatch.setenv(name, value)
        yield Matrix(populate(emulator, ALL), emulator, tmp_path, capsys, monkeypatch)


def test_no_drift_is_missed_none_made_up_and_nothing_unchecked_reported_as_fine(
    matrix: Matrix, record_property: Callable[[str, object], None]
) -> None:
    assert_as_claimed(matrix)
    each_drift(matrix)
    each_scenario(matrix)
    later(matrix)
    forgotten(matrix)
    record_property(COUNTED, "drift matrix: " + "\n  ".join(matrix.score.lines()))
    assert not matrix.score.mistakes, "\n".join(matrix.score.notes)


def assert_as_claimed(matrix: Matrix) -> None:
    """The emulator really is where the cells say, so that no cell tests something else than it claims."""
    there = {
        task["roomId"]: f"{task['status']} {task['stopReason']}".strip()
        for task in reversed(matrix.emulator.tasks())
    }
    wanted = {cell.name: tasks.actual_state(cell) for cell in of_kind("room")}
    assert {name: there[name] for name in wanted} == wanted
    states = {job["jobId"]: job["state"] for job in matrix.emulator.request("GET", "/jobs")["jobs"]}
    records = matrix.population.jobs.records()
    for cell in of_kind("job"):
        assert states.get(records[cell.name].id) == jobs.actual_state(cell), cell.name
        recorded = {"submitted": "Submitted", "snapshoting": "Snapshoting", "failed": "Fail"}
        assert records[cell.name].outputs["state"] == recorded.get(cell.state, "Success"), cell.name


def each_drift(matrix: Matrix) -> None:
    """What happened to one task: first those that did not drift, for which the exit code is 0."""
    known = dict.fromkeys(BOTH, Known.ALL)
    found = {cell: expected(cell, Known.ALL)[0] for cell in ALL}
    drifted = [cell for cell in ALL if found[cell].verdict in DRIFTED]
    unread = [cell for cell in ALL if found[cell] == UNREADABLE]
    assert len(drifted) > len(ALL) / 4
    undrifted = [cell for cell in ALL if cell not in (*drifted, *unread)]
    last = matrix.emulator.last_call()
    matrix.compare("undrifted", undrifted, known)
    made = Counter(call["action"] for call in matrix.emulator.calls(last))
    beside = made["GetSnapshotTask"] - sum(cell.kind == "room" for cell in undrifted)
    assert 0 <= beside <= FIRST_LOOK[1], "automatic tasks are looked for in a few rooms"
    assert made["QuerySnapshotJobList"] <= MOST_QUERIES
    matrix.compare("drifted", drifted, known)
    matrix.compare("unread", unread, known)


def each_scenario(matrix: Matrix) -> None:
    """What happens to all tasks at once, over tasks in every state."""
    for scenario in sample(scenarios(), SAMPLE, by=lambda one: (one.tasks, one.jobs)):
        chosen = chosen_for(scenario)
        known = {"room": scenario.tasks, "job": scenario.jobs}
        with pytest.MonkeyPatch.context() as environment:
            matrix.budget = scenario.budget
            with scenario.within(matrix.emulator, environment):
                matrix.compare(scenario.name, chosen, known)
        matrix.budget = LONG


def later(matrix: Matrix) -> None:
    """73 hours and 30 days after the start; what is started again at 73 hours is young then."""
    known = dict.fromkeys(BOTH, Known.TOO_LATE)
    matrix.emulator.advance(73 * HOUR - SO_FAR)
    matrix.population.tasks.restart_again()
    matrix.compare("73 hours", ALL, known)
    matrix.emulator.advance((30 * 24 - 73) * HOUR)
    known["room"] = Known.NOTHING
    matrix.compare("30 days", list(dict.fromkeys([*some_in_each_state(), *of_kind("job")])), known)


def forgotten(matrix: Matrix) -> None:
    """The service starts over: it knows no task, and hours have not passed."""
    matrix.emulator.reset()
    matrix.compare("forgotten", some_in_each_state(), dict.fromkeys(BOTH, Known.FORGOTTEN))


def of_kind(kind: str, of: Sequence[Cell] = ALL) -> list[Cell]:
    return [cell for cell in of if cell.kind == kind]


def some_in_each_state() -> list[Cell]:
    """Few enough to ask for often: every state with nothing since, and some drifts."""
    return [
        cell
        for cell in ALL
        if (cell.drift in SOME_DRIFTS and (cell.state == "running" or cell.drift == "nothing"))
        or (cell.kind == "job" and cell.drift in JOB_DRIFTS)
    ]


def chosen_for(scenario: Scenario) -> list[Cell]:
    """The fewer, the longer it takes to ask for one; where a field is not known, every drift of it."""
    if scenario.tasks in UNANSWERED:
        return [cell for cell in ALL if cell.state == "running" and not cell.keep_running]
    some = some_in_each_state()
    if scenario.hopeless:
        return some
    once = [cell for cell in some if not cell.keep_running or cell.drift == "interval"]
    return once[:: max(1, len(once) // FEW)] if scenario.slow else once


def test_the_matrix_has_a_cell_for_every_row_and_state() -> None:
    assert len({cell.name for cell in EVERY}) == len(EVERY)
    jobs_of = [table for name, table in TABLES.items() if name.startswith("job ")]
    assert len(of_kind("job", EVERY)) == sum(map(len, jobs_of))
    rows = len(TABLES["went on"]), len(TABLES["recorded ends"])
    assert len(of_kind("room", EVERY)) >= 2 * (4 * rows[0] + 4 * rows[1])
    fitting = ((one, how) for one in EVERY for how in Known if one.kind == "room" or how not in UNANSWERED)
    assert {one.verdict for cell, how in fitting for one in expected(cell, how)} == set(Verdict)


@pytest.mark.parametrize(
    ("always", "mistake", "known"),
    [
        (Verdict.IN_SYNC, MISSED, Known.ALL),
        (Verdict.CHANGED, FALSE, Known.ALL),
        (Verdict.COMPLETE, UNCHECKED, Known.NOTHING),
        (Verdict.MISSING, FALSE, Known.NOTHING),
    ],
)
def test_a_command_that_always_says_the_same_is_found_out(
    always: Verdict, mistake: str, known: Known
) -> None:
    same: dict[str, Any] = {"verdict": always.value, "changes": [], "why": ""}
    findings = [{"name": cell.name, **same} for cell in EVERY]
    report: dict[str, Any] = {"stacks": [{"findings": findings}], "exitCode": 0, "complete": True}
    score = Score()
    score_report(score, "", EVERY, dict.fromkeys(BOTH, known), (0, report))
    drifted = [cell for cell in EVERY if expected(cell, known)[0].verdict in DRIFTED]
    wrong = len(drifted) if mistake == MISSED else len(EVERY) - len(drifted)
    assert score.mistakes[mistake] == wrong > 0
