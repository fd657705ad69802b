"""Where the RTC service can store frames: TOS, other vendors' buckets, and two that speak no S3.

The service names regions by numbers. Source of the tables: the vendor's page 6348/1167931 (2025-04-14) and
its older variant 6348/1217553. Only what these pages show is here: they print no table for Huawei OBS,
Tencent COS, Qiniu Kodo and veImageX, and the one for OSS is cut off after 20. Tables of other vendors'
similar services number the regions differently: nothing is taken from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_videosnap.credentials import Setting
from pulumi_videosnap.recorded import recorded_block, recorded_bucket
from pulumi_videosnap.storage.platforms import Location, Platform, find_platform, register
from pulumi_videosnap.volcengine.account import KEYS
from pulumi_videosnap.volcengine.profiles import VolcengineProfiles

TOS = Platform(
    name="tos",
    title="Volcengine TOS",
    endpoint="https://tos-s3-{region}.volces.com",
    addressing="virtual",
    keys=KEYS,
    profiles=VolcengineProfiles,
    endpoint_setting=Setting("VOLCENGINE_TOS_ENDPOINT", "videosnap:volcengineTosEndpoint"),
    region_setting=Setting("VOLCENGINE_TOS_REGION", "videosnap:volcengineTosRegion"),
    permissions="tos:ListBucket and tos:GetObject",
    delete_permission="tos:DeleteObject",
    sources={
        "endpoint": "Volcengine 6349/107356, S3 endpoints, as other tools that cite it have them",
        "addressing": "Volcengine 6349/147050: virtual-hosted style only; opendal issue 6549: 403",
        "signature": "Volcengine 6349/147050: version 4, not version 2",
        "list_version": "Volcengine 6349/357812, ListObjectsV2",
        "url_encoding": "Volcengine 6349/357812, encoding-type=url",
        "start_after": "Volcengine 6349/357812, start-after",
        "keys": "as for the RTC service",
        "endpoint_setting": "our name, shared with the emulator",
        "region_setting": "our name",
        "permissions": "after the names in Volcengine's access policies",
    },
    assumed=("endpoint_setting", "region_setting", "permissions"),
)

VENDORS = {"aliyun": "oss", "aws": "aws", "huawei": "obs", "tencent": "cos", "qiniu": "kodo"}
"""From the words of `custom_config.vendor` to names of platforms."""

_TOS_REGIONS = "cn-beijing cn-guangzhou cn-shanghai ap-southeast-1"
"""Number 3 is absent from the older page."""
_AWS_REGIONS = (
    "us-east-1 us-east-2 us-west-1 us-west-2 eu-west-1 eu-west-2 eu-west-3 eu-central-1 ap-southeast-1 "
    "ap-southeast-2 ap-northeast-1 ap-northeast-2 sa-east-1 ca-central-1 ap-south-1 cn-north-1 "
    "cn-northwest-1 us-gov-east-1 ap-east-1 eu-south-1 ap-northeast-3 eu-north-1 me-south-1 us-gov-west-1 "
    "af-south-1"
)
"""The page names 7, 9, 17 and 23, and says that tasks cannot store there; the older adds 15 and 16."""
_OSS_REGIONS = (
    "cn-hangzhou cn-shanghai cn-qingdao cn-beijing cn-zhangjiakou cn-huhehaote cn-wulanchabu cn-shenzhen "
    "cn-heyuan cn-guangzhou cn-chengdu cn-hongkong us-west-1 us-east-1 ap-southeast-1 ap-southeast-2 "
    "ap-southeast-3 ap-southeast-5 ap-northeast-1 ap-south-1 eu-central-1"
)
"""0 to 6 are on both pages, 7 to 20 only on the older; written there with `oss-` in front."""

REGIONS: Mapping[str, Mapping[int, str]] = {
    name: dict(enumerate(regions.split()))
    for name, regions in (("tos", _TOS_REGIONS), ("aws", _AWS_REGIONS), ("oss", _OSS_REGIONS))
}
"""For a platform, from the service's numbers of regions to the platform's own names."""

register(TOS, without_listing={"vod": "Volcengine VOD", "veimagex": "Volcengine veImageX"})


def frame_location(properties: Mapping[str, Any]) -> Location:
    """Where a recorded task writes; NotConfigured or CannotCheck say why it cannot be listed."""
    storage = recorded_block(properties, "storageConfig")
    kind, prefix = str(storage.get("type", "tos")), str(properties.get("framePrefix") or "")
    block = recorded_block(storage, f"{kind}Config")
    name = platform_name(kind, str(block.get("vendor", "aws")))
    find_platform(name)
    region = REGIONS.get(name, {}).get(int(block.get("region", 0)))
    return Location(name, recorded_bucket(block), region, prefix)


def platform_name(storage_type: str, vendor: str | None = None) -> str:
    """The name of the platform for `storage_config.type` and `custom_config.vendor`."""
    return VENDORS.get(vendor or "", str(vendor)) if storage_type == "custom" else storage_type
