"""The objects that a job writes: which state records, where a declared job writes, whose an object is."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pydantic import ValidationError

from pulumi_videosnap.alibaba.convert import Source
from pulumi_videosnap.alibaba.models import ENDED
from pulumi_videosnap.alibaba.rules import COUNT, TILE_COUNT
from pulumi_videosnap.alibaba.schema import SnapshotJobInputs
from pulumi_videosnap.core.lifecycle import Context
from pulumi_videosnap.core.properties import Path, Properties, Unknown
from pulumi_videosnap.core.schema import inputs_of


def recorded_objects(recorded: Properties) -> dict[str, list[str]]:
    """Every recorded object of a job, by bucket."""
    found: dict[str, list[str]] = {}
    config = recorded["snapshotConfig"]
    for name, file in (("frames", "outputFile"), ("tileFrames", "tileOutputFile")):
        if recorded.get(name):
            found.setdefault(config[file]["bucket"], []).extend(recorded[name])
    if recorded.get("vtt"):
        found.setdefault(config["outputFile"]["bucket"], []).append(recorded["vtt"])
    return found


def object_location(recorded: Properties, bucket: str, key: str) -> str:
    """An object's name among all buckets of the cloud."""
    return f"{recorded['input']['location']}/{bucket}/{key}"


def written_locations(recorded: Properties) -> Iterator[str]:
    """Every recorded object of a job, as `object_location`."""
    for bucket, keys in recorded_objects(recorded).items():
        yield from (object_location(recorded, bucket, key) for key in keys)


def declared_locations(job: SnapshotJobInputs) -> Iterator[tuple[Path, str]]:
    """Where a job writes, with the path of the declaring field; skips values unknown in a preview."""
    config = job.snapshot_config
    if isinstance(config, Unknown):
        return
    files = (("outputFile", config.output_file), ("tileOutputFile", config.tile_output_file))
    for name, file in files:
        if file is None or isinstance(file, Unknown) or isinstance(job.input, Unknown):
            continue
        parts: list[Any] = [file.location, file.bucket, file.object, job.input.object, config.time]
        if any(isinstance(part, Unknown) for part in parts):
            continue
        source = Source(job.input.object, config.time or 0)
        yield (
            ("snapshotConfig", name, "object"),
            f"{file.location}/{file.bucket}/{source.resolve(file.object, None)}",
        )


def used_locations(outputs: Properties) -> Iterator[str]:
    """Where a recorded job writes: its objects, and while it runs all that it may write."""
    yield from written_locations(outputs)
    if outputs.get("state") not in ENDED:
        job = SnapshotJobInputs.model_validate(inputs_of(SnapshotJobInputs, outputs))
        yield from (place for _, place in declared_locations(job))


def objects_to_delete(context: Context, outputs: Properties) -> dict[str, list[str]]:
    """What a deleted job wrote, by bucket, without what is another resource's too."""
    in_use = _find_use(context)
    return {
        bucket: [key for key in keys if not in_use(object_location(outputs, bucket, key))]
        for bucket, keys in recorded_objects(outputs).items()
    }


def _find_use(context: Context) -> Callable[[str], bool]:
    """Whether an object (`object_location`) stays when this resource's entry of state is deleted.

    It does where this run has written it, or where it is in another entry of state. In a replacement, all
    stays that another resource declares to write, since that may be written, or adopted, at this moment.
    """
    entries, places = context.other_entries(), context.runs.created()
    declared = context.runs.declared()
    if entries is None or context.resource in declared.values():
        places |= {place for place, resource in declared.items() if resource != context.resource}
    for entry in entries or ():
        with contextlib.suppress(KeyError, TypeError, ValidationError):  # another kind, or a secret name
            places |= set(used_locations(entry.outputs))
    numbered = _pattern(place for place in places if COUNT in place or TILE_COUNT in place)
    return lambda location: location in places or numbered.fullmatch(location) is not None


def _pattern(places: Iterable[str]) -> re.Pattern[str]:
    """All objects in some `declared_locations`, which leave the numbers open."""
    numbers = "|".join(re.escape(re.escape(name)) for name in (COUNT, TILE_COUNT))
    return re.compile("|".join(re.sub(numbers, r"\\d+", re.escape(place)) for place in places) or "(?!)")
