"""The storage platforms that frames can lie on: one table of everything that differs between them.

All six speak the S3 protocol. What the table says of each has a `Fact` with its source, and whether the
vendor documents it or we assume it. The docs print this table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pulumi_videosnap.alibaba.auth import KEYS as ALIBABA_KEYS
from pulumi_videosnap.alibaba.auth import OSS_ENDPOINT
from pulumi_videosnap.alibaba.auth import REGION as ALIBABA_REGION
from pulumi_videosnap.alibaba.objects import OSS_TEMPLATE
from pulumi_videosnap.errors import NotConfigured
from pulumi_videosnap.frames.regions import AWS_REGIONS, OSS_REGIONS, TOS_REGIONS, UNPUBLISHED
from pulumi_videosnap.http.credentials import KeySettings
from pulumi_videosnap.settings import Setting
from pulumi_videosnap.volcengine.auth import KEYS as VOLCENGINE_KEYS

Addressing = Literal["virtual", "path", "auto"]
"""Whether the bucket is part of the host, part of the path, or the one or the other by its name."""


@dataclass(frozen=True)
class Fact:
    """Where something in the table comes from; `about` is the field of `Platform` that it supports.

    `documented` is False where no page of the vendor's says so, and the choice is ours or other tools'.
    """

    about: str
    source: str
    documented: bool = True


@dataclass(frozen=True)
class Platform:
    """How one storage platform is reached over the S3 protocol.

    `endpoint` has `{region}` in it. `vendor` is the word of `custom_config.vendor`, None for the RTC
    service's own cloud. `listing` is the version of ListObjects; `encoded_keys` whether keys are asked for
    URL-encoded, without which one with control characters cannot be listed; `ranges` whether a listing can
    begin after a key of our choice, so that parts of it can be fetched at once. `regions` goes from the RTC
    service's numbers to the platform's names. `bucket` says what to write for the bucket, where that is not
    plain; `permissions` is what the reader's key needs.
    """

    title: str
    vendor: str | None
    endpoint: str
    addressing: Addressing
    keys: KeySettings
    endpoint_setting: Setting
    region_setting: Setting
    regions: Mapping[int, str]
    permissions: str
    facts: tuple[Fact, ...]
    listing: Literal[1, 2] = 2
    encoded_keys: bool = True
    ranges: bool = True
    signature: Literal["s3v4", "s3"] = "s3v4"
    region_prefix: str = ""
    bucket: str = field(default="")

    def endpoint_of(self, region: str) -> str:
        """The public endpoint in a region."""
        return self.endpoint.format(region=region)

    def unknown_region(self, why: str) -> NotConfigured:
        """The error for a bucket of this platform whose region is not known."""
        region, endpoint = self.region_setting, self.endpoint_setting
        return NotConfigured(
            f"the region of the {self.title} bucket is not known: {why}; "
            f"set {region.env} (or {region.config} in the stack's configuration), "
            f"or the whole endpoint as {endpoint.env} (or {endpoint.config})"
        )


_RTC_REGIONS = "Volcengine 6348/1167931 and 6348/1217553"
_NO_TABLE = Fact("regions", f"{_RTC_REGIONS} show no table for it: no number is translated")

PLATFORMS: Mapping[str, Platform] = {
    "tos": Platform(
        title="Volcengine TOS",
        vendor=None,
        endpoint="https://tos-s3-{region}.volces.com",
        addressing="virtual",
        keys=VOLCENGINE_KEYS,
        endpoint_setting=Setting("VOLCENGINE_TOS_ENDPOINT", "videosnap:volcengineTosEndpoint"),
        region_setting=Setting("VOLCENGINE_TOS_REGION", "videosnap:volcengineTosRegion"),
        regions=TOS_REGIONS,
        permissions="tos:ListBucket and tos:GetObject",
        facts=(
            Fact("endpoint", "Volcengine 6349/107356, S3 endpoints, as other tools that cite it have them"),
            Fact("addressing", "Volcengine 6349/147050: virtual-hosted style only; opendal issue 6549: 403"),
            Fact("signature", "Volcengine 6349/147050: version 4, not version 2"),
            Fact("listing", "Volcengine 6349/357812, ListObjectsV2 with start-after"),
            Fact("encoded_keys", "Volcengine 6349/357812, encoding-type=url"),
            Fact("keys", "as for the RTC service"),
            Fact("endpoint_setting", "our name, shared with the emulator", documented=False),
            Fact("region_setting", "our name", documented=False),
            Fact("regions", f"{_RTC_REGIONS} (3 only in the first)"),
            Fact("permissions", "after the names in Volcengine's access policies", documented=False),
        ),
    ),
    "oss": Platform(
        title="Alibaba Cloud OSS",
        vendor="aliyun",
        endpoint=OSS_TEMPLATE,
        addressing="virtual",
        keys=ALIBABA_KEYS,
        endpoint_setting=OSS_ENDPOINT,
        region_setting=ALIBABA_REGION,
        region_prefix="oss-",
        regions=OSS_REGIONS,
        permissions="oss:ListObjects and oss:GetObject",
        facts=(
            Fact("endpoint", 'Alibaba Cloud, "Access OSS using an AWS SDK"'),
            Fact("addressing", 'Alibaba Cloud, "Access OSS using an AWS SDK"'),
            Fact(
                "signature",
                "the same page advises version 2, for uploads in chunks; for requests without a body, "
                "version 4 is what OSS keeps",
                documented=False,
            ),
            Fact(
                "listing", "Alibaba Cloud, ListObjectsV2: start-after; 100 keys a page unless asked for 1000"
            ),
            Fact("encoded_keys", "Alibaba Cloud, ListObjectsV2, encoding-type=url"),
            Fact("keys", "Alibaba Cloud's SDKs, as for MPS"),
            Fact("endpoint_setting", "our name, shared with the emulator", documented=False),
            Fact("region_setting", "Alibaba Cloud's SDKs, as for MPS"),
            Fact("regions", f"{_RTC_REGIONS} (7 to 20 only in the second, which goes on beyond what we saw)"),
            Fact("permissions", "Alibaba Cloud, ListObjectsV2 and GetObject"),
        ),
    ),
    "aws": Platform(
        title="Amazon S3",
        vendor="aws",
        endpoint="https://s3.{region}.amazonaws.com",
        addressing="auto",
        keys=KeySettings(
            cloud="AWS",
            access_key=Setting("AWS_ACCESS_KEY_ID", "videosnap:awsAccessKeyId"),
            secret_key=Setting("AWS_SECRET_ACCESS_KEY", "videosnap:awsSecretAccessKey"),
            session_token=Setting("AWS_SESSION_TOKEN", "videosnap:awsSessionToken"),
        ),
        endpoint_setting=Setting("AWS_ENDPOINT_URL_S3", "videosnap:awsEndpoint"),
        region_setting=Setting("AWS_DEFAULT_REGION", "videosnap:awsRegion"),
        regions=AWS_REGIONS,
        permissions="s3:ListBucket and s3:GetObject",
        facts=(
            Fact("endpoint", "AWS, S3 endpoints; boto3 chooses it, also for China and GovCloud"),
            Fact(
                "addressing",
                "boto3's own choice: virtual-hosted; path for a bucket with dots or an endpoint that is set",
            ),
            Fact("signature", "AWS, Signature Version 4"),
            Fact("listing", "AWS, ListObjectsV2"),
            Fact("encoded_keys", "AWS, ListObjectsV2, encoding-type=url"),
            Fact("keys", "boto3: environment, then (ours) the stack's configuration, then its usual chain"),
            Fact("endpoint_setting", "boto3"),
            Fact("region_setting", "boto3"),
            Fact("regions", f"{_RTC_REGIONS} (7, 9, 17, 23: named, but tasks cannot store there)"),
            Fact("permissions", "AWS, actions for Amazon S3"),
        ),
    ),
    "obs": Platform(
        title="Huawei Cloud OBS",
        vendor="huawei",
        endpoint="https://obs.{region}.myhuaweicloud.com",
        addressing="virtual",
        keys=KeySettings(
            cloud="Huawei Cloud",
            access_key=Setting("HUAWEICLOUD_SDK_AK", "videosnap:huaweiAccessKey"),
            secret_key=Setting("HUAWEICLOUD_SDK_SK", "videosnap:huaweiSecretKey"),
            session_token=Setting("HUAWEICLOUD_SDK_SECURITY_TOKEN", "videosnap:huaweiSecurityToken"),
        ),
        endpoint_setting=Setting("HUAWEICLOUD_OBS_ENDPOINT", "videosnap:huaweiObsEndpoint"),
        region_setting=Setting("HUAWEICLOUD_SDK_REGION", "videosnap:huaweiRegion"),
        regions=UNPUBLISHED,
        permissions="obs:bucket:ListBucket and obs:object:GetObject",
        listing=1,
        encoded_keys=False,
        facts=(
            Fact("endpoint", "Huawei Cloud api-obs/obs_04_0022: bucketname.obs.region.myhuaweicloud.com"),
            Fact("addressing", "Huawei Cloud api-obs/obs_04_0022"),
            Fact("signature", "what other S3 clients use against OBS", documented=False),
            Fact("listing", "Huawei Cloud api-obs/obs_04_0022 has the first version only (marker)"),
            Fact("encoded_keys", "rclone: with it the marker stays on the same page", documented=False),
            Fact("keys", "EnvCredentialProvider of Huawei Cloud's SDK for Python"),
            Fact("endpoint_setting", "our name", documented=False),
            Fact("region_setting", "our name, after the SDK's", documented=False),
            _NO_TABLE,
            Fact("permissions", "Huawei Cloud, listing objects: obs:bucket:ListBucket"),
        ),
    ),
    "cos": Platform(
        title="Tencent Cloud COS",
        vendor="tencent",
        endpoint="https://cos.{region}.myqcloud.com",
        addressing="virtual",
        keys=KeySettings(
            cloud="Tencent Cloud",
            access_key=Setting("TENCENTCLOUD_SECRET_ID", "videosnap:tencentSecretId"),
            secret_key=Setting("TENCENTCLOUD_SECRET_KEY", "videosnap:tencentSecretKey"),
            session_token=Setting("TENCENTCLOUD_TOKEN", "videosnap:tencentToken"),
        ),
        endpoint_setting=Setting("TENCENTCLOUD_COS_ENDPOINT", "videosnap:tencentCosEndpoint"),
        region_setting=Setting("TENCENTCLOUD_REGION", "videosnap:tencentRegion"),
        regions=UNPUBLISHED,
        permissions="cos:GetBucket, cos:HeadBucket and cos:GetObject",
        bucket="the name with the account's number, BucketName-APPID",
        listing=1,
        facts=(
            Fact("endpoint", 'Tencent Cloud 436/37421, "Accessing COS with AWS S3 SDK"'),
            Fact("addressing", "COS refuses path style on newer buckets (its own error message)"),
            Fact("signature", "what other S3 clients use against COS", documented=False),
            Fact("listing", "rclone: the first version, the only one it found to work", documented=False),
            Fact("encoded_keys", "Tencent Cloud 436/7734, GET Bucket, encoding-type=url"),
            Fact("bucket", "Tencent Cloud 436/46468"),
            Fact("keys", "Tencent Cloud's SDK for Python; the token as in its command line"),
            Fact("endpoint_setting", "our name", documented=False),
            Fact("region_setting", "Tencent Cloud's command line"),
            _NO_TABLE,
            Fact("permissions", "Tencent Cloud 436/30580", documented=False),
        ),
    ),
    "kodo": Platform(
        title="Qiniu Kodo",
        vendor="qiniu",
        endpoint="https://s3.{region}.qiniucs.com",
        addressing="path",
        keys=KeySettings(
            cloud="Qiniu",
            access_key=Setting("QINIU_ACCESS_KEY", "videosnap:qiniuAccessKey"),
            secret_key=Setting("QINIU_SECRET_KEY", "videosnap:qiniuSecretKey"),
            session_token=Setting("QINIU_SESSION_TOKEN", "videosnap:qiniuSessionToken"),
        ),
        endpoint_setting=Setting("QINIU_ENDPOINT_URL", "videosnap:qiniuEndpoint"),
        region_setting=Setting("QINIU_REGION_NAME", "videosnap:qiniuRegion"),
        regions=UNPUBLISHED,
        permissions="list and read",
        bucket="the space's S3 name, which its console shows and which may differ from the space's name",
        encoded_keys=False,
        ranges=False,
        facts=(
            Fact("endpoint", "Qiniu, Kodo's S3 endpoints: s3.cn-east-1.qiniucs.com and so on"),
            Fact("addressing", "Qiniu: both styles; path, as rclone does, since it needs no wildcard name"),
            Fact("signature", "what other S3 clients use against Kodo", documented=False),
            Fact("listing", "what other S3 clients use against Kodo", documented=False),
            Fact("encoded_keys", "rclone leaves it out for Kodo", documented=False),
            Fact("ranges", "start-after was not found in its documents", documented=False),
            Fact("bucket", "Qiniu, Kodo's S3 endpoints"),
            Fact("keys", "Qiniu's own tools; the token's name is ours", documented=False),
            Fact("endpoint_setting", "Qiniu's own tools", documented=False),
            Fact("region_setting", "Qiniu's own tools", documented=False),
            _NO_TABLE,
            Fact("permissions", "not looked up", documented=False),
        ),
    ),
}

NO_LISTING: Mapping[str, str] = {"vod": "Volcengine VOD", "veimagex": "Volcengine veImageX"}
"""The platforms that a task can store on, and that do not speak S3: by the words of `storage_config.type`."""


def platform_of(key: str) -> Platform:
    """The platform of a key of `PLATFORMS`; NotConfigured where frames cannot be listed."""
    if platform := PLATFORMS.get(key):
        return platform
    if title := NO_LISTING.get(key):
        raise NotConfigured(
            f"{title} has no S3 listing: its pictures cannot be looked at from here, only in its own console"
        )
    raise NotConfigured(f"{key!r} is no storage platform: write one of {', '.join(PLATFORMS)}")


def platform_key(storage_type: str, vendor: str | None = None) -> str:
    """The key of `PLATFORMS` or `NO_LISTING` for `storage_config.type` and `custom_config.vendor`."""
    if storage_type != "custom":
        return storage_type
    by_vendor = {platform.vendor: key for key, platform in PLATFORMS.items() if platform.vendor}
    return by_vendor.get(vendor or "", str(vendor))
