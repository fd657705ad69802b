"""The folder `.engine`: one builder at a time, half-built things apart, finished ones moved in as a whole."""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from engine.report import duration, say

STAMP = "made-from-pins"
NEEDED = (
    "pulumi",
    "pulumi-language-python",
    "pulumi-language-python-exec",
    "pulumi-resource-pulumi-python",
)
POLL = 0.5  # seconds between two looks at the lock
REMINDER = 15.0  # seconds between two lines while another run is at work


@dataclass(frozen=True)
class Store:
    """`.engine` of one checkout."""

    folder: Path

    @property
    def binaries(self) -> Path:
        """The folder that goes onto PATH."""
        return self.folder / "bin"

    @property
    def go(self) -> Path:
        """Where a Go toolchain of our own is kept until the build is done."""
        return self.folder / "go"

    @property
    def cache(self) -> Path:
        """Where our own Go toolchain keeps modules and objects until the build is done."""
        return self.folder / "cache"

    def holds(self, digest: str) -> bool:
        """Whether `.engine/bin` is complete and was made from the pins with this hash."""
        try:
            stamp = (self.binaries / STAMP).read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            return False
        return stamp == digest and all(os.access(self.binaries / name, os.X_OK) for name in NEEDED)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Wait until no other run is at work on this checkout, then keep others out."""
        self.folder.mkdir(exist_ok=True)
        with (self.folder / "lock").open("w") as lock:
            started = time.monotonic()
            told = -REMINDER
            while not _taken(lock.fileno()):
                waited = time.monotonic() - started
                if waited - told >= REMINDER:
                    say(f"engine: another run is at work in .engine, waiting ({duration(waited)})")
                    told = waited
                time.sleep(POLL)
            yield

    @contextmanager
    def workshop(self) -> Iterator[Path]:
        """Give a fresh folder to build in, after clearing what an interrupted run left."""
        for left in self.folder.glob("work-*"):
            _remove(left)
        work = Path(tempfile.mkdtemp(prefix="work-", dir=self.folder))
        try:
            yield work
        finally:
            _remove(work)

    def publish(self, made: Path, digest: str) -> None:
        """Put a finished folder in place: the stamp is in it before it gets its name."""
        (made / STAMP).write_text(f"{digest}\n", encoding="ascii")
        if self.binaries.exists():
            self.binaries.rename(made.with_name("replaced"))
        made.rename(self.binaries)

    def tidy(self) -> None:
        """Remove a Go toolchain of our own and its caches, which only the build needed."""
        for folder in (self.go, self.cache):
            _remove(folder)


def _taken(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
