"""Alibaba Cloud OSS, where jobs read videos and write frames, over its S3 protocol.

Source: the vendor's page "Access OSS using an AWS SDK": the endpoint https://s3.oss-{region}.aliyuncs.com,
virtual-hosted addressing. The page advises the old signature V2 for uploads in chunks; without a body, V4
works, and V2 is being retired.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_videosnap.alibaba.auth import KEYS, LOCATION_PREFIX, OSS_ENDPOINT, REGION, AlibabaProfiles
from pulumi_videosnap.state import recorded_block, recorded_bucket
from pulumi_videosnap.storage.platforms import Location, Platform, register

OSS = Platform(
    name="oss",
    title="Alibaba Cloud OSS",
    # Alibaba Cloud, "Access OSS using an AWS SDK"
    endpoint="https://s3.oss-{region}.aliyuncs.com",
    # Alibaba Cloud, "Access OSS using an AWS SDK"
    addressing="virtual",
    # Alibaba Cloud's SDKs, as for MPS
    keys=KEYS,
    profiles=AlibabaProfiles,
    # our name, shared with the emulator
    endpoint_setting=OSS_ENDPOINT,
    # Alibaba Cloud's SDKs, as for MPS
    region_setting=REGION,
    region_prefix=LOCATION_PREFIX,
    # Alibaba Cloud, ListObjectsV2 and GetObject
    permissions="oss:ListObjects and oss:GetObject",
    delete_permission="oss:DeleteObject",
    # signature: the same page advises version 2 for uploads in chunks, and OSS keeps version 4
    # list_version: Alibaba Cloud, ListObjectsV2: 100 keys a page unless asked for 1000
    # url_encoding: Alibaba Cloud, ListObjectsV2, encoding-type=url
    # start_after: Alibaba Cloud, ListObjectsV2, start-after
    assumed=("signature", "endpoint_setting"),
)

register(OSS)


def output_location(properties: Mapping[str, Any], file: str) -> Location:
    """Where a recorded job writes one of its outputs; CannotCheck says why it cannot be listed."""
    output = recorded_block(recorded_block(properties, "snapshotConfig"), file)
    region = str(output.get("location", "")).removeprefix(LOCATION_PREFIX)
    return Location(OSS.name, recorded_bucket(output), region or None)
