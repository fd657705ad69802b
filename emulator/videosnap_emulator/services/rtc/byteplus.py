"""BytePlus, the vendor's edition abroad: the same actions in an older version, for other accounts.

Only what differs is here; `api` has the rest. Its state is its own: no task is seen by both editions.
"""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import Response

from videosnap_emulator.control.responses import json_response
from videosnap_emulator.control.validation import read_fields, word
from videosnap_emulator.core.service import ApiError, Context, ControlRoute, HttpResponse
from videosnap_emulator.services.rtc.api import ALREADY_STARTED, RtcRequest, RtcService
from videosnap_emulator.services.rtc.control import RtcControl
from videosnap_emulator.services.rtc.errors import rtc_error
from videosnap_emulator.services.rtc.request import Rules

ACCESS_KEY = "AKAPvideosnapBytePlusKey"
SECRET_KEY = "videosnap-byteplus-secret-key"  # noqa: S105 - public on purpose
#: The readings of the documents by their names, each with its values, the default first.
READINGS: Mapping[str, tuple[str, ...]] = {
    "result-key": ("SnapshotTask", "snapshotTask"),
    "duplicate-start": ("sentence", "ok", "refused"),
    "failure-status": ("4xx", "200"),
}


def _reading(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    if value not in READINGS.get(name, ()):
        known = ", ".join(f"{name}={'|'.join(values)}" for name, values in READINGS.items())
        raise ArgumentTypeError(f"{text}: not one of {known}")
    return name, value


class BytePlusService(RtcService):
    """BytePlus RTC: snapshot tasks, version 2022-06-01."""

    name = "byteplus"
    title = "BytePlus RTC"
    endpoint_variable = "BYTEPLUS_RTC_ENDPOINT"
    access_keys = {ACCESS_KEY: SECRET_KEY}  # noqa: RUF012
    assumptions = Path(__file__).with_name("byteplus_assumptions.toml")
    static = None
    # assumption: byteplus-repair
    # assumption: byteplus-storage
    rules: ClassVar[Rules] = Rules("2022-06-01", repairs=True, vod_extras=False)
    versions: ClassVar[Mapping[str, str]] = {"GetRoomOnlineUsers": "2023-11-01"}
    # assumption: byteplus-region
    regions: ClassVar[Sequence[str]] = ("ap-singapore-1",)
    prefix: ClassVar[str] = "byteplus_"

    @classmethod
    def add_options(cls, parser: ArgumentParser) -> None:
        """Add the option of the readings."""
        parser.add_argument(
            "--byteplus-reading",
            type=_reading,
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="where BytePlus' documents contradict each other: "
            + ", ".join(f"{name}={'|'.join(values)}" for name, values in READINGS.items()),
        )

    def __init__(self, context: Context):
        super().__init__(context)
        self._readings: dict[str, str] = {}

    def environment(self, endpoint: str, storage_endpoint: str) -> dict[str, str]:  # noqa: ARG002
        """Return the key pair and the endpoint."""
        return {
            "BYTEPLUS_ACCESS_KEY": ACCESS_KEY,
            "BYTEPLUS_SECRET_KEY": SECRET_KEY,
            self.endpoint_variable: endpoint,
        }

    def restore(self, metadata: Mapping[str, int]) -> None:
        """Set up the state; readings are those of the command line again."""
        defaults = {name: values[0] for name, values in READINGS.items()}
        self._readings = defaults | dict(self.options.byteplus_reading)
        super().restore(metadata)

    def run(self, request: RtcRequest) -> object:
        """Run the action and return its Result as this edition spells it."""
        result = super().run(request)
        if result == ALREADY_STARTED:
            return self._started_already()
        # assumption: byteplus-result-key
        names = {"SnapshotTask": self._readings["result-key"], "RoomExists": "RoomExist"}
        if isinstance(result, dict):
            return {names.get(name, name): value for name, value in result.items()}
        return result

    def _started_already(self) -> str:
        # assumption: byteplus-duplicate-start
        reading = self._readings["duplicate-start"]
        if reading == "refused":
            raise rtc_error("InvalidParameter.TaskAlreadyExists", "Do not create a task repeatedly.")
        return "ok" if reading == "ok" else ALREADY_STARTED

    def render_error(self, request: RtcRequest, error: ApiError) -> HttpResponse:
        """Return a response with an error, in one reading with HTTP status 200."""
        response = super().render_error(request, error)
        # assumption: byteplus-failure-status
        return response._replace(status=200) if self._readings["failure-status"] == "200" else response

    def control_routes(self) -> Sequence[ControlRoute]:
        """Return the same operations as Volcengine's, below /byteplus, and those on readings."""
        return [
            *RtcControl(self.backend, f"/{self.name}", self.name).routes(),
            ControlRoute("GET", f"/{self.name}/readings", self._get_readings),
            ControlRoute("PUT", f"/{self.name}/readings", self._set_readings),
        ]

    def _get_readings(self, _request: Request, _body: Any) -> Response:
        """Show which reading of the documents is in force, and which there are."""
        return json_response({"readings": self._readings, "values": READINGS})

    def _set_readings(self, request: Request, body: Any) -> Response:
        """Change readings, until a reset or a restart."""
        given = read_fields(body, {name: word(values) for name, values in READINGS.items()})
        with self.scheduler.transaction():
            self._readings = self._readings | given
        return self._get_readings(request, None)
