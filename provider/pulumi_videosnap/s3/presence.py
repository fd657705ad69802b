"""Which of many objects are there, in as few calls as a listing that skips what nobody asked for needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pulumi_videosnap.s3.listing import Listing

_SURROGATES = range(0xD800, 0xE000)


def missing(listing: Listing, keys: Iterable[str]) -> list[str]:
    """Those of the keys that are not there, in order; a `CallFailed` when that cannot be said.

    Each page begins just before the first key that is still in question, so objects of others between the
    keys cost nothing: never more calls than keys, and one for a thousand keys that lie together.
    """
    wanted = sorted(set(keys))
    return list(_walked(listing, wanted)) if listing.divided else listing.bucket.missing(wanted)


def shared_start(texts: Sequence[str]) -> str:
    """What all texts begin with, to the character."""
    low, high = min(texts, default=""), max(texts, default="")
    length = next(
        (at for at, pair in enumerate(zip(low, high, strict=False)) if pair[0] != pair[1]), len(low)
    )
    return low[:length]


def _walked(listing: Listing, wanted: list[str]) -> Iterator[str]:
    prefix, after, at = shared_start(wanted), "", 0
    while at < len(wanted):
        after = max(after, _just_before(wanted[at]))
        page = listing.page(prefix, after=after)
        there = {stored.key for stored in page.objects}
        last = max(there, default="")
        if page.goes_on and last <= after:
            raise listing.garbled("it goes on, and does not get on")
        while at < len(wanted) and (not page.goes_on or wanted[at] <= last):
            if wanted[at] not in there:
                yield wanted[at]
            at += 1
        after = last


def _just_before(key: str) -> str:
    """A text before the key, and after nearly every other key that comes before it."""
    end = ord(key[-1]) - 1
    return key[:-1] if end < 0 or end in _SURROGATES else f"{key[:-1]}{chr(end)}~"
