"""What the program declares, for the plugin process of the same run of the engine.

The engine has the plugin check one resource after the other, and with `--target` or `--exclude` only some,
but a delete must know all. The program's process knows them: it writes digests of their ids into a file that
is named by the engine's port, which both processes have, beside the rate limit store. Neither side relies on
it. The plugin's process outlives the program's, and may be killed, so a file of a run that is over is removed
by the next program.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime import settings

from pulumi_videosnap.plugin import engine_log
from pulumi_videosnap.settings import shared_folder

_STARTED = time.time()
_PREFIX = "program-"
_STARTS_WITHIN = 600
"""Seconds from the program's start to the plugin's, at most; an older file is of another run."""


def announce(ids: Sequence[Any], former: Sequence[Any] = ()) -> None:
    """Write down the id that a resource of the program has, in its parts; those not known yet come later.

    `former` are the URNs that the resource may have in state under the other front, whose plugin deletes it.
    """
    if pulumi.runtime.is_dry_run():
        return
    if not all(isinstance(part, str) for part in (*ids, *former)):
        pulumi.Output.all(list(ids), list(former)).apply(lambda known: announce(*known))
        return
    task = "/".join(ids)
    with contextlib.suppress(OSError, AttributeError):  # no engine, as in a unit test
        channel = settings.SETTINGS.engine.Log._channel
        file = _file(channel.target().decode().rpartition("/")[2])
        if file not in _written:
            file.parent.mkdir(parents=True, exist_ok=True)
            _remove_old(file)
            _written.add(file)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "a") as lines:
            lines.writelines(f"{_digest(text)}\n" for text in (task, *(f"{task} {urn}" for urn in former)))


_written: set[Path] = set()


def is_announced(task: str) -> bool:
    """Whether the program of the run that this plugin process serves has written down an id.

    With a URN after the id: whether as that of the resource which has the URN under the other front.
    """
    with contextlib.suppress(OSError, StopIteration):
        file = _file(next(filter(engine_log.ADDRESS.fullmatch, sys.argv[1:])))
        return file.stat().st_mtime > _STARTED - _STARTS_WITHIN and _digest(task) in file.read_text().split()
    return False


def _remove_old(own: Path) -> None:
    """Remove what earlier runs wrote: for this engine's port, and for ports where nothing listens now."""
    for file in own.parent.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError, ValueError):
            if file == own or not _listens(int(file.name.removeprefix(_PREFIX))):
                file.unlink()


def _listens(port: int) -> bool:
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex(("127.0.0.1", port)) != errno.ECONNREFUSED


def _digest(task: str) -> str:
    return hashlib.sha256(task.encode()).hexdigest()


def _file(address: str) -> Path:
    """Where a run writes; the next run with its address begins it again."""
    return shared_folder() / f"{_PREFIX}{address.rpartition(':')[2]}"
