"""Platforms of vendors that have no folder of their own: third-party buckets that a task can write to."""

from __future__ import annotations

from pulumi_videosnap.credentials import KeySettings, Setting
from pulumi_videosnap.storage.platforms import Platform, register

AWS = Platform(
    name="aws",
    title="Amazon S3",
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
    permissions="s3:ListBucket and s3:GetObject",
    delete_permission="s3:DeleteObject",
    aws_settings=True,
    sources={
        "endpoint": "AWS, S3 endpoints; boto3 chooses it, also for China and GovCloud",
        "addressing": "boto3: virtual-hosted; path for a bucket with dots or an endpoint that is set",
        "signature": "AWS, Signature Version 4",
        "list_version": "AWS, ListObjectsV2",
        "url_encoding": "AWS, ListObjectsV2, encoding-type=url",
        "start_after": "AWS, ListObjectsV2, start-after",
        "keys": "boto3: environment, then (ours) the stack's configuration, then its usual chain",
        "endpoint_setting": "boto3",
        "region_setting": "boto3",
        "permissions": "AWS, actions for Amazon S3",
    },
)

OBS = Platform(
    name="obs",
    title="Huawei Cloud OBS",
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
    permissions="obs:bucket:ListBucket and obs:object:GetObject",
    delete_permission="obs:object:DeleteObject",
    list_version=1,
    url_encoding=False,
    sources={
        "endpoint": "Huawei Cloud api-obs/obs_04_0022: bucketname.obs.region.myhuaweicloud.com",
        "addressing": "Huawei Cloud api-obs/obs_04_0022",
        "signature": "what other S3 clients use against OBS",
        "list_version": "Huawei Cloud api-obs/obs_04_0022 has the first version only (marker)",
        "url_encoding": "rclone: with it the marker stays on the same page",
        "start_after": "Huawei Cloud api-obs/obs_04_0022, marker",
        "keys": "EnvCredentialProvider of Huawei Cloud's SDK for Python",
        "endpoint_setting": "our name",
        "region_setting": "our name, after the SDK's",
        "permissions": "Huawei Cloud, listing objects: obs:bucket:ListBucket",
    },
    assumed=("signature", "url_encoding", "endpoint_setting", "region_setting"),
)

COS = Platform(
    name="cos",
    title="Tencent Cloud COS",
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
    permissions="cos:GetBucket, cos:HeadBucket and cos:GetObject",
    delete_permission="cos:DeleteObject",
    list_version=1,
    sources={
        "endpoint": "Tencent Cloud 436/37421, Accessing COS with AWS S3 SDK; the bucket is BucketName-APPID",
        "addressing": "COS refuses path style on newer buckets (its own error message)",
        "signature": "what other S3 clients use against COS",
        "list_version": "rclone: the first version, the only one it found to work",
        "url_encoding": "Tencent Cloud 436/7734, GET Bucket, encoding-type=url",
        "start_after": "Tencent Cloud 436/7734, GET Bucket, marker",
        "keys": "Tencent Cloud's SDK for Python; the token as in its command line",
        "endpoint_setting": "our name",
        "region_setting": "Tencent Cloud's command line",
        "permissions": "Tencent Cloud 436/30580",
    },
    assumed=("signature", "list_version", "endpoint_setting", "permissions"),
)

KODO = Platform(
    name="kodo",
    title="Qiniu Kodo",
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
    permissions="list and read",
    delete_permission="delete",
    url_encoding=False,
    start_after=False,
    sources={
        "endpoint": "Qiniu, Kodo's S3 endpoints; the bucket is the space's S3 name, which its console shows",
        "addressing": "Qiniu: both styles; path, as rclone does, since it needs no wildcard name",
        "signature": "what other S3 clients use against Kodo",
        "list_version": "what other S3 clients use against Kodo",
        "url_encoding": "rclone leaves it out for Kodo",
        "start_after": "not found in its documents",
        "keys": "Qiniu's own tools; the token's name is ours",
        "endpoint_setting": "Qiniu's own tools",
        "region_setting": "Qiniu's own tools",
        "permissions": "unknown",
    },
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

register(AWS, OBS, COS, KODO)
