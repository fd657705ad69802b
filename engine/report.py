"""What the user sees: one short line at a time, at once, on a terminal or in a log alike."""

import sys

MINUTE = 60


class Unavailable(Exception):
    """A way to the CLI that cannot be taken here; the text says why."""


def say(line: str) -> None:
    """Write one line and flush it, so that a build behind a pipe shows where it is."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def duration(seconds: float) -> str:
    """Words for a time span, such as `45 s` or `4 min 10 s`."""
    minutes, rest = divmod(round(seconds), MINUTE)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
