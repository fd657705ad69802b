"""The storage platforms that frames can lie on, and the registry in which each cloud's folder enters its own.

A cloud's `frames` module calls `register` when it is imported, which the kinds of that cloud do: so the
registry of kinds decides which platforms there are. All speak the S3 protocol. The docs print the table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from pulumi_videosnap.errors import NotConfigured
from pulumi_videosnap.http.credentials import KeySettings, ProfileReader
from pulumi_videosnap.kinds import kinds
from pulumi_videosnap.settings import Lookup, Setting

Addressing = Literal["virtual", "path", "auto"]
"""Whether the bucket is part of the host, part of the path, or one of the two depending on its name."""


@dataclass(frozen=True)
class Location:
    """A bucket, or the part of it below a prefix.

    `platform` is the name of a registered platform; `region` the platform's own name of it, None where it is
    not known; `endpoint` overrides the platform's own; `profile` is the one to read it with, from the
    platform's own profile files.
    """

    platform: str
    bucket: str
    region: str | None = None
    prefix: str = ""
    endpoint: str | None = None
    profile: str | None = None


@dataclass(frozen=True)
class Platform:
    """How one storage platform is reached over the S3 protocol.

    `endpoint` has `{region}` in it; `region_prefix` is what its regions are also written with. `permissions`
    is what the reader's key needs, `delete_permission` what it needs to delete. `profiles` reads the vendor's
    own profile files in a home folder. `list_version` is the version of ListObjects; `url_encoding` whether
    keys are requested URL-encoded, without which a key with control characters cannot be listed;
    `start_after` whether a listing can begin after a key of our choice. `aws_settings` says that boto3's own
    chain finds credentials, endpoint and profiles.

    `assumed` are the fields, and the version of the signature, that no page of the vendor's documents.
    """

    name: str
    title: str
    endpoint: str
    addressing: Addressing
    keys: KeySettings
    endpoint_setting: Setting
    region_setting: Setting
    permissions: str
    assumed: tuple[str, ...] = field(default=(), repr=False)
    profiles: Callable[[Path, Lookup], ProfileReader] | None = field(default=None, repr=False)
    delete_permission: str = "the permission to delete objects"
    list_version: Literal[1, 2] = 2
    url_encoding: bool = True
    start_after: bool = True
    region_prefix: str = ""
    aws_settings: bool = False

    @property
    def settings(self) -> tuple[Setting, ...]:
        """Its settings, each with a meaning and a default for the docs."""
        found = (*self.keys.settings, self.endpoint_setting, self.region_setting)
        meanings = ("access key", "secret key", "session token", "endpoint", _REGION)
        defaults = ("", "", "", self.endpoint_in("REGION"), "")
        return tuple(
            replace(
                setting,
                meaning=setting.meaning or f"{self.title}: {meaning}",
                default=setting.default or default,
            )
            for setting, meaning, default in zip(found, meanings, defaults, strict=True)
        )

    def endpoint_in(self, region: str) -> str:
        """The public endpoint in a region."""
        return self.endpoint.format(region=region)


_REGION = "region, where the task does not say in which its bucket is"
_platforms: dict[str, Platform] = {}
_without_listing: dict[str, str] = {}


def register(*platforms: Platform, without_listing: Mapping[str, str] | None = None) -> None:
    """Enter platforms; `without_listing` has the titles of those that cannot be read, by their names."""
    _platforms.update({platform.name: platform for platform in platforms})
    _without_listing.update(without_listing or {})


def platforms() -> Mapping[str, Platform]:
    """Every platform that can be read, by its name, in the order of names."""
    kinds()  # imports the clouds, whose modules call `register`
    return dict(sorted(_platforms.items()))


def find_platform(name: str) -> Platform:
    """The platform of this name; NotConfigured where its buckets cannot be listed."""
    if platform := platforms().get(name):
        return platform
    if title := _without_listing.get(name):
        raise NotConfigured(f"{title} has no S3 listing: view its frames in its own console")
    raise NotConfigured(f"{name!r} is not a storage platform: use one of {', '.join(sorted(platforms()))}")
