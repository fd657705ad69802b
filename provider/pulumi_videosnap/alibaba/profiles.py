"""The profile files of Alibaba Cloud's own tools, read for a static key pair.

* `~/.aliyun/config.json` of the `aliyun` command line: `{"current": name, "profiles": [{"name": name, "mode":
  "AK" or "StsToken", "access_key_id": …, "access_key_secret": …, "sts_token": …}]}`.
* `~/.alibabacloud/credentials.ini` of the Python and Java SDKs, `~/.alibabacloud/credentials` of the others:
  sections with `type` (`access_key` or `sts`), `access_key_id`, `access_key_secret`, `security_token`.

ALIBABA_CLOUD_PROFILE names another profile or section, ALIBABA_CLOUD_CREDENTIALS_FILE another INI file;
ALIBABA_CLOUD_CLI_PROFILE_DISABLED=true leaves out the first file. Source: the providers `cli_profile` and
`profile` of the Python package alibabacloud_credentials, version 1.0.12.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pulumi_videosnap.errors import NotConfigured
from pulumi_videosnap.http.credentials import Keys, Lookup
from pulumi_videosnap.http.profile_files import ini_section, json_object, keys_in

# Every other mode (RamRoleArn, EcsRamRole, OIDC, CloudSSO, OAuth …) needs a sign-in that only the tools do.
_STATIC_MODES = ("", "ak", "ststoken")
_STATIC_TYPES = ("", "access_key", "sts")


@dataclass(frozen=True)
class AlibabaProfiles:
    """Reads the vendor's profile files under a home directory."""

    home: Path
    env: Lookup

    @property
    def places(self) -> str:
        """The files it looks at."""
        return " and ".join(map(str, (self._cli_file, *self._ini_files)))

    def read(self, profile: str | None) -> Keys | None:
        """The keys of the named or the current profile; the command line's file comes first."""
        return next(filter(None, self._found(profile or self.env("ALIBABA_CLOUD_PROFILE"))), None)

    def _found(self, profile: str | None) -> Iterator[Keys | None]:
        if (self.env("ALIBABA_CLOUD_CLI_PROFILE_DISABLED") or "").lower() != "true":
            yield self._of_cli(profile)
        for path in self._ini_files:
            yield self._of_ini(path, profile or "default")

    @property
    def _cli_file(self) -> Path:
        return self.home / ".aliyun" / "config.json"

    @property
    def _ini_files(self) -> tuple[Path, ...]:
        folder = self.home / ".alibabacloud"
        named = self.env("ALIBABA_CLOUD_CREDENTIALS_FILE")
        return (Path(named),) if named else (folder / "credentials.ini", folder / "credentials")

    def _of_cli(self, profile: str | None) -> Keys | None:
        content = json_object(self._cli_file)
        name = profile or str(content.get("current") or "default")
        entry = _entry(content.get("profiles"), name)
        place = f"profile {name!r} of {self._cli_file}"
        _check_static(place, entry.get("mode"), _STATIC_MODES)
        return keys_in(place, entry, ("access_key_id", "access_key_secret", "sts_token"))

    def _of_ini(self, path: Path, name: str) -> Keys | None:
        section = ini_section(path, name) or {}
        # As the SDK reads it: what follows a # is a comment.
        values = {key: value.partition("#")[0].strip() for key, value in section.items()}
        place = f"section [{name}] of {path}"
        _check_static(place, values.get("type"), _STATIC_TYPES)
        return keys_in(place, values, ("access_key_id", "access_key_secret", "security_token"))


def _entry(profiles: object, name: str) -> dict[str, Any]:
    entries = profiles if isinstance(profiles, list) else []
    return next((entry for entry in entries if isinstance(entry, dict) and entry.get("name") == name), {})


def _check_static(place: str, mode: object, static: tuple[str, ...]) -> None:
    if str(mode or "").strip().lower() not in static:
        raise NotConfigured(
            f"{place} signs in by {mode!r}, which this provider cannot: set ALIBABA_CLOUD_ACCESS_KEY_ID, "
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET and ALIBABA_CLOUD_SECURITY_TOKEN instead"
        )
