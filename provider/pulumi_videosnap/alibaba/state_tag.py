"""The end of a job's token, which says in which state its stack is.

Project, stack and resource may have the same names in another backend, on the same account. So a token ends
with a tag of the state's id, where that is known; tokens of older versions have none.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from pulumi_videosnap.alibaba.models import SnapshotJob

TOKEN = "videosnap-"  # noqa: S105 - the start of a name, not a credential
"""How the token of a job starts, to be recognised in the console."""
_TOKEN_AT_END = re.compile(rf"{TOKEN}[0-9a-f]+-[0-9a-f]+(?:-([0-9a-f]+))?$")


def state_tag(state_id: str) -> str:
    """The tag of a state; empty where its id is not known."""
    return hashlib.sha256(state_id.encode()).hexdigest()[:12] if state_id else ""


def state_tag_of(user_data: str | None) -> str:
    """The tag in a job's UserData; empty without one, as in a job of an older version."""
    found = _TOKEN_AT_END.search(user_data or "")
    return (found and found[1]) or ""


def may_be_of_state(job: SnapshotJob, token: str) -> bool:
    """Whether a job may be of the state that a token names."""
    return state_tag_of(job.user_data) in ("", state_tag_of(token))


def without_state_tag(user_data: str | None) -> str:
    """A token as an older version made it, with the user's own text."""
    tag = state_tag_of(user_data)
    return (user_data or "").removesuffix(f"-{tag}") if tag else user_data or ""


def doubt(adopted: SnapshotJob, token: str) -> str:
    """What to say of an adopted job that does not name the state that the token names."""
    if state_tag_of(adopted.user_data) == state_tag_of(token):
        return ""
    return " (an older version submitted it, so it may be of a stack of the same names in another backend)"


def refusal(jobs: Sequence[SnapshotJob], token: str) -> str:
    """Why the newest job for the same inputs, which another state has, is not adopted; empty without one."""
    for job in jobs:
        same = without_state_tag(job.user_data) == without_state_tag(token)
        if same and not may_be_of_state(job, token):
            return (
                f"job {job.id} was submitted for the same inputs by a stack of the same names in another "
                "backend, or by this stack before it was destroyed; it is not adopted"
            )
    return ""
