"""Pipelines: what a job may name in PipelineId, and which hold their jobs back while they are paused."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field

from videosnap_emulator.clock import Milliseconds, rfc3339
from videosnap_emulator.tasks import Json

ACTIVE, PAUSED = "Active", "Paused"
STATES = (ACTIVE, PAUSED)
#: "Speed" of the pipeline's page.
SPEEDS = (
    "Standard", "Boost", "NarrowBandHDV2", "AIVideoCover", "AIVideoFPShot", "AIVideoCensor", "AIVideoMCU",
    "AIVideoSummary", "AIVideoPorn", "AIAudioKWS", "AIAudioASR",
)  # fmt: skip
NOTIFY = ("QueueName", "Topic", "MqTopic", "MqTag")
_ROLE = "AliyunMTSDefaultRole"
#: The one that every account has from the start; the id is the emulator's own.
DEFAULT_ID = "51de0000c0de4f0a9a7e51de0c4a11ba"
_ID = re.compile(r"[0-9a-f]{32}")


def is_pipeline_id(text: str) -> bool:
    """Say whether a text has the form of a pipeline's id."""
    return bool(_ID.fullmatch(text))


@dataclass
class Pipeline:
    """One pipeline; `notify` names queue and topic, to which this emulator sends nothing."""

    pipeline_id: str
    name: str
    created: Milliseconds
    state: str = ACTIVE
    speed: str = "Standard"
    notify: Json = field(default_factory=dict)

    def to_json(self) -> Json:
        """Return everything, for `keep`."""
        return asdict(self)

    def answer(self) -> Json:
        """Return the pipeline as the vendor's answers show it; numbers are numbers here."""
        return {
            "Id": self.pipeline_id,
            "Name": self.name,
            "State": self.state,
            "Speed": self.speed,
            "SpeedLevel": 1,
            "QuotaAllocate": 10,
            "Role": _ROLE,
            "NotifyConfig": {name: self.notify[name] for name in NOTIFY if self.notify.get(name)},
        }

    def view(self) -> Json:
        """Return the pipeline as the control API shows it."""
        return {
            "pipelineId": self.pipeline_id,
            "name": self.name,
            "state": self.state,
            "speed": self.speed,
            "creationTime": rfc3339(self.created),
            "notifyConfig": self.notify,
        }


def default_pipeline(created: Milliseconds) -> Pipeline:
    """Return the pipeline that every account has."""
    return Pipeline(DEFAULT_ID, "mts-service-pipeline", created)
