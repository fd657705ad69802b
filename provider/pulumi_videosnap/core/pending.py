"""Creations that this machine has begun and not ended: a note for each, in the directory of the rate store.

A note says how to find what the service made, from before the call until the engine has the answer. So it
outlives a process that was killed in between, when the engine has recorded nothing of the resource: the next
`up` finds it, a destroy of the same stack ends it, `videosnap drift` names it. It is a hint: there is none
where nothing can be written.

A process whose engine was killed ends what it made, unless the next `up` is there before: whose it is decides
who has the note's file.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path

from pulumi_videosnap.core.properties import Properties
from pulumi_videosnap.core.urns import stack_name
from pulumi_videosnap.settings import shared_folder

_FOLDER = "creating"
_WRITING = ".writing"
_SEPARATORS = 3  # of the parts of a URN
_LONGEST = 65536
"""Characters of a note at most: what else may be in the folder is not read to its end."""
_CLOCKS_DIFFER_BY = 900.0
"""Seconds; a service accepts no request whose date is further off."""
_ENDS_FOR = 86400.0
"""Seconds for which a note tells what to end; by then somebody else may have taken it over."""


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
    at: float = field(default_factory=time.time)
    secret: list[str] = field(default_factory=list)
    """The names of the inputs that no message repeats."""

    def write(self, env: Mapping[str, str] = os.environ) -> None:
        """Keep the note; an earlier one of the resource stays beside it where it finds something else."""
        file = _file(self.urn, env)
        beside = file.with_suffix(f".{os.getpid()}{_WRITING}")
        with contextlib.suppress(OSError):
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            earlier = _read(file)
            if earlier and earlier.inputs != self.inputs:
                file.replace(earlier._set_aside(env))
            beside.write_text(json.dumps(asdict(self)), encoding="utf-8")
            beside.replace(file)
            self._set_aside(env).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            beside.unlink()

    def forget(self, env: Mapping[str, str] = os.environ) -> None:
        """Remove this very note."""
        for file in (_file(self.urn, env), _claimed(self.urn, env), self._set_aside(env)):
            with contextlib.suppress(OSError):
                if _read(file) == self:
                    file.unlink()

    def _set_aside(self, env: Mapping[str, str]) -> Path:
        return _file(self.urn, env).with_suffix(f".{_digest(json.dumps(self.inputs, sort_keys=True))}")

    def may_have_made(self, created: datetime | None) -> bool:
        """Whether its call may have made what a service says was created then, or does not say when."""
        return created is None or abs(created.timestamp() - self.at) <= _CLOCKS_DIFFER_BY

    def is_recent(self) -> bool:
        """Whether it tells what to end."""
        return abs(time.time() - self.at) <= _ENDS_FOR

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


def take_over(urn: str, env: Mapping[str, str] = os.environ) -> Note | None:
    """Make the note of a resource this process's own, and return it; None where there is none."""
    note = _read(_file(urn, env))
    if note is None or note.urn != urn:
        return None
    own = replace(note, process=os.getpid())
    own.write(env)
    return own


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
        files = sorted((shared_folder(env) / _FOLDER).iterdir())
        for note in map(_read, (file for file in files if file.suffix != _WRITING)):
            if note and stack_name(note.urn) == stack.rpartition("/")[2]:
                yield note


def _read(file: Path) -> Note | None:
    """The note in a file; None where anything else is there: nothing in the folder stops a run."""
    with contextlib.suppress(OSError, ValueError, TypeError, OverflowError, RecursionError):
        if file.is_file():  # reading a pipe or a device may never end
            with file.open(encoding="utf-8") as text:
                note = Note(**json.loads(text.read(_LONGEST)))
            return note if _is_sound(note) else None
    return None


def _is_sound(note: Note) -> bool:
    """Whether every field is what it says; ValueError where a text is none that can be printed."""
    json.dumps(asdict(note), ensure_ascii=False).encode()
    texts = [note.urn, note.type, note.state, *note.secret]
    is_urn = all(isinstance(text, str) for text in texts) and note.urn.count("::") >= _SEPARATORS
    return is_urn and isinstance(note.inputs, dict) and float(note.at) == note.at


def _claimed(urn: str, env: Mapping[str, str]) -> Path:
    return _file(urn, env).with_suffix(".claimed")


def _file(urn: str, env: Mapping[str, str]) -> Path:
    return shared_folder(env) / _FOLDER / _digest(urn)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
