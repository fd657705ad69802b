"""One boto3 client for each way of reaching a store: made once, shared by all threads."""

from __future__ import annotations

import functools
import os
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pulumi_videosnap.http.credentials import Credentials
from pulumi_videosnap.http.endpoint import is_loopback
from pulumi_videosnap.http.transport import user_agent
from pulumi_videosnap.s3 import answers, pages

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CONNECT_TIMEOUT = 5.0
ANSWER_TIMEOUT = 15.0
"""Seconds to wait in one attempt: for the connection, and for each piece of the answer."""
AT_ONCE = 8
"""Calls under way at the same time."""


@dataclass(frozen=True)
class Wiring:
    """How a store is reached.

    `addressing` is virtual, path or auto, except on this machine, where it is path. Nothing of the user's
    settings for AWS is read, unless `is_aws`: then boto3's own chain finds credentials where none are given,
    of `profile` if one is named, and chooses the region's endpoint where none is given.
    """

    credentials: Credentials | None
    region: str
    endpoint: str | None
    addressing: str = "virtual"
    signature: str = "s3v4"
    is_aws: bool = False
    profile: str | None = None

    @property
    def is_local(self) -> bool:
        """Whether the store listens on this machine."""
        return self.endpoint is not None and is_loopback(urlsplit(self.endpoint).hostname or "")


def client_for(wiring: Wiring) -> S3Client:
    """The client for a wiring, with its own connections, kept for the process: making one is slow.

    It tries each call once: repeating is `patience`'s. Raises boto3's errors where the user's settings for
    AWS are broken.
    """
    # Not made twice by two threads that come at once.
    with _making:
        return _made(wiring)


_making = threading.Lock()


@functools.lru_cache(maxsize=16)
def _made(wiring: Wiring) -> S3Client:
    keys = wiring.credentials
    client: S3Client = (_readers(wiring.profile) if wiring.is_aws else _nobodys()).client(
        "s3",
        region_name=wiring.region,
        endpoint_url=wiring.endpoint,
        aws_access_key_id=keys.access_key if keys else None,
        aws_secret_access_key=keys.secret_key if keys else None,
        aws_session_token=keys.session_token if keys else None,
        config=_config(wiring),
    )
    if wiring.endpoint is not None:
        client.meta.events.register("before-call.s3", _stay_here)
    pages.install(client)
    answers.install(client)
    return client


def _stay_here(context: dict[str, Any], **_: Any) -> None:
    # When a store says that a bucket is elsewhere, botocore asks it where, and for an answer that says the
    # same it asks again, without end. Amazon's own stores do say where.
    context.get("s3_redirect", {})["redirected"] = True


@functools.cache
def _nobodys() -> Any:
    """A session that reads no settings; kept, since with the first client it loads a large model."""
    # Imported where they are needed: they are slow to load, and few programs get here.
    import boto3  # noqa: PLC0415
    import botocore.session  # noqa: PLC0415

    nowhere = {
        "profile": (None, None, None, None),
        "config_file": (None, None, os.devnull, None),
        "credentials_file": (None, None, os.devnull, None),
    }
    return boto3.Session(botocore_session=botocore.session.Session(session_vars=nowhere))


def _readers(profile: str | None) -> Any:
    """A session with the settings of who runs this."""
    import boto3  # noqa: PLC0415

    return boto3.Session(profile_name=profile)


def _config(wiring: Wiring) -> Any:
    from botocore.config import Config  # noqa: PLC0415

    style: Any = {"addressing_style": "path" if wiring.is_local else wiring.addressing}
    return Config(
        signature_version=wiring.signature,
        s3=style,
        # The default adds checksums in trailers, which stores other than Amazon's refuse.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        connect_timeout=CONNECT_TIMEOUT,
        read_timeout=ANSWER_TIMEOUT,
        retries={"mode": "standard", "total_max_attempts": 1},
        max_pool_connections=AT_ONCE,
        user_agent_extra=user_agent(),
        # A proxy cannot reach what listens on this machine.
        proxies={} if wiring.is_local else None,
    )
