"""What drift does to the pictures, and what brings a task back, in sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pulumi_videosnap.drift.model import Change
from pulumi_videosnap.errors import one_line
from pulumi_videosnap.state import FILE, LIVE, RecordedResource

HOUR = 3600
_NAMED = 3
"""Keys that are named of many."""
_BACK = "`pulumi up --refresh`"


def of_change(field: str, recorded: Any, actual: Any) -> str:
    """What another value of a field means."""
    say = _MEANINGS.get(field)
    return say(recorded, actual) if say else _other_value(field, recorded, actual)


def of_end(task: RecordedResource, told: Mapping[str, Any]) -> str:
    """What it means that a task ended otherwise than declared."""
    if task.kind.title == FILE:
        why = one_line(str(told.get("message") or "the service gives no reason"))
        return f"the job took no pictures that count: {why}"
    since = f" since {told['endTime']}" if told.get("endTime") else ""
    return f"no pictures are taken{since}: {_ENDS.get(str(told.get('stopReason')), 'it ended')}"


def as_declared(task: RecordedResource, told: Mapping[str, Any]) -> str:
    """How a task fares that is as it was declared."""
    if task.kind.title == FILE:
        return f"{told.get('state')}, {told.get('count') or 0} pictures"
    if told.get("endTime") or told.get("stopReason"):
        return f"ended {told.get('endTime') or ''} ({told.get('stopReason') or 'no reason given'})"
    interval = (told.get("imageConfig") or {}).get("interval")
    return f"{told.get('status')} since {told.get('startTime')}, a picture every {interval} s"


def of_lost_pictures(lost: Sequence[str], of: int, bucket: str) -> str:
    """What it means that recorded pictures are not there."""
    more = f" and {len(lost) - _NAMED:,} more" if len(lost) > _NAMED else ""
    named = ", ".join(lost[:_NAMED]) + more
    return (
        f"{len(lost):,} of {of:,} {'is' if len(lost) == 1 else 'are'} no longer in bucket {bucket}: {named}"
    )


def mend_missing(task: RecordedResource) -> str:
    """What brings back a task that is gone."""
    return f"{_BACK} {'submits the job again' if task.kind.title == FILE else 'starts it again'}"


def mend_ended(task: RecordedResource) -> str:
    """What brings back a task that ended otherwise than declared."""
    return f"{_BACK} {'submits a new job' if task.kind.title == FILE else 'starts it again'}"


def mend_changed(task: RecordedResource, changes: Sequence[Change]) -> str:
    """What brings back a task with other settings."""
    if task.kind.title == LIVE and all(change.field == "image_config.interval" for change in changes):
        return f"{_BACK} sets it back without a gap (UpdateSnapshot)"
    return f"{_BACK} stops it and starts it anew with the recorded settings, with a short gap"


def mend_pictures(task: RecordedResource) -> str:
    """What brings back pictures that were deleted."""
    return f"`pulumi up --replace {task.urn}` runs the job again"


def _interval(recorded: Any, actual: Any) -> str:
    return (
        f"{HOUR / actual:,.0f} pictures an hour for each stream instead of {HOUR / recorded:,.0f}"
        if _positive(recorded) and _positive(actual)
        else _other_value("image_config.interval", recorded, actual)
    )


def _positive(value: Any) -> bool:
    return isinstance(value, int | float) and value > 0


def _streams(recorded: Any, actual: Any) -> str:
    before, now = _users(recorded), _users(actual)
    if not now:
        return "pictures are taken of every stream of the room"
    if not before:
        return f"pictures are taken of {', '.join(now)} only, not of every stream"
    return f"pictures are taken of {', '.join(now)} instead of {', '.join(before)}"


def _users(streams: Any) -> list[str]:
    return [str(one.get("userId")) for one in streams or [] if isinstance(one, Mapping)]


def _idle(recorded: Any, actual: Any) -> str:
    return f"an empty room ends the task after {actual} s instead of {recorded} s"


def _size(side: str) -> Callable[[Any, Any], str]:
    def say(recorded: Any, actual: Any) -> str:
        return f"pictures have {_pixels(actual)} as their {side} instead of {_pixels(recorded)}"

    return say


def _pixels(value: Any) -> str:
    return f"{value} pixels" if value else "the stream's own"


def _format(recorded: Any, actual: Any) -> str:
    return f"pictures are {actual} instead of {recorded}"


def _other_value(field: str, recorded: Any, actual: Any) -> str:
    if field.startswith("storage_config."):
        return f"pictures go elsewhere: {field.rpartition('.')[2]} {actual!r} instead of {recorded!r}"
    return f"it has {actual!r} instead of {recorded!r}"


_MEANINGS: Mapping[str, Callable[[Any, Any], str]] = {
    "image_config.interval": _interval,
    "image_config.width": _size("width"),
    "image_config.height": _size("height"),
    "image_config.format": _format,
    "target_streams.stream_list": _streams,
    "max_idle_time": _idle,
}

_ENDS: Mapping[str, str] = {
    "StopByAPI": "somebody called StopSnapshot",
    "IdleTimeOut": "nobody published for longer than max_idle_time, and keep_running is set",
    "UserDisconnect": "the users left, and keep_running is set",
    "StartTaskFailed": "the service could not start it",
}
"""Stop reasons (6348/1188226) in words."""
