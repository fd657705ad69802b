"""The policies as Pulumi knows them: name, level, configuration, and the rule that each one calls."""

import sys
from collections.abc import Callable, Iterable
from typing import Any

import pulumi_policy as policy
from rules import Finding, Violation
from rules.facts import LONGEST_INTERVAL, MAX_STREAMS, PROVIDERS, TASK, Kind, kind_of
from rules.limits import foreign_places, interval_out_of_range, missing_business_id, too_many_frames
from rules.plain_secrets import plain_credentials, plain_keys

Args = policy.ResourceValidationArgs
Config = dict[str, Any]
Level = policy.EnforcementLevel


def _interval(kind: Kind | None, args: Args, config: Config) -> Iterable[Finding]:
    if kind and (kind is TASK or config["includeJobs"]):
        return interval_out_of_range(kind, args.props, config["minimum"], config["maximum"])
    return ()


def _plain_secrets(kind: Kind | None, args: Args, config: Config) -> Iterable[Finding]:
    only_environment = config["require"] == "environment"
    if (prefix := PROVIDERS.get(args.resource_type)) is not None:
        settings = {f"{prefix}{name}": args.props[name] for name in args.props}
        return plain_credentials(settings, only_environment=only_environment)
    configuration = args.provider.props if args.provider else {}
    return plain_keys(args.props, configuration, only_environment=only_environment) if kind is TASK else ()


def _resource_policy(
    name: str,
    description: str,
    rule: Callable[[Kind | None, Args, Config], Iterable[Finding]],
    schema: dict[str, Any],
    level: Level = Level.MANDATORY,
) -> policy.Policy:
    def validate(args: Args, report: policy.ReportViolation) -> None:
        findings = rule(kind_of(args.resource_type, args.props), args, args.get_config())
        _report(name, f"{args.name!r}: ", findings, report)

    return policy.ResourceValidationPolicy(
        name, description, validate, level, policy.PolicyConfigSchema(schema)
    )


def _frames_per_hour(args: policy.StackValidationArgs, report: policy.ReportViolation) -> None:
    config = args.get_config()
    tasks = [
        (each.name, each.props) for each in args.resources if kind_of(each.resource_type, each.props) is TASK
    ]
    findings = too_many_frames(tasks, config["maximum"], config["assumedStreams"])
    _report("videosnap-frames-per-hour", "", findings, report)


def _report(name: str, whose: str, findings: Iterable[Finding], report: policy.ReportViolation) -> None:
    """Report violations; a value that is not known yet is only a line among the run's diagnostics."""
    for finding in dict.fromkeys(findings):
        if isinstance(finding, Violation):
            report(finding.text, None)
        else:
            field = f"{whose}{finding.field}"
            sys.stderr.write(f"{name}: {field} is not known in the preview; checked during up\n")


def _number(default: int, largest: int = 2**31 - 1) -> dict[str, Any]:
    return {"type": "integer", "minimum": 1, "maximum": largest, "default": default}


INTERVAL = {"minimum": _number(2), "maximum": _number(LONGEST_INTERVAL)}
POLICIES: list[policy.Policy] = [
    _resource_policy(
        "videosnap-allowed-buckets",
        "Frames are written only where `buckets` allows; without that list, anywhere.",
        lambda kind, args, config: (
            foreign_places(kind, args.props, config.get("buckets", [])) if kind else ()
        ),
        {"buckets": {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1}},
    ),
    _resource_policy(
        "videosnap-interval",
        "The interval between two frames is in a range.",
        _interval,
        {**INTERVAL, "includeJobs": {"type": "boolean", "default": False}},
    ),
    _resource_policy(
        "videosnap-no-plain-secrets",
        "No key is in plain text: name environment variables, or use Pulumi secrets.",
        _plain_secrets,
        {"require": {"type": "string", "enum": ["secret", "environment"], "default": "secret"}},
    ),
    # Disabled: the vendor leaves the field free, so without a team's own convention there is no rule.
    _resource_policy(
        "videosnap-business-id",
        "Every task of a live room has a business id.",
        lambda kind, args, config: (
            missing_business_id(args.props, config.get("pattern")) if kind is TASK else ()
        ),
        {"pattern": {"type": "string", "minLength": 1}},
        Level.DISABLED,
    ),
    policy.StackValidationPolicy(
        "videosnap-frames-per-hour",
        "The live rooms of a stack together take a bounded number of frames an hour.",
        _frames_per_hour,
        Level.MANDATORY,
        policy.PolicyConfigSchema({"maximum": _number(36000), "assumedStreams": _number(2, MAX_STREAMS)}),
    ),
]
