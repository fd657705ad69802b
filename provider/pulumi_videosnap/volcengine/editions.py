"""The editions of the RTC API: Volcengine's own, and BytePlus, the vendor's cloud abroad.

They have accounts, hosts and versions of their own, and a key of one is never sent to the other. Sources of
BytePlus: docs.byteplus.com, docs-69828, docs-115995 and docs-155125, and its Python SDK 1.0.53.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pulumi_videosnap.http.credentials import Keys, KeySettings, json_object, keys_in
from pulumi_videosnap.settings import Lookup, Setting


@dataclass(frozen=True)
class Edition:
    """What differs between the vendor's two clouds; it changes together, since no page mixes them."""

    name: str
    version: str
    endpoints: Mapping[str, str]
    region: Setting
    endpoint: Setting
    keys: KeySettings
    older_names: Mapping[str, str] = field(default_factory=dict)
    """What the vendor's older SDK calls the same variables."""
    duplicate_start_is_told: bool = True
    """Whether the second StartSnapshot of a running task is known to answer with a sentence of its own."""

    def in_environment(self, env: Lookup) -> Lookup:
        """The environment, in which a key pair under the older names is found where there is no newer one."""
        newer = any(env(setting.env) for setting in self.keys.settings)
        return env if newer else lambda name: env(self.older_names.get(name, name))


BYTEPLUS = Edition(
    "byteplus",
    "2022-06-01",
    {"ap-singapore-1": "https://open.byteplusapi.com"},
    Setting("BYTEPLUS_REGION", "videosnap:byteplusRegion", "BytePlus RTC: region", default="ap-singapore-1"),
    Setting(
        "BYTEPLUS_RTC_ENDPOINT",
        "videosnap:byteplusRtcEndpoint",
        "BytePlus RTC: endpoint",
        default="the region's",
    ),
    KeySettings.of(
        "BytePlus",
        ("BYTEPLUS_ACCESS_KEY", "videosnap:byteplusAccessKey"),
        ("BYTEPLUS_SECRET_KEY", "videosnap:byteplusSecretKey"),
        ("BYTEPLUS_SESSION_TOKEN", "videosnap:byteplusSessionToken"),
    ),
    {"BYTEPLUS_ACCESS_KEY": "BYTEPLUS_ACCESSKEY", "BYTEPLUS_SECRET_KEY": "BYTEPLUS_SECRETKEY"},
    duplicate_start_is_told=False,
)


@dataclass(frozen=True)
class ByteplusProfiles:
    """Reads `~/.byteplus/config` of BytePlus' older SDK, under a home directory (JSON: `ak`, `sk`)."""

    home: Path

    @property
    def places(self) -> str:
        """The file it reads."""
        return str(self.home / ".byteplus" / "config")

    def read(self, profile: str | None) -> Keys | None:
        """The key pair of the file; there are no named profiles in it."""
        content = {} if profile else json_object(Path(self.places))
        return keys_in(self.places, content, ("ak", "sk", "session_token"))
