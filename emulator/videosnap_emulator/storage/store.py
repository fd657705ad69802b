"""The emulator's object storage: moto's S3 in this process, behind a check of the access key.

Buckets are addressed in the path (``/bucket/key``). Without a folder all is in memory; with one, each
change is written through before it is answered. Only the newest version of an object is written.
"""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

from moto.moto_server.werkzeug_app import create_backend_app
from moto.s3.models import FakeKey, FakeMultipart, s3_backends

from videosnap_emulator.storage import refusals
from videosnap_emulator.storage.disk import BUCKET_NAME, Disk
from videosnap_emulator.storage.http import Environ, S3App, S3Request, Server, WsgiResponse, bad_request, run

BUCKETS = ("frames", "media")
META = "x-amz-meta-"
_REGION = "us-east-1"
# moto keeps its state in the module; each store has an account of its own there.
_ACCOUNTS = itertools.count(700_000_000_000)
_MOTO = threading.RLock()
_LOG = logging.getLogger(__name__)


class NoSuchBucketError(Exception):
    """The bucket does not exist."""


@dataclass(frozen=True)
class StoredObject:
    """An object as it is stored."""

    body: bytes
    content_type: str
    metadata: dict[str, str]
    modified: datetime


class Store:
    """The object storage: direct calls for the emulator, the S3 protocol for everybody else."""

    def __init__(self, disk: Disk | None, access_keys: Collection[str]) -> None:
        self._disk, self._access_keys = disk, access_keys
        self._account = str(next(_ACCOUNTS))
        self._server: Server | None = None
        self._watchers: list[Callable[[str, str], None]] = []
        with _MOTO:
            self._backend = s3_backends[self._account]["aws"]
            self._app = create_backend_app("s3")

    @classmethod
    def open(cls, folder: Path | None, access_keys: Collection[str]) -> Store:
        """Open the storage, with what the folder holds; it has the buckets ``frames`` and ``media``."""
        store = cls(None if folder is None else Disk(folder), access_keys)
        with _MOTO:
            store._reload()
            for bucket in BUCKETS:
                store.make_bucket(bucket)
        return store

    def _reload(self) -> None:
        if self._disk is None:
            return
        for bucket in self._disk.buckets():
            self.make_bucket(bucket)
            for about, body, path in self._disk.load(bucket):
                modified = datetime.fromisoformat(about["modified"])
                placed = self._place(
                    bucket,
                    about["key"],
                    body,
                    headers=about["headers"],
                    modified=modified,
                    etag=about["etag"],
                )
                self._disk.note(bucket, placed, path)

    def _place(
        self,
        bucket: str,
        key: str,
        body: bytes,
        *,
        headers: dict[str, str],
        modified: datetime,
        etag: str | None = None,
    ) -> Any:
        placed = self._backend.put_object(bucket, key, body, etag=etag)
        placed.set_metadata(dict(headers))
        placed.last_modified = modified
        self._forget()
        return placed

    def _forget(self) -> None:
        """Take this store's objects off moto's lists of all instances, which never drop them."""
        for kind in (FakeKey, FakeMultipart):
            kind.instances_tracked[:] = [
                one for one in kind.instances_tracked if one.account_id != self._account
            ]

    @contextmanager
    def _own_bucket_names(self) -> Iterator[None]:
        """Show moto only this store's bucket names: it wants names to be unique among all accounts."""
        with _MOTO:
            names = s3_backends.bucket_accounts
            before = dict(names)
            names.clear()
            names.update(dict.fromkeys(self._backend.buckets, ("aws", self._account)))
            try:
                yield
            finally:
                names.clear()
                names.update(before)

    def _bucket(self, bucket: str) -> Any:
        try:
            return self._backend.buckets[bucket]
        except KeyError:
            raise NoSuchBucketError(bucket) from None

    def _latest(self, bucket: str, key: str) -> Any:
        found = self._bucket(bucket).keys.get(key)
        return found if isinstance(found, FakeKey) else None

    def put(  # noqa: PLR0917
        self,
        bucket: str,
        key: str,
        body: bytes,
        content_type: str,
        metadata: dict[str, str],
        modified: datetime,
    ) -> None:
        """Store an object, last modified at the given time."""
        headers = {"Content-Type": content_type, **{META + name: value for name, value in metadata.items()}}
        naive = modified.astimezone(timezone.utc).replace(tzinfo=None)  # as moto has it
        with _MOTO:
            self._bucket(bucket)
            placed = self._place(bucket, key, body, headers=headers, modified=naive)
            if self._disk is not None:
                self._disk.sync(bucket, key, placed)

    def get(self, bucket: str, key: str) -> StoredObject:
        """Return an object; KeyError when there is none."""
        with _MOTO:
            found = self._latest(bucket, key) if bucket in self._backend.buckets else None
            if found is None:
                raise KeyError(f"{bucket}/{key}")
            headers = {name.lower(): value for name, value in found.metadata.items()}
            metadata = {name[len(META) :]: value for name, value in headers.items() if name.startswith(META)}
            modified = found.last_modified.replace(tzinfo=timezone.utc)
            return StoredObject(found.value, headers.get("content-type", ""), metadata, modified)

    def etag(self, bucket: str, key: str) -> str:
        """Return the entity tag of an object; KeyError when there is none."""
        with _MOTO:
            found = self._latest(bucket, key) if bucket in self._backend.buckets else None
            if found is None:
                raise KeyError(f"{bucket}/{key}")
            return str(found.etag)

    def has_bucket(self, bucket: str) -> bool:
        """Return whether the bucket exists."""
        with _MOTO:
            return bucket in self._backend.buckets

    def keys(self, bucket: str) -> list[str]:
        """Return the keys of a bucket's objects, sorted."""
        with _MOTO:
            return sorted(self._objects(bucket))

    def _objects(self, bucket: str) -> dict[str, Any]:
        return {name: key for name, key in self._bucket(bucket).keys.items() if isinstance(key, FakeKey)}

    def make_bucket(self, bucket: str) -> None:
        """Make the bucket if it does not exist."""
        if not BUCKET_NAME.fullmatch(bucket):
            raise ValueError(f"not a bucket name: {bucket!r}")
        with self._own_bucket_names():
            if bucket not in self._backend.buckets:
                self._backend.create_bucket(bucket, _REGION)
                self._sync_bucket(bucket)

    def empty(self) -> None:
        """Remove all objects, unfinished uploads and other buckets; ``frames`` and ``media`` stay."""
        with _MOTO:
            for bucket in list(self._backend.buckets):
                self._dispose(bucket)
                del self._backend.buckets[bucket]
                self._sync_bucket(bucket)
            for bucket in BUCKETS:
                self.make_bucket(bucket)

    def _dispose(self, bucket: str) -> None:
        found = self._bucket(bucket)
        for name in list(found.keys):
            found.keys.pop(name)
        for upload in list(found.multiparts):
            del found.multiparts[upload]

    def _sync_bucket(self, bucket: str) -> None:
        if self._disk is not None:
            self._disk.sync_bucket(bucket, self._objects(bucket) if bucket in self._backend.buckets else None)

    def serve(self, host: str, port: int) -> int:
        """Serve the S3 protocol in a thread; give the real port (0 asks for a free one)."""
        if self._server is not None:
            raise RuntimeError("the store is already served")
        self._server = Server(S3App(self._access_keys, self._account, self._respond), host, port)
        return self._server.port

    def watch(self, arrived: Callable[[str, str], None]) -> None:
        """Call `arrived` with bucket and key of each object that a client has uploaded or copied."""
        self._watchers.append(arrived)

    def announce(self, bucket: str, key: str) -> None:
        """Tell the watchers of an upload, outside of the lock: they may read and write objects."""
        for arrived in self._watchers:
            arrived(bucket, key)

    def _respond(self, request: S3Request, environ: Environ) -> WsgiResponse:
        """Answer a request, then tell the watchers of the object that it made."""
        bucket, _, key = request.path[1:].partition("/")
        response = self._answer(request, environ)
        if response[0].startswith("2") and key and _makes_object(request):
            self.announce(bucket, unquote(key))
        return response

    def _answer(self, request: S3Request, environ: Environ) -> WsgiResponse:
        """Let moto answer a request, and write through what it changed."""
        bucket, _, key = request.path[1:].partition("/")
        if request.method == "PUT" and not key and not BUCKET_NAME.fullmatch(bucket):
            raise bad_request("InvalidBucketName", "The specified bucket is not valid.")
        with self._own_bucket_names():
            found = self._backend.buckets.get(bucket)
            refusals.check(request, environ.get("HTTP_X_AMZ_COPY_SOURCE"), found.multiparts if found else ())
            try:
                response = run(self._app, environ)
            except Exception as failure:
                _LOG.info("moto could not answer %s %s", request.method, request.path, exc_info=True)
                raise refusals.explain(failure, request) from None
            if request.method in ("PUT", "POST", "DELETE"):
                self._mirror(bucket, unquote(key))
            self._forget()
            return refusals.check_response(response, request)

    def _mirror(self, bucket: str, key: str) -> None:
        if self._disk is not None and key and bucket in self._backend.buckets:
            self._disk.sync(bucket, key, self._latest(bucket, key))
        else:
            self._sync_bucket(bucket)

    def close(self) -> None:
        """End the thread and free the memory."""
        if self._server is not None:
            self._server.close()
            self._server = None
        with _MOTO:
            for bucket in list(self._backend.buckets):
                self._dispose(bucket)
            self._backend.buckets.clear()
            s3_backends.pop(self._account, None)


def _makes_object(request: S3Request) -> bool:
    """Return whether a request completes an object if it succeeds: no part of an upload and not its start."""
    of_upload = "uploadId" in dict(parse_qsl(request.query))
    return request.method == ("POST" if of_upload else "PUT")
