"""Converts inputs to requests, and a pipeline as the service returns it to inputs and outputs."""

from __future__ import annotations

from collections.abc import Mapping

from pulumi_videosnap.alibaba.models import NotifyConfig, Pipeline
from pulumi_videosnap.alibaba.pipeline.schema import (
    ACTIVE,
    DEFAULT_ROLE,
    SPEEDS,
    STANDARD,
    Notification,
    PipelineInputs,
)
from pulumi_videosnap.core.properties import Properties

Fields = Mapping[str, "str | Mapping[str, str] | None"]
"""The parameters of a request; one that is None is not sent, and a block is sent as JSON."""
DEFAULTS = {"state": ACTIVE, "role": DEFAULT_ROLE, "speed": STANDARD}
"""What the service has where nothing is declared; an answer with it agrees with an absent field."""
_WORDS = {word.lower(): word for word in SPEEDS}
_UNKNOWN_UNLESS_DECLARED = ("speedLevel",)
"""The service may have a default of its own, which no page names."""


def add_request(declared: PipelineInputs) -> Fields:
    """AddPipeline; a new pipeline is active."""
    return {
        "Name": declared.name,
        "Speed": _WORDS[declared.speed] if declared.speed else None,
        "SpeedLevel": None if declared.speed_level is None else str(declared.speed_level),
        "NotifyConfig": _notify_config(declared.notification) if declared.notification else None,
        "Role": declared.role,
    }


def update_request(declared: PipelineInputs, found: Pipeline) -> Fields:
    """UpdatePipeline; what an adopted pipeline does not declare is sent as it is.

    Whether an absent NotifyConfig keeps the old one is not documented, so it is always sent.
    """
    state, role, config = found.state, found.role, found.notify_config
    kept = {
        name: value
        for name, value in (config.model_dump(by_alias=True) if config else {}).items()
        if value and declared.is_adopted
    }
    return {
        "PipelineId": found.id,
        "Name": declared.name or found.name,
        "State": (declared.state or (state.lower() if declared.is_adopted else ACTIVE)).capitalize(),
        "NotifyConfig": _notify_config(declared.notification) if declared.notification else kept,
        "Role": declared.role or (role if declared.is_adopted else DEFAULT_ROLE),
    }


def _notify_config(notification: Notification) -> dict[str, str]:
    named = {"QueueName": notification.queue_name, "Topic": notification.topic}
    return {name: value for name, value in named.items() if value}


def to_inputs(found: Pipeline, recorded: Properties) -> Properties:
    """The recorded inputs with what the service has; an absent field stays so where nothing differs."""
    config = found.notify_config
    actual: Properties = {
        "name": found.name,
        "state": found.state.lower(),
        "notification": _notification_of(config) if config else None,
        "role": found.role,
        "speed": found.speed.lower(),
        "speedLevel": found.speed_level,
    }
    inputs = dict(recorded)
    for name, value in actual.items():
        undeclared = recorded.get(name) is None
        if undeclared and (recorded.get("adopt") or name in _UNKNOWN_UNLESS_DECLARED):
            continue
        if undeclared and (not value or value == DEFAULTS.get(name)):
            continue
        if value or name == "notification":
            inputs[name] = value
    return {name: value for name, value in inputs.items() if value is not None}


def _notification_of(config: NotifyConfig) -> Properties | None:
    """Where messages go; what no input stands for, a topic of another service, is shown as one."""
    other = f"MqTopic {config.mq_topic}" if config.mq_topic else None
    return to_notification(config.queue_name, ", ".join(filter(None, (config.topic, other))))


def to_notification(queue: str | None, topic: str | None) -> Properties | None:
    """The block of the queue and the topic that there are; None where there is neither."""
    named = {"queueName": queue, "topic": topic}
    return {name: value for name, value in named.items() if value} or None


def to_outputs(found: Pipeline) -> Properties:
    """What is recorded beside the inputs."""
    outputs = {"pipelineId": found.id, "quotaAllocate": found.quota_allocate}
    return {name: value for name, value in outputs.items() if value is not None}
