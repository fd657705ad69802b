"""The token of a job in its UserData: whose job it is, what it asks for, and in which state its stack is.

Project, stack and resource may have the same names in another backend, on the same account. So a token ends
with a tag of the state's id, where that is known; tokens of older versions have none.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from pulumi_videosnap.alibaba.models import SnapshotJob, State
from pulumi_videosnap.alibaba.schema import SnapshotJobInputs
from pulumi_videosnap.core.properties import dotted, value_at
from pulumi_videosnap.core.schema import Effect, facts

TOKEN = "videosnap-"  # noqa: S105 - the start of a name, not a credential
"""How the token of a job starts, to be recognised in the console."""
_TOKEN_AT_END = re.compile(rf"{TOKEN}[0-9a-f]+-[0-9a-f]+(?:-([0-9a-f]+))?$")


def owner_tag(owner: str) -> str:
    """The part of a job's UserData that names its owner."""
    return f"{TOKEN}{_digest(owner, 16)}-"


def job_token(job: SnapshotJobInputs, state_id: str) -> str:
    """The UserData that identifies a job: the user's own text, the owner, inputs, state."""
    properties = job.properties()
    values = {
        dotted(leaf.path): value_at(properties, leaf.path)
        for leaf in facts(SnapshotJobInputs)
        if leaf.effect is Effect.REPLACE
    }
    declared_values = {path: value for path, value in values.items() if value is not None}
    token = owner_tag(job.owner) + _digest(json.dumps(declared_values, sort_keys=True), 24)
    token += f"-{state_tag(state_id)}" if state_id else ""
    return f"{job.user_data}-{token}" if job.user_data else token


def _digest(text: str, length: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def state_tag(state_id: str) -> str:
    """The tag of a state; empty where its id is not known."""
    return _digest(state_id, 12) if state_id else ""


def state_tag_of(user_data: str | None) -> str:
    """The tag in a job's UserData; empty without one, as in a job of an older version."""
    found = _TOKEN_AT_END.search(user_data or "")
    return (found and found[1]) or ""


def without_state_tag(user_data: str | None) -> str:
    """A token as an older version made it, with the user's own text."""
    tag = state_tag_of(user_data)
    return (user_data or "").removesuffix(f"-{tag}") if tag else user_data or ""


def no_states() -> Collection[str]:
    """The ids of a state that has none."""
    return ()


@dataclass(frozen=True)
class JobSearch:
    """What a create looks for among its owner's jobs: the one that an earlier create submitted.

    `replaced` is the id of the run that is being replaced. `states` reads the ids that the stack's state has
    under either front, since a stack that moves to the other front gets another one.
    """

    token: str
    replaced: str = ""
    states: Callable[[], Collection[str]] = no_states

    def adoptable(self, found: Sequence[SnapshotJob]) -> SnapshotJob | None:
        """The newest of an owner's jobs when it is the requested one, so that an earlier create submitted it.

        Not a job of another state, which is of a stack in another backend, or of one that was destroyed. Not
        the run that is being replaced, and not one that failed. A newer job may have overwritten the output
        of an older one, so only the newest counts.
        """
        newest = next((job for job in found if self._may_be_of_state(job)), None)
        if newest is None or newest.id == self.replaced or newest.state == State.FAIL.value:
            return None
        return newest if self._asks_for_the_same(newest) else None

    def why_not_adopted(self, jobs: Sequence[SnapshotJob]) -> str:
        """Why the newest job for the same inputs, of another state, is not adopted; empty without one."""
        for job in jobs:
            if self._asks_for_the_same(job) and not self._may_be_of_state(job):
                return (
                    f"job {job.id} was submitted for the same inputs by a stack of the same names in another "
                    "backend, or by this stack before it was destroyed; it is not adopted"
                )
        return ""

    def doubt(self, adopted: SnapshotJob) -> str:
        """What to say of an adopted job that names no state although the token does."""
        if state_tag_of(adopted.user_data) or not state_tag_of(self.token):
            return ""
        return (
            " (an older version submitted it, so it may be of a stack of the same names in another backend)"
        )

    def _asks_for_the_same(self, job: SnapshotJob) -> bool:
        return without_state_tag(job.user_data) == without_state_tag(self.token)

    def _may_be_of_state(self, job: SnapshotJob) -> bool:
        tag = state_tag_of(job.user_data)
        known = tag in ("", state_tag_of(self.token)) or job.id == self.replaced
        return known or tag in map(state_tag, self.states())
