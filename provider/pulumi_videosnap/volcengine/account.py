"""Finds the Volcengine account that the surroundings describe, and opens the RTC API with it.

Endpoints: docs/6348/69828 and the table in the Go SDK's service/rtc/v20231101/config.go.
"""

from __future__ import annotations

import os
from pathlib import Path

from pulumi_videosnap.errors import NotConfigured
from pulumi_videosnap.http.credentials import KeySettings, Lookup, Setting, find_credentials, no_config
from pulumi_videosnap.http.endpoint import checked_endpoint
from pulumi_videosnap.http.shared_client import shared_client
from pulumi_videosnap.volcengine.api import Account, RtcApi
from pulumi_videosnap.volcengine.profiles import VolcengineProfiles
from pulumi_videosnap.volcengine.responses import ENDPOINT_VARIABLE, unknown_task_codes

KEYS = KeySettings(
    cloud="Volcengine",
    access_key=Setting("VOLCENGINE_ACCESS_KEY", "videosnap:volcengineAccessKey"),
    secret_key=Setting("VOLCENGINE_SECRET_KEY", "videosnap:volcengineSecretKey"),
    session_token=Setting("VOLCENGINE_SESSION_TOKEN", "videosnap:volcengineSessionToken"),
)
REGION = Setting("VOLCENGINE_REGION", "videosnap:volcengineRegion")
ENDPOINT = Setting(ENDPOINT_VARIABLE, "videosnap:volcengineRtcEndpoint")

DEFAULT_REGION = "cn-north-1"
ENDPOINTS = {
    "cn-north-1": "https://rtc.volcengineapi.com",
    "ap-singapore-1": "https://open-ap-singapore-1.volcengineapi.com",
    # The documents call the same host's region by this name, the SDK by the one above.
    "ap-southeast-1": "https://open-ap-singapore-1.volcengineapi.com",
}


def connect(profile: str | None = None, config: Lookup = no_config) -> RtcApi:
    """The RTC API with the account that `find_account` finds; cheap enough to do for every operation."""
    return RtcApi(
        find_account(profile, config=config),
        shared_client(),
        unknown_task_codes(),
    )


def find_account(
    profile: str | None = None,
    *,
    env: Lookup = os.environ.get,
    config: Lookup = no_config,
    home: Path | None = None,
) -> Account:
    """The account that the surroundings describe; NotConfigured says what is missing and where to set it.

    `config` reads the stack's configuration by full key. Region and endpoint never come from a profile: the
    region there is that of other services (cn-beijing), where RTC has none.
    """
    profiles = VolcengineProfiles(home or Path.home(), env)
    credentials = find_credentials(KEYS, profiles, profile=profile, env=env, config=config)
    region, region_name = REGION.find(env, config) or (DEFAULT_REGION, REGION.env)
    if found := ENDPOINT.find(env, config):
        endpoint = checked_endpoint(
            *found, env, such_as=ENDPOINTS[DEFAULT_REGION], exposed="a third party's storage keys"
        )
        return Account(credentials, endpoint, region)
    if region not in ENDPOINTS:
        raise NotConfigured(
            f"{region_name} is {region!r}, where no RTC endpoint is known: "
            f"write one of {', '.join(ENDPOINTS)}, or set {ENDPOINT.env} too"
        )
    return Account(credentials, ENDPOINTS[region], region)
