"""The policies as Pulumi knows them: name, level, configuration, and the rule that each one asks."""

import sys
from collections.abc import Callable, Iterable

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyConfigSchema,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from rules.buckets import foreign_places
from rules.business_id import missing_business_id
from rules.facts import JOB, LONGEST_INTERVAL, MAX_STREAMS, PROVIDER, TASK
from rules.findings import Finding, Violation
from rules.frames_per_hour import too_many_frames
from rules.interval import interval_out_of_range
from rules.plain_secrets import plain_credentials, plain_keys

_LARGEST = 2**31 - 1


def _buckets(args: ResourceValidationArgs) -> Iterable[Finding]:
    return foreign_places(args.resource_type, args.props, args.get_config().get("buckets", []))


def _interval(args: ResourceValidationArgs) -> Iterable[Finding]:
    config = args.get_config()
    if args.resource_type == TASK or (args.resource_type == JOB and config["includeJobs"]):
        return interval_out_of_range(args.resource_type, args.props, config["minimum"], config["maximum"])
    return ()


def _plain_secrets(args: ResourceValidationArgs) -> Iterable[Finding]:
    only_environment = args.get_config()["require"] == "environment"
    if args.resource_type == PROVIDER:
        return plain_credentials(args.props, only_environment=only_environment)
    if args.resource_type == TASK:
        configuration = args.provider.props if args.provider else {}
        return plain_keys(args.props, configuration, only_environment=only_environment)
    return ()


def _business_id(args: ResourceValidationArgs) -> Iterable[Finding]:
    if args.resource_type != TASK:
        return ()
    return missing_business_id(args.props, args.get_config().get("pattern"))


def _frames_per_hour(args: StackValidationArgs) -> Iterable[Finding]:
    config = args.get_config()
    tasks = [(each.name, each.props) for each in args.resources if each.resource_type == TASK]
    return too_many_frames(tasks, config["maximum"], config["assumedStreams"])


def _resource_policy(
    name: str,
    description: str,
    rule: Callable[[ResourceValidationArgs], Iterable[Finding]],
    schema: dict[str, dict[str, object]],
    level: EnforcementLevel = EnforcementLevel.MANDATORY,
) -> Policy:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        _tell(name, f"{args.name!r}: ", rule(args), report)

    return ResourceValidationPolicy(name, description, validate, level, PolicyConfigSchema(schema))


def _stack_policy(
    name: str,
    description: str,
    rule: Callable[[StackValidationArgs], Iterable[Finding]],
    schema: dict[str, dict[str, object]],
) -> Policy:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        _tell(name, "", rule(args), report)

    return StackValidationPolicy(
        name, description, validate, EnforcementLevel.MANDATORY, PolicyConfigSchema(schema)
    )


def _tell(name: str, whose: str, findings: Iterable[Finding], report: ReportViolation) -> None:
    """Report violations; what is not known yet is only a line among the run's diagnostics."""
    for finding in dict.fromkeys(findings):
        if isinstance(finding, Violation):
            report(finding.text, None)
        else:
            where = f"{whose}{finding.field}"
            sys.stderr.write(f"{name}: {where} is not known in the preview; checked during up\n")


def _number(default: int, largest: int = _LARGEST) -> dict[str, object]:
    return {"type": "integer", "minimum": 1, "maximum": largest, "default": default}


POLICIES: list[Policy] = [
    _resource_policy(
        "videosnap-allowed-buckets",
        "Pictures go only where `buckets` allows; without that list, anywhere.",
        _buckets,
        {"buckets": {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1}},
    ),
    _resource_policy(
        "videosnap-interval",
        "Pictures come neither too often nor too seldom.",
        _interval,
        {
            "minimum": _number(2),
            "maximum": _number(LONGEST_INTERVAL),
            "includeJobs": {"type": "boolean", "default": False},
        },
    ),
    _resource_policy(
        "videosnap-no-plain-secrets",
        "Keys stand nowhere in clear: name environment variables, or use Pulumi secrets.",
        _plain_secrets,
        {"require": {"type": "string", "enum": ["secret", "environment"], "default": "secret"}},
    ),
    _resource_policy(
        "videosnap-business-id",
        "Every task of a live room has a business id.",
        _business_id,
        {"pattern": {"type": "string", "minLength": 1}},
        # The vendor leaves the field free, so without a team's own convention there is nothing to demand.
        EnforcementLevel.DISABLED,
    ),
    _stack_policy(
        "videosnap-frames-per-hour",
        "The live rooms of a stack together yield a bounded number of pictures.",
        _frames_per_hour,
        {"maximum": _number(36000), "assumedStreams": _number(2, MAX_STREAMS)},
    ),
]
