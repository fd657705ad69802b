"""`get_pipeline` and `search_pipelines`: look at pipelines without managing them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi

from pulumi_videosnap.alibaba.data_sources import not_found, require_id, require_state
from pulumi_videosnap.dynamic.resource import call_later, program_config
from pulumi_videosnap.kinds import Listed
from pulumi_videosnap.settings import Lookup

if TYPE_CHECKING:
    from pulumi_videosnap.alibaba.models import Pipeline
    from pulumi_videosnap.alibaba.pipeline.api import PipelineApi

STATES = ("All", "Active", "Paused")


@dataclass(frozen=True)
class PipelineResult:
    """A queue of jobs; None where the service says nothing."""

    pipeline_id: str
    name: str
    state: str
    """Active or Paused."""
    speed: str
    speed_level: int | None = None
    role: str | None = None
    """The RAM role that MPS works with."""
    notification: dict[str, Any] | None = None
    """The queue or topic that is notified when a job ends."""
    quota_allocate: int | None = None


def get_pipeline(
    pipeline_id: str, *, location: str | None = None, profile: str | None = None
) -> PipelineResult:
    """Ask for a pipeline (QueryPipelineList), in the region of an OSS location or else the one that is set.

    :param pipeline_id: the service's id of it.
    :raises NotFound: the service does not know the pipeline.
    :raises CallFailed: the call failed.
    """
    require_id("pipeline_id", pipeline_id, "pipeline")
    found = _connect(profile, location, program_config).pipeline(pipeline_id)
    if found is None:
        raise not_found("QueryPipelineList", f"pipeline {pipeline_id} does not exist")
    return _result(found)


def get_pipeline_output(
    pipeline_id: pulumi.Input[str],
    *,
    location: pulumi.Input[str] | None = None,
    profile: pulumi.Input[str] | None = None,
) -> pulumi.Output[PipelineResult]:
    """`get_pipeline` for values that are only known later."""
    return call_later(get_pipeline, pipeline_id=pipeline_id, location=location, profile=profile)


def search_pipelines(
    state: str = "All", *, location: str | None = None, profile: str | None = None
) -> list[PipelineResult]:
    """The account's pipelines in a region (SearchPipeline), all pages of them.

    :param state: All, Active or Paused.
    :raises CallFailed: the call failed.
    """
    require_state(state, STATES)
    return [_result(one) for one in _connect(profile, location, program_config).all_pipelines(state)]


def search_pipelines_output(
    state: pulumi.Input[str] = "All",
    *,
    location: pulumi.Input[str] | None = None,
    profile: pulumi.Input[str] | None = None,
) -> pulumi.Output[list[PipelineResult]]:
    """`search_pipelines` for values that are only known later."""
    return call_later(search_pipelines, state=state, location=location, profile=profile)


def list_pipelines(*, location: str, profile: str | None = None, config: Lookup) -> Iterator[Listed]:
    """The account's pipelines in a region, each with the id to import it by.

    :param location: an OSS location, which names the region.
    """
    for one in _connect(profile, location, config).all_pipelines():
        yield Listed(one.name, f"{location}/{one.id}")


def _connect(profile: str | None, location: str | None, config: Lookup) -> PipelineApi:
    # Imported here: a program that only declares resources does not need the HTTP stack.
    from pulumi_videosnap.alibaba.pipeline.api import connect  # noqa: PLC0415

    return connect(profile, location, config)


def _result(found: Pipeline) -> PipelineResult:
    topic_or_queue = found.notify_config.model_dump() if found.notify_config else {}
    return PipelineResult(
        pipeline_id=found.id,
        name=found.name,
        state=found.state,
        speed=found.speed,
        speed_level=found.speed_level,
        role=found.role,
        notification={name: value for name, value in topic_or_queue.items() if value} or None,
        quota_allocate=found.quota_allocate,
    )
