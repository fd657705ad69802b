"""Objects of Alibaba Cloud OSS, over its S3 protocol: whether one exists, and deleting some.

Source: the vendor's page "Access OSS using an AWS SDK": the endpoint https://s3.oss-{region}.aliyuncs.com,
virtual-hosted addressing. The page advises the old signature V2 for uploads in chunks; without a body, V4 is
fine, and V2 is being retired.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_videosnap.alibaba.auth import OSS_ENDPOINT, Account, endpoint_of
from pulumi_videosnap.http.credentials import Credentials
from pulumi_videosnap.s3 import client
from pulumi_videosnap.s3.bucket import Bucket
from pulumi_videosnap.s3.client import Wiring
from pulumi_videosnap.s3.failures import Wording, base_codes
from pulumi_videosnap.settings import Lookup, no_config

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

OSS_TEMPLATE = "https://s3.oss-{region}.aliyuncs.com"

CODES = base_codes(
    "OSS",
    "check ALIBABA_CLOUD_ACCESS_KEY_ID and its secret",
    "grant oss:GetObject and oss:DeleteObject, and check the bucket's location",
)


def oss_endpoint(region: str) -> str:
    """The public endpoint for the S3 protocol."""
    return OSS_TEMPLATE.format(region=region)


def client_for(credentials: Credentials, region: str, endpoint: str) -> S3Client:
    """The client of the process for this account and place."""
    return client.client_for(Wiring(credentials, region, endpoint))


@dataclass(frozen=True)
class Objects:
    """The objects of one bucket. Every error is a `CallFailed` that names it; safe to share among threads."""

    credentials: Credentials
    region: str
    endpoint: str
    bucket: str

    def missing(self, keys: Iterable[str]) -> list[str]:
        """Those of the keys that are not there, in order; Rejected when there is no such bucket."""
        return self._bucket.missing(keys)

    def delete(self, keys: Iterable[str]) -> None:
        """Delete objects; one that is not there counts as deleted. The first failure ends it."""
        self._bucket.delete(keys)

    @property
    def _bucket(self) -> Bucket:
        advice = f"check {OSS_ENDPOINT.env} and the network"
        wording = Wording(CODES, self.endpoint, advice, scrub=self.credentials.scrub)
        return Bucket(self.bucket, Wiring(self.credentials, self.region, self.endpoint), wording)


def find_objects(
    account: Account, bucket: str, *, env: Lookup = os.environ.get, config: Lookup = no_config
) -> Objects:
    """The objects of a bucket in the account's region, at the configured endpoint or else the public one."""
    endpoint = oss_endpoint(account.region)
    if found := OSS_ENDPOINT.find(env, config):
        endpoint = endpoint_of(*found, env, such_as=endpoint)
    return Objects(account.credentials, account.region, endpoint, bucket)
