"""Which reading of the vendor's documents to follow where two of its pages contradict each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Readings:
    """One choice for each contradiction; the default is what the page "parameter details" says.

    `frame_type_default`: FrameType of a request without one. The newest SDK's comments say "normal".
    `missing_interval`: what Num without Interval means: a picture every ten seconds, or, as the FAQ of about
    2022 and the console have it, Num pictures spread over the video.
    """

    frame_type_default: Literal["intra", "normal"] = "intra"
    missing_interval: Literal["ten-seconds", "average"] = "ten-seconds"


DEFAULT_READINGS = Readings()
