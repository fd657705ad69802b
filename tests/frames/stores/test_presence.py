"""Which of many keys are there: never another answer than asking for each, and never more calls."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_videosnap.errors import CallFailed, Garbled
from pulumi_videosnap.s3 import presence
from pulumi_videosnap.s3.pages import Listed, Page

MOMENT = datetime(2026, 8, 4, tzinfo=timezone.utc)
KEYS = st.lists(st.text("ab/~\0\U0010ffff\ue000视", min_size=1, max_size=4), max_size=40)


@dataclass
class Shelf:
    """A listing of some keys with small pages, which counts its calls."""

    keys: list[str]
    size: int = 3
    divided: bool = True
    calls: int = 0
    bucket: Any = field(default=None)

    def page(self, prefix: str, *, after: str = "", **_: str) -> Page:
        self.calls += 1
        found = sorted(key for key in set(self.keys) if key.startswith(prefix) and key > after)
        objects = [Listed(key, 1, MOMENT, "") for key in found[: self.size]]
        return Page(objects, [], len(found) > self.size, "")

    def garbled(self, why: str) -> CallFailed:
        return Garbled("ListObjectsV2", why)


@given(there=KEYS, wanted=KEYS, size=st.integers(1, 5))
def test_it_says_what_asking_for_each_would_say(there: list[str], wanted: list[str], size: int) -> None:
    shelf = Shelf(there, size)
    assert presence.missing(shelf, wanted) == sorted(set(wanted) - set(there))  # type: ignore[arg-type]


@given(others=KEYS, wanted=st.sets(st.text("ab", min_size=1, max_size=4), max_size=20))
def test_objects_of_others_cost_nothing(others: list[str], wanted: set[str]) -> None:
    shelf = Shelf([*others, *wanted])
    presence.missing(shelf, wanted)  # type: ignore[arg-type]
    assert shelf.calls <= len(wanted)


def test_a_thousand_keys_that_lie_together_cost_one_call() -> None:
    keys = [f"output_{number:05d}.jpg" for number in range(1000)]
    shelf = Shelf([f"a{n}" for n in range(5000)] + keys, size=1000)
    assert presence.missing(shelf, keys) == []  # type: ignore[arg-type]
    assert shelf.calls == 1


def test_pages_that_do_not_get_on_are_no_answer() -> None:
    class Stuck(Shelf):
        def page(self, prefix: str, *, after: str = "", **rest: str) -> Page:
            return replace(super().page(prefix, after="", **rest), goes_on=True)

    with pytest.raises(Garbled, match="does not get on"):
        presence.missing(Stuck(["a"]), ["b"])  # type: ignore[arg-type]


def test_a_store_that_cannot_begin_at_a_key_is_asked_for_each() -> None:
    class Bucket:
        def missing(self, keys: list[str]) -> list[str]:
            return [key for key in keys if key == "b"]

    assert presence.missing(Shelf([], divided=False, bucket=Bucket()), ["b", "a"]) == ["b"]  # type: ignore[arg-type]
