"""StorageConfig: one block for each Type, read from a request and shown again without secrets."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from videosnap_emulator.tasks import Json, Storage
from videosnap_emulator.volcengine_rtc.fields import NAME, PRINTABLE, Fields

_ANY_REGION = range(2**31)
#: docs/6348/1167931: TOS has regions 0 to 3, VOD 0 and 1; the tables of the others are not fully known.
_TOS_REGIONS, _VOD_REGIONS, _S3_REGIONS = range(4), range(2), range(25)
_AMAZON_S3, _VENDORS = 0, range(5)
_STORAGE_CLASSES = range(1, 4)
_LONGEST_BUCKET = 63


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
        "StorageClass": block.integer("StorageClass", 1, _STORAGE_CLASSES),
    }
    if block.flag("AutoSetFileExtension"):
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


class Kind(NamedTuple):
    """One storage Type: its name here, its block in a request, how to read it, and the block's zero value."""

    name: str
    block: str
    read: Callable[[Fields], Storage]
    zero: Json


#: In the order of Type: 0 TOS, 1 VOD, 2 third-party S3, 3 veImageX.
KINDS = (
    Kind("tos", "TosConfig", _tos, {"Region": 0}),
    Kind("vod", "VodConfig", _vod, {"Region": 0}),
    Kind("custom", "CustomConfig", _custom, {"Vendor": 0, "Region": 0}),
    Kind("veimagex", "VeImageXConfig", _veimagex, {"Region": 0}),
)


def read_storage(config: Fields) -> Storage:
    """Read StorageConfig: Type says which block must be there; the others are ignored."""
    kind = KINDS[config.integer("Type", 0, range(len(KINDS)))]
    return kind.read(config.block(kind.block, required=True))


def storage_view(storage: Storage) -> Json:
    """Return StorageConfig as GetSnapshotTask does: all four blocks with their integers, and no keys."""
    # assumption: returned-storage
    number = next(n for n, kind in enumerate(KINDS) if kind.name == storage.kind)
    blocks = {
        kind.block: dict(storage.public) if kind.name == storage.kind and storage.public else dict(kind.zero)
        for kind in KINDS
    }
    return {"Type": number, **blocks}
