"""The profile files of Volcengine's own tools, read for a static key pair.

* `~/.volcengine/config.json` of the `ve` command line: `{"current": name, "profiles": {name: {"mode": "ak",
  "access-key": …, "secret-key": …, "session-token": …}}}`; VOLCENGINE_CLI_CONFIG_FILE names another file,
  VOLCENGINE_PROFILE another current profile. Sources: volcengine-cli `cmd/configure.go`, and
  `volcenginesdkcore/auth/providers/cli_config_provider.py` of the Python SDK, which reads the same file.
* `~/.volc/credentials` (INI, section `default`: `access_key_id`, `secret_access_key`) and, without that file,
  `~/.volc/config` (JSON: `ak`, `sk`) of the older SDK. Source: `volcengine/base/Service.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pulumi_videosnap.errors import NotConfigured
from pulumi_videosnap.http.credentials import Keys, Lookup
from pulumi_videosnap.http.profile_files import ini_section, json_object, keys_in

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
        content = json_object(self._cli_file)
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
        return keys_in(place, entry, ("access-key", "secret-key", "session-token"))

    def _of_ini(self, profile: str | None) -> Keys | None:
        path = self.home / ".volc" / "credentials"
        name = profile or "default"
        section = ini_section(path, name)
        if section is None:
            return None
        names = ("access_key_id", "secret_access_key", "session_token")
        return keys_in(f"section [{name}] of {path}", section, names)

    def _of_json(self) -> Keys | None:
        path = self.home / ".volc" / "config"
        if (self.home / ".volc" / "credentials").is_file():
            return None
        return keys_in(str(path), json_object(path), ("ak", "sk", "session_token"))
