"""The account of Alibaba Cloud MPS and OSS: credentials, profile files, region, endpoints, request signature.

MPS works in one region with buckets of the same region, so the location of a job's buckets selects the
endpoint. Endpoints: the vendor's page "Endpoints" of MPS (2025-07-25), the public ones.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pulumi_videosnap.core.timestamps import format_rfc3339
from pulumi_videosnap.errors import InvalidInput, NotConfigured
from pulumi_videosnap.http.credentials import (
    Credentials,
    Keys,
    KeySettings,
    find_credentials,
    ini_section,
    json_object,
)
from pulumi_videosnap.http.request import Request, canonical_request, parse_endpoint
from pulumi_videosnap.settings import Lookup, Setting, no_config

KEYS = KeySettings.of(
    "Alibaba Cloud",
    ("ALIBABA_CLOUD_ACCESS_KEY_ID", "videosnap:alibabaAccessKeyId"),
    ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "videosnap:alibabaAccessKeySecret"),
    ("ALIBABA_CLOUD_SECURITY_TOKEN", "videosnap:alibabaSecurityToken"),
    temporary="security token",
)
REGION = Setting(
    "ALIBABA_CLOUD_REGION_ID",
    "videosnap:alibabaRegion",
    "Alibaba Cloud: region, only for lookups without `location`",
)
ENDPOINT = Setting(
    "ALIBABA_CLOUD_MPS_ENDPOINT",
    "videosnap:alibabaMpsEndpoint",
    "Alibaba Cloud: endpoint of MPS",
    default="https://mts.REGION.aliyuncs.com",
)
OSS_ENDPOINT = Setting(
    "ALIBABA_CLOUD_OSS_ENDPOINT",
    "videosnap:alibabaOssEndpoint",
    "Alibaba Cloud: endpoint of OSS, S3 protocol",
    default="https://s3.oss-REGION.aliyuncs.com",
)
PROFILE = Setting(
    "ALIBABA_CLOUD_PROFILE", meaning="Alibaba Cloud: current profile", default="as the files say"
)
PROFILE_FILE = Setting(
    "ALIBABA_CLOUD_CREDENTIALS_FILE",
    meaning="Alibaba Cloud: profile file of the SDKs",
    default="`~/.alibabacloud/credentials.ini`, or without `.ini`",
)
CLI_PROFILE_DISABLED = Setting(
    "ALIBABA_CLOUD_CLI_PROFILE_DISABLED",
    meaning="Alibaba Cloud: `true` skips ~/.aliyun/config.json, the file of the `aliyun` command",
    default="false",
)
SETTINGS = (*KEYS.settings, REGION, ENDPOINT, OSS_ENDPOINT, PROFILE, PROFILE_FILE, CLI_PROFILE_DISABLED)

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
"""The endpoint of MPS in each region that has it."""

LOCATION_PREFIX = "oss-"


@dataclass(frozen=True)
class Account:
    """Whose jobs, and where: `endpoint` is scheme and host, without a slash at the end.

    `region` is empty when the endpoint was set without one.
    """

    credentials: Credentials
    endpoint: str = REGIONS["cn-hangzhou"]
    region: str = "cn-hangzhou"


def region_of(location: str, path: str = "location") -> str:
    """The region of an OSS location: `cn-hangzhou` of `oss-cn-hangzhou`.

    InvalidInput at `path` when it is not a location; whether MPS exists there is not checked (`REGIONS`).
    """
    region = location.removeprefix(LOCATION_PREFIX)
    if region == location or not region.replace("-", "").isalnum() or not region.isascii():
        raise InvalidInput(path, f"{location!r} is not an OSS location; use one such as oss-cn-hangzhou")
    return region


def read_import_id(import_id: str, what: str) -> tuple[str, str]:
    """The OSS location and the id of the service in `location/id`; InvalidInput names the form."""
    location, _, own = import_id.rpartition("/")
    if not location or not own.isalnum():
        form = f"location/{what}, as oss-cn-hangzhou/88c6ca1"
        raise InvalidInput("id", f"{import_id!r} is not of the form {form}")
    region_of(location, "id")
    return location, own


def refuse_other_location(import_id: str, inputs: Mapping[str, Any]) -> None:
    """Raise InvalidInput where an import's id names another location than what the service found is in."""
    location, _, own = import_id.rpartition("/")
    actual = str((inputs.get("input") or {}).get("location") or location)
    if actual != location:
        raise InvalidInput("id", f"{own} is in {actual}, not in {location}; import {actual}/{own}")


def find_account(
    profile: str | None = None,
    location: str | None = None,
    *,
    env: Lookup = os.environ.get,
    config: Lookup = no_config,
    home: Path | None = None,
) -> Account:
    """The account that environment, configuration and profile files name; NotConfigured says what to set.

    The region is that of `location`, else the one that is set; a set endpoint has precedence over both.
    `config` reads the stack's configuration by full key.
    """
    profiles = AlibabaProfiles(home or Path.home(), env)
    credentials = find_credentials(KEYS, profiles, profile=profile, env=env, config=config)
    region, region_name = _region(location, env, config)
    if found := ENDPOINT.find(env, config):
        such_as = REGIONS["cn-hangzhou"]
        endpoint = parse_endpoint(*found, env, such_as=such_as, exposed="a security token")
        return Account(credentials, endpoint, region)
    if not region:
        raise NotConfigured(
            f"no Alibaba Cloud region: set {REGION.env} (or {REGION.config} in the stack's configuration)"
        )
    if absent := unavailable_in(region, env=env, config=config):
        raise NotConfigured(f"{region_name} {absent}")
    return Account(credentials, REGIONS[region], region)


def unavailable_in(region: str, *, env: Lookup = os.environ.get, config: Lookup = no_config) -> str | None:
    """Why MPS cannot be called in a region; None where it can."""
    if region in REGIONS or ENDPOINT.find(env, config):
        return None
    return (
        f"is in region {region!r}, which has no known MPS endpoint: "
        f"choose one of {', '.join(REGIONS)}, or set {ENDPOINT.env} too"
    )


def _region(location: str | None, env: Lookup, config: Lookup) -> tuple[str, str]:
    if location:
        return region_of(location), f"location {location!r}"
    return REGION.find(env, config) or ("", "")


_STATIC_TYPES = ("", "access_key", "sts")
"""Types of a section in the SDKs' files that hold a key pair."""


@dataclass(frozen=True)
class AlibabaProfiles:
    """Reads the profile files of Alibaba Cloud's own tools, under a home directory, for a static key pair.

    * `~/.aliyun/config.json` of the `aliyun` command line: `{"current": name, "profiles": [{"name": name,
      "mode": "AK" or "StsToken", "access_key_id": …, "access_key_secret": …, "sts_token": …}]}`.
    * `~/.alibabacloud/credentials.ini` of the Python and Java SDKs, `~/.alibabacloud/credentials` of the
      others: sections with `type` (`access_key` or `sts`), `access_key_id`, `access_key_secret`,
      `security_token`.

    ALIBABA_CLOUD_PROFILE names another profile or section, ALIBABA_CLOUD_CREDENTIALS_FILE another INI file;
    ALIBABA_CLOUD_CLI_PROFILE_DISABLED=true leaves out the first file. Source: the providers `cli_profile` and
    `profile` of the Python package alibabacloud_credentials, version 1.0.12.
    """

    home: Path
    env: Lookup

    @property
    def places(self) -> str:
        """The files it reads."""
        return " and ".join(map(str, (self._cli_file, *self._ini_files)))

    def read(self, profile: str | None) -> Keys | None:
        """The keys of the named or the current profile; the command line's file comes first."""
        return next(filter(None, self._candidates(profile or self.env(PROFILE.env))), None)

    def _candidates(self, profile: str | None) -> Iterator[Keys | None]:
        if (self.env(CLI_PROFILE_DISABLED.env) or "").lower() != "true":
            yield self._read_cli(profile)
        for path in self._ini_files:
            yield self._read_ini(path, profile or "default")

    @property
    def _cli_file(self) -> Path:
        return self.home / ".aliyun" / "config.json"

    @property
    def _ini_files(self) -> tuple[Path, ...]:
        folder = self.home / ".alibabacloud"
        named = self.env(PROFILE_FILE.env)
        return (Path(named),) if named else (folder / "credentials.ini", folder / "credentials")

    def _read_cli(self, profile: str | None) -> Keys | None:
        content = json_object(self._cli_file)
        name = profile or str(content.get("current") or "default")
        entry = _entry(content.get("profiles"), name)
        place = f"profile {name!r} of {self._cli_file}"
        return KEYS.read_profile(place, entry, ("access_key_id", "access_key_secret", "sts_token"))

    def _read_ini(self, path: Path, name: str) -> Keys | None:
        section = ini_section(path, name) or {}
        # As the SDK reads it: what follows a # is a comment.
        values = {key: value.partition("#")[0].strip() for key, value in section.items()}
        place = f"section [{name}] of {path}"
        names = ("access_key_id", "access_key_secret", "security_token")
        return KEYS.read_profile(place, values, names, "type", _STATIC_TYPES)


def _entry(profiles: object, name: str) -> dict[str, Any]:
    entries = profiles if isinstance(profiles, list) else []
    return next((entry for entry in entries if isinstance(entry, dict) and entry.get("name") == name), {})


ALGORITHM = "ACS3-HMAC-SHA256"


def sign(
    request: Request, credentials: Credentials, action: str, version: str, *, now: datetime, nonce: str
) -> dict[str, str]:
    """The headers to add to a request so that the service accepts it, once, for some minutes around `now`.

    Signature V3, ACS3-HMAC-SHA256, as a pure function. Sources: the vendor's page "V3 request structure and
    signature" (2593177), and the signer of its Python SDK (alibabacloud_tea_openapi). `nonce` must be new for
    every attempt: the service refuses one that it has seen. Signed are the method,
    the path, the query, the body, every header of the request, and every one that is added.
    """
    added = {
        "Host": urlsplit(request.endpoint).netloc,
        "x-acs-action": action,
        "x-acs-version": version,
        "x-acs-date": format_rfc3339(now, "seconds"),
        "x-acs-signature-nonce": nonce,
        "x-acs-content-sha256": hashlib.sha256(request.body).hexdigest(),
    }
    if credentials.session_token:
        added["x-acs-accesskey-id"] = credentials.access_key
        added["x-acs-security-token"] = credentials.session_token
    to_sign = _headers_to_sign({**request.headers, **added})
    text = f"{ALGORITHM}\n{hashlib.sha256(canonical_request(request, to_sign).encode()).hexdigest()}"
    signature = hmac.new(credentials.secret_key.encode(), text.encode(), hashlib.sha256).hexdigest()
    added["Authorization"] = (
        f"{ALGORITHM} Credential={credentials.access_key},"
        f"SignedHeaders={';'.join(to_sign)},Signature={signature}"
    )
    return added


def _headers_to_sign(headers: dict[str, str]) -> dict[str, str]:
    return dict(sorted((name.lower(), value.strip()) for name, value in headers.items()))
