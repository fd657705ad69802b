"""Rules of a snapshot task's inputs: what is accepted with a warning.

StartSnapshot's pages do not call these values wrong. They do not mention them, disagree on them, or give
them no effect. Rules skip values that are unknown during preview.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pulumi_videosnap.core.lifecycle import Failure
from pulumi_videosnap.core.properties import Path, Unknown, value_at

BLOCKS = {"tos": "tosConfig", "vod": "vodConfig", "custom": "customConfig", "veimagex": "veImageXConfig"}
"""The block that each storage type needs."""
VOD_EXTRAS = {"storageClass": "standard", "autoSetFileExtension": False}
"""Fields of a VOD block that only Volcengine's own edition has, with their defaults."""
SAFE_IDLE_TIME = 10
"""The least `max_idle_time` of the newest page (6348/1188225); the SDK's types have 1."""
NAMES: tuple[Path, ...] = (
    ("appId",),
    *(("storageConfig", block, "accountId") for block in BLOCKS.values()),
    *(("storageConfig", block, "bucket") for block in BLOCKS.values()),
    ("storageConfig", "vodConfig", "space"),
    ("storageConfig", "veImageXConfig", "serviceId"),
)
"""Names without a documented rule."""


def refusals(task: Mapping[str, Any]) -> Iterator[Failure]:
    """What the other edition of the API, BytePlus' 2022-06-01, does not have."""
    vod = value_at(task, ("storageConfig", "vodConfig"))
    for name, default in VOD_EXTRAS.items():
        value = vod.get(name) if isinstance(vod, Mapping) and task.get("edition") else default
        if value != default and not isinstance(value, Unknown):
            yield Failure(
                ("storageConfig", "vodConfig", name), "does not exist in BytePlus' edition; leave it out"
            )


def doubts(task: Mapping[str, Any]) -> Iterator[Failure]:
    """What is accepted with a warning: the field, and why it may not do what is meant."""
    storage = value_at(task, ("storageConfig", "type"))
    if task.get("edition") and storage in ("tos", "veimagex"):
        yield Failure(("storageConfig", "type"), f"is {storage!r}, which no page of BytePlus mentions")
    idle = task["maxIdleTime"]
    if isinstance(idle, int) and idle < SAFE_IDLE_TIME:
        yield Failure(
            ("maxIdleTime",),
            f"is below {SAFE_IDLE_TIME} seconds, the minimum of the vendor's newest page (1 in its SDK): "
            "the service may refuse it",
        )
    yield from _odd_names(task)
    yield from _negative_indexes(value_at(task, ("targetStreams", "streamList")))
    yield from _ignored_blocks(task["storageConfig"])


def _odd_names(task: Mapping[str, Any]) -> Iterator[Failure]:
    for path in NAMES:
        name = value_at(task, path)
        if isinstance(name, str) and any(char.isspace() or char == "/" for char in name):
            yield Failure(path, "contains a blank or a slash: check that it is the name and nothing else")


def _negative_indexes(streams: Any) -> Iterator[Failure]:
    for at, stream in enumerate(streams if isinstance(streams, list) else ()):
        index = stream.get("index") if isinstance(stream, Mapping) else None
        if isinstance(index, int) and index < 0:
            path: Path = ("targetStreams", "streamList", at, "index")
            yield Failure(path, "is negative, which no document mentions")


def _ignored_blocks(storage: Any) -> Iterator[Failure]:
    kind = storage.get("type") if isinstance(storage, Mapping) else None
    for other, block in BLOCKS.items():
        if isinstance(kind, str) and other != kind and block in storage:
            yield Failure(("storageConfig", block), f"has no effect with storage type {kind!r}; leave it out")
