"""Reading the actions' requests: field by field, checked as the documents of their version have them.

Every complaint names the field by its path.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from videosnap_emulator.core import Json
from videosnap_emulator.services.rtc.capture import MAXIMUM_STREAMS
from videosnap_emulator.services.rtc.errors import invalid
from videosnap_emulator.services.rtc.models import (
    CAMERA,
    SCREEN,
    ImageSettings,
    RoomKey,
    StartRequest,
    Storage,
    Stream,
    TaskKey,
)

#: The naming rule of BusinessId, TaskId, RoomId and UserId (docs/6348/69828).
ID = re.compile(r"[a-zA-Z0-9_@\-.]{1,128}")
#: AppIds and the names of buckets and spaces have no published rule; an AppId becomes part of keys.
# assumption: names
NAME = re.compile(r"[^/\x00-\x1f\x7f\ud800-\udfff]+")
#: Keys and account ids: anything without control characters.
PRINTABLE = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]+")
CODECS = ("jpeg", "png")
STREAM_KINDS = (CAMERA, SCREEN)
#: Pixels; 0 means as the stream.
SIDES = range(1921)
#: Seconds.
INTERVALS = range(1, 601)
# assumption: max-idle-time
IDLE_TIMES = range(1, 86_401)
_INDEXES = range(-(2**31), 2**31)
_ANY_REGION = range(2**31)
#: docs/6348/1167931: TOS has regions 0 to 3, VOD 0 and 1; the tables of the others are not fully known.
_TOS_REGIONS, _VOD_REGIONS, _S3_REGIONS = range(4), range(2), range(25)
_AMAZON_S3, _VENDORS = 0, range(5)
_STORAGE_CLASSES = range(1, 4)
_LONGEST_BUCKET = 63


#: Fields whose illegal numbers a version may replace by their defaults.
REPAIRED = frozenset({"Format", "Width", "Height", "Interval", "MaxIdleTime"})


class Rules(NamedTuple):
    """What differs between versions: `repairs` illegal numbers of `REPAIRED`, and has extras of VodConfig."""

    version: str
    repairs: bool = False
    vod_extras: bool = True


NEWEST = Rules("2023-11-01")


class Fields:
    """One JSON object of a request; null counts as absent."""

    def __init__(self, values: dict[str, Any], path: str = "", rules: Rules = NEWEST):
        self._values, self._path, self.rules = values, path, rules

    def path(self, name: str) -> str:
        """Return the field's full name."""
        return f"{self._path}.{name}" if self._path else name

    def has(self, name: str) -> bool:
        """Say whether the field is given."""
        return self._values.get(name) is not None

    def text(self, name: str, rule: re.Pattern[str], required: bool = True) -> str:
        """Return a string that follows `rule`; an absent optional one is empty."""
        value = self._values.get(name)
        if value is None or value == "":
            if required:
                raise invalid(self.path(name), "is required")
            return ""
        if not isinstance(value, str):
            raise invalid(self.path(name), "must be a string")
        if not rule.fullmatch(value):
            raise invalid(self.path(name), f"must match {rule.pattern}")
        return value

    def integer(self, name: str, default: int, allowed: Sequence[int]) -> int:
        """Return an integer out of a range."""
        value = self._values.get(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int):
            raise invalid(self.path(name), "must be an integer")
        if value in allowed:
            return value
        if self.rules.repairs and name in REPAIRED:
            return default
        raise invalid(self.path(name), f"must be from {allowed[0]} to {allowed[-1]}")

    def flag(self, name: str) -> bool:
        """Return a boolean, false when absent."""
        value = self._values.get(name)
        if value is not None and not isinstance(value, bool):
            raise invalid(self.path(name), "must be a boolean")
        return bool(value)

    def block(self, name: str, required: bool = False) -> Fields:
        """Return a nested object; an absent optional one is empty."""
        value = self._values.get(name)
        if value is None and required:
            raise invalid(self.path(name), "is required")
        if value is not None and not isinstance(value, dict):
            raise invalid(self.path(name), "must be an object")
        return Fields(value or {}, self.path(name), self.rules)

    def blocks(self, name: str) -> list[Fields]:
        """Return a list of objects, empty when absent."""
        value = self._values.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise invalid(self.path(name), "must be an array")
        for place, item in enumerate(value):
            if not isinstance(item, dict):
                raise invalid(f"{self.path(name)}[{place}]", "must be an object")
        return [Fields(item, f"{self.path(name)}[{place}]", self.rules) for place, item in enumerate(value)]


def _made_up_bucket(prefix: str, name: str) -> str:
    """Return an S3 bucket name that stands for a VOD space or a veImageX service."""
    # assumption: other-storage
    return re.sub(r"[^a-z0-9-]", "-", f"{prefix}-{name.lower()}")[:_LONGEST_BUCKET].rstrip("-")


def _tos(block: Fields) -> Storage:
    public: Json = {
        "AccountId": block.text("AccountId", PRINTABLE),
        "Region": block.integer("Region", 0, _TOS_REGIONS),
        "Bucket": block.text("Bucket", NAME),
    }
    return Storage("tos", public["Bucket"], public)


def _vod(block: Fields) -> Storage:
    public: Json = {
        "AccountId": block.text("AccountId", PRINTABLE),
        "Region": block.integer("Region", 0, _VOD_REGIONS),
        "Space": block.text("Space", NAME),
    }
    if block.rules.vod_extras:
        public["StorageClass"] = block.integer("StorageClass", 1, _STORAGE_CLASSES)
    if block.rules.vod_extras and block.flag("AutoSetFileExtension"):
        public["AutoSetFileExtension"] = True
    return Storage("vod", _made_up_bucket("vod", public["Space"]), public, made_on_demand=True)


def _custom(block: Fields) -> Storage:
    for secret in ("AccessKey", "SecretKey"):
        block.text(secret, PRINTABLE)
    vendor = block.integer("Vendor", 0, _VENDORS)
    regions = _S3_REGIONS if vendor == _AMAZON_S3 else _ANY_REGION
    public: Json = {
        "Vendor": vendor,
        "Region": block.integer("Region", 0, regions),
        "Bucket": block.text("Bucket", NAME),
    }
    return Storage("custom", public["Bucket"], public)


def _veimagex(block: Fields) -> Storage:
    public: Json = {
        "AccountId": block.text("AccountId", PRINTABLE),
        "Region": block.integer("Region", 0, _ANY_REGION),
        "ServiceId": block.text("ServiceId", NAME),
    }
    return Storage("veimagex", _made_up_bucket("imagex", public["ServiceId"]), public, made_on_demand=True)


class StorageType(NamedTuple):
    """One storage Type: its name here, its block in a request, how to read it, and the block's zero value."""

    name: str
    block: str
    read: Callable[[Fields], Storage]
    zero: Json


#: In the order of Type: 0 TOS, 1 VOD, 2 third-party S3, 3 veImageX.
STORAGE_TYPES = (
    StorageType("tos", "TosConfig", _tos, {"Region": 0}),
    StorageType("vod", "VodConfig", _vod, {"Region": 0}),
    StorageType("custom", "CustomConfig", _custom, {"Vendor": 0, "Region": 0}),
    StorageType("veimagex", "VeImageXConfig", _veimagex, {"Region": 0}),
)


def read_storage(config: Fields) -> Storage:
    """Read StorageConfig: Type says which block must be there; the others are ignored."""
    kind = STORAGE_TYPES[config.integer("Type", 0, range(len(STORAGE_TYPES)))]
    return kind.read(config.block(kind.block, required=True))


def read_key(fields: Fields) -> TaskKey:
    """Read what names the task."""
    return TaskKey(fields.text("AppId", NAME), fields.text("RoomId", ID), fields.text("TaskId", ID))


def read_room(fields: Fields) -> RoomKey:
    """Read what names the room of GetRoomOnlineUsers."""
    return RoomKey(fields.text("AppId", NAME), fields.text("RoomId", ID))


def _read_image(config: Fields) -> ImageSettings:
    return ImageSettings(
        codec=CODECS[config.integer("Format", 0, range(len(CODECS)))],
        width=config.integer("Width", 0, SIDES),
        height=config.integer("Height", 0, SIDES),
        interval=config.integer("Interval", 2, INTERVALS),
    )


def _read_streams(targets: Fields) -> tuple[Stream, ...]:
    blocks = targets.blocks("StreamList")
    if len(blocks) > MAXIMUM_STREAMS:
        raise invalid(targets.path("StreamList"), f"must not have more than {MAXIMUM_STREAMS} streams")
    taken = _explicit_indexes(blocks)
    # assumption: stream-index
    free = (number for number in range(2**31) if number not in taken)
    return tuple(_read_stream(block, free) for block in blocks)


def _explicit_indexes(blocks: list[Fields]) -> set[int]:
    taken: set[int] = set()
    for block in blocks:
        if not block.has("Index"):
            continue
        index = block.integer("Index", 0, _INDEXES)
        if index in taken:
            raise invalid(block.path("Index"), "must not repeat in StreamList")
        taken.add(index)
    return taken


def _read_stream(block: Fields, free: Iterator[int]) -> Stream:
    user_id = block.text("UserId", ID)
    kind = STREAM_KINDS[block.integer("StreamType", 0, range(len(STREAM_KINDS)))]
    index = block.integer("Index", 0, _INDEXES) if block.has("Index") else next(free)
    return Stream(user_id, index, kind)


def read_start(fields: Fields) -> StartRequest:
    """Read StartSnapshot."""
    return StartRequest(
        key=read_key(fields),
        business_id=fields.text("BusinessId", ID, required=False),
        streams=_read_streams(fields.block("TargetStreams")),
        max_idle_time=fields.integer("MaxIdleTime", 180, IDLE_TIMES),
        image=_read_image(fields.block("ImageConfig")),
        storage=read_storage(fields.block("StorageConfig", required=True)),
    )


def read_interval(fields: Fields) -> int | None:
    """Read UpdateSnapshot: only the interval (s) has an effect, and what has none is not checked."""
    # assumption: update-without-interval
    fields.text("BusinessId", ID, required=False)
    config = fields.block("ImageConfig")
    return config.integer("Interval", 2, INTERVALS) if config.has("Interval") else None
