"""Where frames of a live room are and when they fall due (`frames.rules`), and the platforms that store them.

The vendor publishes no rule for the keys of the frames, so no output has them.

The service numbers the regions of the platforms. Source of the tables: the vendor's page 6348/1167931
(2025-04-14) and its older variant 6348/1217553. Only what these pages show is here: they print no table for
Huawei OBS, Tencent COS, Qiniu Kodo and veImageX, and the one for OSS is cut off after 20. Tables of other
vendors' similar services number the regions differently: nothing is taken from them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from pulumi_videosnap.core.timestamps import parse_rfc3339
from pulumi_videosnap.errors import CannotCheck
from pulumi_videosnap.frames.expected import ANY_TIME, Run, Schedule
from pulumi_videosnap.frames.rules import ScheduledFrames
from pulumi_videosnap.http.credentials import KeySettings
from pulumi_videosnap.settings import Setting
from pulumi_videosnap.state import recorded_block, recorded_bucket
from pulumi_videosnap.storage.platforms import Location, Platform, find_platform, register
from pulumi_videosnap.volcengine.auth import KEYS, VolcengineProfiles

keys_output: str | None = None
since_output: str | None = "start_time"
location_outputs: tuple[str, ...] = ("storage_config", "frame_prefix")
schedule_outputs: tuple[str, ...] = ("image_config", "start_time", "end_time")

DEFAULT_INTERVAL = 2
"""Seconds between frames where state has no interval; the vendor's default."""


def expected(properties: Mapping[str, Any]) -> ScheduledFrames:
    """One frame every interval in each run that the output `history` has."""
    where, schedule = location(properties), schedule_of(properties)
    started = schedule.starts[0] if schedule.runs else parse_rfc3339(properties.get("startTime"))
    if started is None:
        raise CannotCheck("state records no start of it, so its time is not known: run `pulumi refresh`")
    return ScheduledFrames(
        where,
        schedule,
        started,
        parse_rfc3339(properties.get("endTime")),
        reason="the vendor documents no keys",
        advice="give each a frame_prefix of its own",
    )


def schedule_of(properties: Mapping[str, Any]) -> Schedule:
    """The schedule that is recorded of a task; one interval from its start on when no history is."""
    interval = int((properties.get("imageConfig") or {}).get("interval", DEFAULT_INTERVAL))
    entries = list(_entries(properties))
    changes = [(at, int(entry.get("interval", interval))) for at, entry in entries if _event(entry) != "end"]
    return Schedule(tuple(changes) or ((ANY_TIME, interval),), tuple(_runs(entries)))


def _entries(properties: Mapping[str, Any]) -> Iterator[tuple[datetime, Mapping[str, Any]]]:
    """The entries of the history with their times, and the last end where an older release left it out."""
    history = list(properties.get("history") or [])
    if not history and properties.get("startTime"):
        history = [{"at": properties["startTime"], "event": "start"}]
    if history and _event(history[-1]) != "end" and properties.get("endTime"):
        reason = properties.get("stopReason")
        history.append({"at": properties["endTime"], "event": "end", "reason": reason})
    for entry in history:
        if at := parse_rfc3339(entry.get("at")):
            yield at, entry


def _event(entry: Mapping[str, Any]) -> str:
    return str(entry.get("event"))


def _runs(entries: list[tuple[datetime, Mapping[str, Any]]]) -> Iterator[Run]:
    run: Run | None = None
    for at, entry in entries:
        if run and _event(entry) == "end":
            yield Run(run.start, at, str(entry.get("reason") or ""))
            run = None
        elif _event(entry) == "start":
            if run:
                yield run
            run = Run(at)
    if run:
        yield run


TOS = Platform(
    name="tos",
    title="Volcengine TOS",
    # Volcengine 6349/107356, S3 endpoints, as other tools that cite it have them
    endpoint="https://tos-s3-{region}.volces.com",
    # Volcengine 6349/147050: virtual-hosted style only; opendal issue 6549: 403
    addressing="virtual",
    # as for the RTC service
    keys=KEYS,
    profiles=VolcengineProfiles,
    # our name, shared with the emulator
    endpoint_setting=Setting("VOLCENGINE_TOS_ENDPOINT", "videosnap:volcengineTosEndpoint"),
    # our name
    region_setting=Setting("VOLCENGINE_TOS_REGION", "videosnap:volcengineTosRegion"),
    # after the names in Volcengine's access policies
    permissions="tos:ListBucket and tos:GetObject",
    # signature: Volcengine 6349/147050: version 4, not version 2
    # list_version: Volcengine 6349/357812, ListObjectsV2
    # url_encoding: Volcengine 6349/357812, encoding-type=url
    # start_after: Volcengine 6349/357812, start-after
    assumed=("endpoint_setting", "region_setting", "permissions"),
)

AWS = Platform(
    name="aws",
    title="Amazon S3",
    # AWS, S3 endpoints; boto3 chooses it, also for China and GovCloud
    endpoint="https://s3.{region}.amazonaws.com",
    # boto3: virtual-hosted; path for a bucket with dots or an endpoint that is set
    addressing="auto",
    # boto3: environment, then (ours) the stack's configuration, then its usual chain
    keys=KeySettings(
        cloud="AWS",
        access_key=Setting("AWS_ACCESS_KEY_ID", "videosnap:awsAccessKeyId"),
        secret_key=Setting("AWS_SECRET_ACCESS_KEY", "videosnap:awsSecretAccessKey"),
        session_token=Setting("AWS_SESSION_TOKEN", "videosnap:awsSessionToken"),
    ),
    endpoint_setting=Setting("AWS_ENDPOINT_URL_S3", "videosnap:awsEndpoint"),
    region_setting=Setting("AWS_DEFAULT_REGION", "videosnap:awsRegion"),
    # AWS, actions for Amazon S3
    permissions="s3:ListBucket and s3:GetObject",
    aws_settings=True,
    # signature: AWS, Signature Version 4
    # list_version: AWS, ListObjectsV2
    # url_encoding: AWS, ListObjectsV2, encoding-type=url
    # start_after: AWS, ListObjectsV2, start-after
)

OBS = Platform(
    name="obs",
    title="Huawei Cloud OBS",
    # Huawei Cloud api-obs/obs_04_0022: bucketname.obs.region.myhuaweicloud.com
    endpoint="https://obs.{region}.myhuaweicloud.com",
    # Huawei Cloud api-obs/obs_04_0022
    addressing="virtual",
    # EnvCredentialProvider of Huawei Cloud's SDK for Python
    keys=KeySettings(
        cloud="Huawei Cloud",
        access_key=Setting("HUAWEICLOUD_SDK_AK", "videosnap:huaweiAccessKey"),
        secret_key=Setting("HUAWEICLOUD_SDK_SK", "videosnap:huaweiSecretKey"),
        session_token=Setting("HUAWEICLOUD_SDK_SECURITY_TOKEN", "videosnap:huaweiSecurityToken"),
    ),
    # our name
    endpoint_setting=Setting("HUAWEICLOUD_OBS_ENDPOINT", "videosnap:huaweiObsEndpoint"),
    # our name, after the SDK's
    region_setting=Setting("HUAWEICLOUD_SDK_REGION", "videosnap:huaweiRegion"),
    # Huawei Cloud, listing objects: obs:bucket:ListBucket
    permissions="obs:bucket:ListBucket and obs:object:GetObject",
    # Huawei Cloud api-obs/obs_04_0022 has the first version only (marker)
    list_version=1,
    # rclone: with it the marker stays on the same page
    url_encoding=False,
    # signature: what other S3 clients use against OBS
    # start_after: Huawei Cloud api-obs/obs_04_0022, marker
    assumed=("signature", "url_encoding", "endpoint_setting", "region_setting"),
)

COS = Platform(
    name="cos",
    title="Tencent Cloud COS",
    # Tencent Cloud 436/37421, Accessing COS with AWS S3 SDK; the bucket is BucketName-APPID
    endpoint="https://cos.{region}.myqcloud.com",
    # COS refuses path style on newer buckets (its own error message)
    addressing="virtual",
    # Tencent Cloud's SDK for Python; the token as in its command line
    keys=KeySettings(
        cloud="Tencent Cloud",
        access_key=Setting("TENCENTCLOUD_SECRET_ID", "videosnap:tencentSecretId"),
        secret_key=Setting("TENCENTCLOUD_SECRET_KEY", "videosnap:tencentSecretKey"),
        session_token=Setting("TENCENTCLOUD_TOKEN", "videosnap:tencentToken"),
    ),
    # our name
    endpoint_setting=Setting("TENCENTCLOUD_COS_ENDPOINT", "videosnap:tencentCosEndpoint"),
    # Tencent Cloud's command line
    region_setting=Setting("TENCENTCLOUD_REGION", "videosnap:tencentRegion"),
    # Tencent Cloud 436/30580
    permissions="cos:GetBucket, cos:HeadBucket and cos:GetObject",
    # rclone: the first version, the only one it found to work
    list_version=1,
    # signature: what other S3 clients use against COS
    # url_encoding: Tencent Cloud 436/7734, GET Bucket, encoding-type=url
    # start_after: Tencent Cloud 436/7734, GET Bucket, marker
    assumed=("signature", "list_version", "endpoint_setting", "permissions"),
)

KODO = Platform(
    name="kodo",
    title="Qiniu Kodo",
    # Qiniu, Kodo's S3 endpoints; the bucket is the space's S3 name, which its console shows
    endpoint="https://s3.{region}.qiniucs.com",
    # Qiniu: both styles; path, as rclone does, since it needs no wildcard name
    addressing="path",
    # Qiniu's own tools; the token's name is ours
    keys=KeySettings(
        cloud="Qiniu",
        access_key=Setting("QINIU_ACCESS_KEY", "videosnap:qiniuAccessKey"),
        secret_key=Setting("QINIU_SECRET_KEY", "videosnap:qiniuSecretKey"),
        session_token=Setting("QINIU_SESSION_TOKEN", "videosnap:qiniuSessionToken"),
    ),
    # Qiniu's own tools
    endpoint_setting=Setting("QINIU_ENDPOINT_URL", "videosnap:qiniuEndpoint"),
    # Qiniu's own tools
    region_setting=Setting("QINIU_REGION_NAME", "videosnap:qiniuRegion"),
    # unknown
    permissions="list and read",
    # rclone leaves it out for Kodo
    url_encoding=False,
    # not found in its documents
    start_after=False,
    # signature: what other S3 clients use against Kodo
    # list_version: what other S3 clients use against Kodo
    assumed=(
        "signature",
        "list_version",
        "url_encoding",
        "start_after",
        "keys",
        "endpoint_setting",
        "region_setting",
        "permissions",
    ),
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

NOT_READABLE = {"vod": "Volcengine VOD", "veimagex": "Volcengine veImageX"}
"""Platforms without an S3 listing, by the words of `storage_config.type`."""

register(TOS, AWS, OBS, COS, KODO, without_listing=NOT_READABLE)


def location(properties: Mapping[str, Any]) -> Location:
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
