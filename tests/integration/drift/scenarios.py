"""What holds for all tasks at once while the command runs, and what it lets the services answer.

The scenarios are in tests/data/drift_world.json. Each has at most one means: `fault` of the emulator, `skew`
of its clock, environment variables to `set` (null takes one away), a response of the `store`, or a field of
which a service is `silent`.
"""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from integration.drift.expected import WORLD, Known
from support.emulator import Emulator
from support.fake_server import FakeServer, Request, Response

OSS = "ALIBABA_CLOUD_OSS_ENDPOINT"
HASTE, LONG = 0.03, 20.0
"""Seconds that a call may take where every call is to fail, and where none is."""
BETWEEN = 0.5
"""The same where some are to fail, and the others are to be within the rate limit."""


@dataclass(frozen=True)
class Scenario:
    """What is known of tasks and of jobs in it, and how it comes about."""

    name: str
    tasks: Known
    jobs: Known
    means: dict[str, Any]
    slow: bool = False
    """Whether every call is tried until its time is over, which is for a few tasks only."""

    @property
    def hopeless(self) -> bool:
        return self.tasks is self.jobs is Known.NOTHING

    @property
    def budget(self) -> float:
        """How many seconds a call is worth trying."""
        some = {self.tasks, self.jobs} & {Known.NOTHING, Known.NO_PICTURES, Known.PERHAPS}
        return HASTE if self.hopeless else BETWEEN if some else LONG

    @contextlib.contextmanager
    def within(self, emulator: Emulator, environment: pytest.MonkeyPatch) -> Iterator[None]:
        with contextlib.ExitStack() as then:
            if "fault" in self.means:
                emulator.fault(**self.means["fault"])
                then.callback(emulator.clear_faults)
            if "skew" in self.means:
                emulator.request("PUT", "/clock/skew", {"seconds": self.means["skew"]})
                then.callback(emulator.request, "PUT", "/clock/skew", {"seconds": 0})
            for name, value in self.means.get("set", {}).items():
                environment.delenv(name) if value is None else environment.setenv(name, value)
            if "store" in self.means:
                status, body, headers = self.means["store"]
                store = then.enter_context(FakeServer(Response(status, body.encode(), headers)))
                environment.setenv(OSS, store.endpoint)
                then.callback(_assert_called, store)
            if "silent" in self.means:
                field, endpoint = self.means["silent"]
                then.enter_context(_silent_on(field, endpoint, emulator, environment))
            yield


def scenarios() -> list[Scenario]:
    """All of them but the clock's, which do not go back."""
    return [
        Scenario(
            one.pop("name"), Known[one.pop("tasks")], Known[one.pop("jobs")], one, one.pop("slow", False)
        )
        for one in map(dict, WORLD["scenarios"])
    ]


def _assert_called(store: FakeServer) -> None:
    assert store.requests, "the store was not called"


@contextlib.contextmanager
def _silent_on(
    field: str, endpoint: str, emulator: Emulator, environment: pytest.MonkeyPatch
) -> Iterator[None]:
    """Hand every request to the service, signature and all, and its answer back without the field."""
    taken = []
    with requests.Session() as session:
        session.trust_env = False

        def respond(request: Request) -> Response:
            url = emulator.environment[endpoint] + request.target
            headers = dict(request.headers)
            answer = session.request(request.method, url, data=request.body, headers=headers, timeout=60)
            body = answer.json()
            taken.append(_take_out(field, body))
            return Response(answer.status_code, json.dumps(body).encode(), {"Date": answer.headers["Date"]})

        with FakeServer(respond) as between:
            environment.setenv(endpoint, between.endpoint)
            yield
    assert sum(taken), f"no answer had {field}"


def _take_out(field: str, body: Any) -> int:
    """Take the field out wherever it is; returns how often."""
    if isinstance(body, dict):
        here = 1 if body.pop(field, None) is not None else 0
        return here + sum(_take_out(field, value) for value in body.values())
    return sum(_take_out(field, value) for value in body) if isinstance(body, list) else 0
