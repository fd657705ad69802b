"""Finds the Alibaba Cloud account that the surroundings describe, and opens MPS and OSS with it.

MPS works in one region with buckets of the same region, so the location of a job's buckets says where to
call. Endpoints: the vendor's page "Endpoints" of MPS (2025-07-25), the public ones.
"""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pulumi_videosnap.alibaba.api import Account, MpsApi
from pulumi_videosnap.alibaba.jobs import Jobs
from pulumi_videosnap.alibaba.pending_submissions import Intents
from pulumi_videosnap.alibaba.profiles import AlibabaProfiles
from pulumi_videosnap.alibaba.responses import ENDPOINT_VARIABLE
from pulumi_videosnap.errors import InvalidInput, NotConfigured
from pulumi_videosnap.http.client import Caller
from pulumi_videosnap.http.credentials import (
    Credentials,
    KeySettings,
    Lookup,
    Setting,
    find_credentials,
    no_config,
)
from pulumi_videosnap.http.endpoint import checked_endpoint
from pulumi_videosnap.http.rate_limit import store_path
from pulumi_videosnap.http.shared_client import shared_caller
from pulumi_videosnap.storage.bucket import Bucket, open_bucket
from pulumi_videosnap.storage.platforms import Location

KEYS = KeySettings(
    cloud="Alibaba Cloud",
    access_key=Setting("ALIBABA_CLOUD_ACCESS_KEY_ID", "videosnap:alibabaAccessKeyId"),
    secret_key=Setting("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "videosnap:alibabaAccessKeySecret"),
    session_token=Setting("ALIBABA_CLOUD_SECURITY_TOKEN", "videosnap:alibabaSecurityToken"),
)
REGION = Setting("ALIBABA_CLOUD_REGION_ID", "videosnap:alibabaRegion")
ENDPOINT = Setting(ENDPOINT_VARIABLE, "videosnap:alibabaMpsEndpoint")
OSS_ENDPOINT = Setting("ALIBABA_CLOUD_OSS_ENDPOINT", "videosnap:alibabaOssEndpoint")

REGIONS = {
    region: f"https://mts.{region}.aliyuncs.com"
    for region in (
        "cn-qingdao",
        "cn-beijing",
        "cn-zhangjiakou",
        "cn-hangzhou",
        "cn-shanghai",
        "cn-shenzhen",
        "cn-hongkong",
        "ap-northeast-1",
        "ap-southeast-1",
        "ap-southeast-5",
        "us-west-1",
        "eu-central-1",
        "eu-west-1",
    )
}
"""The regions that have MPS, and where it listens there."""

LOCATION_PREFIX = "oss-"


def region_of(location: str, path: str = "location") -> str:
    """The region of an OSS location: `cn-hangzhou` of `oss-cn-hangzhou`.

    InvalidInput at `path` when it is no location. Whether MPS exists there is another question (`REGIONS`).
    """
    region = location.removeprefix(LOCATION_PREFIX)
    if region == location or not region.replace("-", "").isalnum() or not region.isascii():
        raise InvalidInput(path, f"{location!r} is no OSS location: write one such as oss-cn-hangzhou")
    return region


def connect(profile: str | None = None, location: str | None = None, config: Lookup = no_config) -> MpsApi:
    """The MPS API with the account that `find_account` finds; cheap enough to do for every operation."""
    return MpsApi(find_account(profile, location, config=config), shared_caller())


@dataclass(frozen=True)
class OpenAccount:
    """The account and region that a job lives in: its jobs, and its buckets by their names."""

    jobs: Jobs
    bucket: Callable[[str], Bucket]


def open_account(profile: str | None, location: str, config: Lookup = no_config) -> OpenAccount:
    """The account that `find_account` finds; its jobs are shared by all threads of the process."""
    account = find_account(profile, location, config=config)
    with _opening:
        jobs = _jobs(account, shared_caller())
    return OpenAccount(jobs, functools.partial(bucket_of, account, config=config))


_opening = threading.Lock()


@functools.lru_cache(maxsize=16)
def _jobs(account: Account, caller: Caller) -> Jobs:
    return Jobs(MpsApi(account, caller), Intents(store_path().parent / "submitting"))


def find_account(
    profile: str | None = None,
    location: str | None = None,
    *,
    env: Lookup = os.environ.get,
    config: Lookup = no_config,
    home: Path | None = None,
) -> Account:
    """The account that the surroundings describe; NotConfigured says what is missing and where to set it.

    The region is that of `location`, else the one that is set; an endpoint that is set goes before both.
    `config` reads the stack's configuration by full key.
    """
    credentials = _credentials(profile, env, config, home)
    region, region_name = _region(location, env, config)
    if found := ENDPOINT.find(env, config):
        return Account(credentials, _checked(*found, env, "https://mts.cn-hangzhou.aliyuncs.com"), region)
    if not region:
        raise NotConfigured(
            f"no Alibaba Cloud region: set {REGION.env} (or {REGION.config} in the stack's configuration)"
        )
    if absent := absence_of_mps(region, env=env, config=config):
        raise NotConfigured(f"{region_name} {absent}")
    return Account(credentials, REGIONS[region], region)


def absence_of_mps(region: str, *, env: Lookup = os.environ.get, config: Lookup = no_config) -> str | None:
    """Why MPS cannot be called in a region; None where it can."""
    if region in REGIONS or ENDPOINT.find(env, config):
        return None
    return (
        f"is in region {region!r}, where no MPS endpoint is known: "
        f"choose one of {', '.join(REGIONS)}, or set {ENDPOINT.env} too"
    )


def bucket_of(
    account: Account, bucket: str, *, env: Lookup = os.environ.get, config: Lookup = no_config
) -> Bucket:
    """A bucket in the account's region, at the public endpoint, or at the one that is set."""
    location = Location("oss", bucket, account.region)
    return open_bucket(location, credentials=account.credentials, env=env, config=config)


def _credentials(profile: str | None, env: Lookup, config: Lookup, home: Path | None) -> Credentials:
    profiles = AlibabaProfiles(home or Path.home(), env)
    return find_credentials(KEYS, profiles, profile=profile, env=env, config=config)


def _region(location: str | None, env: Lookup, config: Lookup) -> tuple[str, str]:
    if location:
        return region_of(location), f"location {location!r}"
    return REGION.find(env, config) or ("", "")


def _checked(url: str, name: str, env: Lookup, such_as: str) -> str:
    return checked_endpoint(url, name, env, such_as=such_as, exposed="a security token")
