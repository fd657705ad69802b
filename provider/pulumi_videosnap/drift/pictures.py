"""Which pictures of finished jobs are no longer there: state records their keys, so that is drift too."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

from pulumi_videosnap.alibaba.storage import output_location
from pulumi_videosnap.core.lifecycle import Present
from pulumi_videosnap.drift import meaning
from pulumi_videosnap.drift.judge import finding
from pulumi_videosnap.drift.model import Change, Finding, Verdict
from pulumi_videosnap.errors import VideosnapError
from pulumi_videosnap.state import FILE, RecordedResource, Stack
from pulumi_videosnap.storage.platforms import Location

AT_ONCE = 4
WRITTEN = (
    ("frames", "frames", "outputFile"),
    ("tileFrames", "tile_frames", "tileOutputFile"),
    ("vtt", "vtt", "outputFile"),
)
"""Outputs of a job that name objects: in state, in a program, and the input that says in which bucket."""

Read = tuple[RecordedResource, Finding, Present]
Store = tuple[Location, str | None]
"""A place and the profile that it is read with."""


class Objects(Protocol):
    """What is asked of a store."""

    def missing(self, keys: Sequence[str], *, by_listing: bool) -> Sequence[str]: ...  # noqa: D102


class Open(Protocol):
    """Opens the store of a place with a stack's configuration."""

    def __call__(self, place: Location, profile: str | None, stack: Stack) -> Objects: ...  # noqa: D102


def with_lost_pictures(stack: Stack, read: Sequence[Read], open_store: Open) -> dict[str, Finding]:
    """Another finding for each finished job whose pictures are gone, or cannot be looked for, by its URN."""
    jobs = [one for one in read if one[0].kind == FILE and one[1].verdict is Verdict.COMPLETE]
    absent = _absent(stack, jobs, open_store)
    return {
        task.urn: changed
        for task, _, answer in jobs
        if (changed := _judged(task, answer, absent)) is not None
    }


def _judged(task: RecordedResource, answer: Present, absent: dict[Store, set[str] | str]) -> Finding | None:
    changes = []
    for field, keys, store in _written(task, answer):
        gone = absent[store]
        if isinstance(gone, str):
            return finding(task, Verdict.UNREADABLE, f"the job succeeded, its pictures are not known: {gone}")
        lost = [key for key in keys if key in gone]
        if lost:
            told = meaning.of_lost_pictures(lost, len(keys), store[0].bucket)
            there = len(keys) - len(lost)
            changes.append(
                Change(field=field, recorded=_objects(len(keys)), actual=_objects(there), meaning=told)
            )
    if not changes:
        return None
    return finding(task, Verdict.CHANGED, "", tuple(changes), meaning.mend_pictures(task))


def _objects(count: int) -> str:
    return f"{count:,} object{'' if count == 1 else 's'}"


def _absent(stack: Stack, jobs: Sequence[Read], open_store: Open) -> dict[Store, set[str] | str]:
    """For each store the keys that are not in it, or why it could not be asked."""
    wanted: dict[Store, list[str]] = defaultdict(list)
    for task, _, answer in jobs:
        for _, keys, store in _written(task, answer):
            wanted[store].extend(keys)

    def ask(store: Store) -> set[str] | str:
        try:
            return set(open_store(*store, stack).missing(wanted[store], by_listing=True))
        except VideosnapError as failed:
            return str(failed)

    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="videosnap-pictures") as pool:
        return dict(zip(wanted, pool.map(ask, wanted), strict=True))


def _written(task: RecordedResource, answer: Present) -> Iterator[tuple[str, list[str], Store]]:
    """Each output of a job that names objects, with its keys, recorded or told now, and where they are."""
    for output, field, file in WRITTEN:
        keys = dict.fromkeys([*_named(task.properties, output), *_named(answer.outputs, output)])
        if keys:
            yield field, list(keys), (output_location(task.properties, file), task.properties.get("profile"))


def _named(outputs: Mapping[str, Any], output: str) -> list[str]:
    named = outputs.get(output)
    return [named] if isinstance(named, str) else list(named or [])
