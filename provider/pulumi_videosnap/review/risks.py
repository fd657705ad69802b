"""What a reviewer should look at before approving: the rules, one function each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from pulumi_videosnap.alibaba.auth import KEYS as ALIBABA_KEYS
from pulumi_videosnap.core.properties import dotted, value_at
from pulumi_videosnap.core.schema import Mark, facts
from pulumi_videosnap.review.fields import MODELS, changed_leaves, number_at, text_at
from pulumi_videosnap.review.model import Risk
from pulumi_videosnap.review.preview import SAME, SECRET, Plan, Step
from pulumi_videosnap.review.rooms import pictures_of, was_over
from pulumi_videosnap.state import LIVE, is_hidden
from pulumi_videosnap.storage.platforms import platforms
from pulumi_videosnap.volcengine.auth import KEYS as VOLCENGINE_KEYS

FLOOR = 2
"""Seconds: the vendor's default interval; a shorter one is rarely meant."""
DAY = 86400
_PLACES = ("bucket", "space", "service_id", "type", "region", "account_id", "vendor")


@dataclass(frozen=True)
class Limits:
    """From where on something is a risk, in seconds."""

    floor: int = FLOOR
    idle: int = DAY


def risks_of(plan: Plan, limits: Limits) -> Iterator[Risk]:
    """Everything that a reviewer should look at, in the order of the rules."""
    for step in plan.steps:
        if step.operation != SAME:
            for rule in RULES:
                yield from rule(step, limits)
    yield from _two_tasks_over_one_room(plan)
    yield from _plain_secrets_in_the_configuration(plan)


def _interval_below_the_floor(step: Step, limits: Limits) -> Iterator[Risk]:
    interval = number_at(step.inputs, "imageConfig", "interval")
    if step.kind == LIVE and interval is not None and interval < limits.floor:
        hourly = pictures_of(step.inputs).per_hour or 0
        yield Risk(
            code="interval-below-floor",
            task=step.name,
            field="image_config.interval",
            text=f"{interval} s is below the floor of {limits.floor} s: {hourly:,.0f} pictures an hour",
        )


def _another_bucket(step: Step, _: Limits) -> Iterator[Risk]:
    if step.kind != LIVE or step.old is None or was_over(step.old):
        return
    changed = [dotted(leaf.path) for leaf in changed_leaves(step) if leaf.path[0] == "storageConfig"]
    moved = [field for field in changed if field.rpartition(".")[2] in _PLACES]
    if moved:
        yield Risk(
            code="bucket-of-a-running-task",
            task=step.name,
            field=moved[0],
            text="the task runs: later pictures go elsewhere, and readers of the old place see no new ones",
        )


def _idle_for_a_day(step: Step, limits: Limits) -> Iterator[Risk]:
    idle = number_at(step.inputs, "maxIdleTime")
    if step.kind == LIVE and idle is not None and idle >= limits.idle:
        yield Risk(
            code="idle-for-a-day",
            task=step.name,
            field="max_idle_time",
            text=f"an empty room keeps the task for {idle:,} s, so a forgotten one runs, and may cost, "
            f"{idle / DAY:.2g} of a day longer",
        )


def _protected(step: Step, _: Limits) -> Iterator[Risk]:
    if step.protected and step.operation in ("replace", "delete"):
        fields = [dotted(leaf.path) for leaf in changed_leaves(step)]
        yield Risk(
            code="protected",
            task=step.name,
            field=", ".join(fields),
            text=f"it is protected, so `up` will not {step.operation} it: take back the change, or the "
            "protection first",
        )


def _plain_secret(step: Step, _: Limits) -> Iterator[Risk]:
    for leaf in facts(MODELS[step.kind]):
        value = value_at(step.inputs, leaf.path)
        if Mark.SECRET in leaf.marks and isinstance(value, str) and value != SECRET:
            yield Risk(
                code="secret-in-plain-text",
                task=step.name,
                field=dotted(leaf.path),
                text="is given in plain text, and so it stands in state and in this preview: name an "
                f"environment variable with {dotted(leaf.path)}_env, or make it a secret",
            )


Rule = Callable[[Step, Limits], Iterator[Risk]]
RULES: tuple[Rule, ...] = (
    _interval_below_the_floor,
    _another_bucket,
    _idle_for_a_day,
    _protected,
    _plain_secret,
)


def _two_tasks_over_one_room(plan: Plan) -> Iterator[Risk]:
    rooms: dict[tuple[str, str], list[Step]] = defaultdict(list)
    for step in plan.steps:
        app, room = text_at(step.inputs, "appId"), text_at(step.inputs, "roomId")
        if app and room:
            rooms[app, room].append(step)
    for tasks in rooms.values():
        for one, other in combinations(tasks, 2):
            changes = one.operation != SAME or other.operation != SAME
            if changes and _share_a_stream(one.inputs, other.inputs):
                yield Risk(
                    code="two-tasks-one-room",
                    task=one.name,
                    field="room_id",
                    text=f"takes the same streams of the same room as {other.name}: every picture twice",
                )


def _share_a_stream(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    first, second = _streams(one), _streams(other)
    return not first or not second or bool(first & second)


def _streams(inputs: Mapping[str, Any]) -> set[tuple[str, str]]:
    listed = value_at(inputs, ("targetStreams", "streamList"))
    known = [one for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []
    return {(str(one.get("userId")), str(one.get("streamType"))) for one in known}


def _plain_secrets_in_the_configuration(plan: Plan) -> Iterator[Risk]:
    for key in sorted(_secret_settings() & plan.config.keys()):
        if plan.config[key] not in ("", SECRET) and not is_hidden(plan.config[key]):
            yield Risk(
                code="secret-in-plain-text",
                field=key,
                text="stands in plain text in the stack's configuration: set it with `pulumi config set "
                "--secret`, or better in the environment alone",
            )


def _secret_settings() -> set[str]:
    """The keys of the configuration whose values nobody should read."""
    keys = [VOLCENGINE_KEYS, ALIBABA_KEYS, *(platform.keys for platform in platforms().values())]
    return {setting.config for one in keys for setting in (one.secret_key, one.session_token)}
