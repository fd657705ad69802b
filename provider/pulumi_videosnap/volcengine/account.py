"""Finds the Volcengine account that the surroundings describe, and opens the RTC API with it.

Endpoints: docs/6348/69828 and the table in the Go SDK's service/rtc/v20231101/config.go.
"""

from __future__ import annotations

import functools
import os
from pathlib import Path
from urllib.parse import urlsplit

from pulumi_videosnap.credentials import KeySettings, Lookup, Setting, find_credentials
from pulumi_videosnap.errors import NotConfigured
from pulumi_videosnap.http import Caller, call_budget
from pulumi_videosnap.quota import Limiter, SharedSlots, store_path
from pulumi_videosnap.transport import HttpTransport, is_loopback
from pulumi_videosnap.volcengine.answers import ENDPOINT_VARIABLE, unknown_task_codes
from pulumi_videosnap.volcengine.api import Account, RtcApi
from pulumi_videosnap.volcengine.profiles import VolcengineProfiles

KEYS = KeySettings(
    cloud="Volcengine",
    access_key=Setting("VOLCENGINE_ACCESS_KEY", "videosnap:volcengineAccessKey"),
    secret_key=Setting("VOLCENGINE_SECRET_KEY", "videosnap:volcengineSecretKey"),
    session_token=Setting("VOLCENGINE_SESSION_TOKEN", "videosnap:volcengineSessionToken"),
)
REGION = Setting("VOLCENGINE_REGION", "videosnap:volcengineRegion")
ENDPOINT = Setting(ENDPOINT_VARIABLE, "videosnap:volcengineRtcEndpoint")
ALLOW_HTTP_VARIABLE = "VIDEOSNAP_ALLOW_HTTP"

DEFAULT_REGION = "cn-north-1"
ENDPOINTS = {
    "cn-north-1": "https://rtc.volcengineapi.com",
    "ap-singapore-1": "https://open-ap-singapore-1.volcengineapi.com",
    # The documents call the same host's region by this name, the SDK by the one above.
    "ap-southeast-1": "https://open-ap-singapore-1.volcengineapi.com",
}


def _nothing(name: str) -> str | None:
    """A configuration that holds no setting."""


@functools.cache
def _shared_caller(store: Path, budget: float) -> Caller:
    """One for the process, so that its threads share connections and, at worst, a limiter of their own."""
    return Caller(HttpTransport(), Limiter(SharedSlots(store)), budget=budget)


def connect(profile: str | None = None, config: Lookup = _nothing) -> RtcApi:
    """The RTC API with the account that `find_account` finds; cheap enough to do for every operation."""
    return RtcApi(
        find_account(profile, config=config),
        _shared_caller(store_path(), call_budget()),
        unknown_task_codes(),
    )


def find_account(
    profile: str | None = None,
    *,
    env: Lookup = os.environ.get,
    config: Lookup = _nothing,
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
        return Account(credentials, _checked_endpoint(*found, env), region)
    if region not in ENDPOINTS:
        raise NotConfigured(
            f"{region_name} is {region!r}, where no RTC endpoint is known: "
            f"write one of {', '.join(ENDPOINTS)}, or set {ENDPOINT.env} too"
        )
    return Account(credentials, ENDPOINTS[region], region)


def _checked_endpoint(url: str, name: str, env: Lookup) -> str:
    example = "write scheme and host only, such as https://rtc.volcengineapi.com"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise NotConfigured(f"{name} is not a URL: {example}") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise NotConfigured(f"{name} is not an http or https URL: {example}")
    # The value is not repeated: what stands before an @ is a password.
    if parts.path not in ("", "/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise NotConfigured(f"{name} holds more than scheme and host: {example}")
    if parts.scheme == "http" and not is_loopback(parts.hostname) and env(ALLOW_HTTP_VARIABLE) != "1":
        raise NotConfigured(
            f"{name} is plain http, over which a third party's storage keys would travel unprotected: "
            f"write https, or set {ALLOW_HTTP_VARIABLE}=1 if the way there is safe"
        )
    return f"{parts.scheme}://{parts.netloc}"
