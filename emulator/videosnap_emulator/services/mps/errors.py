"""Errors with the vendor's codes and messages: the gateway's first, then those of the MPS service.

`{}` in a message stands for the parameter's name, nested names joined by colons as in the vendor's FAQ.
"""

from __future__ import annotations

from pathlib import Path

from videosnap_emulator.core import read_toml
from videosnap_emulator.core.service import ApiError

_MISSING, _INVALID = "{} is mandatory for this action.", "Specified parameter {} is not valid."
#: Messages by code, of the gateway and of the service; the file names their sources.
_MESSAGES = read_toml(Path(__file__).with_name("messages.toml"))
#: HTTP statuses other than 400.
# assumption: mps-http-status
_STATUS = {
    "InvalidApi.NotFound": 404,
    "InvalidAccessKeyId.NotFound": 404,
    "InvalidParameter.ResourceNotFound": 404,
    "PermissionDenied.ResourceAccess": 403,
    "PermissionDenied.ResourceQuotaExceed": 403,
    "InternalError": 500,
}


def _error(code: str, message: str) -> ApiError:
    return ApiError(code, _STATUS.get(code, 400), message)


def gateway_error(code: str, detail: str = "") -> ApiError:
    """Return the gateway's refusal."""
    return _error(code, _MESSAGES["gateway"][code].format(detail))


def missing(name: str) -> ApiError:
    """Return the gateway's refusal of a request without a parameter that it must have."""
    return _error(f"Missing{name}", _MISSING.format(name))


def invalid(name: str) -> ApiError:
    """Return the gateway's refusal of a common parameter's value."""
    return _error(f"Invalid{name}", _INVALID.format(name))


def service_error(code: str, name: str = "") -> ApiError:
    """Return the service's refusal; `name` is the parameter or resource that it is about."""
    return _error(code, _MESSAGES["service"][code].format(name))


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
