"""The store's folder of older commits: for each object a body file and a JSON sidecar that names it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from videosnap_emulator.core.persistence import StateError, fault_of

BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
#: Sidecars, bodies, and what a killed process left half written.
_OURS = re.compile(r"[0-9a-f]{64}\.(json|[0-9a-f]{8})(\.[0-9a-f]{8}\.tmp)?")


class Sidecar(BaseModel):
    """What a sidecar says; a body is a name beside it and no path."""

    model_config = ConfigDict(extra="forbid")

    key: Annotated[str, Field(min_length=1)]
    body: Annotated[str, Field(pattern=r"^[0-9a-f]{64}\.[0-9a-f]{8}$")]
    etag: Annotated[str, Field(pattern=r"^[0-9a-f]{32}(-[0-9]+)?$")]
    headers: dict[str, str]
    modified: datetime


def _buckets(folder: Path) -> list[Path]:
    """Return the buckets' folders; their names are the buckets'."""
    return sorted(path for path in folder.iterdir() if path.is_dir() and BUCKET_NAME.fullmatch(path.name))


def read(folder: Path) -> dict[str, Iterator[tuple[Sidecar, bytes]]]:
    """Return the buckets with their objects, which are read one by one."""
    return {path.name: _objects(path) for path in _buckets(folder)}


def _objects(folder: Path) -> Iterator[tuple[Sidecar, bytes]]:
    """Return the objects of a bucket's folder; raise StateError for one that is not whole."""
    for path in sorted(folder.glob("*.json")):
        try:
            sidecar = Sidecar.model_validate_json(path.read_bytes())
            yield sidecar, (folder / sidecar.body).read_bytes()
        except ValidationError as error:
            raise StateError(path, fault_of(error)) from error
        except OSError as error:
            raise StateError(path, f"its body: {error}") from error


def remove(folder: Path) -> None:
    """Remove the files of all buckets, and folders in which nothing else is."""
    for bucket in _buckets(folder):
        for path in bucket.iterdir():
            if _OURS.fullmatch(path.name):
                path.unlink()
        with suppress(OSError):
            bucket.rmdir()
