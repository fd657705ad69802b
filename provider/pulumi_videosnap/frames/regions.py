"""The RTC service's numbers of the regions of storage platforms, and the platforms' own names of them.

Source: the vendor's page 6348/1167931 (2025-04-14) and its older variant 6348/1217553. Only what these pages
show is here: they print no table for Huawei OBS, Tencent COS, Qiniu Kodo and veImageX, and the one for OSS is
cut off after 20. Tables of other vendors' similar services number the regions differently: nothing is taken
from them.
"""

from __future__ import annotations

from collections.abc import Mapping

TOS_REGIONS: Mapping[int, str] = {0: "cn-beijing", 1: "cn-guangzhou", 2: "cn-shanghai", 3: "ap-southeast-1"}
"""Number 3 is absent from the older page."""

AWS_REGIONS: Mapping[int, str] = dict(
    enumerate(
        (
            "us-east-1",
            "us-east-2",
            "us-west-1",
            "us-west-2",
            "eu-west-1",
            "eu-west-2",
            "eu-west-3",
            "eu-central-1",
            "ap-southeast-1",
            "ap-southeast-2",
            "ap-northeast-1",
            "ap-northeast-2",
            "sa-east-1",
            "ca-central-1",
            "ap-south-1",
            "cn-north-1",
            "cn-northwest-1",
            "us-gov-east-1",
            "ap-east-1",
            "eu-south-1",
            "ap-northeast-3",
            "eu-north-1",
            "me-south-1",
            "us-gov-west-1",
            "af-south-1",
        )
    )
)
"""The page names 7, 9, 17 and 23, and says that tasks cannot store there; the older adds 15 and 16."""

OSS_REGIONS: Mapping[int, str] = dict(
    enumerate(
        (
            "cn-hangzhou",
            "cn-shanghai",
            "cn-qingdao",
            "cn-beijing",
            "cn-zhangjiakou",
            "cn-huhehaote",
            "cn-wulanchabu",
            "cn-shenzhen",
            "cn-heyuan",
            "cn-guangzhou",
            "cn-chengdu",
            "cn-hongkong",
            "us-west-1",
            "us-east-1",
            "ap-southeast-1",
            "ap-southeast-2",
            "ap-southeast-3",
            "ap-southeast-5",
            "ap-northeast-1",
            "ap-south-1",
            "eu-central-1",
        )
    )
)
"""0 to 6 are on both pages, 7 to 20 only on the older; written there with `oss-` in front."""

UNPUBLISHED: Mapping[int, str] = {}
"""The vendor prints no table for this platform."""
