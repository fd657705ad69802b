"""Creations that this machine has begun and not ended: a note for each, in the directory of the rate store.

A note outlives a process that was killed after its call, when the engine has recorded nothing of the
resource; `videosnap drift` then asks for it, and a delete of the same stack ends it. It is a hint: there is
none where nothing can be written.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from pulumi_videosnap.settings import shared_folder

_FOLDER = "creating"


@contextlib.contextmanager
def noted(
    urn: str,
    type_: str,
    inputs: Mapping[str, Any],
    *,
    state: str = "",
    when_answered: Callable[[Callable[[], object]], object] = lambda act: act(),
    env: Mapping[str, str] = os.environ,
) -> Iterator[None]:
    """Keep a note of a creation until the engine knows how it ended.

    `inputs` are those that make up its id, and no key; `state` tells the stack's state from that of another
    backend.
    """
    if not urn:
        yield
        return
    file, note = _file(urn, env), {"urn": urn, "type": type_, "inputs": dict(inputs)}
    earlier = file.exists()
    with contextlib.suppress(OSError):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.write_text(json.dumps({**note, "process": os.getpid(), "state": state}), encoding="utf-8")
    failed = True
    try:
        yield
        failed = False
    finally:
        if not (failed and earlier):  # what an earlier one may have made is still unknown
            when_answered(lambda: forget(urn, env))


def forget(urn: str, env: Mapping[str, str] = os.environ) -> None:
    """Remove the note of a creation."""
    with contextlib.suppress(OSError):
        _file(urn, env).unlink()


def _file(urn: str, env: Mapping[str, str]) -> Path:
    return shared_folder(env) / _FOLDER / hashlib.sha256(urn.encode()).hexdigest()[:32]


def left_over(
    urn: str, states: Collection[str], env: Mapping[str, str] = os.environ
) -> Iterator[Mapping[str, Any]]:
    """The notes of ended processes on the type and in the stack that a resource is of.

    Of one of the `states`, where a note names one.
    """
    stack, project, types = urn.removeprefix("urn:pulumi:").split("::")[:3]
    for note in list(interrupted(stack, env)):
        found = str(note["urn"]).split("::")
        same = found[1] == project and found[2].rpartition("$")[2] == types.rpartition("$")[2]
        ours = note.get("state") in {"", None, *states}
        if same and ours and not _runs(note.get("process")):
            yield note


def _runs(process: object) -> bool:
    """Whether a process of this machine runs; one that cannot be asked for is taken to."""
    try:
        os.kill(int(str(process)), 0)
    except ProcessLookupError:
        return False
    except (OSError, ValueError, OverflowError):
        return True
    return True


def interrupted(stack: str, env: Mapping[str, str] = os.environ) -> Iterator[Mapping[str, Any]]:
    """The creations in a stack that were never ended, as entries of state without an id."""
    start = f"urn:pulumi:{stack.rpartition('/')[2]}::"
    with contextlib.suppress(OSError):
        for file in sorted((shared_folder(env) / _FOLDER).iterdir()):
            with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
                note = json.loads(file.read_text(encoding="utf-8"))
                if str(note["urn"]).startswith(start) and isinstance(note["inputs"], dict):
                    yield note
