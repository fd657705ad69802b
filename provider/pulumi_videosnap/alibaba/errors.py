"""The error codes of Alibaba Cloud MPS: which exception each becomes, and whether the call is retried.

Codes: the table of SubmitSnapshotJob, the service's general table (错误码表), and the gateway's. None of them
documents the HTTP status of a code of the service, so the code decides, and the status only for unknown
codes.
"""

from __future__ import annotations

from pulumi_videosnap.alibaba.auth import ENDPOINT, KEYS
from pulumi_videosnap.errors import Rejected, ServiceFault, Unauthorized, Unreachable
from pulumi_videosnap.http.error_codes import SERVER_ERROR, THROTTLED, ErrorRule, ErrorRules
from pulumi_videosnap.http.retry import Retry

_KEY = f"check {KEYS.access_key.env} or the profile"
_PAIR = f"check {KEYS.secret_key.env} or the profile: the secret must belong to the access key"
_TOKEN = f"renew {KEYS.session_token.env} together with its key pair"
_GRANT = "grant the key's user the permission (mts:…) in the RAM console"
_AUTHORISE = (
    "authorise MPS for the bucket in the MPS console (Media Buckets), which also creates AliyunMTSDefaultRole"
)
ENDPOINT_ADVICE = f"check {ENDPOINT.env}"
_CLOCK = "correct this machine's clock"

_NO_KEY = ErrorRule(Unauthorized, "the access key is not known to the service", _KEY)
_UNSIGNED = ErrorRule(Unauthorized, "the signature is missing or malformed", _KEY)
_NO_TOKEN = ErrorRule(Unauthorized, "the security token is not valid", _TOKEN)
_NO_GRANT = ErrorRule(Unauthorized, "the key lacks a permission", _GRANT)
_NO_CALL = ErrorRule(Rejected, "the endpoint does not offer this call", ENDPOINT_ADVICE)

CODES: ErrorRules = {
    # The gateway.
    "InvalidAccessKeyId": _NO_KEY,
    "InvalidAccessKeyId.Inactive": ErrorRule(
        Unauthorized, "the access key is disabled", "enable it in the RAM console, or use another one"
    ),
    "MissingAccessKeyId": _UNSIGNED,
    "MissingSignature": _UNSIGNED,
    "IncompleteSignature": _UNSIGNED,
    "InvalidSignatureMethod": _UNSIGNED,
    "SignatureDoesNotMatch": ErrorRule(Unauthorized, "the signature does not match", _PAIR),
    # Each attempt has its own nonce, so the request was copied on the way, and the first copy may have
    # arrived.
    "SignatureNonceUsed": ErrorRule(
        Unreachable,
        "the request arrived twice, and only the second copy was answered",
        "look for a proxy that repeats requests",
        Retry.IF_IDEMPOTENT,
    ),
    "InvalidTimeStamp": ErrorRule(Unauthorized, "the signature's timestamp is invalid", _CLOCK),
    "InvalidTimeStamp.Expired": ErrorRule(Unauthorized, "the signature has expired", _CLOCK),
    "InvalidSecurityToken": _NO_TOKEN,
    "MissingSecurityToken": _NO_TOKEN,
    "Forbidden": _NO_GRANT,
    "NoPermission": _NO_GRANT,
    "AccessDenied": _NO_GRANT,
    "Throttling": THROTTLED,
    "ServiceUnavailable": SERVER_ERROR,
    "InvalidApi": _NO_CALL,
    "InvalidAction": _NO_CALL,
    "InvalidVersion": _NO_CALL,
    "UnsupportedHTTPMethod": _NO_CALL,
    # The service.
    "InternalError": SERVER_ERROR,
    "TransientNetWorkError": ErrorRule(
        ServiceFault, "the service could not reach the file", "try again later", Retry.IF_IDEMPOTENT
    ),
    "InvalidIdentity.ServiceDisabled": ErrorRule(
        Unauthorized, "the account has not opened MPS, or it is suspended", "open it in the MPS console"
    ),
    "EntityNotExist.Role": ErrorRule(Unauthorized, "the role that MPS works with does not exist", _AUTHORISE),
    "PermissionDenied": _NO_GRANT,
    "PermissionDenied.ResourceAccess": ErrorRule(
        Unauthorized, "MPS is not allowed to read the input or to write the output", _AUTHORISE
    ),
    "PermissionDenied.ResourceQuotaExceed": ErrorRule(
        Rejected, "the account has used up a quota", "wait for running jobs, or ask the vendor for more"
    ),
    "SnapshotTimeOut": ErrorRule(
        Rejected,
        "a synchronous snapshot has a few seconds only",
        "make the job asynchronous: set snapshot_config.num to 1",
    ),
    "InvalidParameter": ErrorRule(Rejected),
    "InvalidParameter.ResourceNotFound": ErrorRule(
        Rejected, "", "check that the input's object, both buckets and the pipeline exist in this region"
    ),
    "InvalidParameter.ResourceContentBad": ErrorRule(
        Rejected, "", "check that the input is a complete video, and the names of the output files"
    ),
    "InvalidParameter.BucketNameInvalid": ErrorRule(Rejected, "", "check the buckets' names"),
    "InvalidParameter.LocationInvalid": ErrorRule(
        Rejected, "", "the buckets' location must be the region of the MPS service, such as oss-cn-hangzhou"
    ),
    "InvalidParameter.ObjectKeyInvalid": ErrorRule(Rejected, "", "check the keys of input and output files"),
    "Missing": ErrorRule(Rejected),
}
"""The rule of every code, by prefix; the longest matching prefix decides."""
