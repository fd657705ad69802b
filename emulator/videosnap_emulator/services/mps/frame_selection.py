"""Which frames of the video a job takes: its moments, the frame for each, and black beginnings.

In place of a black first frame another frame of the first five seconds is taken.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

import av

from videosnap_emulator.core.clock import Milliseconds
from videosnap_emulator.media.video import Video, scale
from videosnap_emulator.media.video_index import VideoIndex, VideoTime
from videosnap_emulator.services.mps.errors import beyond_limit, content_bad
from videosnap_emulator.services.mps.models import Readings, SnapshotConfig

#: The vendor's default of Interval.
DEFAULT_INTERVAL_MS = 10_000
#: Frames of one job. The vendor states no limit; here they are all in memory at once.
# assumption: mps-limits
MAX_FRAMES = 5_000
#: How much of the video's beginning is examined for black frames.
BLACK_EXAMINED_MS = 5_000
#: BlackLevel and PixelBlackThreshold of a request without them: only a frame that is black all over, and the
#: documents' example of a level.
# assumption: mps-black-defaults
_BLACK_LEVEL, _BLACK_THRESHOLD = 100, 70


class SelectedFrame(NamedTuple):
    """The moment that was asked for and the number of the frame taken for it."""

    at: VideoTime
    number: int


class Selection(NamedTuple):
    """A job's frames in the order of their moments; `spacing` is the moments' distance if it is even."""

    frames: Sequence[SelectedFrame]
    spacing: VideoTime | None = None


class _Moments(NamedTuple):
    """Ascending moments inside the video, and the distance between them; None when they have none."""

    times: Sequence[VideoTime]
    spacing: VideoTime | None = None


def select_frames(config: SnapshotConfig, readings: Readings, video: Video) -> Selection:
    """Return the frames that the job takes; raise ApiError when it can take none."""
    # assumption: mps-time-zero
    if config.single_frame:
        selection = Selection([_single(config, video.index)])
    else:
        selection = _several(config, _moments(config, readings, video.index), video.index)
    return selection._replace(frames=_replace_black(config, selection.frames, video))


def _single(config: SnapshotConfig, index: VideoIndex) -> SelectedFrame:
    """Return the only frame; after the end of the video only a key frame can be taken."""
    at = config.time
    if config.frame_type == "intra":
        # assumption: mps-nearest-key-frame
        return SelectedFrame(at, index.nearest_key_frame(at))
    if not index.contains(at):
        raise content_bad()
    return SelectedFrame(at, index.frame_at(at))


def _several(config: SnapshotConfig, moments: _Moments, index: VideoIndex) -> Selection:
    """Return a frame for each moment, or for fewer when key frames are wanted and far away."""
    if config.frame_type != "intra":
        return Selection([SelectedFrame(at, index.frame_at(at)) for at in moments.times], moments.spacing)
    frames = list(_key_frames(moments, index))
    if not frames:
        raise content_bad()
    return Selection(frames, moments.spacing)


def _key_frames(moments: _Moments, index: VideoIndex) -> Iterator[SelectedFrame]:
    # assumption: mps-near
    for at in moments.times:
        key = index.nearest_key_frame(at)
        if moments.spacing is None or _is_near(index.delay(key, at), moments.spacing):
            yield SelectedFrame(at, key)


def _is_near(delay: Fraction, spacing: VideoTime) -> bool:
    """Return whether a key frame is within half a step of its moment; exactly half a step after is not."""
    return -spacing <= 2 * delay < spacing


def _moments(config: SnapshotConfig, readings: Readings, index: VideoIndex) -> _Moments:
    """Return the moments of a job of several frames; there must be one inside the video."""
    points = config.time_points
    if points is None:
        moments = _series(config, readings, index)
    else:
        # assumption: mps-time-points
        moments = _Moments([at for at in sorted(set(points)) if index.contains(at)])
    # assumption: mps-no-picture
    if not moments.times:
        raise content_bad()
    if len(moments.times) > MAX_FRAMES:
        raise beyond_limit(f"The emulator takes at most {MAX_FRAMES} frames a job")
    return moments


def _series(config: SnapshotConfig, readings: Readings, index: VideoIndex) -> _Moments:
    average = config.interval == 0
    if config.interval is None:
        # assumption: mps-num-without-interval
        average = readings.missing_interval == "average"
    # assumption: mps-average-without-num
    if average and config.num is not None:
        return _evenly_spaced(config.time, config.num, index)
    return _regular(config, index)


def _regular(config: SnapshotConfig, index: VideoIndex) -> _Moments:
    """Every interval from `time` on, until Num are taken or the video ends."""
    step = (config.interval or 0) * 1000 or DEFAULT_INTERVAL_MS
    stop = index.last_ms + 1
    if config.num is not None:
        stop = min(stop, config.time + config.num * step)
    return _Moments(range(config.time, stop, step), step)


def _evenly_spaced(start: Milliseconds, count: int, index: VideoIndex) -> _Moments:
    """As many as asked, spread over what is left of the video; the first at its start, none at its end."""
    # assumption: mps-average
    rest = index.duration - start
    if not index.contains(start) or rest <= 0:
        return _Moments(())
    wanted = min(count, MAX_FRAMES + 1)
    return _Moments([start + rest * number / count for number in range(wanted)], rest / count)


def _replace_black(
    config: SnapshotConfig, frames: Sequence[SelectedFrame], video: Video
) -> Sequence[SelectedFrame]:
    """Replace a black first frame; a job of one frame fails when all that is examined is black."""
    if not _filters_black(config) or frames[0].at != 0:
        return frames
    candidates = [one for one in _candidates(config, video.index) if one >= frames[0].number]
    for number, frame in video.frames(candidates):
        if not is_black(frame, *_black_levels(config)):
            return [SelectedFrame(0, number), *frames[1:]]
    if config.single_frame:
        raise content_bad()
    return frames


def is_black(frame: av.VideoFrame, level: int, threshold: int) -> bool:
    """Return whether at least `level` per cent of the pixels are darker than `threshold` (0 to 255)."""
    # assumption: mps-black-pixel
    shades = scale(frame, (frame.width, frame.height)).convert("L").histogram()
    return sum(shades[:threshold]) * 100 >= level * sum(shades)


def _filters_black(config: SnapshotConfig) -> bool:
    levels = config.black_level, config.pixel_black_threshold
    return config.single_frame or any(value is not None for value in levels)


def _black_levels(config: SnapshotConfig) -> tuple[int, int]:
    if config.single_frame:
        return _BLACK_LEVEL, _BLACK_THRESHOLD
    level, threshold = config.black_level, config.pixel_black_threshold
    return _BLACK_LEVEL if level is None else level, _BLACK_THRESHOLD if threshold is None else threshold


def _candidates(config: SnapshotConfig, index: VideoIndex) -> list[int]:
    # assumption: mps-black-candidates
    numbers = index.key_frames if config.frame_type == "intra" else range(len(index.times))
    return [number for number in numbers if index.time_ms(number) < BLACK_EXAMINED_MS]
