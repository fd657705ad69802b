"""Objects of Alibaba Cloud OSS, over its S3 protocol: whether one exists, and deleting some.

Source: the vendor's page "Access OSS using an AWS SDK": the endpoint https://s3.oss-{region}.aliyuncs.com,
virtual-hosted addressing. The page advises the old signature V2 for uploads in chunks; without a body, V4 is
fine, and V2 is being retired.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_videosnap.http.credentials import Credentials
from pulumi_videosnap.s3 import client
from pulumi_videosnap.s3.bucket import Bucket
from pulumi_videosnap.s3.client import Wiring
from pulumi_videosnap.s3.failures import Wording, base_codes

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

OSS_ENDPOINT_VARIABLE = "ALIBABA_CLOUD_OSS_ENDPOINT"
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
        advice = f"check {OSS_ENDPOINT_VARIABLE} and the network"
        wording = Wording(CODES, self.endpoint, advice, scrub=self.credentials.scrub)
        return Bucket(self.bucket, Wiring(self.credentials, self.region, self.endpoint), wording)
