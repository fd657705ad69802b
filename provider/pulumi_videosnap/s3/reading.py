"""The content of objects: into memory up to a limit, or into a file that a later attempt can continue."""

from __future__ import annotations

import fcntl
import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from pulumi_videosnap.errors import CallFailed, NotConfigured, Rejected
from pulumi_videosnap.s3.answers import PIECE
from pulumi_videosnap.s3.bucket import Bucket

ACTION = "GetObject"
CHANGED = 3
"""How often a download begins anew because the object was replaced meanwhile."""


def read(bucket: Bucket, key: str, limit: int) -> bytes:
    """The content; Rejected when the object is not there, or has more than `limit` bytes."""
    # Read within the call, so that one whose connection breaks halfway is repeated.
    content = bucket.call(
        ACTION, key, lambda s3: _within(s3.get_object(Bucket=bucket.name, Key=key)["Body"], limit)
    )
    if content is None:
        raise _not_there(bucket, key)
    if len(content) > limit:
        raise Rejected(ACTION, f"{bucket.place(key)}: it has more than {limit} bytes")
    return bytes(content)


def _within(body: Any, limit: int) -> bytes:
    """The content, or a little more than the limit of one that is larger."""
    content = bytearray()
    while len(content) <= limit and (piece := body.read(PIECE)):
        content += piece
    if len(content) > limit:
        # What is left of it would be read first, before the connection could be used again.
        body.close()
    return bytes(content)


def download(bucket: Bucket, key: str, path: Path) -> None:
    """Write the content to `path`, which is there whole or not at all.

    What an earlier attempt has left is continued if the object is still the same: it lies beside, in
    `<name>.<digest of the object's version>.part`. Rejected when the object is not there, or another
    process is at it; NotConfigured when the file cannot be written.
    """
    try:
        _download(bucket, key, path)
    except OSError as error:
        raise NotConfigured(f"{path} cannot be written ({error.strerror or type(error).__name__})") from None


def _download(bucket: Bucket, key: str, path: Path) -> None:
    for _ in range(CHANGED):
        head = bucket.head(key)
        if head is None:
            raise _not_there(bucket, key)
        etag, size = str(head.get("ETag", "")), int(head["ContentLength"])
        part = _part(path, f"{etag} {size} {head.get('LastModified')}")
        with _locked(bucket, key, part) as file:
            if _complete(bucket, key, etag, size, file):
                part.replace(path)
                return
        part.unlink()
    raise Rejected(ACTION, f"{bucket.place(key)}: it is being replaced again and again")


def _part(path: Path, version: str) -> Path:
    """The file for parts of this version of an object; those of others are removed."""
    part = path.with_name(f"{path.name}.{hashlib.sha256(version.encode()).hexdigest()[:12]}.part")
    of_path = re.compile(re.escape(path.name) + r"\.[0-9a-f]{12}\.part")
    for other in path.parent.iterdir():
        if of_path.fullmatch(other.name) and other != part:
            other.unlink(missing_ok=True)
    return part


@contextmanager
def _locked(bucket: Bucket, key: str, part: Path) -> Iterator[IO[bytes]]:
    with part.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Rejected(ACTION, f"{bucket.place(key)}: another download writes {part.name}") from None
        yield file


def _complete(bucket: Bucket, key: str, etag: str, size: int, file: IO[bytes]) -> bool:
    """Add what is missing; False when the object is no longer the one with this etag."""
    if file.tell() < size:
        try:
            bucket.call(ACTION, key, lambda s3: _append(s3, bucket, key, etag, file))
        except Rejected as refused:
            if refused.code not in ("PreconditionFailed", "HTTP 412"):
                raise
    file.flush()
    return file.tell() == size


def _append(s3: Any, bucket: Bucket, key: str, etag: str, file: IO[bytes]) -> bool:
    # After a broken attempt the file holds more than before it: the next one asks for the rest.
    start = file.seek(0, 2)
    asked = {"IfMatch": etag, "Range": f"bytes={start}-" if start else ""}
    given = {name: value for name, value in asked.items() if value}
    answer = s3.get_object(Bucket=bucket.name, Key=key, **given)
    if start and not str(answer.get("ContentRange", "")).startswith(f"bytes {start}-"):
        # The store knows no ranges, and sends the whole object.
        file.truncate(0)
        file.seek(0)
    while piece := answer["Body"].read(PIECE):
        file.write(piece)
    return True


def _not_there(bucket: Bucket, key: str) -> CallFailed:
    bucket.check()
    return bucket.wording.no_object(ACTION, bucket.place(key))
