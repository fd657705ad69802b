"""The error codes of Volcengine RTC: which exception each becomes, and whether the call is retried.

Codes: the service's table docs/6348/70426 and the gateway's docs/6369/68677. Neither documents the HTTP
status of a code of the service, so the code decides, and the status only where there is no code.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from pulumi_videosnap.errors import Rejected, Unauthorized
from pulumi_videosnap.http.error_codes import SERVER_ERROR, THROTTLED, ErrorRule, ErrorRules
from pulumi_videosnap.volcengine.auth import ENDPOINT, KEYS, REGION, UNKNOWN_TASK_CODES

_KEY = f"check {KEYS.access_key.env} or the profile"
_PAIR = f"check {KEYS.secret_key.env} or the profile: the secret key must belong to the access key"
_TOKEN = f"renew {KEYS.session_token.env} together with its key pair"
_GRANT = "grant the key's user the permission in the IAM console"
ENDPOINT_ADVICE = f"check {ENDPOINT.env}"

_NO_GRANT = ErrorRule(Unauthorized, "the key lacks a permission", _GRANT)
_UNSIGNED = ErrorRule(Unauthorized, "the request is not signed", _KEY)

CODES: ErrorRules = {
    "InvalidAccessKey": ErrorRule(Unauthorized, "the access key is not known to the service", _KEY),
    "SignatureDoesNotMatch": ErrorRule(Unauthorized, "the signature does not match", _PAIR),
    "InvalidTimestamp": ErrorRule(Unauthorized, "the signature has expired", "correct this machine's clock"),
    "InvalidAuthorization": ErrorRule(Unauthorized, "the signature is malformed", _KEY),
    "InvalidCredential": ErrorRule(Unauthorized, "the credential is not valid", f"{_KEY}, and {REGION.env}"),
    "InvalidSecretToken": ErrorRule(Unauthorized, "the session token is not valid", _TOKEN),
    "MissingAuthenticationToken": _UNSIGNED,
    "MissingSignature": _UNSIGNED,
    "LackPolicy": _NO_GRANT,
    "AccessDenied.NoPermissionForApp": ErrorRule(
        Unauthorized,
        "the account has no permission for this app",
        "check appId, and that the key belongs to the app's account",
    ),
    "AccessDenied.ServiceNotEnabled": ErrorRule(
        Unauthorized, "the snapshot service is not enabled", "enable it for the app in the RTC console"
    ),
    "InvalidActionOrVersion": ErrorRule(Rejected, "the endpoint does not offer this call", ENDPOINT_ADVICE),
    "ServiceNotFound": ErrorRule(Rejected, "the endpoint does not offer RTC", ENDPOINT_ADVICE),
    "InvalidParameter.NotExistAppId": ErrorRule(Rejected, "the app does not exist", "check appId"),
    "InvalidParameter.IllegalAppId": ErrorRule(Rejected, "appId is not valid", "check appId"),
    "InvalidParameter.IllegalRoomID": ErrorRule(Rejected, "roomId is not valid", "check roomId"),
    "InvalidParameter.AccountIdMismatch": ErrorRule(
        Rejected,
        "the storage's accountId is not the owner's",
        "set the main account's id, never a sub-user's",
    ),
    "FlowLimitExceeded.TaskNumberOverLimit": ErrorRule(
        Rejected, "the app has reached its limit of running tasks", "stop some of them"
    ),
    # The rest of their families.
    "AccessDenied": _NO_GRANT,
    "AccountFlowLimitExceeded": THROTTLED,
    "FailToConnect": SERVER_ERROR,
    "FlowLimitExceeded": THROTTLED,
    "InternalError": SERVER_ERROR,
    "InternalService": SERVER_ERROR,
    "InvalidParameter": ErrorRule(Rejected),
}


def unknown_task_codes(env: Mapping[str, str] = os.environ) -> frozenset[str]:
    """The codes that mean "no such task": those of VIDEOSNAP_RTC_UNKNOWN_TASK_CODES, else the default."""
    codes = frozenset(filter(None, map(str.strip, UNKNOWN_TASK_CODES.read(env).split(","))))
    return codes or frozenset({UNKNOWN_TASK_CODES.default})
