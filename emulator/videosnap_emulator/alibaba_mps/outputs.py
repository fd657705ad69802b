"""What sorts of objects a job writes, and under which names."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import dataclass

from videosnap_emulator.alibaba_mps.config import CannotCut, ObjectRef, SnapshotConfig
from videosnap_emulator.alibaba_mps.names import Numbers, filled, numeral
from videosnap_emulator.alibaba_mps.timeline import Moment

#: Names the object with that number, of which the (first) picture was asked for at that moment.
Naming = Callable[[Moment, int], str]

_SUFFIX = ".vtt"
_BAD_KEY = 'The format of parameter "SnapshotConfig:OutputFile:Object" is invalid.'


@dataclass(frozen=True)
class Outputs:
    """Names of pictures, of sheets and of the text; None for what the job does not write."""

    picture: Naming | None
    sheet: Naming | None = None
    text: str | None = None

    def beside_text(self, key: str) -> str:
        """Return the name as the text has it: relative to its own folder."""
        folder = posixpath.dirname(self.text or "")
        return key[len(folder) + 1 :] if folder else key


def outputs(config: SnapshotConfig, input_key: str) -> Outputs:
    """Decide what a job writes."""
    if config.format.lower() == "vtt":
        return _with_text(config, input_key)
    tile = config.tile
    if config.tile_output is None:
        return Outputs(_pictures(config.output, input_key))
    keep = tile is None or tile.keep_cell_pictures
    return Outputs(
        _pictures(config.output, input_key) if keep else None, _sheets(config.tile_output, input_key)
    )


def _pictures(place: ObjectRef, input_key: str) -> Naming:
    return lambda at, count: filled(place.key, input_key, Numbers(at, count=count))


def _sheets(place: ObjectRef, input_key: str) -> Naming:
    return lambda at, number: filled(place.key, input_key, Numbers(at, tile_count=number))


def _with_text(config: SnapshotConfig, input_key: str) -> Outputs:
    """Name pictures after their text: x.vtt has them in the folder x."""
    # assumption: mps-vtt-names
    text = filled(config.output.key, input_key, Numbers(config.time))
    if not text.endswith(_SUFFIX):
        raise CannotCut("InvalidParameter.Format", _BAD_KEY)
    folder = text.removesuffix(_SUFFIX)
    if config.sprite_fragments:
        return Outputs(None, lambda _, number: f"{folder}/snapshot-tile-{numeral(number)}.jpg", text)
    return Outputs(lambda _, count: f"{folder}/snapshot-{numeral(count)}.jpg", None, text)
