"""Creations that this machine has begun and not ended: a note for each, in the directory of the rate store.

A note says how to find what the service made, from before the call until the engine has the answer. So it
outlives a process that was killed in between, when the engine has recorded nothing of the resource: the next
`up` finds it, a delete of the same stack ends it, `videosnap drift` names it. It is a hint: there is none
where nothing can be written.

A process whose engine was killed ends what it made, unless the next `up` is there before: whose it is decides
who has the note's file.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from pulumi_videosnap.core.properties import Properties
from pulumi_videosnap.core.urns import stack_name
from pulumi_videosnap.settings import shared_folder

_FOLDER = "creating"


@dataclass(frozen=True)
class Note:
    """One creation: the resource, and what finds again what the service made of it."""

    urn: str
    type: str
    """The end of the resource's type, or all of it: `<cloud>:<Name>`."""
    inputs: Properties
    """What `Lifecycle.identity` returned: no key is in it."""
    state: str = ""
    """What tells the stack's state from that of another backend; empty where it is not known."""
    process: int = field(default_factory=os.getpid)

    def write(self, env: Mapping[str, str] = os.environ) -> None:
        """Keep the note, in place of an earlier one of the resource."""
        file = _file(self.urn, env)
        with contextlib.suppress(OSError):
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            beside = file.with_suffix(f".{os.getpid()}")
            beside.write_text(json.dumps(asdict(self)), encoding="utf-8")
            beside.replace(file)

    def claim(self, env: Mapping[str, str] = os.environ) -> bool:
        """Whether this process may end what it made: no other has taken it over, nor does from now on."""
        file, claimed = _file(self.urn, env), _claimed(self.urn, env)
        with contextlib.suppress(OSError):
            file.replace(claimed)
            if _read(claimed) == self:
                return True
            claimed.replace(file)
        return False

    def is_over(self) -> bool:
        """Whether its process has ended; one of this machine that cannot be asked for is taken to run."""
        try:
            os.kill(self.process, 0)
        except ProcessLookupError:
            return True
        except (OSError, OverflowError, TypeError):
            return False
        return False


def take_over(urn: str, env: Mapping[str, str] = os.environ) -> bool:
    """Make the note of a resource this process's own, if there is one; returns whether there is."""
    note = _read(_file(urn, env))
    if note:
        replace(note, process=os.getpid()).write(env)
    return note is not None


def is_claimed(urn: str, env: Mapping[str, str] = os.environ) -> bool:
    """Whether another process ends now what it made of a resource."""
    note = _read(_claimed(urn, env))
    return note is not None and not note.is_over()


def forget(urn: str, env: Mapping[str, str] = os.environ) -> None:
    """Remove the note of a resource."""
    for file in (_file(urn, env), _claimed(urn, env)):
        with contextlib.suppress(OSError):
            file.unlink()


def notes(stack: str, env: Mapping[str, str] = os.environ) -> Iterator[Note]:
    """The notes of the stacks of a name, which is given with or without an owner and a project."""
    with contextlib.suppress(OSError):
        for note in map(_read, sorted((shared_folder(env) / _FOLDER).iterdir())):
            if note and stack_name(note.urn) == stack.rpartition("/")[2]:
                yield note


def _read(file: Path) -> Note | None:
    with contextlib.suppress(OSError, ValueError, TypeError, AttributeError):
        note = Note(**json.loads(file.read_text(encoding="utf-8")))
        return note if isinstance(note.inputs, dict) else None
    return None


def _claimed(urn: str, env: Mapping[str, str]) -> Path:
    return _file(urn, env).with_suffix(".claimed")


def _file(urn: str, env: Mapping[str, str]) -> Path:
    return shared_folder(env) / _FOLDER / hashlib.sha256(urn.encode()).hexdigest()[:32]
