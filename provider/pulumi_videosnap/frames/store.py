"""Objects where a task put its frames: what is there, and what is in them.

Every error is one line that names the bucket and its platform and holds no secret: NotConfigured when
something is to be set, a `CallFailed` when the store refuses, is silent or answers half. A listing that ends
without an error is whole.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timezone
from pathlib import Path

from pulumi_videosnap.frames.access import wiring_of
from pulumi_videosnap.frames.model import Place, Stored
from pulumi_videosnap.frames.stores import Platform, platform_of
from pulumi_videosnap.s3 import presence, reading
from pulumi_videosnap.s3.bucket import Bucket
from pulumi_videosnap.s3.client import Wiring
from pulumi_videosnap.s3.failures import Wording, more_codes
from pulumi_videosnap.s3.listing import Listing
from pulumi_videosnap.settings import Lookup, no_config


@dataclass(frozen=True)
class Store:
    """The objects of one place; any number of threads may share it. Made by `open_store`."""

    place: Place
    bucket: Bucket
    listing: Listing

    def list(
        self, prefix: str | None = None, *, progress: Callable[[int], None] | None = None
    ) -> Iterator[Stored]:
        """Every object whose key begins with `prefix` (the place's own when None), in the order of keys.

        Holds at most 64,000 objects in memory, and a few thousand where all lie in one folder. `progress` is
        told after each page how many there were so far.
        """
        below = self.place.prefix if prefix is None else prefix
        for listed in self.listing.objects(below, progress):
            yield Stored(*listed)

    def head(self, key: str) -> Stored | None:
        """What the store says of one object; None when it is not there."""
        said = self.bucket.head(key)
        if said is None:
            self.bucket.check()
            return None
        modified = said["LastModified"].astimezone(timezone.utc)
        return Stored(key, said["ContentLength"], modified, said.get("ETag", "").strip('"'))

    def read(self, key: str, limit: int) -> bytes:
        """The object's content; Rejected when it is not there, or larger than `limit` bytes."""
        return reading.read(self.bucket, key, limit)

    def download(self, key: str, path: Path) -> None:
        """Write the object to a file, which is there whole or not at all.

        A part that an earlier attempt left in `<name>.<digest>.part` is continued, if the object is still
        the same.
        """
        reading.download(self.bucket, key, path)

    def missing(self, keys: Iterable[str]) -> Sequence[str]:
        """Those of the keys that are not there, in order."""
        return self.bucket.missing(keys)

    def absent(self, keys: Iterable[str]) -> Sequence[str]:
        """The same from a listing: one call for a thousand keys that lie together."""
        return presence.missing(self.listing, keys)

    def delete(self, keys: Iterable[str]) -> None:
        """Delete objects one by one; one that is not there counts as deleted. The first failure ends it."""
        self.bucket.delete(keys)


def open_store(
    place: Place,
    *,
    profile: str | None = None,
    env: Lookup = os.environ.get,
    config: Lookup = no_config,
    home: Path | None = None,
) -> Store:
    """The store of a place, with the reader's own credentials; nothing is called yet.

    NotConfigured says what is missing: a key pair, a region, or that the platform cannot be listed at all.
    `profile` names one in the platform's own profile files, `config` reads the stack's configuration by full
    key.
    """
    platform = platform_of(place.platform)
    wiring = wiring_of(platform, place, profile=profile, env=env, config=config, home=home or Path.home())
    bucket = Bucket(place.bucket, wiring, _wording(platform, wiring))
    listing = Listing(bucket, platform.listing, platform.encoded_keys, platform.ranges)
    return Store(place, bucket, listing)


def _wording(platform: Platform, wiring: Wiring) -> Wording:
    keys, region, endpoint = platform.keys, platform.region_setting, platform.endpoint_setting
    codes = more_codes(
        store=platform.title,
        key=f"check {keys.access_key.env} and {keys.secret_key.env}",
        permissions=f"grant it {platform.permissions}",
        region=f"check the task's region, or set {region.env} or {endpoint.env}",
    )
    scrub = {"scrub": wiring.credentials.scrub} if wiring.credentials else {}
    return Wording(
        codes,
        endpoint=wiring.endpoint or f"the endpoint of {wiring.region}",
        advice=f"check {endpoint.env} and the network",
        called=f"{platform.title} bucket ",
        settings=f"set {keys.access_key.env} and {keys.secret_key.env}, or a profile that has them",
        **scrub,
    )
