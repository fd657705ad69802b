"""What a reviewer should look at before a change is approved: the rules that hold for every kind."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_videosnap.core.encrypted import is_encrypted
from pulumi_videosnap.core.properties import dotted, value_at
from pulumi_videosnap.core.schema import Mark, facts
from pulumi_videosnap.kinds import kinds
from pulumi_videosnap.review.model import Risk
from pulumi_videosnap.review.preview import SAME, Plan, Step
from pulumi_videosnap.review.rules import Limits
from pulumi_videosnap.settings import SECRET
from pulumi_videosnap.storage.platforms import platforms


def risks_of(plan: Plan, limits: Limits) -> Iterator[Risk]:
    """All risks of a plan: those that a kind knows first, then those of every kind."""
    for kind in kinds():
        yield from kind.review.risks(plan.steps_of(kind), limits)
    for step in plan.steps:
        if step.operation != SAME:
            yield from _protected(step)
            yield from _plain_secrets(step)
    yield from _plain_secrets_in_config(plan)


def _protected(step: Step) -> Iterator[Risk]:
    if step.refused:
        yield Risk(
            code="protected",
            task=step.name,
            field=", ".join(dotted(leaf.path) for leaf in step.changed_fields()),
            text=f"it is protected, so `pulumi up` will not {step.operation} it: revert the change, or "
            "remove the protection first",
        )


def _plain_secrets(step: Step) -> Iterator[Risk]:
    for leaf in facts(step.kind.inputs):
        value = value_at(step.inputs, leaf.path)
        if Mark.SECRET in leaf.marks and isinstance(value, str) and value != SECRET:
            yield Risk(
                code="secret-in-plain-text",
                task=step.name,
                field=dotted(leaf.path),
                text="is given in plain text, so it is in plain text in state and in this preview: name an "
                f"environment variable with {dotted(leaf.path)}_env, or make it a secret",
            )


def _plain_secrets_in_config(plan: Plan) -> Iterator[Risk]:
    credentials = [
        *(keys for kind in kinds() for keys in kind.review.credentials),
        *(one.keys for one in platforms().values()),
    ]
    secrets = {setting.config for one in credentials for setting in (one.secret_key, one.session_token)}
    for key in sorted(secrets & plan.config.keys()):
        if plan.config[key] not in ("", SECRET) and not is_encrypted(plan.config[key]):
            yield Risk(
                code="secret-in-plain-text",
                field=key,
                text="is in plain text in the stack's configuration: set it with `pulumi config set "
                "--secret`, or better only in the environment",
            )
