"""The vendor's answer format: ResponseMetadata, then Result."""

from __future__ import annotations

import json
from typing import NamedTuple

from videosnap_emulator.clock import Milliseconds, as_datetime
from videosnap_emulator.tasks import Json
from videosnap_emulator.volcengine_rtc.errors import ApiError
from videosnap_emulator.volcengine_rtc.signature import REGIONS, SERVICE
from videosnap_emulator.wire import Answer
from videosnap_emulator.wire import ApiError as AnyError

JSON_TYPE = "application/json; charset=utf-8"
#: Result of StartSnapshot for an active task.
# assumption: duplicate-start
ALREADY_STARTED = "The task has been started. Please do not call the startup task interface repeatedly."


class Head(NamedTuple):
    """What ResponseMetadata says of the request."""

    request_id: str
    action: str
    version: str
    region: str = REGIONS[0]

    def metadata(self) -> Json:
        """Return ResponseMetadata; a request without an action gets an id only."""
        about = {"RequestId": self.request_id}
        if not self.action or not self.version:
            return about
        named = {"Action": self.action, "Version": self.version, "Service": SERVICE, "Region": self.region}
        return about | named


def request_id(now: Milliseconds, digits: str) -> str:
    """Return an id of the vendor's shape: the time to the second and 20 upper-case hexadecimal digits."""
    # assumption: request-id
    return as_datetime(now).strftime("%Y%m%d%H%M%S") + digits.upper()


def _encode(status: int, content: Json) -> Answer:
    # ASCII only: an odd string from a request then cannot make the answer unencodable.
    return Answer(status, json.dumps(content).encode(), JSON_TYPE)


def success(head: Head, result: object) -> Answer:
    """Return an answer with a result."""
    return _encode(200, {"ResponseMetadata": head.metadata(), "Result": result})


def failure(head: Head, error: AnyError) -> Answer:
    """Return an answer with an error."""
    about: Json = {"Code": error.code, "Message": error.message}
    gateway = isinstance(error, ApiError) and error.gateway
    if isinstance(error, ApiError) and error.number is not None:
        about = {"CodeN": error.number, **about}
    content = {"ResponseMetadata": {**head.metadata(), "Error": about}}
    # assumption: failure-result
    return _encode(error.status, content if gateway else {**content, "Result": None})
