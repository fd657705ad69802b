"""Determinism, whatever the way in which time passes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from random import Random

import pytest

from videosnap_emulator import changes
from videosnap_emulator.clock import Clock, Pace
from videosnap_emulator.keep import Keep
from videosnap_emulator.rounds import Photographer
from videosnap_emulator.store import NoSuchBucket
from videosnap_emulator.tasks import Image, RoomKey, Storage, Stream, TaskKey
from videosnap_emulator.video import Cutter, Library
from videosnap_emulator.world import Order, World

START = 1_700_000_000_123


class Memory:
    def __init__(self) -> None:
        self.objects: dict[str, tuple[str, str, datetime]] = {}

    def make_bucket(self, bucket: str) -> None: ...

    def put(
        self,
        bucket: str,
        key: str,
        body: bytes,
        content_type: str,
        metadata: dict[str, str],
        modified: datetime,
    ) -> None:
        if bucket == "nowhere":
            raise NoSuchBucket(bucket)
        assert key not in self.objects
        self.objects[key] = sha256(body).hexdigest(), str(metadata), modified


@pytest.fixture(scope="session")
def cutter(tmp_path_factory: pytest.TempPathFactory) -> Cutter:
    from platformdirs import user_cache_path  # noqa: PLC0415

    return Cutter(Library(user_cache_path("videosnap-emulator")))


def build(cutter: Cutter, keep: Keep) -> tuple[World, Memory]:
    store = Memory()
    return World(Clock(lambda: START, Pace.MANUAL), Photographer(store, cutter), keep), store


def order(name: str, interval: int, *users: str, idle: int = 180) -> Order:
    streams = tuple(Stream(user, index) for index, user in enumerate(users))
    return Order(
        TaskKey("a", "r", name), Image(interval=interval), Storage("tos", "frames"), "", streams, idle
    )


def populate(world: World) -> None:
    world.start(order("one", 7))
    world.start(order("two", 3, "user1", "ghost"))
    world.start(order("idle", 2, "ghost", idle=61))


def outcome(world: World, store: Memory) -> object:
    with world.at_now() as (state, now):
        return now, [task.to_json() for task in state.tasks.values()], store.objects, list(state.frames)


Keeps = Callable[..., Keep]


@pytest.fixture
def keep() -> Iterator[Keeps]:
    """Open what a world is kept in, in memory or in a folder; all are closed in the end."""
    with ExitStack() as stack:

        def opened(folder: Path | None = None) -> Keep:
            return stack.enter_context(closing(Keep(folder)))

        yield opened


@pytest.mark.parametrize("seed", range(5))
def test_any_split_of_time_gives_the_same_world(keep: Keeps, cutter: Cutter, seed: int) -> None:
    whole, whole_store = build(cutter, keep())
    populate(whole)
    whole.advance(300_000)
    parts, parts_store = build(cutter, keep())
    populate(parts)
    random, left = Random(seed), 300_000
    while left:
        step = min(left, random.choice([1, 40, 999, 1000, 7000, 61_000, random.randrange(50_000)]))
        parts.advance(step)
        left -= step
    assert outcome(whole, whole_store) == outcome(parts, parts_store)
    assert len(whole_store.objects) == 2 * 43 + 101


def test_a_kept_world_goes_on_and_stands_still_while_down(
    keep: Keeps, cutter: Cutter, tmp_path: Path
) -> None:
    first = keep(tmp_path)
    world, store = build(cutter, first)
    populate(world)
    changes.put_user(world, RoomKey("a", "r"), "user0", {"screen": True})
    world.advance(50_000)
    before = outcome(world, store)
    first.close()
    again, _ = build(cutter, keep(tmp_path))
    assert outcome(again, store) == before
    again.advance(100_000)
    straight, _straight_store = build(cutter, keep())
    populate(straight)
    changes.put_user(straight, RoomKey("a", "r"), "user0", {"screen": True})
    straight.advance(150_000)
    with again.at_now() as (a, _), straight.at_now() as (b, _):
        assert [t.to_json() for t in a.tasks.values()] == [t.to_json() for t in b.tasks.values()]
        assert list(a.frames) == list(b.frames)


def test_beyond_the_cap_frames_are_counted(keep: Keeps, cutter: Cutter) -> None:
    world, store = build(cutter, keep())
    world.start(order("one", 1, "user0"))
    world.start(order("lost", 1, "user1")._replace(storage=Storage("tos", "nowhere")))
    world.advance(73 * 3600 * 1000)
    assert len(store.objects) <= 2000
    task, now = world.find(TaskKey("a", "r", "one"))
    assert task is not None
    assert task.frames + task.skipped_frames == 73 * 3600 + 1
    assert task.next_frame == now + 1000
