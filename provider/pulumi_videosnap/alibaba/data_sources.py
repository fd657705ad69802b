"""`get_snapshot_job` looks at a job without managing it; `object_version` at a video."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pulumi

from pulumi_videosnap.core.timestamps import format_rfc3339
from pulumi_videosnap.dynamic.resource import call_later, program_config
from pulumi_videosnap.errors import InvalidInput, NotFound
from pulumi_videosnap.kinds import Listed
from pulumi_videosnap.settings import Lookup

if TYPE_CHECKING:
    from pulumi_videosnap.alibaba.api import MpsApi
    from pulumi_videosnap.alibaba.models import SnapshotJob


@dataclass(frozen=True)
class SnapshotJobResult:
    """What the service says of a job; None where it says nothing."""

    job_id: str
    state: str
    """Submitted, Snapshoting, Success or Fail."""
    code: str | None
    """Why it failed, in the service's code and words."""
    message: str | None
    count: int | None
    """Frames that it took."""
    tile_count: int | None
    creation_time: str | None
    """RFC 3339, UTC."""
    pipeline_id: str | None
    user_data: str | None
    input: dict[str, Any]
    """Location, bucket and object; keys are decoded."""
    snapshot_config: dict[str, Any]
    """The settings that the service repeats, with decoded keys; numbers as numbers."""


def get_snapshot_job(
    job_id: str, *, location: str | None = None, profile: str | None = None
) -> SnapshotJobResult:
    """Ask for a job (QuerySnapshotJobList), in the region of an OSS location or else the one that is set.

    :raises NotFound: the service does not know the job (any more).
    :raises CallFailed: the call failed.
    """
    require_id("job_id", job_id, "job")
    answer = _connect(profile, location).query([job_id])
    if not answer.jobs:
        raise NotFound("QuerySnapshotJobList", f"job {job_id} does not exist", at=answer.at)
    return _result(answer.jobs[0])


def get_snapshot_job_output(
    job_id: pulumi.Input[str],
    *,
    location: pulumi.Input[str] | None = None,
    profile: pulumi.Input[str] | None = None,
) -> pulumi.Output[SnapshotJobResult]:
    """`get_snapshot_job` for values that are only known later."""
    return call_later(get_snapshot_job, job_id=job_id, location=location, profile=profile)


def list_jobs(*, location: str, profile: str | None = None, config: Lookup) -> Iterator[Listed]:
    """The jobs that the service knows, newest first, each with the id to import it by.

    :param location: an OSS location, which names the region.
    """
    from pulumi_videosnap.alibaba.api import connect  # noqa: PLC0415

    api, token = connect(profile, location, config), None
    while True:
        page = api.list_jobs(page_token=token)
        yield from (Listed(job.user_data or job.id, f"{location}/{job.id}") for job in page.jobs)
        token = page.next_token
        if token is None:
            return


def object_version(bucket: str, key: str, location: str, *, profile: str | None = None) -> str:
    """The ETag of an object (HeadObject), which is another one when the object was replaced: for `triggers`.

    :raises NotFound: there is no such object yet.
    :raises CallFailed: the call failed.
    """
    from pulumi_videosnap.alibaba.auth import find_account  # noqa: PLC0415
    from pulumi_videosnap.alibaba.jobs import bucket_of  # noqa: PLC0415

    for name, value in (("bucket", bucket), ("key", key), ("location", location)):
        if not isinstance(value, str) or not value:
            raise InvalidInput(name, "must be a text that is not empty")
    account = find_account(profile, location, config=program_config)
    found = bucket_of(account, bucket, config=program_config).head(key)
    if found is None:
        raise not_found("HeadObject", f"{key!r} is not in bucket {bucket!r}; upload it first")
    return found.etag


def object_version_output(
    bucket: pulumi.Input[str],
    key: pulumi.Input[str],
    location: pulumi.Input[str],
    *,
    profile: pulumi.Input[str] | None = None,
) -> pulumi.Output[str]:
    """`object_version` for values that are only known later."""
    return call_later(object_version, bucket=bucket, key=key, location=location, profile=profile)


def not_found(action: str, reason: str) -> NotFound:
    """The error of a lookup that finds nothing, at this machine's time."""
    from pulumi_videosnap.report.base import utc_now  # noqa: PLC0415

    return NotFound(action, reason, at=utc_now())


def require_id(name: str, value: object, what: str) -> None:
    """InvalidInput with the argument's name unless it can be an id of the service."""
    if not isinstance(value, str) or not value.isalnum():
        raise InvalidInput(name, f"must be the id of a {what}, of letters and digits")


def require_state(state: object, states: Sequence[str]) -> None:
    """InvalidInput unless it is a state that can be searched for."""
    if state not in states:
        raise InvalidInput("state", f"must be {' or '.join(map(repr, states))}, not {state!r}")


def _connect(profile: str | None, location: str | None) -> MpsApi:
    # Imported here: a program that only declares resources does not need the HTTP stack.
    from pulumi_videosnap.alibaba.api import connect  # noqa: PLC0415

    return connect(profile, location, program_config)


def _result(job: SnapshotJob) -> SnapshotJobResult:
    return SnapshotJobResult(
        job_id=job.id,
        state=job.state,
        code=job.code or None,
        message=job.message or None,
        count=job.count,
        tile_count=job.tile_count,
        creation_time=format_rfc3339(job.creation_time, "seconds") if job.creation_time else None,
        pipeline_id=job.pipeline_id,
        user_data=job.user_data,
        input=_plain(job.input),
        snapshot_config=_plain(job.snapshot_config),
    )


def _plain(block: Any) -> dict[str, Any]:
    """A block of a response as a program declares it: without absent fields, object keys decoded."""
    values: Sequence[tuple[str, Any]] = list(block) if block is not None else []
    return {n: _plain_value(n, value) for n, value in values if value is not None and n != "role_arn"}


def _plain_value(name: str, value: Any) -> Any:
    if name == "object":
        return unquote(value)
    return _plain(value) if hasattr(value, "model_fields_set") else value
