"""What `videosnap drift` must report of each cell of the matrix, by the design's drift table and the docs.

Written without a look at the command, so that no mistake sits in both. A cell is one recorded task and what
happened to it since; a scenario is what holds while the command runs.
"""

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


def _row(text: str) -> Row:
    once, _, keep = text.partition(" | ")
    return _expected(once), _expected(keep or once)


def _expected(text: str) -> Expected:
    verdict, _, named = text.partition(": ")
    fields = set(filter(None, named.split(", ")))
    perhaps = {field for field in fields if field.endswith("?")}
    open_fields = frozenset(field.removesuffix("?") for field in perhaps)
    return Expected(Verdict(verdict), frozenset(fields - perhaps), open_fields)


PARSER = ConfigParser(delimiters=("=",))
PARSER.read(FILE)
TABLES: dict[str, dict[str, Row]] = {
    name: {key: _row(text) for key, text in PARSER[name].items()} for name in PARSER.sections()
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
        ends = ("-keep" if self.keep_running else "-once") if self.kind == "room" else ""
        return f"{self.kind}{ends}_{self.state}_{self.drift}"


def _table() -> dict[Cell, Expected]:
    """Every cell, with what is to be reported of it as long as the services answer everything."""
    found: dict[Cell, Expected] = {}
    for keep in (False, True):
        for state in ("just-started", "not-started", "running", "idle"):
            found |= {Cell("room", state, drift, keep): row[keep] for drift, row in TABLES["went on"].items()}
        for state, row in TABLES["recorded ends"].items():
            after = dict.fromkeys(AS_IT_ENDED, row) | TABLES["after the end"]
            found |= {Cell("room", state, drift, keep): row[keep] for drift, row in after.items()}
    for storage, (nothing, place) in TABLES["storages"].items():
        found |= {Cell("room", storage, "nothing"): nothing, Cell("room", storage, "place"): place}
    found |= {Cell("room", "hidden", drift): row[0] for drift, row in TABLES["hidden"].items()}
    for name, table in TABLES.items():
        kind, _, state = name.partition(" ")
        if kind == "job":
            found |= {Cell("job", state, drift): row[0] for drift, row in table.items()}
    return found


TABLE = _table()


class Known(Enum):
    """What a scenario lets the service, or the store, answer."""

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


UNANSWERED = {
    Known.NO_IMAGE: "image_config",
    Known.NO_STORAGE: "storage_config",
    Known.NO_STREAMS: "target_streams",
    Known.NO_IDLE_TIME: "max_idle_time",
}


def expected(cell: Cell, known: Known) -> tuple[Expected, ...]:
    """What may be reported of a cell; more than one only where the scenario leaves it open."""
    usual = TABLE[cell]
    if known is Known.PERHAPS:
        return usual, UNREADABLE
    if known in UNANSWERED:
        return (_without(usual, UNANSWERED[known]),)
    # A job that succeeded, and whose frames cannot be looked for: nothing is known of it.
    lost = known is Known.NO_PICTURES and usual.verdict in (Verdict.COMPLETE, Verdict.CHANGED)
    # Only what was started again meanwhile is younger than 72 hours. A job that the service still knows can
    # be read at any age; a forgotten one is no longer surely gone.
    young = cell.drift == "restarted-alike" if cell.kind == "room" else "forgotten" not in cell.drift
    if known is Known.NOTHING or lost or (known is Known.TOO_LATE and not young):
        return (UNREADABLE,)
    if known is Known.TOO_LATE and cell.kind == "room":
        return (IN_SYNC,)
    return (MISSING,) if known is Known.FORGOTTEN else (usual,)


def _without(usual: Expected, block: str) -> Expected:
    left = frozenset(field for field in usual.fields if field.partition(".")[0] != block)
    if usual.verdict is Verdict.CHANGED:
        return Expected(Verdict.CHANGED, left, usual.perhaps) if left else IN_SYNC
    return usual
