"""When each frame of a video is shown.

All arithmetic is in integers and fractions: floats give the frame before at some boundaries.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction

from videosnap_emulator.clock import Milliseconds

#: A time in milliseconds, exact: pictures spread over a video seldom fall on whole ones.
Moment = Milliseconds | Fraction


@dataclass(frozen=True)
class Timeline:
    """Frames in the order in which they are shown; a frame is named by its number, 0 is the first.

    `tick` is the unit of time in seconds. `times` are ascending, in ticks since the first frame, and `end` is
    when the last frame ends. `keys` are the numbers of the frames that need no other to be decoded.
    """

    # assumption: mps-time-zero
    tick: Fraction
    times: tuple[int, ...]
    end: int
    keys: tuple[int, ...]

    @property
    def duration(self) -> Fraction:
        """How long the video lasts, in milliseconds."""
        return Fraction(self._scaled(self.end), self.tick.denominator)

    def holds(self, at: Moment) -> bool:
        """Say whether the video still runs at that time: its very end is past it."""
        return at >= 0 and at * self.tick.denominator < self._scaled(self.end)

    @property
    def last_ms(self) -> Milliseconds:
        """The last whole millisecond at which the video still runs."""
        return (self._scaled(self.end) - 1) // self.tick.denominator

    def time_ms(self, number: int) -> Milliseconds:
        """When the frame appears, rounded down."""
        return self._ms(self.times[number])

    def shown_at(self, at: Moment) -> int:
        """Return the frame that is seen at that time: the last one that does not appear after it."""
        ticks = at * self.tick.denominator // (1000 * self.tick.numerator)
        return max(0, bisect_right(self.times, ticks) - 1)

    def key_near(self, at: Moment) -> int:
        """Return the key frame nearest to that time, the earlier one of two equally near."""
        # assumption: mps-nearest-key-frame
        after = bisect_right(self.keys, self.shown_at(at))
        return min(self.keys[max(0, after - 1) : after + 1], key=lambda key: abs(self.after(key, at)))

    def after(self, number: int, at: Moment) -> Fraction:
        """How much later than `at` the frame appears, in milliseconds."""
        return self.times[number] * 1000 * self.tick - at

    def _scaled(self, ticks: int) -> int:
        return ticks * 1000 * self.tick.numerator

    def _ms(self, ticks: int) -> Milliseconds:
        return self._scaled(ticks) // self.tick.denominator
