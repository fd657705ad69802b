"""Finds the key pair of a cloud account, and keeps it out of sight.

Places are looked at in a fixed order: a profile that is named, and then nothing else; otherwise the
environment, the stack's configuration, and the current profile of the vendor's own file. The first place
that holds a key pair wins; each place stands for itself, so a key of one never meets a token of another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NoReturn, Protocol

from pulumi_videosnap.errors import NotConfigured, one_line

Lookup = Callable[[str], "str | None"]
"""Reads a setting by its name: `os.environ.get`, or the stack configuration's by its full key."""


def no_config(name: str) -> str | None:
    """A stack configuration that holds no setting."""


@dataclass(frozen=True)
class Credentials:
    """A key pair, and a session token when it is a temporary one. Neither printed nor pickled."""

    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)

    def __repr__(self) -> str:
        return f"Credentials({self.masked})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("credentials are never pickled: read them again where they are needed")

    @property
    def masked(self) -> str:
        """Enough of the access key to tell two apart."""
        return f"{self.access_key[:4]}****"

    def secrets(self) -> tuple[str, ...]:
        """The values that no message may carry; the access key is one of them."""
        return (self.access_key, self.secret_key, self.session_token or "")

    def scrub(self, text: str, also: tuple[str, ...] = ()) -> str:
        """Foreign text fit for a message: the access key masked, every other credential value gone."""
        return one_line(text.replace(self.access_key, self.masked), hide=(*self.secrets(), *also))


@dataclass(frozen=True)
class Setting:
    """One setting under its two names: a variable of the environment, a key of the stack's configuration."""

    env: str
    config: str

    def find(self, env: Lookup, config: Lookup) -> tuple[str, str] | None:
        """The value and the name it was found under; the environment first."""
        for name, lookup in ((self.env, env), (self.config, config)):
            if value := (lookup(name) or "").strip():
                return value, name
        return None


@dataclass(frozen=True)
class Keys:
    """What one place holds, and what it calls the two halves, for saying which is missing."""

    place: str
    access_key: str = field(default="", repr=False)
    secret_key: str = field(default="", repr=False)
    session_token: str = field(default="", repr=False)
    access_name: str = "the access key"
    secret_name: str = "the secret key"  # noqa: S105

    def credentials(self) -> Credentials | None:
        """The key pair; None when the place holds neither half, NotConfigured when it holds only one."""
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
        raise NotConfigured(f"{name} holds a space or a character that no key has: copy it anew")


class ProfileReader(Protocol):
    """Reads a vendor's own profile files."""

    @property
    def places(self) -> str:
        """The files it looks at, for a message."""

    def read(self, profile: str | None) -> Keys | None:
        """The keys of a profile, or of the current one; None when there is none."""


@dataclass(frozen=True)
class KeySettings:
    """How one cloud names its credentials."""

    cloud: str
    access_key: Setting
    secret_key: Setting
    session_token: Setting

    def in_environment(self, env: Lookup) -> Keys:
        """The keys that the environment holds."""
        names = (self.access_key.env, self.secret_key.env, self.session_token.env)
        return _keys("the environment", names, env)

    def in_config(self, config: Lookup) -> Keys:
        """The keys that the stack's configuration holds."""
        names = (self.access_key.config, self.secret_key.config, self.session_token.config)
        return _keys("the stack's configuration", names, config)


def _keys(place: str, names: tuple[str, str, str], lookup: Lookup) -> Keys:
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
    """The credentials of the first place that holds some; NotConfigured names every place looked at."""
    if profile:
        return _of_profile(settings, profiles, profile)
    for keys in _places(settings, profiles, env, config):
        if keys and (credentials := keys.credentials()):
            return credentials
    raise NotConfigured(
        f"no {settings.cloud} credentials: set {settings.access_key.env} and {settings.secret_key.env} "
        f"(looked at the environment, at {settings.access_key.config} and {settings.secret_key.config} "
        f"in the stack's configuration, and at {profiles.places})"
    )


def _places(
    settings: KeySettings, profiles: ProfileReader, env: Lookup, config: Lookup
) -> Iterator[Keys | None]:
    # One after the other: a profile that cannot be used is no matter to who has a key pair elsewhere.
    yield settings.in_environment(env)
    yield settings.in_config(config)
    yield profiles.read(None)


def _of_profile(settings: KeySettings, profiles: ProfileReader, profile: str) -> Credentials:
    keys = profiles.read(profile)
    if keys and (credentials := keys.credentials()):
        return credentials
    raise NotConfigured(
        f"no {settings.cloud} profile {profile!r} with a key pair in {profiles.places}: "
        f"add it there, or name another"
    )
