"""What a store's refusal, or its silence, means: one of our errors, in one line that names the bucket."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pulumi_videosnap.errors import (
    CallFailed,
    Garbled,
    NotConfigured,
    Rejected,
    Unauthorized,
    Unreachable,
    one_line,
)
from pulumi_videosnap.http.error_codes import SERVER_ERROR, THROTTLED, ErrorRule, ErrorRules, rule_for_code
from pulumi_videosnap.http.retry import Retry
from pulumi_videosnap.http.transport import CONNECT_DEADLINE
from pulumi_videosnap.s3.pages import NotAListing
from pulumi_videosnap.s3.patience import Failed

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

NO_OBJECT = ("404", "NoSuchKey")
"""What a store says of an object that is not there; without a body, also of a bucket."""
NO_BUCKET = "NoSuchBucket"

_NEVER = 0.0
_FAILURES: Mapping[str, tuple[type[CallFailed], str, float]] = {
    "ConnectTimeoutError": (Unreachable, "no connection in time", math.inf),
    "ReadTimeoutError": (Unreachable, "no answer in time", math.inf),
    "SSLError": (Unreachable, "TLS failed", _NEVER),
    "ProxyConnectionError": (Unreachable, "the proxy does not let us through", CONNECT_DEADLINE),
    "EndpointConnectionError": (Unreachable, "connection refused", CONNECT_DEADLINE),
    "ResponseStreamingError": (Unreachable, "the connection broke before the answer was whole", math.inf),
    "TooLarge": (Garbled, "the answer is far too long", _NEVER),
    "ParamValidationError": (Rejected, "no bucket or key can have this name", _NEVER),
    "ResponseParserError": (Garbled, "the answer is not the service's", math.inf),
}
"""By the name of botocore's exception: our error, the cause, and how long repeating makes sense."""
_SETTINGS = {
    "NoCredentialsError": "no key pair was found",
    "PartialCredentialsError": "one half of the key pair is missing",
    "ProfileNotFound": "there is no such profile",
    "CredentialRetrievalError": "the key pair cannot be had",
    "ConfigParseError": "a settings file cannot be read",
    "TokenRetrievalError": "the sign-in cannot be used",
    "SSOTokenLoadError": "the sign-in cannot be used",
    "UnauthorizedSSOTokenError": "the sign-in has expired",
    "InvalidConfigError": "a setting cannot be used",
}
"""What boto3 says, by the name of its exception, when its own chain of settings is at fault."""
_ACCESS_KEY_ID = re.compile(r"\b(AKIA|ASIA)[A-Z0-9]{12,}\b")


def base_codes(store: str, key: str, permissions: str) -> ErrorRules:
    """The codes that every store has; `key` and `permissions` say what to check and what to grant."""
    bad_key = ErrorRule(Unauthorized, f"{store} does not accept the key", key)
    return {
        NO_BUCKET: ErrorRule(Rejected, "the bucket does not exist", "check its name and its location"),
        "AccessDenied": ErrorRule(Unauthorized, "the key has no permission for it", permissions),
        "InvalidAccessKeyId": bad_key,
        "SignatureDoesNotMatch": bad_key,
        "InvalidSecurityToken": bad_key,
        "SecurityTokenExpired": bad_key,
        "RequestTimeTooSkewed": ErrorRule(
            Unauthorized, "the signature has expired", "set this machine's clock"
        ),
        "InternalError": SERVER_ERROR,
        "ServiceUnavailable": SERVER_ERROR,
        "SlowDown": THROTTLED,
    }


def more_codes(store: str, key: str, permissions: str, region: str) -> ErrorRules:
    """Those, and what stores say to a reader; `region` says what to check when a bucket is elsewhere."""
    base = base_codes(store, key, permissions)
    elsewhere = ErrorRule(Rejected, "the bucket is in another region", region)
    return {
        **base,
        "401": base["AccessDenied"],
        "403": base["AccessDenied"],
        "Forbidden": base["AccessDenied"],
        "ExpiredToken": base["SecurityTokenExpired"],
        "InvalidToken": base["InvalidSecurityToken"],
        "NoSuchKey": ErrorRule(Rejected, "the object does not exist"),
        "301": elsewhere,
        "PermanentRedirect": elsewhere,
        "AuthorizationHeaderMalformed": elsewhere,
        "PreconditionFailed": ErrorRule(Rejected, "the object has changed meanwhile", "try again"),
        "RequestTimeout": SERVER_ERROR,
    }


@dataclass(frozen=True)
class Wording:
    """How errors speak of a bucket.

    `called` goes before its name; `endpoint` is where it is reached, `advice` what to check when nobody
    answers there; `settings` is what to set where those that boto3 finds by itself are of no use.
    `scrub` takes the reader's credentials out of what a store says.
    """

    codes: ErrorRules = field(repr=False)
    endpoint: str
    advice: str
    called: str = ""
    settings: str = "set another"
    scrub: Callable[[str], str] = field(default=lambda text: one_line(_ACCESS_KEY_ID.sub("****", text)))

    def refusal(self, action: str, place: str, refused: ClientError) -> Failed:
        """What a refusal by the store means."""
        said, metadata = refused.response["Error"], refused.response["ResponseMetadata"]
        code, status = said.get("Code", ""), metadata.get("HTTPStatusCode", 0)
        message = self.scrub(f"{place}: {said.get('Message', '')}".rstrip(": "))
        headers = metadata.get("HTTPHeaders", {})
        request_id = metadata.get("RequestId") or headers.get("x-oss-request-id", "")
        shown = f"HTTP {code}" if code.isdecimal() else code
        meaning = rule_for_code(self.codes, code, status)
        error = _told(meaning, action, message, self.scrub(shown), self.scrub(request_id))
        return Failed(error, _NEVER if meaning.retry is Retry.NEVER else math.inf)

    def unusable(self, place: str, error: Exception) -> NotConfigured | None:
        """The error for settings that boto3 found and cannot use; None when that is not what went wrong."""
        name = type(error).__name__
        if why := _SETTINGS.get(name):
            return NotConfigured(f"{place}: {why} ({name}); {self.settings}")
        return None

    def no_bucket(self, bucket: str) -> CallFailed:
        """The error for a bucket that does not exist."""
        return _told(self.codes[NO_BUCKET], "HeadBucket", f"{self.called}{bucket}", NO_BUCKET)

    def no_object(self, action: str, place: str) -> CallFailed:
        """The error for an object that does not exist."""
        return _told(self.codes["NoSuchKey"], action, place, "NoSuchKey")

    def unanswered(self, action: str, place: str, failed: Exception) -> Failed:
        """What it means that no answer came, or none that can be understood."""
        name = type(failed).__name__
        other = (Unreachable, f"the connection failed ({name})", math.inf)
        kind, reason, patience = _FAILURES.get(name, other)
        if isinstance(failed, NotAListing):
            # Repeated, since a page may have been cut on its way; never taken for the end of the list.
            kind, reason, patience = Garbled, f"the answer is no listing: {self.scrub(str(failed))}", math.inf
        return Failed(kind(action, f"{self.endpoint}, {place}: {reason}", advice=self.advice), patience)


def _told(meaning: ErrorRule, action: str, message: str, code: str, request_id: str = "") -> CallFailed:
    error = meaning.outcome(action, message, code=code, request_id=request_id).error
    assert error is not None  # noqa: S101
    return error
