"""The account of Volcengine RTC: credentials, profile files, region, endpoint, and the request signature.

Endpoints: docs/6348/69828 and the table in the Go SDK's service/rtc/v20231101/config.go.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from urllib.parse import urlsplit

from pulumi_videosnap.errors import NotConfigured
from pulumi_videosnap.http.credentials import (
    Credentials,
    Keys,
    KeySettings,
    find_credentials,
    ini_section,
    json_object,
    keys_in,
)
from pulumi_videosnap.http.request import Request, canonical_request, parse_endpoint
from pulumi_videosnap.settings import Lookup, Setting, no_config
from pulumi_videosnap.volcengine.editions import BYTEPLUS, ByteplusProfiles, Edition

DEFAULT_REGION = "cn-north-1"
ENDPOINTS = {
    "cn-north-1": "https://rtc.volcengineapi.com",
    "ap-singapore-1": "https://open-ap-singapore-1.volcengineapi.com",
    # The vendor's pages call the same host's region by this name, its SDK by the one above.
    "ap-southeast-1": "https://open-ap-singapore-1.volcengineapi.com",
}

KEYS = KeySettings.of(
    "Volcengine",
    ("VOLCENGINE_ACCESS_KEY", "videosnap:volcengineAccessKey"),
    ("VOLCENGINE_SECRET_KEY", "videosnap:volcengineSecretKey"),
    ("VOLCENGINE_SESSION_TOKEN", "videosnap:volcengineSessionToken"),
)
REGION = Setting(
    "VOLCENGINE_REGION", "videosnap:volcengineRegion", "Volcengine RTC: region", default=DEFAULT_REGION
)
ENDPOINT = Setting(
    "VOLCENGINE_RTC_ENDPOINT",
    "videosnap:volcengineRtcEndpoint",
    "Volcengine RTC: endpoint",
    default="the region's",
)
PROFILE = Setting(
    "VOLCENGINE_PROFILE", meaning="Volcengine: current profile of `ve`'s file", default="as the file says"
)
PROFILE_FILE = Setting(
    "VOLCENGINE_CLI_CONFIG_FILE",
    meaning="Volcengine: profile file of `ve`",
    default="~/.volcengine/config.json",
)
UNKNOWN_TASK_CODES = Setting(
    "VIDEOSNAP_RTC_UNKNOWN_TASK_CODES",
    meaning='Volcengine RTC: error codes that mean "no such task", separated by commas',
    # NOT DOCUMENTED: no page says which code an unknown task gets. The table of codes has one that means
    # "the task does not exist or has already stopped".
    default="InvalidParameter.ErrorActiveTaskNotFound",
)
EDITION = Setting(
    "VOLCENGINE_EDITION",
    "videosnap:volcengineEdition",
    "Volcengine RTC: `volcengine`, or `byteplus`, its international edition with accounts of its own",
    default="volcengine",
)


VOLCENGINE = Edition("volcengine", "2023-11-01", ENDPOINTS, REGION, ENDPOINT, KEYS)
EDITIONS = {edition.name: edition for edition in (VOLCENGINE, BYTEPLUS)}

SETTINGS = (
    *KEYS.settings,
    REGION,
    ENDPOINT,
    PROFILE,
    PROFILE_FILE,
    UNKNOWN_TASK_CODES,
    EDITION,
    *BYTEPLUS.keys.settings,
    BYTEPLUS.region,
    BYTEPLUS.endpoint,
)


def edition_of(env: Lookup = os.environ.get, config: Lookup = no_config) -> str | None:
    """The edition that is set, None for the default one; NotConfigured for a name that is none."""
    value, name = EDITION.find(env, config) or (EDITION.default, EDITION.env)
    if value not in EDITIONS:
        raise NotConfigured(f"{name} is {value!r}: set {' or '.join(map(repr, EDITIONS))}")
    return None if value == EDITION.default else value


@dataclass(frozen=True)
class Account:
    """Whose tasks, and where: `endpoint` is scheme and host, without a slash at the end."""

    credentials: Credentials
    endpoint: str = ENDPOINTS[DEFAULT_REGION]
    region: str = DEFAULT_REGION
    edition: Edition = VOLCENGINE


def find_account(
    profile: str | None = None,
    edition: str | None = None,
    *,
    env: Lookup = os.environ.get,
    config: Lookup = no_config,
    home: Path | None = None,
) -> Account:
    """The account that environment, configuration and profile files name; NotConfigured says what to set.

    `config` reads the stack's configuration by full key. Region and endpoint never come from a profile: the
    region there is that of other services (cn-beijing), where RTC has no endpoint.
    """
    chosen, folder = EDITIONS[edition or EDITION.default], home or Path.home()
    profiles = ByteplusProfiles(folder) if edition else VolcengineProfiles(folder, env)
    credentials = find_credentials(
        chosen.keys, profiles, profile=profile, env=chosen.in_environment(env), config=config
    )
    region, region_name = chosen.region.find(env, config) or (chosen.region.default, chosen.region.env)
    if found := chosen.endpoint.find(env, config):
        such_as = chosen.endpoints[chosen.region.default]
        endpoint = parse_endpoint(*found, env, such_as=such_as, exposed="a third party's storage keys")
        return Account(credentials, endpoint, region, chosen)
    if region not in chosen.endpoints:
        raise NotConfigured(
            f"{region_name} is {region!r}, which has no known RTC endpoint: "
            f"set one of {', '.join(chosen.endpoints)}, or set {chosen.endpoint.env} too"
        )
    return Account(credentials, chosen.endpoints[region], region, chosen)


@dataclass(frozen=True)
class VolcengineProfiles:
    """Reads the profile files of Volcengine's own tools, under a home directory, for a static key pair.

    * `~/.volcengine/config.json` of the `ve` command line: `{"current": name, "profiles": {name: {"mode":
      "ak", "access-key": …, "secret-key": …, "session-token": …}}}`; VOLCENGINE_CLI_CONFIG_FILE names another
      file, VOLCENGINE_PROFILE another current profile. Sources: volcengine-cli `cmd/configure.go`, and
      `volcenginesdkcore/auth/providers/cli_config_provider.py` of the Python SDK, which reads the same file.
    * `~/.volc/credentials` (INI, section `default`: `access_key_id`, `secret_access_key`) and, without that
      file, `~/.volc/config` (JSON: `ak`, `sk`) of the older SDK. Source: `volcengine/base/Service.py`.
    """

    home: Path
    env: Lookup

    @property
    def places(self) -> str:
        """The files it reads."""
        return f"{self._cli_file} and {self.home / '.volc'}"

    def read(self, profile: str | None) -> Keys | None:
        """The keys of the named or the current profile; the newer tool's file comes first."""
        return self._read_cli(profile) or self._read_ini(profile) or (None if profile else self._read_json())

    @property
    def _cli_file(self) -> Path:
        named = self.env(PROFILE_FILE.env)
        return Path(named) if named else self.home / ".volcengine" / "config.json"

    def _read_cli(self, profile: str | None) -> Keys | None:
        content = json_object(self._cli_file)
        name = profile or self.env(PROFILE.env) or str(content.get("current") or "default")
        profiles = content.get("profiles")
        entry = profiles.get(name) if isinstance(profiles, dict) else None
        if not isinstance(entry, dict):
            return None
        place = f"profile {name!r} of {self._cli_file}"
        return KEYS.read_profile(place, entry, ("access-key", "secret-key", "session-token"))

    def _read_ini(self, profile: str | None) -> Keys | None:
        path = self.home / ".volc" / "credentials"
        name = profile or "default"
        section = ini_section(path, name)
        if section is None:
            return None
        names = ("access_key_id", "secret_access_key", "session_token")
        return keys_in(f"section [{name}] of {path}", section, names)

    def _read_json(self) -> Keys | None:
        path = self.home / ".volc" / "config"
        if (self.home / ".volc" / "credentials").is_file():
            return None
        return keys_in(str(path), json_object(path), ("ak", "sk", "session_token"))


ALGORITHM = "HMAC-SHA256"

_SIGNED_IF_PRESENT = ("content-type", "content-md5")
_DEFAULT_PORTS = (":80", ":443")


@dataclass(frozen=True)
class Scope:
    """Where a signature is valid: region and service of the call, such as `cn-north-1` and `rtc`."""

    region: str
    service: str

    def on(self, date: str) -> str:
        """The credential scope of one day (`yyyyMMdd`, UTC)."""
        return f"{date}/{self.region}/{self.service}/request"


def sign(request: Request, credentials: Credentials, scope: Scope, now: datetime) -> dict[str, str]:
    """The headers to add to a request so that the service accepts it for some minutes around `now`.

    Volcengine's variant of AWS Signature V4, HMAC-SHA256, as a pure function: the key derivation starts from
    the bare secret key, and the scope ends in `request`. Sources: docs/6469/1121980 and the signers of the
    vendor's four SDKs, which agree. Signed are the method, the path, the query, the body, and the headers
    Host, X-Date, X-Content-Sha256, X-Security-Token and Content-Type as far as present.
    """
    x_date = now.astimezone(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    headers = {
        "Host": signed_host(request.endpoint),
        "X-Date": x_date,
        "X-Content-Sha256": hashlib.sha256(request.body).hexdigest(),
    }
    if credentials.session_token:
        headers["X-Security-Token"] = credentials.session_token
    to_sign = _headers_to_sign(request.headers, headers)
    names = ";".join(to_sign)
    digest = hashlib.sha256(canonical_request(request, to_sign).encode()).hexdigest()
    text = "\n".join((ALGORITHM, x_date, scope.on(x_date[:8]), digest))
    signature = _hmac(_signing_key(credentials.secret_key, scope, x_date[:8]), text).hex()
    credential = f"{credentials.access_key}/{scope.on(x_date[:8])}"
    headers["Authorization"] = (
        f"{ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={signature}"
    )
    return headers


def signed_host(endpoint: str) -> str:
    """The Host to sign and to send: the SDKs strip the ports 80 and 443 and keep any other."""
    host = urlsplit(endpoint).netloc
    return host.rpartition(":")[0] if host.endswith(_DEFAULT_PORTS) else host


def _headers_to_sign(headers: Mapping[str, str], added: Mapping[str, str]) -> dict[str, str]:
    lower = {name.lower(): value for name, value in headers.items()}
    chosen = {name: value for name, value in lower.items() if name in _SIGNED_IF_PRESENT}
    chosen.update({name.lower(): value for name, value in added.items()})
    return dict(sorted(chosen.items()))


def _signing_key(secret_key: str, scope: Scope, date: str) -> bytes:
    key = secret_key.encode()
    for part in (date, scope.region, scope.service, "request"):
        key = _hmac(key, part)
    return key


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
