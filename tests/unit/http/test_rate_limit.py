"""The rate of an account: the arithmetic, its limits on virtual time, a broken store, and real processes."""

import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_videosnap.errors import Throttled
from pulumi_videosnap.http import rate_limit
from pulumi_videosnap.http.rate_limit import MemoryReservations, RateLimiter, Slot, SqliteReservations
from support.data import read
from unit.scripted import VirtualTime

SPACING = 0.1
WORKER = read("programs/rate_limit.txt")


@pytest.fixture
def time() -> VirtualTime:
    return VirtualTime()


def limiter_on(time: VirtualTime, path: Path | None = None, **more: Any) -> RateLimiter:
    """A limiter on virtual time, with a store of its own or a file."""
    store = SqliteReservations(path, time.clock) if path else MemoryReservations(time.clock)
    return RateLimiter(store, clock=time.clock, **{"sleep": time.sleep, **more})


def busiest_second(moments: Sequence[float]) -> int:
    """The most moments in any half-open second."""
    ordered, first, most = sorted(moments), 0, 0
    for last, moment in enumerate(ordered):
        while moment - ordered[first] >= 1:
            first += 1
        most = max(most, last - first + 1)
    return most


NEXT: dict[str, tuple[Slot | None, float, float]] = {
    "first": (None, 50.0, 50.0),
    "idle": (Slot(50.0, 50.0), 60.0, 60.0),
    "spaced": (Slot(50.0, 50.0), 50.02, 50.1),
    "queued": (Slot(53.0, 50.0), 50.0, 53.1),
    "clock a little back: wait": (Slot(50.0, 50.0), 49.5, 50.1),
    "clock back: no wait": (Slot(50.0, 50.0), 20.0, 20.1),
    "clock back: the queue stays": (Slot(53.0, 50.0), 20.0, 23.1),
    "clock was years ahead": (Slot(9e9, 9e9), 50.0, 50.1),
}
"""The last slot, the time, and the next slot."""


@pytest.mark.parametrize("name", NEXT)
def test_next_slot(name: str) -> None:
    last, now, expected = NEXT[name]
    slot = rate_limit.next_slot(last, now, SPACING)
    assert slot.at == pytest.approx(expected)
    assert slot.reserved == now


@given(st.lists(st.floats(0, 0.3), max_size=60), st.sampled_from([50, 60, 100, 150]))
def test_slots_lie_apart_whenever_they_are_asked_for(waits: list[float], limit: int) -> None:
    spacing, now, last = 1 / (rate_limit.SAFETY_FACTOR * limit), 1000.0, None
    slots: list[float] = []
    for wait in waits:
        now += wait
        last = rate_limit.next_slot(last, now, spacing)
        slots.append(last.at)
    gaps = [later - earlier for earlier, later in pairwise(slots)]
    assert all(gap >= spacing - 1e-9 for gap in gaps)
    # Used as late as allowed, in the worst order, they still keep the limit.
    late = [slot + (rate_limit.MAX_LATENESS if index % 2 == 0 else 0) for index, slot in enumerate(slots)]
    assert busiest_second(late) <= limit


def test_a_slot_missed_by_oversleeping_is_given_up(time: VirtualTime) -> None:
    oversleeps = iter([0.5, 0.0])

    def sleep(seconds: float) -> None:
        time.sleep(seconds + next(oversleeps))

    limiter = limiter_on(time, sleep=sleep)
    limiter.take("a", "Do", 1, 45)
    began = time.now
    limiter.take("a", "Do", 1, 45)
    assert time.now - began == pytest.approx(2 / rate_limit.SAFETY_FACTOR)


def test_a_machine_that_always_oversleeps_goes_on(time: VirtualTime) -> None:
    limiter = limiter_on(time, sleep=lambda seconds: time.sleep(seconds + 1))
    for _ in range(3):
        limiter.take("a", "Do", 10, 45)


def test_accounts_and_actions_do_not_share(time: VirtualTime) -> None:
    limiter = limiter_on(time)
    for account, action in (("a", "Get"), ("a", "Stop"), ("b", "Get")):
        limiter.take(account, action, 1, 45)
    assert time.slept == []


@pytest.mark.parametrize("shared", [False, True])
def test_a_queue_beyond_the_patience_is_not_joined(shared: bool, time: VirtualTime, tmp_path: Path) -> None:
    limiter = limiter_on(time, tmp_path / "q.sqlite3" if shared else None, sleep=lambda seconds: None)
    for _ in range(3):
        limiter.take("a", "Do", 0.1, 45)
    for _ in range(2):
        with pytest.raises(Throttled, match=r"0\.1 calls a second are reserved for the next 31\.6 s"):
            limiter.take("a", "Do", 0.1, 25)


@pytest.mark.parametrize("back", [2.0, 3600.0, 86400.0 * 365, -86400.0])
def test_a_clock_that_jumps_blocks_nobody(back: float, time: VirtualTime, tmp_path: Path) -> None:
    limiter = limiter_on(time, tmp_path / "q.sqlite3")
    limiter.take("a", "Do", 10, 45)
    time.now -= back
    began = time.now
    limiter.take("a", "Do", 10, 45)
    assert back > 0 or time.slept == [], "a suspended machine goes on at once"
    for _ in range(4):
        limiter.take("a", "Do", 10, 45)
    assert time.now - began < 1


DAMAGE: dict[str, bytes | str] = {
    "not a database": b"this is no database" * 100,
    "header cut": b"SQLite format 3\0" + b"\xff" * 84,
    "pages lost": b"?",
    "emptied": b"",
    "other columns": "CREATE TABLE slot (name TEXT PRIMARY KEY, at REAL)",
    "texts": "CREATE TABLE slot (name PRIMARY KEY, at, asked); INSERT INTO slot VALUES ('a/Do', 'soon', 'x')",
    "nothing": "CREATE TABLE slot (name PRIMARY KEY, at, asked); INSERT INTO slot (name) VALUES ('a/Do')",
}
"""What the file holds, or what was done to it."""


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_store_is_replaced_with_its_limit(damage: str, time: VirtualTime, tmp_path: Path) -> None:
    path, warnings, left = tmp_path / "q.sqlite3", list[str](), list[float]()
    limiters = [limiter_on(time, path, warn=warnings.append) for _ in range(4)]

    def take(count: int) -> None:
        for at in range(count):
            limiters[at % len(limiters)].take("a", "Do", 60, 45)
            left.append(time.now)

    take(80)
    content = DAMAGE[damage]
    if isinstance(content, bytes):
        path.write_bytes(path.read_bytes()[:5000].ljust(9000, b"?") if content == b"?" else content)
    else:
        path.unlink()
        with closing(sqlite3.connect(path, isolation_level=None)) as db:
            db.executescript(content)
    take(120)
    assert busiest_second(left) <= 60
    assert warnings == []
    assert [file.name for file in tmp_path.iterdir()] == ["q.sqlite3"]


def test_a_locked_store_stops_all_threads_once_and_together(tmp_path: Path) -> None:
    path, warnings = tmp_path / "q.sqlite3", list[str]()
    limiter = RateLimiter(SqliteReservations(path, lock_timeout=0.3), warn=warnings.append)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("BEGIN EXCLUSIVE")
        began = monotonic()
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(lambda _: limiter.take("a", "Do", 1000, 45), range(32)))
    assert monotonic() - began < 1
    assert ["locked" in message for message in warnings] == [True]


@pytest.mark.parametrize("broken", ["below a file", "a folder"])
def test_a_broken_store_is_named_in_a_warning_and_the_limit_kept(
    broken: str, time: VirtualTime, tmp_path: Path
) -> None:
    path, warnings, left = tmp_path / "q.sqlite3", list[str](), list[float]()
    if broken == "below a file":
        path.write_text("")
        path = path / "q.sqlite3"
    else:
        path.mkdir()
    limiter = limiter_on(time, path, warn=warnings.append)
    for _ in range(100):
        limiter.take("a", "Do", 60, 45)
        left.append(time.now)
    assert busiest_second(left) <= 60
    (message,) = warnings
    assert "VIDEOSNAP_QUOTA_DIR" in message
    assert str(path) in message


def test_where_the_store_is_and_that_it_names_no_key(tmp_path: Path) -> None:
    assert "pulumi-videosnap" in str(rate_limit.store_path({}))
    path = rate_limit.store_path({"VIDEOSNAP_QUOTA_DIR": str(tmp_path)})
    assert path == tmp_path / "quota.sqlite3"
    digest = rate_limit.account_digest
    RateLimiter(SqliteReservations(path)).take(digest("AKLTCANARY"), "Do", 60, 45)
    assert b"AKLTCANARY" not in path.read_bytes()
    assert digest("AKLTCANARY") == digest("AKLTCANARY") != digest("AKLTOTHER")


def test_processes_share_the_limit_fairly(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WORKER, str(tmp_path / "q.sqlite3")]
    workers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    try:
        for worker in workers:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "ready\n"
        moments = [
            [float(word) for word in worker.communicate("go\n", timeout=20)[0].split()] for worker in workers
        ]
    finally:
        for worker in workers:
            worker.kill()
            worker.wait(timeout=60)
    together = sorted(moment for of_one in moments for moment in of_one)
    assert busiest_second(together) <= 60
    # Two threads of three processes take turns: none gets less than half of its share.
    assert all(len(of_one) >= len(together) / 6 for of_one in moments)
    assert len(together) >= 30
