"""Rates of one account over processes and machines, counted by a server that has no part in them."""

import signal
import socket
import struct
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from subprocess import PIPE, Popen

import pytest

from pulumi_videosnap.errors import NotConfigured
from pulumi_videosnap.http import shared_rate
from pulumi_videosnap.http.rate_limit import MAX_LATENESS, RateLimiter, SqliteReservations
from pulumi_videosnap.http.shared_rate import SharedReservations, shared_reservations
from support.data import read
from support.emulator import clean_environment
from support.servers import PASSWORD, QUOTED, Server, running_postgresql, running_redis
from unit.http.test_rate_limit import busiest_second

LIMIT = 60
THREADS = 4
SECONDS = 5
WORKER = read("programs/shared_rate.txt")
SERVERS = {"redis": running_redis, "postgresql": running_postgresql}
SO_TIMESTAMPNS = 35


@dataclass
class Count:
    """The calls that arrived, by the kernel's clock, with their process and when each was due."""

    calls: list[tuple[float, int, float]] = field(default_factory=list)
    printed: list[str] = field(default_factory=list)

    def busiest_second(self) -> int:
        return busiest_second([at for at, *_ in self.calls])

    def a_second(self) -> float:
        """Calls a second, without the first second, in which a server that is empty gives none."""
        times = sorted(at for at, *_ in self.calls)
        inside = [at for at in times if times[0] + 1 <= at < times[0] + SECONDS - 1]
        return len(inside) / (SECONDS - 2)

    def measurable(self) -> bool:
        """Whether no process was stopped between a slot and its call: else the machine is at fault."""
        return all(at - due < MAX_LATENESS for at, _, due in self.calls)


def counted(
    folders: list[Path], url: str = "", meanwhile: Callable[[], None] = lambda: None, seconds: float = SECONDS
) -> Count:
    """Let a process for each folder make calls as fast as the limit lets it; a folder is a machine."""
    count, over = Count(), threading.Event()
    environment = {**clean_environment(), **({"VIDEOSNAP_RATE_STORE": url} if url else {})}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(0.2)
        server.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        options = [str(server.getsockname()[1]), str(THREADS), str(seconds), str(LIMIT)]
        thread = threading.Thread(target=_count, args=(server, count, over))
        commands = ([sys.executable, "-c", WORKER, str(folder), *options] for folder in folders)
        workers = [Popen(one, stdin=PIPE, stdout=PIPE, text=True, env=environment) for one in commands]
        try:
            thread.start()
            assert [one.stdout and one.stdout.readline() for one in workers] == ["ready\n"] * len(folders)
            for worker in workers:
                assert worker.stdin
                worker.stdin.write("go\n")
                worker.stdin.flush()
            meanwhile()
            count.printed = [worker.communicate(timeout=seconds + 60)[0] for worker in workers]
        finally:
            over.set()
            for worker in workers:
                worker.kill()
                worker.wait(20)
            thread.join(20)
    return count


def _count(server: socket.socket, count: Count, over: threading.Event) -> None:
    while not over.is_set():
        try:
            text, extra, *_ = server.recvmsg(200, 200)
        except TimeoutError:
            continue
        seconds, nanoseconds = struct.unpack("qq", extra[0][2])
        process, due = text.split()
        count.calls.append((seconds + nanoseconds / 1e9, int(process), float(due)))


def measured(folders: list[Path], url: str = "") -> Count:
    """The count in which the most calls were made; a busy machine misses slots and gets more tries."""
    counts: list[Count] = []
    for _ in range(6):
        counts.append(counted(folders, url))
        if counts[-1].measurable():
            assert counts[-1].busiest_second() <= LIMIT
            if counts[-1].a_second() >= 0.9 * LIMIT:
                break
    return max(counts, key=Count.a_second)


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with SERVERS[request.param](tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.mark.sweep
@pytest.mark.parametrize("processes", [1, 2, 4])
def test_processes_of_one_machine(processes: int, tmp_path: Path) -> None:
    _holds(measured([tmp_path] * processes), processes)


@pytest.mark.sweep
def test_two_machines(server: Server, tmp_path: Path) -> None:
    _holds(measured([tmp_path / "one", tmp_path / "two"], server.url), 2)


def _holds(count: Count, processes: int) -> None:
    used = count.a_second() / LIMIT
    print(f"{processes} processes: most in a second {count.busiest_second()} of {LIMIT}, {used:.0%} used")
    assert count.printed == [""] * processes
    assert count.busiest_second() <= LIMIT
    assert used >= 0.9
    shares = Counter(process for _, process, _ in count.calls)
    assert min(shares.values()) >= len(count.calls) / processes / 2, f"not fair: {shares}"


@pytest.mark.sweep
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_a_server_that_is_lost_and_comes_back(server: Server, tmp_path: Path, how: signal.Signals) -> None:
    """A machine keeps the limit throughout, and makes calls throughout."""

    def lose() -> None:
        time.sleep(3)
        server.freeze(how) if how == signal.SIGSTOP else server.stop()
        time.sleep(5)
        server.freeze(signal.SIGCONT) if how == signal.SIGSTOP else server.start()

    try:
        count = counted([tmp_path / "one"], server.url, lose, seconds=22)
    finally:
        server.freeze(signal.SIGCONT)
    assert count.busiest_second() <= LIMIT or not count.measurable()
    times = sorted(at for at, *_ in count.calls)
    assert max(later - earlier for earlier, later in pairwise(times)) < 4
    [printed] = count.printed
    assert printed.count("the rate limit is enforced on this machine only") == 1
    assert not any(secret in printed for secret in (PASSWORD, QUOTED, server.url))
    assert len(times) > 22 * LIMIT * 0.6


class _Failing:
    def __init__(self) -> None:
        self.calls, self.works = 0, False

    def reserve(self, name: str, spacing: float, max_wait: float, earliest: float) -> float:
        self.calls += 1
        if not self.works:
            raise ConnectionError(f"no route to redis://:{PASSWORD}@host or {QUOTED}")
        return earliest


def test_a_lost_server_is_reported_once_and_tried_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, failing, warnings = [100.0], _Failing(), list[str]()
    monkeypatch.setattr("pulumi_videosnap.http.shared_rate.time.monotonic", lambda: now[0])
    local = SqliteReservations(tmp_path / "new" / "q.sqlite3")
    store = SharedReservations(failing, local, hide=(PASSWORD, QUOTED), warn=warnings.append)
    limiter = RateLimiter(store, sleep=lambda seconds: None, warn=warnings.append)
    for _ in range(5):
        limiter.take("a", "Do", 1000, 45)
    assert failing.calls == 1
    [line] = warnings
    assert line.startswith("the rate limit is enforced on this machine only, because the server of VIDEOSNAP")
    assert not any(secret in line for secret in (PASSWORD, QUOTED))
    now[0] += shared_rate.TRY_AGAIN_AFTER
    failing.works = True
    before = local.latest("a/Do")
    slot = store.reserve("a/Do", 2.0, 45)
    assert failing.calls == 2
    assert before
    assert slot.at == pytest.approx(before.at + 2, abs=0.1), "after the last one of this machine"
    noted = local.latest("a/Do")
    assert noted
    assert slot.at <= noted.at < slot.at + 0.1
    assert len(warnings) == 1


@pytest.mark.parametrize("url", [f"mysql://user:{QUOTED}@host/", f"redis://:{QUOTED}@host:port", QUOTED])
def test_a_wrong_url_is_refused_and_not_repeated(url: str, tmp_path: Path) -> None:
    with pytest.raises(NotConfigured, match="does not name a server") as refused:
        shared_reservations(url, SqliteReservations(tmp_path / "q.sqlite3"))
    assert QUOTED not in str(refused.value)


@pytest.mark.parametrize(
    ("scheme", "module", "extra"), [("redis", "redis", "redis"), ("postgres", "psycopg", "postgresql")]
)
def test_a_missing_client_is_named(
    scheme: str, module: str, extra: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(NotConfigured, match=rf"pip install 'pulumi-videosnap\[{extra}\]'"):
        shared_reservations(f"{scheme}://host/", SqliteReservations(tmp_path / "q.sqlite3"))
