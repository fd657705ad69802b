"""What a store's refusal or a missing response means: one of our errors, in one line that names it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pulumi_videosnap.errors import (
    CallFailed,
    Garbled,
    NotConfigured,
    Rejected,
    Unauthorized,
    Unreachable,
    VideosnapError,
    one_line,
)
from pulumi_videosnap.http.error_codes import SERVER_ERROR, THROTTLED, ErrorRule, ErrorRules, rule_for_code
from pulumi_videosnap.storage.platforms import Platform

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

NOT_FOUND = ("404", "NoSuchKey")
"""The codes for an object that does not exist; without a body, also for a bucket."""
DELETE = "DeleteObject"

_FAILURES: Mapping[str, tuple[type[CallFailed], str]] = {
    "ConnectTimeoutError": (Unreachable, "connecting timed out"),
    "ReadTimeoutError": (Unreachable, "timed out waiting for the response"),
    "SSLError": (Unreachable, "TLS failed: check the certificate"),
    "ProxyConnectionError": (Unreachable, "proxy refused the connection"),
    "EndpointConnectionError": (Unreachable, "connection refused"),
    "ConnectionClosedError": (Unreachable, "connection closed before the response was complete"),
    "IncompleteReadError": (Unreachable, "connection closed before the response was complete"),
    "ResponseStreamingError": (Unreachable, "connection closed before the response was complete"),
    "ParamValidationError": (Rejected, "not a valid bucket or key name"),
    "ResponseParserError": (Garbled, "the response is not one of an S3 store"),
    "ValueError": (Garbled, "the response is not one of an S3 store"),
    "KeyError": (Garbled, "the response is not one of an S3 store"),
    "PaginationError": (Garbled, "the listing does not advance"),
}
"""By the name of the exception that botocore raises: our error and its cause."""
_SETTINGS = {
    "NoCredentialsError": "no key pair was found",
    "PartialCredentialsError": "one half of the key pair is missing",
    "ProfileNotFound": "the profile was not found",
    "CredentialRetrievalError": "the credentials cannot be retrieved",
    "ConfigParseError": "a settings file cannot be read",
    "TokenRetrievalError": "the sign-in cannot be used",
    "SSOTokenLoadError": "the sign-in cannot be used",
    "UnauthorizedSSOTokenError": "the sign-in has expired",
    "InvalidConfigError": "a setting cannot be used",
}
"""By the name of botocore's exception: what is wrong with the settings that its own chain has found."""
_ACCESS_KEY_ID = re.compile(r"\b(AKIA|ASIA)[A-Z0-9]{12,}\b")


def is_absent(problem: Exception) -> bool:
    """Whether it says that one object does not exist, in a bucket that does."""
    return isinstance(problem, Rejected) and problem.code in NOT_FOUND


def mask_keys(text: str, hide: Sequence[str]) -> str:
    """A store's text, fit for a message, without the keys that boto3 has found, and without others' ids."""
    return _ACCESS_KEY_ID.sub("****", one_line(text, hide))


def error_codes(platform: Platform, action: str) -> ErrorRules:
    """What the codes of a platform mean for an action."""
    keys, region, endpoint = platform.keys, platform.region_setting.env, platform.endpoint_setting.env
    needed = platform.delete_permission if action == DELETE else platform.permissions
    denied = ErrorRule(Unauthorized, "access denied", f"grant the key {needed}")
    bad_key = ErrorRule(
        Unauthorized,
        f"{platform.title} does not accept the key",
        f"check {keys.access_key.env} and {keys.secret_key.env}",
    )
    elsewhere = ErrorRule(
        Rejected, "the bucket is in another region", f"check the task's region, or set {region} or {endpoint}"
    )
    return {
        "NoSuchBucket": ErrorRule(Rejected, "bucket not found", "check its name and its region"),
        "NoSuchKey": ErrorRule(Rejected, "object not found"),
        "PreconditionFailed": ErrorRule(Rejected, "the object was replaced meanwhile", "try again"),
        **dict.fromkeys(("AccessDenied", "Forbidden", "401", "403"), denied),
        **dict.fromkeys(("InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken"), bad_key),
        **dict.fromkeys(("InvalidSecurityToken", "SecurityTokenExpired", "ExpiredToken"), bad_key),
        **dict.fromkeys(("301", "PermanentRedirect", "AuthorizationHeaderMalformed"), elsewhere),
        **dict.fromkeys(("InternalError", "ServiceUnavailable", "RequestTimeout"), SERVER_ERROR),
        # boto3 reports a response that is not complete XML in the same way.
        "500": replace(SERVER_ERROR, text="the store failed, or its response is incomplete or not XML"),
        "RequestTimeTooSkewed": ErrorRule(
            Unauthorized, "the request's time differs too much from the store's", "set this machine's clock"
        ),
        "SlowDown": THROTTLED,
    }


@dataclass(frozen=True)
class ErrorContext:
    """What the errors of one bucket say: its platform and name, and where it is reached.

    `scrub` removes the reader's credentials from what a store says.
    """

    platform: Platform
    bucket: str
    endpoint: str
    scrub: Callable[[str], str] = field(repr=False)

    def object_name(self, key: str = "") -> str:
        """How errors name an object, or without a key the bucket."""
        name = f"{self.platform.title} bucket {self.bucket}"
        return f"{name}/{key}" if key else name

    def refused(self, action: str, key: str, refusal: ClientError) -> CallFailed:
        """The error for a refusal by the store."""
        error, metadata = refusal.response["Error"], refusal.response["ResponseMetadata"]
        code, status = error.get("Code", ""), metadata.get("HTTPStatusCode", 0)
        message = f"{self.object_name(key)}: {error.get('Message', '')}".rstrip(": ")
        headers = metadata.get("HTTPHeaders", {})
        request_id = metadata.get("RequestId") or headers.get("x-oss-request-id", "")
        rule = rule_for_code(error_codes(self.platform, action), code, status)
        shown = f"HTTP {code}" if code.isdecimal() else code
        return _error(rule, action, *map(self.scrub, (message, shown, request_id)))

    def failed(self, action: str, key: str, failure: Exception) -> VideosnapError:
        """The error where no response came, or none that can be understood, or settings cannot be used."""
        name = type(failure).__name__
        if problem := _SETTINGS.get(name):
            keys = self.platform.keys
            return NotConfigured(
                f"{self.object_name()}: {problem} ({name}); "
                f"set {keys.access_key.env} and {keys.secret_key.env}, or a profile that has them"
            )
        kind, reason = _FAILURES.get(name, (Unreachable, f"the connection failed ({name})"))
        if name == "EndpointConnectionError" and "NameResolution" in repr(getattr(failure, "kwargs", "")):
            reason = "host not found"
        return self._unanswered(kind, action, key, reason)

    def garbled_listing(self, action: str, reason: str) -> CallFailed:
        """The error for pages that do not make up a listing."""
        return self._unanswered(Garbled, action, "", f"the response is not a listing: {reason}")

    def not_found(self, action: str, key: str = "") -> CallFailed:
        """The error for an object, or without a key the bucket, that does not exist."""
        code = "NoSuchKey" if key else "NoSuchBucket"
        return _error(error_codes(self.platform, action)[code], action, self.object_name(key), code)

    def _unanswered(self, kind: type[CallFailed], action: str, key: str, reason: str) -> CallFailed:
        advice = f"check {self.platform.endpoint_setting.env} and the network"
        return kind(action, f"{self.endpoint}, {self.object_name(key)}: {reason}", advice=advice)


def _error(rule: ErrorRule, action: str, message: str, code: str, request_id: str = "") -> CallFailed:
    error = rule.outcome(action, message, code=code, request_id=request_id).error
    assert error is not None  # noqa: S101
    return error
