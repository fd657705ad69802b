"""SubmitSnapshotJob's request, read and checked field by field as the documents have it.

Fields and ranges: "Parameter details", sections Input and SnapshotConfig.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from videosnap_emulator.alibaba_mps.config import ObjectRef, SnapshotConfig, TileOut
from videosnap_emulator.alibaba_mps.echo import echoed_config, echoed_input
from videosnap_emulator.alibaba_mps.errors import missing, service_error
from videosnap_emulator.alibaba_mps.parameters import Block
from videosnap_emulator.alibaba_mps.readings import Readings
from videosnap_emulator.tasks import Json

#: "Endpoints" of the developer reference, and ap-south-1 of older lists.
REGIONS = (
    "cn-qingdao", "cn-beijing", "cn-zhangjiakou", "cn-hangzhou", "cn-shanghai", "cn-shenzhen", "cn-hongkong",
    "ap-northeast-1", "ap-southeast-1", "ap-southeast-5", "ap-south-1", "us-west-1", "eu-central-1",
    "eu-west-1",
)  # fmt: skip
LOCATIONS = frozenset(f"oss-{region}" for region in REGIONS)
_BUCKET = re.compile(r"[a-z0-9][a-z0-9-]{2,62}")
_LONGEST_KEY_BYTES = 1023
#: Chinese and English letters, digits and hyphens; not a special character first.
USER_DATA = re.compile(r"[A-Za-z0-9\u4e00-\u9fff][A-Za-z0-9\u4e00-\u9fff-]*")
_LONGEST_USER_DATA_BYTES = 1024
_UUID = re.compile(r"[0-9a-f]{32}")
_COLOR = re.compile(r"[A-Za-z]+|#[0-9A-Fa-f]{6}")
#: Where the vendor names no upper limit.
_MOST = 2**53
_SIDES = (8, 4096)


@dataclass(frozen=True)
class Submission:
    """What SubmitSnapshotJob asks for, and how the answers repeat it."""

    input: ObjectRef
    config: SnapshotConfig
    pipeline_id: str = ""
    user_data: str = ""
    echo_input: Json = field(default_factory=dict)
    echo_config: Json = field(default_factory=dict)


def read_uuid(text: str, name: str) -> str:
    """Check an id: 32 characters of a-f and 0-9."""
    if not _UUID.fullmatch(text):
        raise service_error("InvalidParameter.UUIDFormatInvalid", name)
    return text


def _decoded_key(block: Block) -> str:
    """Return the object's key; it comes percent-encoded, and a `+` stands for itself."""
    name = block.path("Object")
    try:
        key = unquote(block.text("Object"), errors="strict")
        size = len(key.encode())
    except UnicodeError:
        raise service_error("InvalidParameter.ObjectKeyInvalid", name) from None
    if size not in range(1, _LONGEST_KEY_BYTES + 1) or key[0] in "/\\":
        raise service_error("InvalidParameter.ObjectKeyInvalid", name)
    return key


def read_object(block: Block) -> ObjectRef:
    """Read `{"Bucket", "Location", "Object"}`."""
    block.require("Bucket", "Location", "Object")
    if not _BUCKET.fullmatch(block.text("Bucket")):
        raise service_error("InvalidParameter.BucketNameInvalid", block.path("Bucket"))
    if block.text("Location") not in LOCATIONS:
        raise service_error("InvalidParameter.LocationInvalid", block.path("Location"))
    return ObjectRef(block.text("Bucket"), block.text("Location"), _decoded_key(block))


def _read_tile(block: Block) -> TileOut:
    color = block.text("Color") or "black"
    if not _COLOR.fullmatch(color):
        raise service_error("InvalidParameter", block.path("Color"))
    kept = block.flag("IsKeepCellPic")
    return TileOut(
        lines=block.integer("Lines", 1, 10_000) or 10,
        columns=block.integer("Columns", 1, 10_000) or 10,
        cell_width=block.integer("CellWidth", 1, _SIDES[1]),
        cell_height=block.integer("CellHeight", 1, _SIDES[1]),
        margin=block.integer("Margin", 0, _SIDES[1]) or 0,
        padding=block.integer("Padding", 0, _SIDES[1]) or 0,
        color=color,
        keep_cell_pictures=kept is not False,
        cell_step=block.integer("CellSelStep", 1, _MOST) or 1,
    )


def _read_time_points(block: Block) -> tuple[int, ...] | None:
    # assumption: mps-time-array
    points = block.block("TimeArray")
    return points.integers("TimePointList", 0, _MOST) if points else None


def _word(block: Block, name: str, allowed: tuple[str, ...]) -> str:
    value = block.text(name)
    if value and value not in allowed:
        raise service_error("InvalidParameter.NotSupported", block.path(name))
    return value


def _read_format(block: Block) -> str:
    # assumption: mps-format-case
    value = block.text("Format").lower()
    if value not in ("", "vtt"):
        raise service_error("InvalidParameter.NotSupported", block.path("Format"))
    return value


def read_config(block: Block, readings: Readings) -> SnapshotConfig:
    """Read SnapshotConfig and check it as a whole."""
    block.require("OutputFile")
    points, output = _read_time_points(block), block.block("OutputFile")
    if points is None:
        block.require("Time")
    tile, tile_output, parts = block.block("TileOut"), block.block("TileOutputFile"), block.block("SubOut")
    config = SnapshotConfig(
        output=read_object(output or Block({}, block.path("OutputFile"))),
        time=block.integer("Time", 0, _MOST) or 0,
        interval=block.integer("Interval", 0, _MOST),
        num=block.integer("Num", 1, _MOST),
        width=block.integer("Width", *_SIDES),
        height=block.integer("Height", *_SIDES),
        # assumption: mps-frame-type
        frame_type=_word(block, "FrameType", ("normal", "intra")) or readings.frame_type_default,
        tile_output=read_object(tile_output) if tile_output else None,
        tile=_read_tile(tile) if tile else None,
        format=_read_format(block),
        sprite_fragments=bool(parts and parts.flag("IsSptFrag")),
        black_level=block.integer("BlackLevel", 30, 100),
        pixel_black_threshold=block.integer("PixelBlackThreshold", 0, 255),
        time_points=points,
    )
    _check_names(config, block)
    return config


def _check_names(config: SnapshotConfig, block: Block) -> None:
    """Raise unless each object that the job writes gets a name of its own."""
    several = takes_several(config)
    if config.format == "vtt":
        _want(config.output.key.endswith(".vtt"), block.path("OutputFile:Object"))
    elif several:
        _want("{Count}" in config.output.key, block.path("OutputFile:Object"))
    if config.tile and not config.tile_output:
        raise service_error("InvalidParameter.NullValue", block.path("TileOutputFile"))
    if config.tile_output and several:
        _want("{TileCount}" in config.tile_output.key, block.path("TileOutputFile:Object"))


def takes_several(config: SnapshotConfig) -> bool:
    """Say whether the job may take more than one picture."""
    # assumption: mps-several
    if config.time_points is not None:
        return True
    asked = (config.interval, config.num, config.tile_output)
    return config.num != 1 and (bool(config.format) or any(value is not None for value in asked))


def _want(right: bool, path: str) -> None:
    # assumption: mps-placeholder-code
    if not right:
        raise service_error("InvalidParameter.ResourceContentBad", path)


def _check_user_data(text: str) -> str:
    if len(text.encode("utf-8", "replace")) > _LONGEST_USER_DATA_BYTES:
        raise service_error("InvalidParameter.OutOfRange", "UserData")
    # assumption: mps-user-data
    if text and not USER_DATA.fullmatch(text):
        raise service_error("InvalidParameter.Format", "UserData")
    return text


def _check_places(asked: Submission) -> None:
    """Raise unless all locations are the same one, that of the service."""
    # assumption: mps-one-location
    outputs = {"OutputFile": asked.config.output, "TileOutputFile": asked.config.tile_output}
    for name, output in outputs.items():
        if output and output.location != asked.input.location:
            path = f"SnapshotConfig:{name}:Location"
            raise service_error("InvalidParameter.LocationInvalid", path)


def _read_block(parameters: Mapping[str, str], name: str) -> Block:
    if name not in parameters:
        raise missing(name)
    if not parameters[name].strip():
        raise service_error("InvalidParameter.EmptyValue", name)
    return Block.read(parameters[name], name)


def read_submission(parameters: Mapping[str, str], readings: Readings) -> Submission:
    """Read SubmitSnapshotJob."""
    source, config = (_read_block(parameters, name) for name in ("Input", "SnapshotConfig"))
    pipeline_id = parameters.get("PipelineId", "")
    asked = Submission(
        input=read_object(source),
        config=read_config(config, readings),
        pipeline_id=read_uuid(pipeline_id, "PipelineId") if pipeline_id else "",
        user_data=_check_user_data(parameters.get("UserData", "")),
        echo_input=echoed_input(source),
        echo_config=echoed_config(config),
    )
    _check_places(asked)
    return asked
