"""What the service says of a job, as the outcomes of a read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pulumi_videosnap.alibaba.models import ENDED
from pulumi_videosnap.core.lifecycle import Gone, ReadOutcome, Unreadable
from pulumi_videosnap.core.properties import Properties
from pulumi_videosnap.core.timestamps import parse_rfc3339
from pulumi_videosnap.errors import NotFound

REMEMBERED_FOR = timedelta(hours=72)
"""How long the service surely knows a job. NOT DOCUMENTED: of its sister services none forgets sooner than
half a month. A younger job that is unknown is gone, an older one may have been forgotten."""


def has_ended(outputs: Mapping[str, Any]) -> bool:
    """Whether the job that these outputs record has succeeded or failed."""
    return outputs.get("state") in ENDED


def interpret_not_found(recorded: Properties, unknown: NotFound) -> ReadOutcome:
    """A job that the service does not know: gone, or unreadable where it may have been forgotten."""
    created = parse_rfc3339(recorded.get("creationTime"))
    if created is None:
        raise unknown  # nothing was ever recorded of it: an import or a lookup of a job that does not exist
    age = unknown.at - created
    if age < REMEMBERED_FOR:
        return Gone()
    return Unreadable(
        f"cannot be read any more: {age.total_seconds() / 3600:.0f} hours after its submission the service "
        "does not know it, and how long it remembers a job is not documented; "
        f"kept as recorded ({recorded.get('state')})"
    )
