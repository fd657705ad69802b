"""How a place is reached by who reads it: the credentials, region and endpoint that the surroundings give.

The key that a task writes with is never used here: the vendor advises one that cannot read.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pulumi_videosnap.alibaba.auth import AlibabaProfiles
from pulumi_videosnap.errors import NotConfigured
from pulumi_videosnap.frames.model import Place
from pulumi_videosnap.frames.stores import PLATFORMS, Platform
from pulumi_videosnap.http.credentials import Credentials, Keys, ProfileReader, find_credentials
from pulumi_videosnap.http.endpoint import parse_endpoint
from pulumi_videosnap.s3.client import Wiring
from pulumi_videosnap.settings import Lookup
from pulumi_videosnap.volcengine.auth import VolcengineProfiles

ANY_REGION = "us-east-1"
"""Signed for where an endpoint is given and no region: stores of one's own accept it."""
AWS = PLATFORMS["aws"]


def wiring_of(
    platform: Platform, place: Place, *, profile: str | None, env: Lookup, config: Lookup, home: Path
) -> Wiring:
    """How a place is reached; NotConfigured says what is missing and where to set it."""
    endpoint = _endpoint(platform, place, env, config)
    region = _region(platform, place, env, config)
    if not region and not endpoint:
        raise platform.unknown_region(f"nothing names that of {place.bucket}")
    # boto3 knows Amazon's endpoints itself, those of other partitions too.
    if not endpoint and platform is not AWS:
        endpoint = platform.endpoint_of(region)
    return Wiring(
        credentials=_credentials(platform, profile, env, config, home),
        region=region or ANY_REGION,
        endpoint=endpoint,
        addressing=platform.addressing,
        signature=platform.signature,
        is_aws=platform is AWS,
        profile=profile if platform is AWS else None,
    )


def _endpoint(platform: Platform, place: Place, env: Lookup, config: Lookup) -> str | None:
    if place.endpoint:
        found = (place.endpoint, "the endpoint")
    elif (setting := platform.endpoint_setting.find(env, config)) is None:
        return None
    else:
        found = setting
    such_as = platform.endpoint.replace("{region}", "REGION")
    return parse_endpoint(*found, env, such_as=such_as, exposed="keys of objects, and pictures")


def _region(platform: Platform, place: Place, env: Lookup, config: Lookup) -> str:
    found = platform.region_setting.find(env, config)
    region = place.region or (found[0] if found else "")
    region = region.removeprefix(platform.region_prefix)
    if region and not region.replace("-", "").isalnum():
        raise NotConfigured(f"{region!r} is no region of {platform.title}")
    return region


def _credentials(
    platform: Platform, profile: str | None, env: Lookup, config: Lookup, home: Path
) -> Credentials | None:
    """The reader's credentials; None for AWS where boto3's own chain is to find them."""
    if platform is AWS:
        return None if profile else _given(platform, env, config)
    profiles = _profiles(platform, env, home)
    return find_credentials(platform.keys, profiles, profile=profile, env=env, config=config)


def _given(platform: Platform, env: Lookup, config: Lookup) -> Credentials | None:
    for keys in (platform.keys.in_environment(env), platform.keys.in_config(config)):
        if credentials := keys.credentials():
            return credentials
    return None


def _profiles(platform: Platform, env: Lookup, home: Path) -> ProfileReader:
    if platform is PLATFORMS["tos"]:
        return VolcengineProfiles(home, env)
    if platform is PLATFORMS["oss"]:
        return AlibabaProfiles(home, env)
    return _NoProfiles(platform.title)


@dataclass(frozen=True)
class _NoProfiles:
    """A vendor whose profile files are not read."""

    title: str

    @property
    def places(self) -> str:
        """What is said of its files."""
        return f"nothing else: profile files of {self.title} are not read"

    def read(self, profile: str | None) -> Keys | None:  # noqa: ARG002
        """No keys, of no profile."""
        return None
