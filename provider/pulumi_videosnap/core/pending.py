"""Creations that this machine has begun and not ended: a note for each, in the directory of the rate store.

A note outlives a process that was killed after its call, when the engine has recorded nothing of the
resource; `videosnap drift` then asks for it. It is a hint: there is none where nothing can be written.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from typing import Any

from pulumi_videosnap.settings import shared_folder

_FOLDER = "creating"


@contextlib.contextmanager
def noted(
    urn: str, type_: str, inputs: Mapping[str, Any], env: Mapping[str, str] = os.environ
) -> Iterator[None]:
    """Keep a note of a creation while it lasts; `inputs` are those that make up its id, and no key."""
    if not urn:
        yield
        return
    file = shared_folder(env) / _FOLDER / hashlib.sha256(urn.encode()).hexdigest()[:32]
    earlier = file.exists()
    with contextlib.suppress(OSError):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.write_text(json.dumps({"urn": urn, "type": type_, "inputs": dict(inputs)}), encoding="utf-8")
    failed = True
    try:
        yield
        failed = False
    finally:  # how it ended is known to the engine, or will be; of an earlier one, only if this one succeeds
        with contextlib.suppress(OSError):
            if not (failed and earlier):
                file.unlink()


def interrupted(stack: str, env: Mapping[str, str] = os.environ) -> Iterator[Mapping[str, Any]]:
    """The creations in a stack that were never ended, as entries of state without an id."""
    start = f"urn:pulumi:{stack.rpartition('/')[2]}::"
    with contextlib.suppress(OSError):
        for file in sorted((shared_folder(env) / _FOLDER).iterdir()):
            with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
                note = json.loads(file.read_text(encoding="utf-8"))
                if str(note["urn"]).startswith(start) and isinstance(note["inputs"], dict):
                    yield note
