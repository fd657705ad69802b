"""What `videosnap drift` has to say of each cell of the matrix, from the design's drift table and the docs.

Written without a look at the command, so that no mistake sits in both. A cell is one recorded task and what
happened to it since; a scenario is what holds while the command runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from pulumi_videosnap.drift.model import Verdict


@dataclass(frozen=True)
class Expected:
    """A verdict, and the fields that it names: all of `fields`, and nothing else but `perhaps`."""

    verdict: Verdict
    fields: frozenset[str] = frozenset()
    perhaps: frozenset[str] = frozenset()
    """Fields that the documents do not settle, such as that of a state that is recorded as it is."""


def changed(*fields: str, perhaps: tuple[str, ...] = ()) -> Expected:
    return Expected(Verdict.CHANGED, frozenset(fields), frozenset(perhaps))


IN_SYNC = Expected(Verdict.IN_SYNC)
COMPLETE = Expected(Verdict.COMPLETE)
MISSING = Expected(Verdict.MISSING)
UNREADABLE = Expected(Verdict.UNREADABLE)
STOPPED = Expected(Verdict.STOPPED, frozenset({"state"}))
ROOM_FAILED = Expected(Verdict.FAILED, frozenset({"state"}))
JOB_FAILED = Expected(Verdict.FAILED, frozenset({"result"}))
STOPPED_AS_RECORDED = Expected(Verdict.STOPPED, perhaps=frozenset({"state"}))
ROOM_FAILED_AS_RECORDED = Expected(Verdict.FAILED, perhaps=frozenset({"state"}))
JOB_FAILED_AS_RECORDED = Expected(Verdict.FAILED, perhaps=frozenset({"result"}))

Row = tuple[Expected, Expected]
"""For a room with keep_running=False, and for one with keep_running=True."""


def both(expected: Expected) -> Row:
    return expected, expected


EVERY_SETTING = (
    *("image_config.interval", "image_config.width", "image_config.height", "image_config.format"),
    *("storage_config.tos_config.bucket", "max_idle_time"),
)

# A room that was recorded while its task went on: just started, not started, running, running with nobody.
WENT_ON: dict[str, Row] = {
    # row 1: running, same settings
    "nothing": both(IN_SYNC),
    "restarted-alike": both(IN_SYNC),
    # row 2: running, another interval, streams, size, bucket
    "interval": both(changed("image_config.interval")),
    "width": both(changed("image_config.width")),
    "height": both(changed("image_config.height")),
    "size": both(changed("image_config.width", "image_config.height")),
    "format": both(changed("image_config.format")),
    "bucket": both(changed("storage_config.tos_config.bucket")),
    "idle-time": both(changed("max_idle_time")),
    "everything": both(changed(*EVERY_SETTING)),
    "another-stream": both(changed("target_streams.stream_list")),
    "one-stream-more": both(changed("target_streams.stream_list")),
    "all-streams": both(changed("target_streams.stream_list")),
    "kind-of-stream": both(changed("target_streams.stream_list")),
    "account": both(changed("storage_config.tos_config.account_id")),
    "region": both(changed("storage_config.tos_config.region")),
    # row 3: ended: IdleTimeOut, UserDisconnect (docs: every other end, unknown ones too, completes a task)
    "nobody-came": (COMPLETE, STOPPED),
    "user-left": (COMPLETE, STOPPED),
    "ended-somehow": (COMPLETE, STOPPED),
    # row 4: ended: StopByAPI, or failed
    "stopped-by-api": both(STOPPED),
    "failed": both(ROOM_FAILED),
    "failed-idle": both(ROOM_FAILED),
    # row 5: unknown within 72 h of its start
    "unknown": both(MISSING),
    # row 7: a field that the answer does not carry: kept as recorded
    "unsaid-business": both(IN_SYNC),
    "unsaid-prefix": both(IN_SYNC),
}

# A room that was recorded, by a refresh, after its task had ended. The settings of that run are history.
RECORDED_ENDS: dict[str, Row] = {
    "ended-idle": (COMPLETE, STOPPED_AS_RECORDED),
    "ended-left": (COMPLETE, STOPPED_AS_RECORDED),
    "ended-stopped": both(STOPPED_AS_RECORDED),
    "ended-failed": both(ROOM_FAILED_AS_RECORDED),
}
AFTER_THE_END: dict[str, Row] = {
    "restarted-alike": both(IN_SYNC),
    # The record names the end of the run before, which is no longer so.
    "restarted-faster": both(changed("image_config.interval", perhaps=("state",))),
    "restarted-and-stopped": both(STOPPED_AS_RECORDED),
    "unknown": both(MISSING),
}
AS_IT_ENDED = ("nothing", "history")
"""Nothing happened; or somebody changed the settings of a run that was over."""

# Tasks that write elsewhere, by their storage: with nothing since, and writing to another place of it.
STORAGES: dict[str, tuple[Expected, Expected]] = {
    "vod": (IN_SYNC, changed("storage_config.vod_config.space")),
    "custom": (IN_SYNC, changed("storage_config.custom_config.bucket")),
    # Its keys are secrets, which are never returned and never compared.
    "secret": (IN_SYNC, changed("storage_config.custom_config.bucket")),
    "veimagex": (IN_SYNC, changed("storage_config.ve_image_x_config.service_id")),
}

# A room whose whole storage is a secret, which an export shows encrypted: no place can be held against it, so
# it is never in sync. What does not depend on the place can be told all the same.
HIDDEN: dict[str, Expected] = {
    "nothing": UNREADABLE,
    "place": UNREADABLE,
    "interval": changed("image_config.interval"),
    "user-left": COMPLETE,
    "stopped-by-api": STOPPED,
    "unknown": MISSING,
}

# A job, by its state when it was recorded, and what became of it.
JOBS: dict[str, dict[str, Expected]] = {
    "submitted": {
        "nothing": IN_SYNC,
        "began": IN_SYNC,
        "succeeded": COMPLETE,
        "failed": JOB_FAILED,
        "forgotten": MISSING,
        # The record names no pictures yet, but it is "without the pictures that it took" (model.py).
        "succeeded-all-deleted": changed("frames"),
    },
    "snapshoting": {
        "nothing": IN_SYNC,
        "succeeded": COMPLETE,
        "failed": JOB_FAILED,
        "forgotten": MISSING,
    },
    "failed": {"nothing": JOB_FAILED_AS_RECORDED, "forgotten": MISSING},
    "stills": {
        "nothing": COMPLETE,
        "first-deleted": changed("frames"),
        "middle-deleted": changed("frames"),
        "last-deleted": changed("frames"),
        "all-deleted": changed("frames"),
        "bucket-emptied": changed("frames"),
        # The store refuses to look: a failed call never looks like "gone".
        "bucket-deleted": UNREADABLE,
        "forgotten": MISSING,
        "forgotten-all-deleted": MISSING,
        "failed": JOB_FAILED,
        "another-picture": COMPLETE,
        "more-pictures": COMPLETE,
        "user-data": COMPLETE,
        # The record names three pictures, whatever the service counts now.
        "fewer-counted": COMPLETE,
        "fewer-counted-last-deleted": changed("frames"),
    },
    "one": {"nothing": COMPLETE, "all-deleted": changed("frames"), "forgotten": MISSING},
    "sheets": {
        "nothing": COMPLETE,
        "first-deleted": changed("frames"),
        "sheet-deleted": changed("tile_frames"),
        "bucket-emptied": changed("frames"),
        "sheets-bucket-emptied": changed("tile_frames"),
        "both-buckets-emptied": changed("frames", "tile_frames"),
        "forgotten": MISSING,
    },
    "sheets-only": {"nothing": COMPLETE, "sheet-deleted": changed("tile_frames"), "failed": JOB_FAILED},
    "vtt": {
        "nothing": COMPLETE,
        "vtt-deleted": changed("vtt"),
        "bucket-emptied": changed("vtt"),
        # The pictures of a WebVTT are not recorded.
        "its-pictures-deleted": COMPLETE,
        "forgotten": MISSING,
    },
}
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
