"""Errors with the vendor's codes: the gateway's have a number (CodeN), the RTC service's have none."""

from __future__ import annotations

from typing import NamedTuple

from videosnap_emulator.core.service import ApiError


class KnownError(NamedTuple):
    """One row of the gateway's table (docs/6369/68677): CodeN, HTTP status and message template."""

    number: int | None
    status: int
    template: str


_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your Secret"
    " Access Key"
    " and signing method. Consult the service documentation for details."
)

GATEWAY = {
    "MissingParameter": KnownError(100002, 400, "The request is missing {} parameter."),
    "MissingAuthenticationToken": KnownError(100003, 401, "Request is missing Authentication Token."),
    "MissingRequestInfo": KnownError(100004, 400, "The request is missing {} information."),
    "MissingSignature": KnownError(100005, 401, "The request is missing signature."),
    "InvalidTimestamp": KnownError(100006, 400, "The Signature of the request is expired."),
    "ServiceNotFound": KnownError(100007, 404, "This service[{}] not found."),
    "InvalidActionOrVersion": KnownError(100008, 404, "Could not find operation {} for version {}."),
    "InvalidAccessKey": KnownError(100009, 401, "The accesskey [{}] included in the request is invalid."),
    "SignatureDoesNotMatch": KnownError(100010, 401, _MISMATCH),
    "InternalError": KnownError(100014, 500, "Service has some internal Error. Pls Contact With Admin."),
    "InvalidAuthorization": KnownError(
        100024, 400, "Invalid 'Authorization' header, Pls check your authorization header."
    ),
    "InvalidCredential": KnownError(None, 400, "Invalid credential scope: {}."),
}


class RtcError(ApiError):
    """A refusal. `number` is the gateway's CodeN; None for errors of the RTC service itself."""

    def __init__(
        self, code: str, status: int, message: str, number: int | None = None, gateway: bool = False
    ):
        super().__init__(code, status, message)
        self.number, self.gateway = number, gateway


def gateway_error(code: str, *parts: str, detail: str = "") -> RtcError:
    """Return the gateway's error of that code with its message filled in."""
    known = GATEWAY[code]
    return RtcError(code, known.status, known.template.format(*parts) + detail, known.number, gateway=True)


# assumption: http-status
_STATUS = {"InvalidParameter": 400, "AccessDenied": 403, "FlowLimitExceeded": 429, "InternalError": 500}


def rtc_error(code: str, message: str) -> RtcError:
    """Return an error of the RTC service (docs/6348/70426)."""
    return RtcError(code, _STATUS[code.partition(".")[0]], message)


def invalid(field: str, why: str) -> RtcError:
    """Return InvalidParameter for a field."""
    return rtc_error("InvalidParameter", f"{field} {why}.")


def task_not_found() -> RtcError:
    """Return the answer for a task that does not exist or has stopped."""
    # assumption: unknown-task
    message = "The specified task does not exist or has been stopped."
    return rtc_error("InvalidParameter.ErrorActiveTaskNotFound", message)


def over_limit(action: str, limit: int) -> RtcError:
    """Return the answer for too many requests in a second."""
    return rtc_error("FlowLimitExceeded.QPSOverLimit", f"{action} is limited to {limit} requests per second.")
