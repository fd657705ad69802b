"""Money, by prices that the user gives: none is built in, since none is documented for every account."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from pulumi_videosnap.errors import CannotCheck, InvalidInput
from pulumi_videosnap.review.model import HOURS_A_DAY, Pictures
from pulumi_videosnap.state import LIVE

GIGABYTE = 1e9


class Prices(BaseModel):
    """A file of prices, in JSON; what it leaves out costs nothing."""

    model_config = ConfigDict(
        frozen=True, alias_generator=to_camel, extra="forbid", strict=True, allow_inf_nan=False
    )

    currency: str = Field(min_length=1, max_length=8)
    per_thousand_room_pictures: float = Field(0, ge=0, description="pictures that a live room's task takes")
    per_thousand_job_pictures: float = Field(0, ge=0, description="pictures that a video file's job writes")
    per_gigabyte_month: float = Field(0, ge=0, description="keeping 10^9 bytes for a month")

    def of(self, pictures: Pictures | None, kind: str) -> float | None:
        """What the pictures of a day cost, or those of one job: taking them, and keeping them for a month."""
        if pictures is None:
            return None
        if kind == LIVE:
            count = pictures.per_hour * HOURS_A_DAY if pictures.per_hour is not None else None
            each = self.per_thousand_room_pictures
        else:
            count, each = pictures.once, self.per_thousand_job_pictures
        if count is None:
            return None
        stored = count * (pictures.bytes_each or 0) / GIGABYTE
        return count / 1000 * each + stored * self.per_gigabyte_month


def read_prices(file: Path) -> Prices:
    """The prices in a file; InvalidInput names the field that is wrong."""
    try:
        return Prices.model_validate_json(file.read_bytes())
    except OSError as unreadable:
        raise CannotCheck(f"{file} cannot be read ({type(unreadable).__name__})") from None
    except ValidationError as wrong:
        first = wrong.errors(include_url=False, include_input=False)[0]
        field = ".".join(map(str, first["loc"]))
        raise InvalidInput(f"{file}" + (f", {field}" if field else ""), str(first["msg"])) from None
