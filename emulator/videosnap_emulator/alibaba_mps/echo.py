"""How a job's answer repeats what was asked for: the object keys as they came, every number as text.

Only what the response models of the SDK name is repeated: not Format, SubOut and the black-frame settings.
"""

from __future__ import annotations

from videosnap_emulator.alibaba_mps.parameters import Block
from videosnap_emulator.tasks import Json

_OBJECT = ("Bucket", "Location", "Object")
_TILE = (
    "Lines", "Columns", "CellWidth", "CellHeight", "Margin", "Padding", "Color", "IsKeepCellPic",
    "CellSelStep",
)  # fmt: skip
_PLAIN = ("Time", "Interval", "Num", "Width", "Height", "FrameType")


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _repeated(block: Block, names: tuple[str, ...]) -> Json:
    return {name: _text(block.values[name]) for name in names if block.has(name)}


def echoed_input(source: Block) -> Json:
    """Repeat Input."""
    return _repeated(source, _OBJECT)


def echoed_config(config: Block) -> Json:
    """Repeat SnapshotConfig; what was not given stays away."""
    # assumption: mps-echo
    told = _repeated(config, _PLAIN)
    for name in ("OutputFile", "TileOutputFile"):
        if block := config.block(name):
            told[name] = _repeated(block, _OBJECT)
    if tile := config.block("TileOut"):
        told["TileOut"] = _repeated(tile, _TILE)
    if points := config.block("TimeArray"):
        told["TimeArray"] = {"TimePointList": list(points.integers("TimePointList", 0, 2**53))}
    return told
