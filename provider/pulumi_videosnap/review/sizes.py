"""How large one picture is: measured where a task has taken some, else assumed from its pixels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pulumi_videosnap.review.fields import number_at, text_at
from pulumi_videosnap.review.model import Pictures
from pulumi_videosnap.state import LIVE

BYTES_A_PIXEL = {"jpeg": 0.15, "png": 1.5}
"""ASSUMED, for a camera's picture: the vendors document neither quality nor size."""
STREAM_SIZE = (1280, 720)
"""ASSUMED where a task keeps the stream's own size."""
STREAM_WIDTH, STREAM_HEIGHT = STREAM_SIZE


@dataclass(frozen=True)
class Measured:
    """The mean size of the pictures that a task took, and the form that they have."""

    bytes_each: float
    count: int
    form: tuple[str, int]
    shared: bool = False
    """Whether they are those of several tasks, which share a bucket and take alike ones."""


Sizes = Mapping[str, Measured]
"""What was measured, by the URN of the task."""


def with_size(
    pictures: Pictures, kind: str, inputs: Mapping[str, Any], measured: Measured | None
) -> Pictures:
    """The pictures of a task with the size of one."""
    size, origin = _size(form_of(kind, inputs), measured)
    return pictures.model_copy(update={"bytes_each": size, "size_from": origin})


def form_of(kind: str, inputs: Mapping[str, Any]) -> tuple[str, int]:
    """Format and pixels of a task's pictures."""
    if kind == LIVE:
        form = text_at(inputs, "imageConfig", "format") or "jpeg"
        return form, _pixels(inputs, "imageConfig")
    key = text_at(inputs, "snapshotConfig", "outputFile", "object") or ""
    return "png" if key.lower().endswith(".png") else "jpeg", _pixels(inputs, "snapshotConfig")


def _pixels(inputs: Mapping[str, Any], block: str) -> int:
    """One side alone keeps the proportions of the stream, which are assumed."""
    width, height = number_at(inputs, block, "width") or 0, number_at(inputs, block, "height") or 0
    if not width and not height:
        width, height = STREAM_SIZE
    return (width or height * STREAM_WIDTH // STREAM_HEIGHT) * (
        height or width * STREAM_HEIGHT // STREAM_WIDTH
    )


def _size(form: tuple[str, int], measured: Measured | None) -> tuple[float, str]:
    name, pixels = form
    if measured is None or measured.form[0] != name:
        return pixels * BYTES_A_PIXEL[name], f"assumed: {BYTES_A_PIXEL[name]} bytes a pixel of {name.upper()}"
    whose = " of the tasks that share its bucket" if measured.shared else ""
    origin = f"measured over {measured.count:,} pictures{whose}"
    if measured.form[1] == pixels:
        return measured.bytes_each, origin
    return measured.bytes_each * pixels / measured.form[1], f"{origin}, in proportion to the pixels"
