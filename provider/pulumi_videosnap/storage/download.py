"""Fetches the content of objects, and continues where a connection broke or an earlier attempt stopped."""

from __future__ import annotations

import fcntl
import hashlib
import io
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from pulumi_videosnap.errors import NotConfigured, Rejected

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CHUNK = 64 * 1024
MAX_REPLACED = 3
"""How often a download starts over because the object was replaced meanwhile."""


@dataclass(frozen=True)
class Transfer:
    """One object to fetch: `call` sends a request and translates its errors, `name` is for our own."""

    bucket: str
    key: str
    name: str
    call: Callable[[Callable[[S3Client], Any]], Any]
    max_attempts: int

    def into(self, file: IO[bytes], *, limit: int = sys.maxsize, etag: str = "") -> bool:
        """Append to a file what it does not have yet; False when the object does not exist.

        Stops soon after `limit` bytes. Rejected when the object's ETag is no longer `etag`.
        """
        return self.call(lambda s3: self._fetch(s3, file, limit, etag)) is not None

    def _fetch(self, s3: S3Client, file: IO[bytes], limit: int, etag: str) -> bool:
        """Fetch, and continue where the connection broke: boto3 repeats requests, not reads of bodies."""
        from botocore.exceptions import (  # noqa: PLC0415
            IncompleteReadError,
            ReadTimeoutError,
            ResponseStreamingError,
        )

        for left in reversed(range(self.max_attempts)):
            start = file.seek(0, io.SEEK_END)
            response = self._get(s3, start, etag)
            if start and not str(response.get("ContentRange", "")).startswith(f"bytes {start}-"):
                # The store does not support ranges, and sends the whole object.
                file.truncate(0)
                file.seek(0)
            etag = etag or str(response.get("ETag", ""))
            try:
                _copy(response["Body"], file, limit)
            except (IncompleteReadError, ReadTimeoutError, ResponseStreamingError):
                if not left:
                    raise
            else:
                break
        return True

    def _get(self, s3: S3Client, start: int, etag: str) -> Mapping[str, Any]:
        conditions = {"IfMatch": etag, "Range": f"bytes={start}-" if start else ""}
        request: Any = {name: value for name, value in conditions.items() if value}
        return s3.get_object(Bucket=self.bucket, Key=self.key, **request)


def _copy(body: Any, file: IO[bytes], limit: int) -> None:
    while chunk := body.read(CHUNK):
        file.write(chunk)
        if file.tell() > limit:
            # The rest would be read before the connection could be used again.
            body.close()
            return


def download_file(transfer: Transfer, head: Callable[[], Mapping[str, Any] | None], path: Path) -> bool:
    """Write an object to `path` and continue what an earlier attempt left; False when it does not exist.

    The part lies beside it, in `<name>.<digest of the object's version>.part`.
    """
    try:
        return _download(transfer, head, path)
    except OSError as error:
        raise NotConfigured(f"{path} cannot be written ({error.strerror or type(error).__name__})") from None


def _download(transfer: Transfer, head: Callable[[], Mapping[str, Any] | None], path: Path) -> bool:
    for _ in range(MAX_REPLACED):
        if (version := head()) is None:
            return False
        etag, size = str(version.get("ETag", "")), int(version["ContentLength"])
        part = _part_file(path, f"{etag} {size} {version.get('LastModified')}")
        with _locked(transfer, part) as file:
            if _complete(transfer, etag, size, file):
                part.replace(path)
                return True
        part.unlink()
    raise Rejected("GetObject", f"{transfer.name}: the object is replaced again and again")


def _part_file(path: Path, version: str) -> Path:
    """The file for parts of this version of an object; those of others are removed."""
    part = path.with_name(f"{path.name}.{hashlib.sha256(version.encode()).hexdigest()[:12]}.part")
    of_path = re.compile(re.escape(path.name) + r"\.[0-9a-f]{12}\.part")
    for other in path.parent.iterdir():
        if of_path.fullmatch(other.name) and other != part:
            other.unlink(missing_ok=True)
    return part


@contextmanager
def _locked(transfer: Transfer, part: Path) -> Iterator[IO[bytes]]:
    with part.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Rejected("GetObject", f"{transfer.name}: another download is writing {part.name}") from None
        yield file


def _complete(transfer: Transfer, etag: str, size: int, file: IO[bytes]) -> bool:
    """Append what is missing; False when the object no longer has this ETag."""
    if file.tell() < size:
        try:
            transfer.into(file, etag=etag)
        except Rejected as refused:
            if refused.code not in ("PreconditionFailed", "HTTP 412"):
                raise
    file.flush()
    return file.tell() == size
