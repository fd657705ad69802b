"""The calls of Alibaba Cloud MPS on pipelines: AddPipeline, UpdatePipeline, DeletePipeline."""

from __future__ import annotations

import json

from pulumi_videosnap.alibaba.api import MAX_PIPELINES, MpsApi
from pulumi_videosnap.alibaba.auth import find_account
from pulumi_videosnap.alibaba.models import Pipeline
from pulumi_videosnap.alibaba.pipeline.convert import Fields
from pulumi_videosnap.errors import Garbled
from pulumi_videosnap.http.client import shared_client
from pulumi_videosnap.settings import Lookup, no_config


class PipelineApi(MpsApi):
    """Calls of one account. Every error is a `CallFailed`; safe to share among threads."""

    def add(self, fields: Fields) -> Pipeline:
        """Make a pipeline; a second call makes another one, so it is not repeated."""
        parser = self._parser("AddPipeline", idempotent=False)
        return parser.one(self._call(parser, _parameters(fields)), "Pipeline", Pipeline)

    def update(self, fields: Fields) -> None:
        """Set name, state, notification and role; the first two are required every time."""
        self._call(self._parser("UpdatePipeline"), _parameters(fields))

    def delete(self, pipeline_id: str) -> None:
        """Delete a pipeline."""
        self._call(self._parser("DeletePipeline"), (("PipelineId", pipeline_id),))

    def pipeline(self, pipeline_id: str) -> Pipeline | None:
        """One pipeline; None when the service does not know it."""
        answer = self.query_pipelines([pipeline_id])
        found = next((one for one in answer.pipelines if one.id == pipeline_id), None)
        if found is None and pipeline_id not in answer.unknown:
            raise Garbled("QueryPipelineList", f"the response omits {pipeline_id}")
        return found if found and found.state != "Deleted" else None

    def all_pipelines(self, state: str = "All") -> list[Pipeline]:
        """The account's pipelines in the region, of one state or of all."""
        found = list[Pipeline]()
        while True:
            page = self.search_pipelines(state, page_number=len(found) // MAX_PIPELINES + 1)
            found += page.pipelines
            if len(page.pipelines) < MAX_PIPELINES or len(found) >= page.total:
                return [one for one in found if one.state != "Deleted"]


def _parameters(fields: Fields) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name, value if isinstance(value, str) else json.dumps(dict(value), separators=(",", ":")))
        for name, value in fields.items()
        if value is not None
    )


def connect(profile: str | None, location: str | None, config: Lookup = no_config) -> PipelineApi:
    """The API with the account that `find_account` finds, in the region of a location."""
    return PipelineApi(find_account(profile, location, config=config), shared_client())
