"""What `videosnap frames` asks of a resource kind; the module `<cloud>/frames.py` is its implementation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from pulumi_videosnap.settings import Lookup
from pulumi_videosnap.storage.platforms import Location

if TYPE_CHECKING:
    from pulumi_videosnap.frames.expected import Schedule


@dataclass(frozen=True)
class RecordedSeries:
    """Frames of one row whose keys state records, in a bucket of its own.

    `offsets` are their times in the video (ms), each None where it is not certain; `problem` says why the
    bucket is not known; `origin` is how a frame is known to be expected, as a sentence begins.
    """

    name: str
    location: Location | None
    keys: Sequence[str]
    offsets: Sequence[int | None] = ()
    problem: str | None = None
    origin: str = "state records it"


@dataclass(frozen=True)
class RecordedFrames:
    """The frames of a resource whose state has their keys: these are expected, and no others."""

    series: Sequence[RecordedSeries]
    notes: Sequence[str] = ()
    """Sentences that a reader of the report must know."""


@dataclass(frozen=True)
class ScheduledFrames:
    """The frames of a resource that writes them on a schedule, under keys that no record has.

    Its frames are the objects below the location that were written from `since` to `until` (UTC; None while
    it runs), unless another resource could have written them too; each folder is a stream.
    """

    location: Location
    schedule: Schedule
    since: datetime
    until: datetime | None
    reason: str = ""
    """Why its frames have to be found by listing, as a note begins; empty where the layout is documented."""
    advice: str = ""
    """What to change in the program when two resources could have written the same frames."""


class FrameRules(Protocol):
    """What a kind contributes to the report of frames. `properties` are outputs, as state has them."""

    keys_output: str | None
    """The output that has the keys of the frames, as a program names it; None where no output has them."""
    run_inputs: tuple[str, ...] = ()
    """Inputs that `Lifecycle.read` needs of a run, as a program names them; only with `keys_output`."""
    since_output: str | None
    """The output that has the start of the run, as a program names it; None where keys are recorded."""
    location_outputs: tuple[str, ...]
    """Outputs that `location` reads, as a program names them; none where a kind has no frames of its own."""
    schedule_outputs: tuple[str, ...]
    """Outputs that `expected` reads beside those, where no output has the keys."""

    def location(self, properties: Mapping[str, Any]) -> Location:
        """Where the frames are stored; NotConfigured or CannotCheck say why that cannot be listed."""

    def expected(self, properties: Mapping[str, Any], config: Lookup) -> RecordedFrames | ScheduledFrames:
        """Which frames should exist; a VideosnapError says why that is not known.

        `config` reads the stack's configuration, for a kind that has to call its service.
        """
