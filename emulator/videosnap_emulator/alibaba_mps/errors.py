"""Errors with the vendor's codes and messages: the gateway's first, then those of the MPS service.

`{}` in a message stands for the parameter's name, nested names joined by colons as in the vendor's FAQ.
"""

from __future__ import annotations

from typing import NamedTuple

from videosnap_emulator.wire import ApiError


class Known(NamedTuple):
    """One row: HTTP status and message."""

    status: int
    message: str


#: Of the gateway that stands before all of the vendor's services. `Missing` and `Invalid` get the name of the
#: parameter appended.
GATEWAY = {
    "InvalidApi.NotFound": Known(404, "Specified api is not found, please check your url and method."),
    "UnsupportedHTTPMethod": Known(400, "This http method is not supported."),
    "Missing": Known(400, "{} is mandatory for this action."),
    "Invalid": Known(400, "Specified parameter {} is not valid."),
    "InvalidParameter.Format": Known(
        400, "Specified parameter format is not valid. Only xml and json are supported."
    ),
    "InvalidAccessKeyId.NotFound": Known(404, "Specified access key is not found."),
    "InvalidTimeStamp.Format": Known(400, "Specified time stamp or date value is not well formatted."),
    "InvalidTimeStamp.Expired": Known(400, "Specified time stamp or date value is expired."),
    "InvalidSignatureMethod": Known(400, "Specified signature method is not valid."),
    "IncompleteSignature": Known(400, "The request signature does not conform to Aliyun standards: {}"),
    "SignatureDoesNotMatch": Known(
        400, "Specified signature is not matched with our calculation. server string to sign is:{}"
    ),
    "SignatureNonceUsed": Known(400, "Specified signature nonce was used already."),
    "InvalidSecurityToken.MismatchWithAccessKey": Known(
        400, "Specified SecurityToken mismatch with the AccessKey."
    ),
    "Throttling.User": Known(400, "Request was denied due to user flow control."),
}

#: Of the service itself: "Error codes" of the API reference and SubmitSnapshotJob's own table.
# assumption: mps-http-status
SERVICE = {
    "InvalidParameter": Known(400, 'The specified parameter "{}" is invalid.'),
    "InvalidParameter.NullValue": Known(400, 'The specified parameter "{}" cannot be null.'),
    "InvalidParameter.EmptyValue": Known(400, 'The specified parameter "{}" cannot be empty.'),
    "InvalidParameter.NotSupported": Known(400, 'The specified parameter "{}" is not supported.'),
    "InvalidParameter.OutOfRange": Known(400, 'The specified parameter "{}" is out of range.'),
    "InvalidParameter.Format": Known(400, 'The format of parameter "{}" is invalid.'),
    "InvalidParameter.NumberFormatInvalid": Known(400, 'The number format of parameter "{}" is invalid.'),
    "InvalidParameter.JsonFormatInvalid": Known(
        400, 'The parameter "{}" does not conform to the JSON specification.'
    ),
    "InvalidParameter.JsonObjectFormatInvalid": Known(
        400, 'The parameter "{}" does not conform to the JSON Object specification.'
    ),
    "InvalidParameter.JsonArrayFormatInvalid": Known(
        400, 'The parameter "{}" does not conform to the JSON Array specification.'
    ),
    "InvalidParameter.UUIDFormatInvalid": Known(
        400,
        'The parameter "{}" is invalid.A uuid must:1)be comprised of chracters[a-f],numbers[0-9];'
        "2)be 32 characters long.",
    ),
    "InvalidParameter.BucketNameInvalid": Known(400, 'The specified parameter "{}" is invalid.'),
    "InvalidParameter.LocationInvalid": Known(400, 'The specified parameter "{}" is invalid.'),
    "InvalidParameter.ObjectKeyInvalid": Known(400, 'The specified parameter "{}" is invalid.'),
    "InvalidParameter.ResourceNotFound": Known(404, 'The resource operated "{}" cannot be found.'),
    "InvalidParameter.ResourceContentBad": Known(400, 'The format of parameter "{}" is invalid.'),
    "SnapshotTimeOut": Known(400, "Snapshot times out."),
    "InternalError": Known(500, "The operation has failed due to some unknown error, exception or failure."),
}


def gateway_error(code: str, detail: str = "") -> ApiError:
    """Return the gateway's refusal."""
    known = GATEWAY[code]
    return ApiError(code, known.status, known.message.format(detail))


def missing(name: str) -> ApiError:
    """Return the gateway's refusal of a request without a parameter that it must have."""
    return ApiError(f"Missing{name}", GATEWAY["Missing"].status, GATEWAY["Missing"].message.format(name))


def invalid(name: str) -> ApiError:
    """Return the gateway's refusal of a common parameter's value."""
    return ApiError(f"Invalid{name}", GATEWAY["Invalid"].status, GATEWAY["Invalid"].message.format(name))


def service_error(code: str, name: str = "") -> ApiError:
    """Return the service's refusal; `name` is the parameter or resource that it is about."""
    known = SERVICE[code]
    return ApiError(code, known.status, known.message.format(name))


def failure_status(code: str) -> int:
    """Return the HTTP status for a synchronous job that ends with this code."""
    return SERVICE[code].status if code in SERVICE else SERVICE["InvalidParameter"].status
