"""What holds for all tasks at once while the command runs, and what it lets the services tell."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from integration.drift.expected import Told
from integration.drift.proxy import silent_on
from support.emulator import Emulator
from support.fake_server import FakeServer, Response

NOBODY_LISTENS = "http://127.0.0.1:9"
RTC, MPS, OSS = "VOLCENGINE_RTC_ENDPOINT", "ALIBABA_CLOUD_MPS_ENDPOINT", "ALIBABA_CLOUD_OSS_ENDPOINT"
RTC_KEYS = ("VOLCENGINE_ACCESS_KEY", "VOLCENGINE_SECRET_KEY")
MPS_KEYS = ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET")
HASTE, PATIENCE = 0.03, 20.0
"""Seconds that a call may take where every call is to fail, and where none is."""
BETWEEN = 0.5
"""The same where some are to fail, and the others are to be within the rate limit."""

World = tuple[Emulator, pytest.MonkeyPatch]
Within = Callable[[World], contextlib.AbstractContextManager[None]]


@dataclass(frozen=True)
class Scenario:
    """What is told of tasks and of jobs in it, and how it comes about."""

    name: str
    tasks: Told
    jobs: Told
    within: Within
    slow: bool = False
    """Whether every call is tried until its time is over, which is for a few tasks only."""

    @property
    def hopeless(self) -> bool:
        """Whether nothing can be told of anything."""
        return self.tasks is self.jobs is Told.NOTHING

    @property
    def budget(self) -> float:
        """How many seconds a call is worth trying."""
        some = {self.tasks, self.jobs} & {Told.NOTHING, Told.NO_PICTURES, Told.PERHAPS}
        return HASTE if self.hopeless else BETWEEN if some else PATIENCE

    def told(self, kind: str) -> Told:
        """What is told of one kind of task."""
        return self.tasks if kind == "room" else self.jobs


def scenarios() -> list[Scenario]:
    """All of them but the clock's, which do not go back."""
    return [
        Scenario("as usual", Told.ALL, Told.ALL, _nothing),
        *_faults(),
        Scenario(
            "network down", Told.NOTHING, Told.NOTHING, _set(dict.fromkeys((RTC, MPS, OSS), NOBODY_LISTENS))
        ),
        *_accounts("Volcengine", RTC, RTC_KEYS, Told.NOTHING, Told.ALL),
        *_accounts("Alibaba", MPS, MPS_KEYS, Told.ALL, Told.NOTHING),
        *_stores(),
        *_silences(),
    ]


def _faults() -> Iterator[Scenario]:
    every: dict[str, dict[str, Any]] = {
        "quota exhausted": {"fault": "throttle"},
        "service fails": {"fault": "error", "status": 503, "code": "InternalError"},
        "service fails without a code": {"fault": "html"},
        "access denied": {"fault": "error", "status": 403, "code": "AccessDenied"},
        "unknown to a broken service": {
            "fault": "error",
            "status": 500,
            "code": "InternalError.TaskNotFound",
        },
        "page that is not there": {"fault": "html", "status": 404},
        "connections cut": {"fault": "close-before"},
        "answers cut": {"fault": "close-after"},
        "answers garbled": {"fault": "malformed"},
        "answers empty": {"fault": "empty"},
    }
    for name, fault in every.items():
        yield Scenario(name, Told.NOTHING, Told.NOTHING, _fault(times=None, **fault))
    rtc_only = _fault(times=None, action="GetSnapshotTask", fault="throttle")
    mps_only = _fault(times=None, action="QuerySnapshotJobList", fault="throttle")
    midway = _fault(times=None, after=3, fault="error", status=503)
    once = _fault(times=1, fault="throttle")
    yield Scenario("quota of RTC exhausted", Told.NOTHING, Told.ALL, rtc_only, slow=True)
    yield Scenario("quota of MPS exhausted", Told.ALL, Told.NOTHING, mps_only, slow=True)
    yield Scenario("services fail midway", Told.PERHAPS, Told.PERHAPS, midway, slow=True)
    yield Scenario("throttled once", Told.ALL, Told.ALL, once)
    yield Scenario("own clock an hour off", Told.NOTHING, Told.NOTHING, _skewed)


def _accounts(
    cloud: str, endpoint: str, keys: tuple[str, str], tasks: Told, jobs: Told
) -> Iterator[Scenario]:
    settings: dict[str, Mapping[str, str | None]] = {
        "key revoked": {keys[0]: "AKLTrevoked"},
        "secret wrong": {keys[1]: "d3Jvbmc="},
        "credentials missing": dict.fromkeys(keys),
        "secret missing": {keys[1]: None},
        "endpoint down": {endpoint: NOBODY_LISTENS},
        "endpoint no address": {endpoint: "rtc or mps"},
    }
    for name, setting in settings.items():
        yield Scenario(f"{cloud} {name}", tasks, jobs, _set(setting), slow=name == "endpoint down")


def _stores() -> Iterator[Scenario]:
    denied = b"<?xml version='1.0'?><Error><Code>AccessDenied</Code><Message>no</Message></Error>"
    answers = {
        "refuses": Response(403, denied),
        "fails": Response(503, b""),
        "knows no bucket": Response(404, b""),
        "answers with a page": Response(200, b"<html>log in first</html>"),
        "redirects": Response(302, b"", {"Location": "https://elsewhere.invalid/"}),
    }
    yield Scenario("store down", Told.ALL, Told.NO_PICTURES, _set({OSS: NOBODY_LISTENS}))
    yield Scenario("store no address", Told.ALL, Told.NO_PICTURES, _set({OSS: "a bucket"}))
    for name, response in answers.items():
        yield Scenario(f"store {name}", Told.ALL, Told.NO_PICTURES, _store(response))


def _silences() -> Iterator[Scenario]:
    unsaid = {
        "ImageConfig": Told.NO_IMAGE,
        "StorageConfig": Told.NO_STORAGE,
        "TargetStreams": Told.NO_STREAMS,
        "MaxIdleTime": Told.NO_IDLE_TIME,
        "StartTime": Told.ALL,
        "EndTime": Told.ALL,
    }
    for field, told in unsaid.items():
        yield Scenario(f"answers without {field}", told, Told.ALL, _silent_on(field, RTC))
    for field in ("Count", "TileCount", "UserData"):
        yield Scenario(f"answers without {field}", Told.ALL, Told.ALL, _silent_on(field, MPS))


@contextlib.contextmanager
def _nothing(world: World) -> Iterator[None]:
    yield


def _fault(fault: str, times: int | None, action: str = "*", after: int = 0, **more: Any) -> Within:
    @contextlib.contextmanager
    def within(world: World) -> Iterator[None]:
        emulator, _ = world
        emulator.fault(fault, action, after, times, **more)
        yield
        emulator.clear_faults()

    return within


@contextlib.contextmanager
def _skewed(world: World) -> Iterator[None]:
    emulator, _ = world
    emulator.request("PUT", "/clock/skew", {"seconds": 3600})
    yield
    emulator.request("PUT", "/clock/skew", {"seconds": 0})


def _set(settings: Mapping[str, str | None]) -> Within:
    @contextlib.contextmanager
    def within(world: World) -> Iterator[None]:
        _, environment = world
        for name, value in settings.items():
            if value is None:
                environment.delenv(name)
            else:
                environment.setenv(name, value)
        yield

    return within


def _store(response: Response) -> Within:
    @contextlib.contextmanager
    def within(world: World) -> Iterator[None]:
        _, environment = world
        with FakeServer(response) as server:
            environment.setenv(OSS, server.endpoint)
            yield
            assert server.requests, "the store was not called"

    return within


def _silent_on(field: str, endpoint: str) -> Within:
    @contextlib.contextmanager
    def within(world: World) -> Iterator[None]:
        emulator, environment = world
        with silent_on(field, emulator.environment[endpoint]) as between:
            environment.setenv(endpoint, between.endpoint)
            yield
            assert between.taken, f"no answer had {field}"

    return within
