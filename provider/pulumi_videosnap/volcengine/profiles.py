"""The profile files of Volcengine's own tools, read for a static key pair.

* `~/.volcengine/config.json` of the `ve` command line: `{"current": name, "profiles": {name: {"mode": "ak",
  "access-key": …, "secret-key": …, "session-token": …}}}`; VOLCENGINE_CLI_CONFIG_FILE names another file,
  VOLCENGINE_PROFILE another current profile. Sources: volcengine-cli `cmd/configure.go`, and
  `volcenginesdkcore/auth/providers/cli_config_provider.py` of the Python SDK, which reads the same file.
* `~/.volc/credentials` (INI, section `default`: `access_key_id`, `secret_access_key`) and, without that file,
  `~/.volc/config` (JSON: `ak`, `sk`) of the older SDK. Source: `volcengine/base/Service.py`.
"""

from __future__ import annotations

import configparser
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pulumi_videosnap.credentials import Keys, Lookup
from pulumi_videosnap.errors import NotConfigured

# Every other mode (sso, console-login, RamRoleArn, OIDC, EcsRole) needs a sign-in that only the tools do.
_STATIC_MODES = ("", "ak", "ststoken")


@dataclass(frozen=True)
class VolcengineProfiles:
    """Reads the vendor's profile files under a home directory."""

    home: Path
    env: Lookup

    @property
    def places(self) -> str:
        """The files it looks at."""
        return f"{self._cli_file} and {self.home / '.volc'}"

    def read(self, profile: str | None) -> Keys | None:
        """The keys of the named or the current profile; the newer tool's file comes first."""
        return self._of_cli(profile) or self._of_ini(profile) or (None if profile else self._of_json())

    @property
    def _cli_file(self) -> Path:
        named = self.env("VOLCENGINE_CLI_CONFIG_FILE")
        return Path(named) if named else self.home / ".volcengine" / "config.json"

    def _of_cli(self, profile: str | None) -> Keys | None:
        content = _json_object(self._cli_file)
        name = profile or self.env("VOLCENGINE_PROFILE") or str(content.get("current") or "default")
        profiles = content.get("profiles")
        entry = profiles.get(name) if isinstance(profiles, dict) else None
        if not isinstance(entry, dict):
            return None
        place = f"profile {name!r} of {self._cli_file}"
        mode = str(entry.get("mode") or "").strip().lower()
        if mode not in _STATIC_MODES:
            raise NotConfigured(
                f"{place} signs in by {mode!r}, which this provider cannot: "
                "set VOLCENGINE_ACCESS_KEY, VOLCENGINE_SECRET_KEY and VOLCENGINE_SESSION_TOKEN instead"
            )
        return _keys(place, entry, ("access-key", "secret-key", "session-token"))

    def _of_ini(self, profile: str | None) -> Keys | None:
        path = self.home / ".volc" / "credentials"
        sections = configparser.ConfigParser(interpolation=None)
        try:
            sections.read_string(_text(path))
        except configparser.Error:
            # Not chained: the parser quotes the line it cannot read.
            raise NotConfigured(f"{path} cannot be read as an INI file: mend or remove it") from None
        name = profile or "default"
        if not sections.has_section(name):
            return None
        names = ("access_key_id", "secret_access_key", "session_token")
        return _keys(f"section [{name}] of {path}", dict(sections[name]), names)

    def _of_json(self) -> Keys | None:
        path = self.home / ".volc" / "config"
        if (self.home / ".volc" / "credentials").is_file():
            return None
        return _keys(str(path), _json_object(path), ("ak", "sk", "session_token"))


def _keys(place: str, entry: dict[str, Any], names: tuple[str, str, str]) -> Keys | None:
    access_key, secret_key, session_token = (str(entry.get(name) or "").strip() for name in names)
    if not access_key and not secret_key:
        return None
    return Keys(
        place,
        access_key,
        secret_key,
        session_token,
        access_name=f"{names[0]} in {place}",
        secret_name=f"{names[1]} in {place}",
    )


def _text(path: Path) -> str:
    """The content of a file, empty when there is none."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except (OSError, UnicodeDecodeError) as unreadable:
        raise NotConfigured(f"{path} cannot be read ({type(unreadable).__name__})") from None


def _json_object(path: Path) -> dict[str, Any]:
    text = _text(path)
    try:
        content = json.loads(text) if text.strip() else {}
    except ValueError:
        # Not chained: the decoder's exception carries the whole file.
        raise NotConfigured(f"{path} cannot be read as JSON: mend or remove it") from None
    return content if isinstance(content, dict) else {}
