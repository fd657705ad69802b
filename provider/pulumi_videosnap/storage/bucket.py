"""One bucket: listing its objects, which of many keys exist, reading, downloading and deleting.

Every error is one line that names the bucket and its platform and holds no secret: NotConfigured when
something is to be set, a `CallFailed` when the store refuses, does not respond, or sends half a response. A
listing that ends without an error is complete.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pulumi_videosnap.errors import Rejected, Unauthorized, VideosnapError
from pulumi_videosnap.http.credentials import Credentials
from pulumi_videosnap.settings import Lookup, no_config
from pulumi_videosnap.storage.client import MAX_CONCURRENCY, ClientConfig, client_config, client_for
from pulumi_videosnap.storage.download import Transfer, download_file
from pulumi_videosnap.storage.errors import DELETE, NOT_FOUND, ErrorContext
from pulumi_videosnap.storage.platforms import Location, Platform, find_platform

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

T = TypeVar("T")

LIST = "ListObjects"
PAGE_SIZE = 1000
"""Objects to request at once: the most that S3 returns. Some stores return fewer by default."""
_SURROGATES = range(0xD800, 0xE000)


@dataclass(frozen=True)
class StoredObject:
    """One object as a listing has it; `size` in bytes, `modified` in UTC, `etag` without quotes."""

    key: str
    size: int
    modified: datetime
    etag: str = ""


@dataclass(frozen=True)
class Bucket:
    """The objects of one location; any number of threads may share it. Made by `open_bucket`."""

    location: Location
    platform: Platform
    config: ClientConfig

    def list(
        self, prefix: str | None = None, *, progress: Callable[[int], None] | None = None
    ) -> Iterator[StoredObject]:
        """Every object whose key begins with `prefix` (the location's own when None), in the order of keys.

        `progress` is called after each page with the number of objects so far.
        """
        count, last = 0, ""
        prefix = self.location.prefix if prefix is None else prefix
        for page in self._pages(prefix):
            for entry in page.get("Contents", ()):
                stored = self._stored(entry)
                # Guards against pages that repeat: boto3 notices only two equal tokens in a row.
                if stored.key <= last or not stored.key.startswith(prefix):
                    raise self._garbled(f"key {stored.key!r} is out of order or was not asked for")
                last = stored.key
                yield stored
            count += len(page.get("Contents", ()))
            if progress:
                progress(count)

    def head(self, key: str) -> StoredObject | None:
        """One object; None when it does not exist."""
        response = self._head(key)
        if response is None:
            self._check_exists()
            return None
        return _stored_object({**response, "Key": key, "Size": response["ContentLength"]})

    def read(self, key: str, limit: int) -> bytes:
        """The object's content; Rejected when it does not exist, or is larger than `limit` bytes."""
        content = io.BytesIO()
        if not self._transfer(key).into(content, limit=limit):
            raise self._no_object(key)
        if content.tell() > limit:
            raise Rejected("GetObject", f"{self.errors.object_name(key)}: larger than {limit} bytes")
        return content.getvalue()

    def download(self, key: str, path: Path) -> None:
        """Write the object to a file, which is there in full or not at all.

        A part that an earlier attempt left in `<name>.<digest>.part` is continued, if the object is still
        the same. Rejected when the object does not exist, or another process downloads it; NotConfigured
        when the file cannot be written.
        """
        if not download_file(self._transfer(key), lambda: self._head(key), path):
            raise self._no_object(key)

    def missing(self, keys: Iterable[str], *, by_listing: bool = False) -> Sequence[str]:
        """Those of the keys that do not exist, in the order given; Rejected when the bucket does not exist.

        One HeadObject call for each key. `by_listing` needs the permission to list, and one call for up to a
        thousand keys that lie together.
        """
        wanted = list(keys)
        if by_listing and self.platform.start_after:
            absent = set(self._missing_in_listing(sorted(set(wanted))))
            return [key for key in wanted if key in absent]
        found = self._map(self._head, wanted)
        absent_keys = [key for key, response in zip(wanted, found, strict=True) if response is None]
        if absent_keys:
            self._check_exists()
        return absent_keys

    def delete(self, keys: Iterable[str]) -> None:
        """Delete objects; one that does not exist counts as deleted. The first failure ends it.

        One by one, since DeleteObjects requires checksums that not every store supports.
        """
        self._map(self._delete, keys)

    @property
    def errors(self) -> ErrorContext:
        """What the errors of this bucket say."""
        config = self.config
        return ErrorContext(
            self.platform,
            self.location.bucket,
            config.endpoint or f"the endpoint of {config.region}",
            config.scrub,
        )

    def _pages(self, prefix: str, after: str = "") -> Iterator[Mapping[str, Any]]:
        """The pages of a listing; it begins after a key where the platform supports that."""
        first_version = self.platform.list_version == 1
        request: Any = {"Bucket": self.location.bucket, "Prefix": prefix}
        if after:
            request["Marker" if first_version else "StartAfter"] = after
        name: Any = "list_objects" if first_version else "list_objects_v2"
        end: Mapping[str, Any] = {}

        def start(s3: S3Client) -> Iterator[Any]:
            return iter(s3.get_paginator(name).paginate(**request, PaginationConfig={"PageSize": PAGE_SIZE}))

        pages = self._call(LIST, "", start)
        while (page := self._call(LIST, "", lambda _: next(pages, end))) is not end:
            yield self._check_page(page)

    def _check_page(self, page: Mapping[str, Any] | None) -> Mapping[str, Any]:
        """Refuse what is no page: boto3 takes any XML for a listing, and one without an end for its last."""
        if page is None:
            raise self.errors.not_found(LIST)
        if page.get("IsTruncated") is None:
            raise self._garbled("it does not say whether there are more pages")
        token = page.get("NextContinuationToken") or page.get("NextMarker")
        if page["IsTruncated"] and not (token or (self.platform.list_version == 1 and page.get("Contents"))):
            raise self._garbled("it does not say where the next page begins")
        return page

    def _stored(self, entry: Mapping[str, Any]) -> StoredObject:
        try:
            return _stored_object(entry)
        except (KeyError, AttributeError) as problem:
            raise self._garbled(f"an object has no {problem}") from None

    def _missing_in_listing(self, wanted: Sequence[str]) -> Iterator[str]:
        """Those of the keys, sorted, that do not exist: never more calls than keys.

        Each page begins just before the first key that is still in question, so other objects between the
        keys cost nothing.
        """
        prefix, after, at = common_prefix(wanted), "", 0
        while at < len(wanted):
            after = max(after, _just_before(wanted[at]))
            page = next(self._pages(prefix, after))
            found = {entry["Key"] for entry in page.get("Contents", ())}
            last = max(found, default="")
            if page["IsTruncated"] and last <= after:
                raise self._garbled("it does not advance")
            while at < len(wanted) and (not page["IsTruncated"] or wanted[at] <= last):
                if wanted[at] not in found:
                    yield wanted[at]
                at += 1
            after = last

    def _head(self, key: str) -> Any:
        return self._call("HeadObject", key, lambda s3: s3.head_object(Bucket=self.location.bucket, Key=key))

    def _delete(self, key: str) -> Any:
        return self._call(DELETE, key, lambda s3: s3.delete_object(Bucket=self.location.bucket, Key=key))

    def _check_exists(self) -> None:
        """Rejected when the bucket does not exist: a bare 404 does not say what is missing."""
        try:
            found = self._call("HeadBucket", "", lambda s3: s3.head_bucket(Bucket=self.location.bucket))
        except Unauthorized:
            # Not every key that may use a bucket may look at it.
            return
        if found is None:
            raise self.errors.not_found("HeadBucket")

    def _transfer(self, key: str) -> Transfer:
        return Transfer(
            self.location.bucket,
            key,
            self.errors.object_name(key),
            lambda send: self._call("GetObject", key, send),
            self.config.max_attempts,
        )

    def _no_object(self, key: str) -> VideosnapError:
        self._check_exists()
        return self.errors.not_found("GetObject", key)

    def _garbled(self, reason: str) -> VideosnapError:
        return self.errors.garbled_listing(LIST, self.errors.scrub(reason))

    def _map(self, call: Callable[[str], T], keys: Iterable[str]) -> Sequence[T]:
        pool = ThreadPoolExecutor(MAX_CONCURRENCY, thread_name_prefix="videosnap-objects")
        try:
            return [*pool.map(call, keys)]
        finally:
            pool.shutdown(cancel_futures=True)

    def _call(self, action: str, key: str, send: Callable[[S3Client], Any]) -> Any:
        """The response to a call; None when what it asks for does not exist."""
        import botocore.exceptions  # noqa: PLC0415
        import botocore.parsers  # noqa: PLC0415

        try:
            return send(client_for(self.config))
        except botocore.exceptions.ClientError as refusal:
            if refusal.response["Error"].get("Code") in NOT_FOUND:
                return None
            error: VideosnapError = self.errors.refused(action, key, refusal)
        except (
            botocore.exceptions.BotoCoreError,
            botocore.parsers.ResponseParserError,
            # botocore raises these for listings with odd or missing values.
            ValueError,
            KeyError,
        ) as failure:
            error = self.errors.failed(action, key, failure)
        # Not chained: the cause may carry the request and its headers.
        raise error


def open_bucket(
    location: Location,
    *,
    credentials: Credentials | None = None,
    env: Lookup = os.environ.get,
    config: Lookup = no_config,
    home: Path | None = None,
) -> Bucket:
    """The bucket of a location, with the reader's own credentials; nothing is called yet.

    NotConfigured says what is missing: a key pair, a region, or that the platform cannot be listed at all.
    `config` reads the stack's configuration by full key.
    """
    platform = find_platform(location.platform)
    found = client_config(
        platform,
        location,
        credentials=credentials,
        env=env,
        config=config,
        home=home or Path.home(),
    )
    return Bucket(location, platform, found)


def _stored_object(entry: Mapping[str, Any]) -> StoredObject:
    modified = entry["LastModified"].astimezone(timezone.utc)
    return StoredObject(entry["Key"], entry["Size"], modified, entry.get("ETag", "").strip('"'))


def common_prefix(keys: Sequence[str]) -> str:
    """What all keys begin with, to the character; empty when there are none."""
    low, high = min(keys, default=""), max(keys, default="")
    different = (at for at, pair in enumerate(zip(low, high, strict=False)) if pair[0] != pair[1])
    return low[: next(different, len(low))]


def _just_before(key: str) -> str:
    """A text before the key, and after nearly every other key that comes before it."""
    end = ord(key[-1]) - 1
    return key[:-1] if end < 0 or end in _SURROGATES else f"{key[:-1]}{chr(end)}~"
