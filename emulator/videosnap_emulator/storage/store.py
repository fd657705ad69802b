"""The emulator's object storage: moto's S3 in this process, behind a check of the access key.

Buckets are addressed in the path (``/bucket/key``). Each change is written before it is answered; one that
cannot be written is undone. Only the newest version of an object is stored.
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

from videosnap_emulator.core.persistence import WriteError
from videosnap_emulator.ports import bind
from videosnap_emulator.storage import refusals, sidecars
from videosnap_emulator.storage.http import (
    Environ,
    S3App,
    S3Error,
    S3Request,
    Server,
    WsgiResponse,
    bad_request,
    run,
)
from videosnap_emulator.storage.objects import BucketKeys, ObjectDatabase, StoredKey
from videosnap_emulator.storage.sidecars import BUCKET_NAME

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

    def __init__(self, objects: ObjectDatabase, access_keys: Collection[str]) -> None:
        self.objects, self._access_keys = objects, access_keys
        self._account = str(next(_ACCOUNTS))
        self._server: Server | None = None
        self._watchers: list[Callable[[str, str], None]] = []
        with _MOTO:
            self._backend = s3_backends[self._account]["aws"]
            self._app = create_backend_app("s3")

    @classmethod
    def open(cls, folder: Path | None, access_keys: Collection[str]) -> Store:
        """Open the storage, with what the folder holds; it has the buckets ``frames`` and ``media``."""
        objects = ObjectDatabase(folder)
        try:
            objects.prepare(sidecars.read(folder) if folder else {})
            store = cls(objects, access_keys)
            with _MOTO, store._changing():
                for name in BUCKETS:
                    objects.add_bucket(name)
        except BaseException:
            objects.close()
            raise
        if folder:
            sidecars.remove(folder)
        return store

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Change the database, all or nothing, and let moto have the buckets that it then has."""
        try:
            with self.objects.writing():
                yield
        finally:
            self._load_buckets()

    def _load_buckets(self) -> None:
        stored, known = self.objects.buckets(), self._backend.buckets
        with self._own_bucket_names():
            for bucket in known.keys() - set(stored):
                self._dispose(known.pop(bucket))
            for bucket in stored:
                if bucket not in known:
                    self._backend.create_bucket(bucket, _REGION)
                if not isinstance(known[bucket].keys, BucketKeys):
                    known[bucket].keys = BucketKeys(bucket, self._account, self.objects)
                known[bucket].keys.forget()
        self._forget()

    def _forget(self) -> None:
        """Take this store's objects off moto's lists of all instances, which never drop them."""
        for kind in (FakeKey, StoredKey, FakeMultipart):
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
        headers = {"content-type": content_type, **{META + name: value for name, value in metadata.items()}}
        naive = modified.astimezone(timezone.utc).replace(tzinfo=None)  # as moto has it
        with _MOTO:
            self._check_bucket(bucket)
            with self.objects.writing():
                self.objects.put(bucket, key, body, headers, naive)

    def _check_bucket(self, bucket: str) -> None:
        if bucket not in self._backend.buckets:
            raise NoSuchBucketError(bucket)

    def get(self, bucket: str, key: str) -> StoredObject:
        """Return an object; KeyError when there is none."""
        with _MOTO:
            found = self.objects.find(bucket, key)
            headers = {name.lower(): value for name, value in found.headers.items()}
            metadata = {name[len(META) :]: value for name, value in headers.items() if name.startswith(META)}
            modified = found.modified.replace(tzinfo=timezone.utc)
            body = self.objects.body(found.body)
            return StoredObject(body, headers.get("content-type", ""), metadata, modified)

    def etag(self, bucket: str, key: str) -> str:
        """Return the entity tag of an object; KeyError when there is none."""
        with _MOTO:
            return self.objects.find(bucket, key).etag

    def has_bucket(self, bucket: str) -> bool:
        """Return whether the bucket exists."""
        with _MOTO:
            return bucket in self._backend.buckets

    def keys(self, bucket: str) -> list[str]:
        """Return the keys of a bucket's objects, sorted."""
        with _MOTO:
            self._check_bucket(bucket)
            return [row.key for row in self.objects.list(bucket)]

    def make_bucket(self, bucket: str) -> None:
        """Make the bucket if it does not exist."""
        if not BUCKET_NAME.fullmatch(bucket):
            raise ValueError(f"not a bucket name: {bucket!r}")
        with _MOTO:
            if bucket not in self._backend.buckets:
                with self._changing():
                    self.objects.add_bucket(bucket)

    def empty(self) -> None:
        """Remove all objects, unfinished uploads and other buckets; ``frames`` and ``media`` stay."""
        with _MOTO, self._changing():
            for bucket in self.objects.buckets():
                self._dispose(self._backend.buckets[bucket])
                self.objects.remove_bucket(bucket)
            for bucket in BUCKETS:
                self.objects.add_bucket(bucket)
        self.objects.shrink()

    def _dispose(self, bucket: Any) -> None:
        """Free what moto has of a bucket: what a request touched, and unfinished uploads."""
        for upload in list(bucket.multiparts):
            del bucket.multiparts[upload]

    def serve(self, host: str, port: int = 0, remembered: int = 0) -> int:
        """Serve the S3 protocol in a thread; give the real port (`ports.bind` chooses it)."""
        if self._server is not None:
            raise RuntimeError("the store is already served")
        app = S3App(self._access_keys, self._account, self._respond)
        self._server = Server(app, host, bind(host, port, remembered))
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
            if found and not key:
                found.keys.prefix = dict(parse_qsl(request.query)).get("prefix", "")
            try:
                response = run(self._app, environ)
                if request.method in ("PUT", "POST", "DELETE"):
                    with self.objects.writing():
                        self._save()
            except (WriteError, S3Error):
                raise
            except Exception as failure:
                _LOG.info("moto could not answer %s %s", request.method, request.path, exc_info=True)
                raise refusals.explain(failure, request) from None
            finally:
                self._load_buckets()
            return refusals.check_response(response, request)

    def _save(self) -> None:
        """Write what a request changed."""
        known = self._backend.buckets
        for bucket in set(self.objects.buckets()) - known.keys():
            self.objects.remove_bucket(bucket)
        for bucket, one in known.items():
            self.objects.add_bucket(bucket)
            if isinstance(one.keys, BucketKeys):
                one.keys.save()

    def close(self) -> None:
        """End the thread and free the memory."""
        if self._server is not None:
            self._server.close()
            self._server = None
        with _MOTO:
            for bucket in self._backend.buckets.values():
                self._dispose(bucket)
            self._backend.buckets.clear()
            s3_backends.pop(self._account, None)
            self.objects.close()


def _makes_object(request: S3Request) -> bool:
    """Return whether a request completes an object if it succeeds: no part of an upload and not its start."""
    of_upload = "uploadId" in dict(parse_qsl(request.query))
    return request.method == ("POST" if of_upload else "PUT")
