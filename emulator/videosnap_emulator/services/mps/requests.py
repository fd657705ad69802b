"""The actions' requests, read and checked field by field as the documents have it.

Fields and ranges of SubmitSnapshotJob: "Parameter details", sections Input and SnapshotConfig.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import unquote

from videosnap_emulator.core import Json
from videosnap_emulator.core.clock import Milliseconds
from videosnap_emulator.services.mps.errors import missing, service_error
from videosnap_emulator.services.mps.models import (
    ID,
    Job,
    JobState,
    ObjectRef,
    Readings,
    SnapshotConfig,
    TileOut,
)
from videosnap_emulator.services.mps.responses import echo_config, echo_input
from videosnap_emulator.services.mps.rpc import JsonObject, parse_integer, parse_time

Parameters = Mapping[str, str]

#: "Endpoints" of the developer reference, and ap-south-1 of older lists.
REGIONS = (
    "cn-qingdao", "cn-beijing", "cn-zhangjiakou", "cn-hangzhou", "cn-shanghai", "cn-shenzhen", "cn-hongkong",
    "ap-northeast-1", "ap-southeast-1", "ap-southeast-5", "ap-south-1", "us-west-1", "eu-central-1",
    "eu-west-1",
)  # fmt: skip
LOCATIONS = frozenset(f"oss-{region}" for region in REGIONS)
BUCKET = re.compile(r"[a-z0-9][a-z0-9-]{2,62}")
_MAX_KEY_BYTES, _MAX_USER_DATA_BYTES = 1023, 1024
#: Chinese and English letters, digits and hyphens; not a special character first.
_LETTERS = r"A-Za-z0-9\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
USER_DATA = re.compile(rf"[{_LETTERS}][{_LETTERS}-]*")
_COLOR = re.compile(r"[A-Za-z]+|#[0-9A-Fa-f]{6}")
#: Where the vendor names no upper limit.
_MAX_INTEGER = 2**53
_SIDES = (8, 4096)
ALL = "All"
_MAX_IDS = 10


@dataclass(frozen=True)
class SubmitRequest:
    """What SubmitSnapshotJob asks for, and how the answers repeat it."""

    input: ObjectRef
    config: SnapshotConfig
    pipeline_id: str
    user_data: str
    echo_input: Json
    echo_config: Json

    @classmethod
    def parse(cls, parameters: Parameters, readings: Readings) -> SubmitRequest:
        """Read SubmitSnapshotJob."""
        source, config = (_required_object(parameters, name) for name in ("Input", "SnapshotConfig"))
        request = cls(
            input=_object_ref(source),
            config=parse_config(config, readings),
            pipeline_id=_optional_id(parameters, "PipelineId"),
            user_data=_user_data(parameters.get("UserData", "")),
            echo_input=echo_input(source),
            echo_config=echo_config(config),
        )
        request._check_locations()
        return request

    def _check_locations(self) -> None:
        """Raise unless all locations are the same one, that of the service."""
        # assumption: mps-one-location
        outputs = {"OutputFile": self.config.output, "TileOutputFile": self.config.tile_output}
        for name, output in outputs.items():
            if output and output.location != self.input.location:
                raise service_error("InvalidParameter.LocationInvalid", f"SnapshotConfig:{name}:Location")


class JobFilter(NamedTuple):
    """Which jobs a listing wants; None and empty texts mean all."""

    state: str
    pipeline_id: str
    earliest: Milliseconds | None
    latest: Milliseconds | None

    def matches(self, job: Job) -> bool:
        """Return whether the job is among those."""
        # assumption: mps-time-range
        created = job.created // 1000 * 1000
        early = self.earliest is not None and created < self.earliest
        late = self.latest is not None and created > self.latest
        named = self.state in ("", job.state.value) and self.pipeline_id in ("", job.pipeline_id)
        return named and not early and not late


class JobQuery(NamedTuple):
    """What QuerySnapshotJobList asks for: jobs by their ids, or page by page with a filter."""

    ids: list[str]
    filter: JobFilter = JobFilter("", "", None, None)
    page_size: int = 30
    page_token: str = ""

    @classmethod
    def parse(cls, parameters: Parameters) -> JobQuery:
        """Read QuerySnapshotJobList."""
        if parameters.get("SnapshotJobIds"):
            return cls(parse_ids(parameters["SnapshotJobIds"], "SnapshotJobIds"))
        state = parameters.get("State", "")
        # assumption: mps-state-filter
        if state not in ("", ALL, *(one.value for one in JobState)):
            raise service_error("InvalidParameter", "State")
        wanted = JobFilter(
            "" if state == ALL else state,
            _optional_id(parameters, "PipelineId"),
            _optional_time(parameters, "StartOfJobCreatedTimeRange"),
            _optional_time(parameters, "EndOfJobCreatedTimeRange"),
        )
        size = parse_number(parameters, "MaximumPageSize", 30, 300)
        return cls([], wanted, size, parameters.get("NextPageToken", ""))


def required(parameters: Parameters, name: str) -> str:
    """Return a parameter that the gateway requires."""
    if not parameters.get(name):
        raise missing(name)
    return parameters[name]


def parse_id(text: str, name: str) -> str:
    """Check an id: 32 characters of a-f and 0-9."""
    if not ID.fullmatch(text):
        raise service_error("InvalidParameter.UUIDFormatInvalid", name)
    return text


def parse_ids(text: str, name: str) -> list[str]:
    """Read up to ten ids, separated by commas."""
    ids = list(dict.fromkeys(part.strip() for part in text.split(",")))
    if len(ids) > _MAX_IDS:
        raise service_error("InvalidParameter.OutOfRange", name)
    # assumption: mps-id-format
    return [parse_id(one, name) for one in ids]


def _optional_id(parameters: Parameters, name: str) -> str:
    return parse_id(parameters[name], name) if parameters.get(name) else ""


def _optional_time(parameters: Parameters, name: str) -> Milliseconds | None:
    text = parameters.get(name, "")
    return parse_time(text, service_error("InvalidParameter.Format", name)) if text else None


def parse_number(parameters: Parameters, name: str, default: int, most: int) -> int:
    """Return a number from 1 to `most`."""
    value = parse_integer(parameters[name], name) if parameters.get(name) else default
    if not 1 <= value <= most:
        raise service_error("InvalidParameter.OutOfRange", name)
    return value


def _required_object(parameters: Parameters, name: str) -> JsonObject:
    if name not in parameters:
        raise missing(name)
    if not parameters[name].strip():
        raise service_error("InvalidParameter.EmptyValue", name)
    return JsonObject.parse(parameters[name], name)


def _user_data(text: str) -> str:
    if len(text.encode("utf-8", "replace")) > _MAX_USER_DATA_BYTES:
        raise service_error("InvalidParameter.OutOfRange", "UserData")
    # assumption: mps-user-data
    if text and not USER_DATA.fullmatch(text):
        raise service_error("InvalidParameter.Format", "UserData")
    return text


def _object_ref(block: JsonObject) -> ObjectRef:
    """Read `{"Bucket", "Location", "Object"}`."""
    block.require("Bucket", "Location", "Object")
    check_bucket(block)
    return ObjectRef(block.text("Bucket"), block.text("Location"), _decoded_key(block))


def check_bucket(block: JsonObject) -> None:
    """Check Bucket and Location."""
    block.require("Bucket", "Location")
    if not BUCKET.fullmatch(block.text("Bucket")):
        raise service_error("InvalidParameter.BucketNameInvalid", block.path("Bucket"))
    if block.text("Location") not in LOCATIONS:
        raise service_error("InvalidParameter.LocationInvalid", block.path("Location"))


def _decoded_key(block: JsonObject) -> str:
    """Return the object's key; it comes percent-encoded, and a `+` stands for itself."""
    name = block.path("Object")
    try:
        key = unquote(block.text("Object"), errors="strict")
        size = len(key.encode())
    except UnicodeError:
        raise service_error("InvalidParameter.ObjectKeyInvalid", name) from None
    if size not in range(1, _MAX_KEY_BYTES + 1) or key[0] in "/\\":
        raise service_error("InvalidParameter.ObjectKeyInvalid", name)
    return key


def parse_config(block: JsonObject, readings: Readings) -> SnapshotConfig:
    """Read SnapshotConfig and check it as a whole."""
    # assumption: mps-time-array
    block.require("OutputFile")
    points = block.nested("TimeArray")
    time_points = points.integers("TimePointList", 0, _MAX_INTEGER) if points else None
    output = block.nested("OutputFile")
    if time_points is None:
        block.require("Time")
    tile, tile_output, parts = block.nested("TileOut"), block.nested("TileOutputFile"), block.nested("SubOut")
    config = SnapshotConfig(
        output=_object_ref(output or JsonObject({}, block.path("OutputFile"))),
        time=block.integer("Time", 0, _MAX_INTEGER) or 0,
        interval=block.integer("Interval", 0, _MAX_INTEGER),
        num=block.integer("Num", 1, _MAX_INTEGER),
        width=block.integer("Width", *_SIDES),
        height=block.integer("Height", *_SIDES),
        # assumption: mps-frame-type
        frame_type=_word(block, "FrameType", "normal", "intra") or readings.frame_type_default,
        tile_output=_object_ref(tile_output) if tile_output else None,
        tile=_tile(tile) if tile else None,
        # assumption: mps-format-case
        format=_word(block, "Format", "vtt", any_case=True),
        sprite_fragments=bool(parts and parts.boolean("IsSptFrag")),
        black_level=block.integer("BlackLevel", 30, 100),
        pixel_black_threshold=block.integer("PixelBlackThreshold", 0, 255),
        time_points=time_points,
    )
    _check_names(config, block)
    return config


def _tile(block: JsonObject) -> TileOut:
    color = block.text("Color") or "black"
    if not _COLOR.fullmatch(color):
        raise service_error("InvalidParameter", block.path("Color"))
    return TileOut(
        lines=block.integer("Lines", 1, 10_000) or 10,
        columns=block.integer("Columns", 1, 10_000) or 10,
        cell_width=block.integer("CellWidth", 1, _MAX_INTEGER),
        cell_height=block.integer("CellHeight", 1, _MAX_INTEGER),
        margin=block.integer("Margin", 0, _MAX_INTEGER) or 0,
        padding=block.integer("Padding", 0, _MAX_INTEGER) or 0,
        color=color,
        keep_cell_pictures=block.boolean("IsKeepCellPic") is not False,
        cell_step=block.integer("CellSelStep", 1, _MAX_INTEGER) or 1,
    )


def _word(block: JsonObject, name: str, *allowed: str, any_case: bool = False) -> str:
    value = block.text(name).lower() if any_case else block.text(name)
    if value and value not in allowed:
        raise service_error("InvalidParameter.NotSupported", block.path(name))
    return value


def _check_names(config: SnapshotConfig, block: JsonObject) -> None:
    """Raise unless each object that the job writes gets a name of its own."""
    numbered = config.needs_numbered_names
    if config.format == "vtt":
        _require_in_name(config.output.key.endswith(".vtt"), block.path("OutputFile:Object"))
    elif numbered:
        _require_in_name("{Count}" in config.output.key, block.path("OutputFile:Object"))
    if config.tile and not config.tile_output:
        raise service_error("InvalidParameter.NullValue", block.path("TileOutputFile"))
    if config.tile_output and numbered:
        _require_in_name("{TileCount}" in config.tile_output.key, block.path("TileOutputFile:Object"))


def _require_in_name(found: bool, path: str) -> None:
    # assumption: mps-placeholder-code
    if not found:
        raise service_error("InvalidParameter.ResourceContentBad", path)
