"""Objects of Alibaba Cloud OSS, over its S3 protocol: whether one exists, and deleting some.

Source: the vendor's page "Access OSS using an AWS SDK": the endpoint https://s3.oss-{region}.aliyuncs.com,
virtual-hosted addressing. Objects are deleted one by one, since DeleteObjects demands checksums that OSS does
not know. The page advises the old signature V2 for uploads in chunks; without a body, V4 is fine, and V2 is
being retired.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pulumi_videosnap.credentials import Credentials
from pulumi_videosnap.errors import CallFailed, Garbled, Rejected, Unauthorized, Unreachable
from pulumi_videosnap.transport import is_loopback
from pulumi_videosnap.verdicts import FAULT, TOO_FAST, Meaning, Meanings, meaning_of

if TYPE_CHECKING:
    from botocore.exceptions import ClientError
    from mypy_boto3_s3 import S3Client

OSS_ENDPOINT_VARIABLE = "ALIBABA_CLOUD_OSS_ENDPOINT"

CONNECT_TIMEOUT = 5.0
ANSWER_TIMEOUT = 15.0
"""Seconds to wait in one attempt."""
ATTEMPTS = 4
AT_ONCE = 8
"""Calls under way at the same time."""

_MISSING = ("404", "NoSuchKey")
_ENDPOINT = f"check {OSS_ENDPOINT_VARIABLE} and the network"

_KEY = Meaning(
    Unauthorized, "OSS does not accept the key", "check ALIBABA_CLOUD_ACCESS_KEY_ID and its secret"
)
CODES: Meanings = {
    "NoSuchBucket": Meaning(Rejected, "the bucket does not exist", "check its name and its location"),
    "AccessDenied": Meaning(
        Unauthorized,
        "the key has no permission for it",
        "grant oss:GetObject and oss:DeleteObject, and check the bucket's location",
    ),
    "InvalidAccessKeyId": _KEY,
    "SignatureDoesNotMatch": _KEY,
    "InvalidSecurityToken": _KEY,
    "SecurityTokenExpired": _KEY,
    "RequestTimeTooSkewed": Meaning(Unauthorized, "the signature has expired", "set this machine's clock"),
    "InternalError": FAULT,
    "ServiceUnavailable": FAULT,
    "SlowDown": TOO_FAST,
}
_FAILURES: Mapping[str, tuple[type[CallFailed], str]] = {
    "ConnectTimeoutError": (Unreachable, "no connection in time"),
    "ReadTimeoutError": (Unreachable, "no answer in time"),
    "SSLError": (Unreachable, "TLS failed"),
    "ProxyConnectionError": (Unreachable, "the proxy does not let us through"),
    "EndpointConnectionError": (Unreachable, "nobody listens there"),
    "ParamValidationError": (Rejected, "no bucket or key can have this name"),
    "ResponseParserError": (Garbled, "the answer is not the service's"),
}


def oss_endpoint(region: str) -> str:
    """The public endpoint for the S3 protocol."""
    return f"https://s3.oss-{region}.aliyuncs.com"


@functools.lru_cache(maxsize=8)
def client_for(credentials: Credentials, region: str, endpoint: str) -> S3Client:
    """A client with its own connections, kept for the process: making one is slow, and threads may share it.

    Nothing of the user's settings for AWS is read.
    """
    # Imported where they are needed: they are slow to load, and few programs get here.
    import boto3  # noqa: PLC0415
    import botocore.session  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415

    nobodys = {
        "profile": (None, None, None, None),
        "config_file": (None, None, os.devnull, None),
        "credentials_file": (None, None, os.devnull, None),
    }
    local = is_loopback(urlsplit(endpoint).hostname or "")
    settings = Config(
        signature_version="s3v4",
        s3={"addressing_style": "path" if local else "virtual"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        connect_timeout=CONNECT_TIMEOUT,
        read_timeout=ANSWER_TIMEOUT,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        max_pool_connections=AT_ONCE,
        # A proxy cannot reach what listens on this machine.
        proxies={} if local else None,
    )
    session = boto3.Session(botocore_session=botocore.session.Session(session_vars=nobodys))
    return session.client(
        "s3",
        region_name=region,
        endpoint_url=endpoint,
        aws_access_key_id=credentials.access_key,
        aws_secret_access_key=credentials.secret_key,
        aws_session_token=credentials.session_token,
        config=settings,
    )


@dataclass(frozen=True)
class Objects:
    """The objects of one bucket. Every error is a `CallFailed` that names it; safe to share among threads."""

    credentials: Credentials
    region: str
    endpoint: str
    bucket: str
    connect: Callable[[Credentials, str, str], S3Client] = client_for

    def missing(self, keys: Iterable[str]) -> list[str]:
        """Those of the keys that are not there, in order; Rejected when there is no such bucket."""
        asked = tuple(keys)
        there = self._each(self._exists, asked)
        missing = [key for key, exists in zip(asked, there, strict=True) if not exists]
        # A bare 404 does not say whether it is the object or the bucket that is missing.
        if missing and not self._has_bucket():
            raise _error_of(CODES["NoSuchBucket"], "HeadBucket", self.bucket, "NoSuchBucket")
        return missing

    def delete(self, keys: Iterable[str]) -> None:
        """Delete objects; one that is not there counts as deleted. The first failure ends it."""
        self._each(self._delete, keys)

    def _each(self, ask: Callable[[str], bool], keys: Iterable[str]) -> list[bool]:
        pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="videosnap-objects")
        try:
            return list(pool.map(ask, keys))
        finally:
            pool.shutdown(cancel_futures=True)

    def _exists(self, key: str) -> bool:
        return self._call("HeadObject", key, lambda s3: s3.head_object(Bucket=self.bucket, Key=key))

    def _delete(self, key: str) -> bool:
        return self._call("DeleteObject", key, lambda s3: s3.delete_object(Bucket=self.bucket, Key=key))

    def _has_bucket(self) -> bool:
        try:
            return self._call("HeadBucket", "", lambda s3: s3.head_bucket(Bucket=self.bucket))
        except Unauthorized:
            # Not everyone who may use a bucket may look at it.
            return True

    def _call(self, action: str, key: str, ask: Callable[[S3Client], object]) -> bool:
        """Whether that which was asked about is there; CallFailed when the service does not say so."""
        import botocore.exceptions  # noqa: PLC0415
        import botocore.parsers  # noqa: PLC0415

        place = f"{self.bucket}/{key}" if key else self.bucket
        try:
            ask(self.connect(self.credentials, self.region, self.endpoint))
        except botocore.exceptions.ClientError as refused:
            if refused.response["Error"].get("Code") in _MISSING:
                return False
            error = self._refusal(action, place, refused)
        except (botocore.exceptions.BotoCoreError, botocore.parsers.ResponseParserError) as failed:
            error = self._unanswered(action, place, failed)
        else:
            return True
        # Not chained: the cause may carry the request and its headers.
        raise error

    def _refusal(self, action: str, place: str, refused: ClientError) -> CallFailed:
        said, metadata = refused.response["Error"], refused.response["ResponseMetadata"]
        code, status = said.get("Code", ""), metadata.get("HTTPStatusCode", 0)
        meaning = meaning_of(CODES, code, status)
        message = self.credentials.scrub(f"{place}: {said.get('Message', '')}".rstrip(": "))
        code = f"HTTP {code}" if code.isdecimal() else code
        headers = metadata.get("HTTPHeaders", {})
        request_id = self.credentials.scrub(metadata.get("RequestId") or headers.get("x-oss-request-id", ""))
        return _error_of(meaning, action, message, self.credentials.scrub(code), request_id)

    def _unanswered(self, action: str, place: str, failed: Exception) -> CallFailed:
        name = type(failed).__name__
        kind, reason = _FAILURES.get(name, (Unreachable, f"the connection failed ({name})"))
        return kind(action, f"{self.endpoint}, {place}: {reason}", advice=_ENDPOINT)


def _error_of(meaning: Meaning, action: str, message: str, code: str, request_id: str = "") -> CallFailed:
    error = meaning.verdict(action, message, code=code, request_id=request_id).error
    assert error is not None  # noqa: S101
    return error
