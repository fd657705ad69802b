"""What `videosnap drift` has to say of each cell of the matrix, from the design's drift table and the docs.

Written without a look at the command, so that no mistake sits in both. A cell is one recorded task and what
happened to it since; a scenario is what holds while the command runs.
"""

from __future__ import annotations

from configparser import ConfigParser
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import Any

from pulumi_videosnap.drift.model import Verdict
from support.data import load


@dataclass(frozen=True)
class Expected:
    """A verdict, and the fields that it names: all of `fields`, and nothing else but `perhaps`."""

    verdict: Verdict
    fields: frozenset[str] = frozenset()
    perhaps: frozenset[str] = frozenset()
    """Fields that the documents do not settle, such as that of a state that is recorded as it is."""


Row = tuple[Expected, Expected]
"""For a task that may end, and for one with keep_running."""
FILE = Path(__file__).parents[2] / "data" / "drift_matrix.ini"
WORLD: dict[str, Any] = load("drift_world.json")
"""How each state and each drift comes about, and the scenarios."""


def _read_tables() -> dict[str, dict[str, Row]]:
    parser = ConfigParser(delimiters=("=",))
    parser.read(FILE)
    return {name: {key: _row(text) for key, text in parser[name].items()} for name in parser.sections()}


def _row(text: str) -> Row:
    once, _, keep = text.partition(" | ")
    return _expected(once), _expected(keep or once)


def _expected(text: str) -> Expected:
    verdict, _, named = text.partition(": ")
    fields = set(filter(None, named.split(", ")))
    perhaps = {field for field in fields if field.endswith("?")}
    open_fields = frozenset(field.removesuffix("?") for field in perhaps)
    return Expected(Verdict(verdict), frozenset(fields - perhaps), open_fields)


TABLES = _read_tables()
WENT_ON, RECORDED_ENDS, AFTER_THE_END = (TABLES[n] for n in ("went on", "recorded ends", "after the end"))
STORAGES = TABLES["storages"]
HIDDEN = {drift: row[0] for drift, row in TABLES["hidden"].items()}
JOBS = {
    name.removeprefix("job "): {drift: row[0] for drift, row in table.items()}
    for name, table in TABLES.items()
    if name.startswith("job ")
}
IN_SYNC, MISSING, UNREADABLE = map(Expected, (Verdict.IN_SYNC, Verdict.MISSING, Verdict.UNREADABLE))
AS_IT_ENDED = ("nothing", "history")
"""Nothing happened; or somebody changed the settings of a run that was over."""
WITH_PICTURES = ("stills", "one", "sheets", "sheets-only", "vtt")
"""The states of a job whose record names pictures."""


@dataclass(frozen=True)
class Cell:
    """One recorded task: its state then, and what happened to it since."""

    kind: str
    state: str
    drift: str
    keep_running: bool = False

    @property
    def name(self) -> str:
        """Its name in the stack."""
        patience = ("-keep" if self.keep_running else "-once") if self.kind == "room" else ""
        return f"{self.kind}{patience}_{self.state}_{self.drift}"


def cells() -> list[Cell]:
    """The whole matrix."""
    rooms = [
        Cell("room", state, drift, keep)
        for keep in (False, True)
        for state, drifts in _room_states().items()
        for drift in drifts
    ]
    stored = [Cell("room", storage, drift) for storage in STORAGES for drift in ("nothing", "place")]
    hidden = [Cell("room", "hidden", drift) for drift in HIDDEN]
    jobs = [Cell("job", state, drift) for state, row in JOBS.items() for drift in row]
    return rooms + stored + hidden + jobs


def _room_states() -> dict[str, tuple[str, ...]]:
    going = {state: tuple(WENT_ON) for state in ("just-started", "not-started", "running", "idle")}
    return going | dict.fromkeys(RECORDED_ENDS, (*AS_IT_ENDED, *AFTER_THE_END))


class Told(Enum):
    """What a scenario lets the service, or the store, tell."""

    ALL = auto()
    NOTHING = auto()
    """Every call fails: cannot be read."""
    PERHAPS = auto()
    """Some calls fail, and which is not known before."""
    NO_PICTURES = auto()
    """The service answers, and the store does not."""
    FORGOTTEN = auto()
    """The service knows no task any more, within 72 hours of its start: row 5."""
    TOO_LATE = auto()
    """It is more than 72 hours after the start: row 6."""
    NO_IMAGE = auto()
    NO_STORAGE = auto()
    NO_STREAMS = auto()
    NO_IDLE_TIME = auto()
    """Row 7: the answer does not carry the field, so it is kept as recorded."""


SAID_OF_ALL = {Told.NOTHING: UNREADABLE, Told.FORGOTTEN: MISSING}
UNSAID = {
    Told.NO_IMAGE: "image_config",
    Told.NO_STORAGE: "storage_config",
    Told.NO_STREAMS: "target_streams",
    Told.NO_IDLE_TIME: "max_idle_time",
}


def expected(cell: Cell, told: Told) -> tuple[Expected, ...]:
    """What may be said of a cell; more than one only where the scenario leaves it open."""
    usual = _room(cell) if cell.kind == "room" else JOBS[cell.state][cell.drift]
    if told is Told.PERHAPS:
        return usual, UNREADABLE
    return (_certain(cell, usual, told),)


def _certain(cell: Cell, usual: Expected, told: Told) -> Expected:
    if told in SAID_OF_ALL:
        return SAID_OF_ALL[told]
    if told is Told.TOO_LATE:
        return _room_too_late(cell) if cell.kind == "room" else _job_too_late(cell, usual)
    if told is Told.NO_PICTURES:
        return _without_pictures(usual)
    return _unsaid(usual, UNSAID[told]) if told in UNSAID else usual


def _room(cell: Cell) -> Expected:
    if cell.state in STORAGES:
        return STORAGES[cell.state][cell.drift == "place"]
    if cell.state == "hidden":
        return HIDDEN[cell.drift]
    if cell.state not in RECORDED_ENDS:
        return WENT_ON[cell.drift][cell.keep_running]
    rows = RECORDED_ENDS[cell.state] if cell.drift in AS_IT_ENDED else AFTER_THE_END[cell.drift]
    return rows[cell.keep_running]


def _room_too_late(cell: Cell) -> Expected:
    """Only what was started again meanwhile is younger than 72 hours."""
    return IN_SYNC if cell.drift == "restarted-alike" else UNREADABLE


def _unsaid(usual: Expected, block: str) -> Expected:
    left = frozenset(field for field in usual.fields if field.partition(".")[0] != block)
    if usual.verdict is Verdict.CHANGED:
        return Expected(Verdict.CHANGED, left, usual.perhaps) if left else IN_SYNC
    return usual


def _job_too_late(cell: Cell, usual: Expected) -> Expected:
    """A job that the service still knows can be read at any age; a forgotten one is no longer surely gone."""
    return UNREADABLE if "forgotten" in cell.drift else usual


def _without_pictures(usual: Expected) -> Expected:
    """A job that succeeded, and whose pictures cannot be looked for: nothing may be said of it."""
    return UNREADABLE if usual.verdict in (Verdict.COMPLETE, Verdict.CHANGED) else usual
