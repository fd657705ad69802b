"""The store's folder: a body file and a small JSON sidecar for each object.

The sidecar names its body file; each is written aside and renamed. The sidecar's rename is the moment
of change, so a killed process leaves an object as it was or as it becomes.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


def _write(path: Path, data: bytes) -> None:
    aside = path.with_name(f"{path.name}.{secrets.token_hex(4)}.tmp")
    aside.write_bytes(data)
    aside.replace(path)


class Disk:
    """The folder's mirror of moto's objects."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._synced: dict[tuple[str, str], tuple[Any, Path]] = {}
        folder.mkdir(parents=True, exist_ok=True)

    def buckets(self) -> list[str]:
        """Return the names of the stored buckets."""
        return sorted(
            path.name for path in self._folder.iterdir() if path.is_dir() and BUCKET_NAME.fullmatch(path.name)
        )

    def load(self, bucket: str) -> Iterator[tuple[dict[str, Any], bytes, Path]]:
        """Return each whole object; remove what a killed process left half done."""
        folder, used = self._folder / bucket, set()
        for sidecar in sorted(folder.glob("*.json")):
            about = json.loads(sidecar.read_bytes())
            path = folder / about["body"]
            if path.exists():
                used |= {sidecar, path}
                yield about, path.read_bytes(), path
        for path in set(folder.iterdir()) - used:
            path.unlink()

    def note(self, bucket: str, key: Any, path: Path) -> None:
        """Remember that a loaded object is the one in this body file."""
        self._synced[bucket, key.name] = (key, path)

    def sync(self, bucket: str, name: str, key: Any) -> None:
        """Bring one object's files to what moto has now (None: no such object)."""
        synced, old = self._synced.get((bucket, name), (None, None))
        if key is synced:
            return
        digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
        sidecar = self._folder / bucket / f"{digest}.json"
        if key is None:
            sidecar.unlink(missing_ok=True)
            del self._synced[bucket, name]
        else:
            path = sidecar.with_name(f"{digest}.{secrets.token_hex(4)}")
            about = {
                "key": name,
                "body": path.name,
                "etag": key.etag.strip('"'),
                "headers": dict(key.metadata),
            }
            _write(path, key.value)
            _write(sidecar, json.dumps({**about, "modified": key.last_modified.isoformat()}).encode())
            self._synced[bucket, name] = (key, path)
        if old is not None:
            old.unlink(missing_ok=True)

    def sync_bucket(self, bucket: str, keys: dict[str, Any] | None) -> None:
        """Bring a bucket's folder to what moto has now (None: no such bucket)."""
        gone = [name for owner, name in self._synced if owner == bucket and name not in (keys or {})]
        for name in gone:
            self.sync(bucket, name, None)
        if keys is not None:
            (self._folder / bucket).mkdir(exist_ok=True)
            for name, key in keys.items():
                self.sync(bucket, name, key)
        elif BUCKET_NAME.fullmatch(bucket):
            shutil.rmtree(self._folder / bucket, ignore_errors=True)
