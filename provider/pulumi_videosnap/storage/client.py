"""One boto3 client for each way of reaching a store: created once, shared by all threads.

Retries, timeouts and paging are boto3's. The key that a task writes with is never used here: the vendor
advises one that cannot read.
"""

from __future__ import annotations

import contextlib
import functools
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pulumi_videosnap.errors import NotConfigured
from pulumi_videosnap.http.credentials import Credentials, Keys, find_credentials
from pulumi_videosnap.http.deadline import MIN_RATE, bound_responses
from pulumi_videosnap.http.request import is_loopback, parse_endpoint
from pulumi_videosnap.http.retry import retry_policy
from pulumi_videosnap.http.transport import user_agent
from pulumi_videosnap.settings import Lookup
from pulumi_videosnap.storage.errors import mask_keys
from pulumi_videosnap.storage.platforms import Addressing, Location, Platform

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CONNECT_TIMEOUT = 5.0
READ_TIMEOUT = 15.0
"""Seconds that one attempt waits at most: for the connection, and for each piece of the response."""
MAX_ATTEMPTS = 4
MIN_ATTEMPT = 5.0
"""Seconds that an attempt needs: a smaller call budget allows fewer attempts."""
MAX_CONCURRENCY = 8
"""Calls that one bucket has in progress at the same time."""
DEFAULT_REGION = "us-east-1"
"""Signed for where an endpoint is given and no region: self-hosted stores accept it."""


@dataclass(frozen=True)
class ClientConfig:
    """How a store is reached.

    A store on this machine is addressed by path. None of the user's AWS settings is read, unless
    `aws_settings`: then boto3's own chain finds credentials where none are given, of `profile` if one is
    named, and chooses the region's endpoint where none is given. `budget` is the seconds a call may take.
    """

    credentials: Credentials | None
    region: str
    endpoint: str | None
    addressing: Addressing = "virtual"
    url_encoding: bool = True
    aws_settings: bool = False
    profile: str | None = None
    budget: float = 45.0

    @property
    def is_local(self) -> bool:
        """Whether the store listens on this machine."""
        return self.endpoint is not None and is_loopback(urlsplit(self.endpoint).hostname or "")

    @property
    def max_attempts(self) -> int:
        """How often a call is made at most, the first time included."""
        return max(1, min(MAX_ATTEMPTS, int(self.budget / MIN_ATTEMPT)))

    @property
    def attempt_timeout(self) -> float:
        """Seconds that one attempt waits for each piece of the response."""
        return max(1.0, min(READ_TIMEOUT, self.budget / self.max_attempts))

    def scrub(self, text: str) -> str:
        """A store's text made fit for a message: without the keys in use, whoever found them."""
        return self.credentials.scrub(text) if self.credentials else mask_keys(text, _found_secrets(self))


def client_config(
    platform: Platform,
    location: Location,
    *,
    credentials: Credentials | None,
    env: Lookup,
    config: Lookup,
    home: Path,
) -> ClientConfig:
    """How a location is reached; NotConfigured says what is missing and where to set it.

    Unless `credentials` are given, they are the reader's own, from a profile, the environment or the
    stack's configuration.
    """
    endpoint = _endpoint(platform, location, env, config)
    region = _region(platform, location, env, config)
    if not region and not endpoint:
        settings = platform.region_setting, platform.endpoint_setting
        raise NotConfigured(
            f"the region of the {platform.title} bucket {location.bucket} is not known: "
            f"set {settings[0].env} (or {settings[0].config} in the stack's configuration), "
            f"or the whole endpoint as {settings[1].env} (or {settings[1].config})"
        )
    # boto3 knows Amazon's endpoints itself, those of other partitions too.
    if not endpoint and not platform.aws_settings:
        endpoint = platform.endpoint_in(region)
    return ClientConfig(
        credentials=credentials or _credentials(platform, location.profile, env, config, home),
        region=region or DEFAULT_REGION,
        endpoint=endpoint,
        addressing=platform.addressing,
        url_encoding=platform.url_encoding,
        aws_settings=platform.aws_settings,
        profile=location.profile if platform.aws_settings else None,
        budget=retry_policy().deadline,
    )


def _endpoint(platform: Platform, location: Location, env: Lookup, config: Lookup) -> str | None:
    named = (location.endpoint, "the endpoint") if location.endpoint else None
    if not (found := named or platform.endpoint_setting.find(env, config)):
        return None
    such_as = platform.endpoint.replace("{region}", "REGION")
    return parse_endpoint(*found, env, such_as=such_as, exposed="frames, their keys, and a security token")


def _region(platform: Platform, location: Location, env: Lookup, config: Lookup) -> str:
    found = platform.region_setting.find(env, config)
    region = (location.region or (found[0] if found else "")).removeprefix(platform.region_prefix)
    if region and not region.replace("-", "").isalnum():
        raise NotConfigured(f"{region!r} is not a region of {platform.title}")
    return region


def _credentials(
    platform: Platform, profile: str | None, env: Lookup, config: Lookup, home: Path
) -> Credentials | None:
    """The reader's credentials; None where boto3's own chain is to find them."""
    if platform.aws_settings:
        keys = () if profile else (platform.keys.in_environment(env), platform.keys.in_config(config))
        return next((found for one in keys if (found := one.credentials())), None)
    profiles = platform.profiles(home, env) if platform.profiles else _NoProfiles(platform.title)
    return find_credentials(platform.keys, profiles, profile=profile, env=env, config=config)


@dataclass(frozen=True)
class _NoProfiles:
    """A vendor whose profile files are not read."""

    title: str

    @property
    def places(self) -> str:
        """What a message says about its files."""
        return f"nothing else: profile files of {self.title} are not read"

    def read(self, profile: str | None) -> Keys | None:  # noqa: ARG002
        """No keys, for any profile."""
        return None


_creating = threading.Lock()


def client_for(config: ClientConfig) -> S3Client:
    """The client for a configuration, with its own connections, cached: creating one is slow.

    Raises boto3's errors where the user's AWS settings are broken.
    """
    # Not created twice by two threads at once.
    with _creating:
        return _create(config)


@functools.lru_cache(maxsize=16)
def _create(config: ClientConfig) -> S3Client:
    # boto3 is imported where it is needed: it is slow to load, and few programs get here.
    import boto3  # noqa: PLC0415

    keys = config.credentials
    session = boto3.Session(profile_name=config.profile) if config.aws_settings else _bare_session()
    client: S3Client = session.client(
        "s3",
        region_name=config.region,
        endpoint_url=config.endpoint,
        aws_access_key_id=keys.access_key if keys else None,
        aws_secret_access_key=keys.secret_key if keys else None,
        aws_session_token=keys.session_token if keys else None,
        config=_botocore_config(config),
    )
    _bound_responses(client)
    if config.endpoint is not None:
        client.meta.events.register("before-call.s3", _disable_region_redirect)
    if not config.url_encoding:
        _disable_url_encoding(client)
    return client


def _found_secrets(config: ClientConfig) -> tuple[str, ...]:
    with contextlib.suppress(Exception):  # an error is being shown: no other one may take its place
        found = client_for(config)._request_signer._credentials.get_frozen_credentials()  # type: ignore[attr-defined]
        return tuple(filter(None, (found.access_key, found.secret_key, found.token)))
    return ()


def _bound_responses(client: S3Client) -> None:
    """Give each response one deadline: botocore's timeouts start again with every byte that arrives."""
    pools = client._endpoint.http_session._pool_classes_by_scheme  # type: ignore[attr-defined]
    for scheme, pool in pools.items():
        connection = bound_responses(pool.ConnectionCls, MIN_RATE)
        pools[scheme] = type(pool.__name__, (pool,), {"ConnectionCls": connection})


def _disable_region_redirect(context: dict[str, Any], **_: Any) -> None:
    # When a store says that a bucket is elsewhere, botocore sends the user's keys there. Only Amazon's own
    # endpoints can be trusted with that.
    context.get("s3_redirect", {})["redirected"] = True


def _disable_url_encoding(client: S3Client) -> None:
    from botocore import handlers  # noqa: PLC0415

    for action in ("ListObjects", "ListObjectsV2"):
        name = f"before-parameter-build.s3.{action}"
        client.meta.events.unregister(name, handlers.set_list_objects_encoding_type_url)


@functools.cache
def _bare_session() -> Any:
    """A session that reads no AWS settings; cached, since its first client loads a large model."""
    import boto3  # noqa: PLC0415
    import botocore.session  # noqa: PLC0415

    no_files = {
        "profile": (None, None, None, None),
        "config_file": (None, None, os.devnull, None),
        "credentials_file": (None, None, os.devnull, None),
    }
    return boto3.Session(botocore_session=botocore.session.Session(session_vars=no_files))


def _botocore_config(config: ClientConfig) -> Any:
    from botocore.config import Config  # noqa: PLC0415

    style: Any = {"addressing_style": "path" if config.is_local else config.addressing}
    return Config(
        signature_version="s3v4",
        s3=style,
        # The default adds checksums in trailers, which stores other than Amazon's refuse.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        connect_timeout=min(CONNECT_TIMEOUT, config.attempt_timeout),
        read_timeout=config.attempt_timeout,
        retries={"mode": "standard", "total_max_attempts": config.max_attempts},
        max_pool_connections=MAX_CONCURRENCY,
        user_agent_extra=user_agent(),
        # A proxy cannot reach what listens on this machine.
        proxies={} if config.is_local else None,
    )
