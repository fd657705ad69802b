"""The objects of one bucket: whether they are there, deleting some, and one call for everything else."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from pulumi_videosnap.errors import Unauthorized
from pulumi_videosnap.s3.client import AT_ONCE, Wiring, client_for
from pulumi_videosnap.s3.failures import NO_OBJECT, Wording
from pulumi_videosnap.s3.pages import NotAListing
from pulumi_videosnap.s3.patience import patiently

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

T = TypeVar("T")


@dataclass(frozen=True)
class Bucket:
    """One bucket. Every error is a `CallFailed` that names it; safe to share among threads."""

    name: str
    wiring: Wiring
    wording: Wording

    def missing(self, keys: Iterable[str]) -> list[str]:
        """Those of the keys that are not there, in order; Rejected when there is no such bucket."""
        asked = tuple(keys)
        there = self._each(self._exists, asked)
        missing = [key for key, exists in zip(asked, there, strict=True) if not exists]
        if missing:
            self.check()
        return missing

    def delete(self, keys: Iterable[str]) -> None:
        """Delete objects; one that is not there counts as deleted. The first failure ends it.

        One by one, since DeleteObjects demands checksums that not every store knows.
        """
        self._each(self._delete, keys)

    def head(self, key: str) -> dict[str, Any] | None:
        """What the store says of an object; None when it, or the bucket, is not there."""
        said: dict[str, Any] | None
        said = self.call("HeadObject", key, lambda s3: s3.head_object(Bucket=self.name, Key=key))
        return said

    def check(self) -> None:
        """Rejected when the bucket does not exist: a bare 404 does not say what it is that is missing."""
        try:
            there = self.call("HeadBucket", "", lambda s3: s3.head_bucket(Bucket=self.name))
        except Unauthorized:
            # Not everyone who may use a bucket may look at it.
            return
        if there is None:
            raise self.wording.no_bucket(self.name)

    def call(self, action: str, key: str, ask: Callable[[S3Client], Any]) -> Any:
        """The answer of a call, repeated where that helps; None when what it asks for is not there."""
        return patiently(lambda: self._attempt(action, key, ask))

    def place(self, key: str) -> str:
        """How errors call an object, or without a key the bucket."""
        return f"{self.wording.called}{self.name}/{key}" if key else f"{self.wording.called}{self.name}"

    def _each(self, ask: Callable[[str], T], keys: Iterable[str]) -> list[T]:
        pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="videosnap-objects")
        try:
            return list(pool.map(ask, keys))
        finally:
            pool.shutdown(cancel_futures=True)

    def _exists(self, key: str) -> bool:
        return self.head(key) is not None

    def _delete(self, key: str) -> None:
        self.call("DeleteObject", key, lambda s3: s3.delete_object(Bucket=self.name, Key=key))

    def _attempt(self, action: str, key: str, ask: Callable[[S3Client], Any]) -> Any:
        import botocore.exceptions  # noqa: PLC0415
        import botocore.parsers  # noqa: PLC0415

        try:
            return ask(client_for(self.wiring))
        except botocore.exceptions.ClientError as refused:
            if refused.response["Error"].get("Code") in NO_OBJECT:
                return None
            failed = self.wording.refusal(action, self.place(key), refused)
        except (
            botocore.exceptions.BotoCoreError,
            botocore.parsers.ResponseParserError,
            NotAListing,
        ) as error:
            if unusable := self.wording.unusable(self.place(""), error):
                raise unusable from None
            failed = self.wording.unanswered(action, self.place(key), error)
        # Not chained: the cause may carry the request and its headers.
        raise failed
