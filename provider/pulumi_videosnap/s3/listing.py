"""All objects of a bucket, page after page, in the order of their keys; several ranges of keys at a time.

A listing ends where the store says so. A page that is no listing, that comes twice, or that goes back, is an
error: nothing that is half ever looks like the end.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice, pairwise
from typing import Any

from pulumi_videosnap.errors import CallFailed
from pulumi_videosnap.s3.bucket import Bucket
from pulumi_videosnap.s3.client import AT_ONCE
from pulumi_videosnap.s3.pages import ACTIONS, Listed, NotAListing, Page

PAGE = 1000
"""Objects to ask for at once: the most that S3 gives. OSS gives 100 unless asked."""
ALONE = 4
"""Pages to take one after the other: a listing that goes on after them is worth dividing."""
PARTS = 32
"""Ranges to divide a listing into, at most; each costs up to one page more."""
AHEAD = 8
"""Pages of one range that may wait for those of the ranges before it: 64 in all, some 30 MB."""
DEPTH = 8
"""Levels of folders to look for one with several folders in it."""


@dataclass(frozen=True)
class Listing:
    """How a bucket is listed.

    `version` is that of the call, `encoded` whether keys are asked for URL-encoded, `divided` whether the
    store can begin after a given key.
    """

    bucket: Bucket
    version: int = 2
    encoded: bool = True
    divided: bool = True

    def objects(self, prefix: str, progress: Callable[[int], None] | None = None) -> Iterator[Listed]:
        """Every object below a prefix; `progress` is told after each page how many there were so far."""
        count = 0
        for page in self._pages(prefix):
            yield from page.objects
            count += len(page.objects)
            if progress:
                progress(count)

    def page(self, prefix: str, *, after: str = "", token: str = "", delimiter: str = "") -> Page:
        """One page: after a key, or where a token says that it goes on; Garbled when it is none."""
        first = self.version == 1
        asked = {
            "Prefix": prefix,
            "Delimiter": delimiter,
            "EncodingType": "url" if self.encoded else "",
        }
        if token:
            asked["Marker" if first else "ContinuationToken"] = token
        else:
            asked["Marker" if first else "StartAfter"] = after
        given: Any = {name: value for name, value in asked.items() if value}
        answer = self.bucket.call(
            ACTIONS[self.version],
            "",
            lambda s3: (s3.list_objects if first else s3.list_objects_v2)(
                Bucket=self.bucket.name, MaxKeys=PAGE, **given
            ),
        )
        if answer is None:
            raise self.bucket.wording.no_bucket(self.bucket.name)
        page: Page = answer["Page"]
        return page

    def garbled(self, why: str) -> CallFailed:
        """The error for pages that do not make a listing."""
        where = self.bucket.place("")
        return self.bucket.wording.unanswered(ACTIONS[self.version], where, NotAListing(why)).error

    def _pages(self, prefix: str) -> Iterator[Page]:
        rest = _Range(self, prefix)
        for _ in range(ALONE):
            yield rest.take()
            if rest.ended:
                return
        parts = rest.divided(self._boundaries(prefix)) if self.divided else [rest]
        if len(parts) > 1:
            yield from _side_by_side(parts)
        while not rest.ended:
            yield rest.take()

    def _boundaries(self, prefix: str) -> list[str]:
        """The folders at the first level that has several, in order; empty when there is none."""
        for _ in range(DEPTH):
            page = self.page(prefix, delimiter="/")
            if len(page.folders) != 1 or page.goes_on:
                return page.folders
            prefix = page.folders[0]
        return []


class _Range:
    """The objects whose keys come after one key, up to another and including it; one thread at a time."""

    def __init__(self, listing: Listing, prefix: str, after: str = "", until: str = "") -> None:
        self.ended = False
        self._listing = listing
        self._prefix = prefix
        self._last = after
        self._until = until
        self._token = ""
        self._tokens: set[str] = set()

    def divided(self, boundaries: list[str]) -> list[_Range]:
        """What is left of a range without an end, in parts that meet at some of the boundaries."""
        ahead = sorted(boundary for boundary in boundaries if boundary > self._last)
        chosen = ahead[:: len(ahead) // PARTS + 1]
        if chosen:
            self._until = chosen[0]
        return [
            self,
            *(_Range(self._listing, self._prefix, *ends) for ends in pairwise([*chosen, ""])),
        ]

    def take(self) -> Page:
        """The next page."""
        page = self._listing.page(self._prefix, after=self._last, token=self._token)
        self._check(page)
        if page.objects:
            self._last = page.objects[-1].key
        self._go_on(page)
        if not self._until or self._last < self._until:
            return page
        self.ended = True
        return replace(page, objects=[stored for stored in page.objects if stored.key <= self._until])

    def _check(self, page: Page) -> None:
        last = self._last
        for stored in page.objects:
            if stored.key <= last:
                raise self._listing.garbled("its keys are not in order, or come twice")
            last = stored.key
        # In order, so the first and the last speak for all.
        if not all(stored.key.startswith(self._prefix) for stored in (*page.objects[:1], *page.objects[-1:])):
            raise self._listing.garbled("it holds keys that were not asked for")

    def _go_on(self, page: Page) -> None:
        if not page.goes_on:
            self.ended = True
            return
        # The first version goes on after the last key, and names that only sometimes, and not always encoded.
        token = self._last if self._listing.version == 1 and page.objects else page.token
        if not token:
            raise self._listing.garbled("it goes on, but does not say where")
        if token in self._tokens:
            raise self._listing.garbled("it goes in circles")
        self._tokens.add(token)
        self._token = token


def _side_by_side(parts: list[_Range]) -> Iterator[Page]:
    """The pages of several ranges, in order, while those of the next ranges are fetched already."""
    pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="videosnap-listing")
    waiting = deque(_Ahead(part, pool) for part in parts)
    try:
        while waiting:
            for part in islice(waiting, AT_ONCE):
                part.fetch()
            if (page := waiting[0].next()) is not None:
                yield page
            else:
                waiting.popleft()
    finally:
        pool.shutdown(cancel_futures=True)


class _Ahead:
    """A range whose pages are fetched before their turn."""

    def __init__(self, part: _Range, pool: ThreadPoolExecutor) -> None:
        self._part = part
        self._pool = pool
        self._ready: deque[Page] = deque()
        self._under_way: Future[Page] | None = None

    def fetch(self) -> None:
        """Have one more page fetched, unless one is under way or enough are waiting."""
        if self._under_way and self._under_way.done() and not self._under_way.exception():
            self._ready.append(self._under_way.result())
            self._under_way = None
        if not self._under_way and not self._part.ended and len(self._ready) < AHEAD:
            self._under_way = self._pool.submit(self._part.take)

    def next(self) -> Page | None:
        """The next page, waiting for it if need be; None at the end. Raises what fetching it raised."""
        if self._ready:
            return self._ready.popleft()
        if not self._under_way:
            return None
        page, self._under_way = self._under_way.result(), None
        return page
