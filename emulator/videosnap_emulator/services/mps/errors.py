"""Errors with the vendor's codes and messages: the gateway's first, then those of the MPS service.

`{}` in a message stands for the parameter's name, nested names joined by colons as in the vendor's FAQ.
"""

from __future__ import annotations

from videosnap_emulator.core.service import ApiError

_MISSING, _INVALID = "{} is mandatory for this action.", "Specified parameter {} is not valid."
#: Of the gateway in front of all of the vendor's services.
_GATEWAY = {
    "InvalidApi.NotFound": "Specified api is not found, please check your url and method.",
    "UnsupportedHTTPMethod": "This http method is not supported.",
    "InvalidParameter.Format": "Specified parameter format is not valid. Only xml and json are supported.",
    "InvalidAccessKeyId.NotFound": "Specified access key is not found.",
    "InvalidTimeStamp.Format": "Specified time stamp or date value is not well formatted.",
    "InvalidTimeStamp.Expired": "Specified time stamp or date value is expired.",
    "InvalidSignatureMethod": "Specified signature method is not valid.",
    "IncompleteSignature": "The request signature does not conform to Aliyun standards: {}",
    "SignatureDoesNotMatch": (
        "Specified signature is not matched with our calculation. server string to sign is:{}"
    ),
    "SignatureNonceUsed": "Specified signature nonce was used already.",
    "InvalidSecurityToken.MismatchWithAccessKey": "Specified SecurityToken mismatch with the AccessKey.",
    "Throttling.User": "Request was denied due to user flow control.",
}
_IS_INVALID = 'The specified parameter "{}" is invalid.'
_BAD_FORMAT = 'The format of parameter "{}" is invalid.'
#: Of the service itself: "Error codes" of the API reference and SubmitSnapshotJob's own table.
_SERVICE = {
    "InvalidParameter": _IS_INVALID,
    "InvalidParameter.NullValue": 'The specified parameter "{}" cannot be null.',
    "InvalidParameter.EmptyValue": 'The specified parameter "{}" cannot be empty.',
    "InvalidParameter.NotSupported": 'The specified parameter "{}" is not supported.',
    "InvalidParameter.OutOfRange": 'The specified parameter "{}" is out of range.',
    "InvalidParameter.Format": _BAD_FORMAT,
    "InvalidParameter.NumberFormatInvalid": 'The number format of parameter "{}" is invalid.',
    "InvalidParameter.JsonFormatInvalid": 'The parameter "{}" does not conform to the JSON specification.',
    "InvalidParameter.JsonObjectFormatInvalid": (
        'The parameter "{}" does not conform to the JSON Object specification.'
    ),
    "InvalidParameter.JsonArrayFormatInvalid": (
        'The parameter "{}" does not conform to the JSON Array specification.'
    ),
    "InvalidParameter.UUIDFormatInvalid": (
        'The parameter "{}" is invalid.A uuid must:1)be comprised of chracters[a-f],numbers[0-9];'
        "2)be 32 characters long."
    ),
    "InvalidParameter.BucketNameInvalid": _IS_INVALID,
    "InvalidParameter.LocationInvalid": _IS_INVALID,
    "InvalidParameter.ObjectKeyInvalid": _IS_INVALID,
    "InvalidParameter.ResourceNotFound": 'The resource operated "{}" cannot be found.',
    "InvalidParameter.ResourceContentBad": _BAD_FORMAT,
    "SnapshotTimeOut": "Snapshot times out.",
    "InternalError": "The operation has failed due to some unknown error, exception or failure.",
}
#: HTTP statuses other than 400.
# assumption: mps-http-status
_STATUS = {
    "InvalidApi.NotFound": 404,
    "InvalidAccessKeyId.NotFound": 404,
    "InvalidParameter.ResourceNotFound": 404,
    "InternalError": 500,
}


def _error(code: str, message: str) -> ApiError:
    return ApiError(code, _STATUS.get(code, 400), message)


def gateway_error(code: str, detail: str = "") -> ApiError:
    """Return the gateway's refusal."""
    return _error(code, _GATEWAY[code].format(detail))


def missing(name: str) -> ApiError:
    """Return the gateway's refusal of a request without a parameter that it must have."""
    return _error(f"Missing{name}", _MISSING.format(name))


def invalid(name: str) -> ApiError:
    """Return the gateway's refusal of a common parameter's value."""
    return _error(f"Invalid{name}", _INVALID.format(name))


def service_error(code: str, name: str = "") -> ApiError:
    """Return the service's refusal; `name` is the parameter or resource that it is about."""
    return _error(code, _SERVICE[code].format(name))


def not_found(name: str) -> ApiError:
    """Return the error for an input, an output bucket, a job or a pipeline that does not exist."""
    # assumption: mps-not-found
    return service_error("InvalidParameter.ResourceNotFound", name)


def content_bad() -> ApiError:
    """Return the error of a job whose input is of no use; code and text as in the vendor's FAQ."""
    return _error("InvalidParameter.ResourceContentBad", "The resource operated InputFile is bad")


def beyond_limit(message: str) -> ApiError:
    """Return the error of a job that asks for more than the emulator can hold."""
    # assumption: mps-limits
    return _error("InternalError", message)
