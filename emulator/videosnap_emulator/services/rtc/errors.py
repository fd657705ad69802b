"""Errors with the vendor's codes: the gateway's have a number (CodeN), the RTC service's have none."""

from __future__ import annotations

from pathlib import Path

from videosnap_emulator.core import read_toml
from videosnap_emulator.core.service import ApiError

#: CodeN, HTTP status and message template of the gateway's errors, by code.
_GATEWAY = read_toml(Path(__file__).with_name("gateway_errors.toml"))


class RtcError(ApiError):
    """A refusal. `number` is the gateway's CodeN; None for errors of the RTC service itself."""

    def __init__(
        self, code: str, status: int, message: str, number: int | None = None, gateway: bool = False
    ):
        super().__init__(code, status, message)
        self.number, self.gateway = number, gateway


def gateway_error(code: str, *parts: str, detail: str = "") -> RtcError:
    """Return the gateway's error of that code with its message filled in."""
    known = _GATEWAY[code]
    message = known["message"].format(*parts) + detail
    return RtcError(code, known["status"], message, known.get("number"), gateway=True)


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
