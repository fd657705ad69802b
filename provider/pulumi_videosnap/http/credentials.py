"""The key pair of a cloud account: where it is looked for, and how it stays secret.

Sources are searched in a fixed order: a named profile, and then no other source; else the environment, the
stack's configuration, and the current profile of the vendor's own file. The first source with a key pair
wins. Credentials are never mixed across sources.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NoReturn, Protocol

from pulumi_videosnap.errors import NotConfigured, one_line
from pulumi_videosnap.settings import SECRET, Lookup, Setting, no_config


@dataclass(frozen=True)
class Credentials:
    """A key pair, with a session token when it is temporary. Its repr is masked, and it cannot be pickled."""

    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)

    def __repr__(self) -> str:
        return f"Credentials({self.masked})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("credentials cannot be pickled; read them again where they are needed")

    @property
    def masked(self) -> str:
        """The start of the access key, enough to tell two apart."""
        return f"{self.access_key[:4]}****"

    def secrets(self) -> tuple[str, ...]:
        """The values that no message may contain, the access key included."""
        return (self.access_key, self.secret_key, self.session_token or "")

    def scrub(self, text: str, also: tuple[str, ...] = ()) -> str:
        """Untrusted text made fit for a message: the access key masked, other credential values replaced."""
        return one_line(text.replace(self.access_key, self.masked), hide=(*self.secrets(), *also))


@dataclass(frozen=True)
class Keys:
    """What one source holds, and its names for the two halves, so that an error can name the missing one."""

    place: str
    access_key: str = field(default="", repr=False)
    secret_key: str = field(default="", repr=False)
    session_token: str = field(default="", repr=False)
    access_name: str = "the access key"
    secret_name: str = "the secret key"  # noqa: S105

    def credentials(self) -> Credentials | None:
        """The key pair; None when the source holds neither half, NotConfigured when it holds only one."""
        if not self.access_key and not self.secret_key:
            return None
        for name, value in ((self.access_name, self.access_key), (self.secret_name, self.secret_key)):
            if not value:
                raise NotConfigured(
                    f"{name} is missing: {self.place} holds only the other half of the key pair"
                )
            _check_characters(name, value)
        _check_characters(f"the session token of {self.place}", self.session_token)
        return Credentials(self.access_key, self.secret_key, self.session_token or None)


def _check_characters(name: str, value: str) -> None:
    if not value.isascii() or any(not char.isprintable() or char.isspace() for char in value):
        raise NotConfigured(f"{name} contains whitespace or a non-ASCII character; copy the key again")


# Every other mode (roles, OIDC, single sign-on …) needs a sign-in that only the vendors' own tools do.
STATIC_MODES = ("", "ak", "ststoken")
"""Modes of a profile in the files of the vendors' command lines that hold a key pair."""


class ProfileReader(Protocol):
    """Reads a vendor's own profile files."""

    @property
    def places(self) -> str:
        """The files it reads, for a message."""

    def read(self, profile: str | None) -> Keys | None:
        """The keys of a profile, or of the current one; None when there is none."""


@dataclass(frozen=True)
class KeySettings:
    """How one cloud names its credentials."""

    cloud: str
    access_key: Setting
    secret_key: Setting
    session_token: Setting

    @classmethod
    def of(cls, cloud: str, *names: tuple[str, str], temporary: str = "session token") -> KeySettings:
        """Settings by environment variable and stack-config key: of both halves and a `temporary` token."""
        meanings = ("access key", "its secret key", f"{temporary} of a temporary key pair")
        pairs = zip(names, meanings, strict=True)
        return cls(cloud, *(Setting(*name, f"{cloud}: {meaning}") for name, meaning in pairs))

    def read_profile(
        self,
        place: str,
        entry: Mapping[str, Any],
        names: tuple[str, str, str],
        mode: str = "mode",
        static: Collection[str] = STATIC_MODES,
    ) -> Keys | None:
        """The keys of an entry of a profile file; NotConfigured where its `mode` needs a sign-in."""
        self.require_static(place, entry.get(mode), static)
        return keys_in(place, entry, names)

    @property
    def settings(self) -> tuple[Setting, Setting, Setting]:
        """The three settings."""
        keys = (self.access_key, self.secret_key, self.session_token)
        access_key, secret_key, session_token = (replace(setting, secret=True) for setting in keys)
        return access_key, secret_key, session_token

    def in_environment(self, env: Lookup) -> Keys:
        """The keys in the environment."""
        return _keys("the environment", [setting.env for setting in self.settings], env)

    def in_config(self, config: Lookup) -> Keys:
        """The keys in the stack's configuration; none where one of them is a secret that is not shown."""
        shown = no_config if self.hidden_in(config) else config
        return _keys("the stack's configuration", [setting.config for setting in self.settings], shown)

    def hidden_in(self, config: Lookup) -> bool:
        """Whether the stack's configuration has a key as a secret that is not shown."""
        return any(config(setting.config) == SECRET for setting in self.settings)

    def require_static(self, place: str, mode: object, static: Collection[str] = STATIC_MODES) -> None:
        """Refuse a profile whose mode needs a sign-in; NotConfigured says what to set instead."""
        if str(mode or "").strip().lower() not in static:
            raise NotConfigured(
                f"{place} signs in by {mode!r}, which is not supported: set {self.access_key.env}, "
                f"{self.secret_key.env} and {self.session_token.env} instead"
            )


def _keys(place: str, names: list[str], lookup: Lookup) -> Keys:
    access_key, secret_key, session_token = ((lookup(name) or "").strip() for name in names)
    return Keys(place, access_key, secret_key, session_token, access_name=names[0], secret_name=names[1])


def find_credentials(
    settings: KeySettings,
    profiles: ProfileReader,
    *,
    profile: str | None,
    env: Lookup,
    config: Lookup,
) -> Credentials:
    """The credentials of the first source that has some; NotConfigured names every source searched."""
    if profile:
        return _of_profile(settings, profiles, profile)
    for keys in _sources(settings, profiles, env, config):
        if keys and (credentials := keys.credentials()):
            return credentials
    hidden = ", whose secrets are not decrypted here" if settings.hidden_in(config) else ""
    raise NotConfigured(
        f"no {settings.cloud} credentials: set {settings.access_key.env} and {settings.secret_key.env} "
        f"(searched the environment, {settings.access_key.config} and {settings.secret_key.config} "
        f"in the stack's configuration{hidden}, and {profiles.places})"
    )


def _sources(
    settings: KeySettings, profiles: ProfileReader, env: Lookup, config: Lookup
) -> Iterator[Keys | None]:
    # Read one after the other: an unusable profile does not matter where an earlier source has a key pair.
    yield settings.in_environment(env)
    yield settings.in_config(config)
    yield profiles.read(None)


def _of_profile(settings: KeySettings, profiles: ProfileReader, profile: str) -> Credentials:
    keys = profiles.read(profile)
    if keys and (credentials := keys.credentials()):
        return credentials
    raise NotConfigured(
        f"no {settings.cloud} profile {profile!r} with a key pair in {profiles.places}: "
        f"add it there, or name another profile"
    )


def json_object(path: Path) -> dict[str, Any]:
    """The object in a JSON profile file; empty when the file is absent or holds something else.

    NotConfigured names a file that cannot be read, and never quotes it: it holds secrets.
    """
    text = _text(path)
    try:
        content = json.loads(text) if text.strip() else {}
    except ValueError:
        # Not chained: the decoder's exception carries the whole file.
        raise NotConfigured(f"{path} is not valid JSON; fix or remove it") from None
    return content if isinstance(content, dict) else {}


def ini_section(path: Path, name: str) -> dict[str, str] | None:
    """The settings of one section of an INI file; None when there is no such section."""
    import configparser  # noqa: PLC0415 - for a profile alone

    sections = configparser.ConfigParser(interpolation=None)
    try:
        sections.read_string(_text(path))
    except configparser.Error:
        # Not chained: the parser quotes the line it cannot read.
        raise NotConfigured(f"{path} is not a valid INI file; fix or remove it") from None
    return dict(sections[name]) if sections.has_section(name) else None


def keys_in(place: str, entry: Mapping[str, Any], names: tuple[str, str, str]) -> Keys | None:
    """The key pair and token that an entry holds under these names; None when it holds neither half."""
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
    try:
        return path.read_text(encoding="utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except (OSError, UnicodeDecodeError) as unreadable:
        raise NotConfigured(f"{path} cannot be read ({type(unreadable).__name__})") from None
