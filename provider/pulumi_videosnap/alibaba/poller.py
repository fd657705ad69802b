"""Waiting for jobs to end: whoever waits shares one round of questions, ten ids a call.

Nobody is in charge. Each waiting thread wakes, and the first to find the last round old asks for all that
wait; the others take their answer from it. So a hundred waiting jobs cost ten calls a round, not a hundred.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from pulumi_videosnap.alibaba.api import Queried
from pulumi_videosnap.alibaba.models import SnapshotJob
from pulumi_videosnap.errors import CallFailed, NotFound, TaskUnfinished

IDS_PER_CALL = 10
"""Ids that QuerySnapshotJobList takes at most."""
PAUSE_AT_FIRST, PAUSE_LATER = 0.5, 3.0
"""Seconds between two rounds: many jobs end within seconds, and one that does not can wait."""
AT_FIRST = 20.0
"""Seconds for which the rounds come often."""
NOT_LISTED_YET = 15.0
"""Seconds for which a new job may be unknown; how soon one can be queried is not documented."""


class Api(Protocol):
    """The question (`MpsApi`)."""

    def query(self, ids: Sequence[str]) -> Queried: ...  # noqa: D102


class JobPoller:
    """The jobs that somebody waits for, and the last round's answers."""

    def __init__(
        self,
        api: Api,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._api = api
        self._monotonic = monotonic
        self._sleep = sleep
        self._asking = threading.Lock()
        self._waiting: list[str] = []
        self._answers: dict[str, SnapshotJob | CallFailed] = {}
        self._asked_at = -PAUSE_LATER

    def wait(self, job: SnapshotJob, timeout: float, tell: Callable[[str], None]) -> SnapshotJob:
        """The job once it has ended; TaskUnfinished when it has not after `timeout` seconds.

        A CallFailed of a round reaches everyone who waited for that round.
        """
        if job.has_ended:
            return job
        self._waiting.append(job.id)
        try:
            return self._wait(job, timeout, tell)
        finally:
            self._waiting.remove(job.id)

    def _wait(self, job: SnapshotJob, timeout: float, tell: Callable[[str], None]) -> SnapshotJob:
        began = self._monotonic()
        while not job.has_ended:
            waited = self._monotonic() - began
            if waited >= timeout:
                raise TaskUnfinished(f"snapshot job {job.id}", job.state or "under way", waited)
            tell(f"{job.state or 'under way'} for {waited:.0f} s")
            pause = PAUSE_AT_FIRST if waited < AT_FIRST else PAUSE_LATER
            self._sleep(min(pause, timeout - waited))
            job = self._look(job, pause, waited)
        return job

    def _look(self, job: SnapshotJob, pause: float, waited: float) -> SnapshotJob:
        """What is known of the job, from a round that is younger than `pause` seconds."""
        with self._asking:
            if self._monotonic() - self._asked_at >= pause:
                self._ask_for_all()
                self._asked_at = self._monotonic()
            answer = self._answers.get(job.id, job)
        if isinstance(answer, NotFound) and waited < NOT_LISTED_YET:
            return job
        if isinstance(answer, CallFailed):
            raise answer
        return answer

    def _ask_for_all(self) -> None:
        self._answers = {}
        for ids in _tens(self._waiting):
            try:
                answer = self._api.query(ids)
            except CallFailed as failed:
                self._answers.update(dict.fromkeys(ids, failed))
                continue
            for job_id in ids:
                nobody = f"job {job_id} does not exist any more"
                self._answers[job_id] = NotFound("QuerySnapshotJobList", nobody, at=answer.at)
            self._answers.update({job.id: job for job in answer.jobs})


def _tens(ids: Sequence[str]) -> Iterator[list[str]]:
    distinct = list(dict.fromkeys(ids))
    return (distinct[at : at + IDS_PER_CALL] for at in range(0, len(distinct), IDS_PER_CALL))
