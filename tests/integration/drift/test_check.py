"""A drift run's own sense: when it stops asking, what nobody manages, which records it cannot use."""

import contextlib
import json
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from pulumi_videosnap.alibaba import api
from pulumi_videosnap.alibaba.drift import unmanaged
from pulumi_videosnap.alibaba.job_token import owner_tag, state_tag
from pulumi_videosnap.alibaba.models import SnapshotJob
from pulumi_videosnap.core.lifecycle import Gone, Present
from pulumi_videosnap.core.pending import Note
from pulumi_videosnap.drift import detect
from pulumi_videosnap.drift.model import DriftReport, Unmanaged, Verdict
from pulumi_videosnap.errors import CallFailed, Rejected, Unreachable
from pulumi_videosnap.kinds import kind_by_title
from pulumi_videosnap.report.base import Dependencies, as_json
from pulumi_videosnap.state import Options, RecordedResource, Stack, read_export
from pulumi_videosnap.volcengine.drift import unmanaged as automatic_tasks
from support.canary import ENCODINGS, echoes, leaks
from support.data import load
from support.emulator import Emulator
from support.exports import export, resource
from support.mps_client import Mps
from support.sampling import sample

NOW = datetime(2026, 8, 4, 12, tzinfo=timezone.utc)
ROOM = {"appId": "661e", "roomId": "Room1", "state": "running", "imageConfig": {"interval": 5}}
MANY = 200
LIVE, FILE = kind_by_title("live room"), kind_by_title("video file")


def task(number: int, **more: Any) -> RecordedResource:
    inputs = {**ROOM, "taskId": f"Task{number}"}
    return RecordedResource(
        f"room{number:03d}", LIVE, f"661e/Room1/Task{number}", inputs, f"urn{number}", inputs, **more
    )


class Service:
    """What reading comes to, whoever asks; it counts."""

    def __init__(self, answer: Callable[[str], Present | Gone]) -> None:
        self.asked = 0
        self._answer = answer
        self._lock = threading.Lock()

    def read(self, task_id: str, recorded: dict[str, Any]) -> Present | Gone:
        with self._lock:
            self.asked += 1
        return self._answer(task_id)


def checked(
    service: Callable[[str], Present | Gone] | Service, tasks: list[RecordedResource] | Stack, **more: Any
) -> DriftReport:
    """A drift run in which this service stands behind every live room."""
    fake = service if isinstance(service, Service) else Service(service)
    kind = replace(LIVE, lifecycle=lambda _: fake)  # type: ignore[arg-type, return-value]
    stack = tasks if isinstance(tasks, Stack) else Stack("dev", tuple(tasks))
    lists = ("tasks", "pending_creates", "pending_replacements")
    faked: Any = {name: tuple(replace(one, kind=kind) for one in getattr(stack, name)) for name in lists}
    return detect.detect_drift([replace(stack, **faked)], Dependencies(now=lambda: NOW, **more))


def exported(inputs: dict[str, Any]) -> Stack:
    """A stack of one task, read from its export."""
    declared = {**ROOM, "taskId": "Task1", **inputs}
    return read_export(
        export(resource("volcengine:SnapshotTask", "lobby", "661e/Room1/Task1", declared)), "dev"
    )


def _present(task_id: str, **changes: Any) -> Present:
    inputs = {**ROOM, "taskId": task_id.rpartition("/")[2]}
    return Present({**inputs, **changes}, {**inputs, "status": "running", **changes})


def _slower(task_id: str) -> Present:
    return _present(task_id, imageConfig={"interval": 77})


def _down(_: str) -> Present:
    raise Unreachable("GetSnapshotTask", "connection refused")


def test_a_dead_endpoint_costs_a_few_calls_and_not_one_a_task() -> None:
    service = Service(_down)
    report = checked(service, [task(number) for number in range(MANY)])
    assert service.asked <= detect.READS_AT_ONCE + detect.MAX_FAILURES
    assert (report.counts[Verdict.UNREADABLE.value], report.exit_code) == (MANY, 2)
    assert sum("not read" in finding.why for finding in report.findings()) == MANY - service.asked


@pytest.mark.parametrize("failure", [Rejected("GetSnapshotTask", "no"), Unreachable("GetSnapshotTask", "…")])
def test_failures_of_some_tasks_do_not_keep_the_others_from_being_asked(failure: CallFailed) -> None:
    def some(task_id: str) -> Present:
        if task_id.endswith("7"):
            raise failure
        return _present(task_id)

    service = Service(some)
    progress: list[int] = []
    tasks = [task(number) for number in range(MANY)]
    report = checked(service, tasks, checked=lambda done, _: progress.append(done))
    assert service.asked == MANY
    assert progress == list(range(1, MANY + 1))
    assert report.counts[Verdict.UNREADABLE.value] == MANY // 10
    assert report.counts[Verdict.IN_SYNC.value] == MANY - MANY // 10


SEALED = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:"}


def _opened(value: Any) -> dict[str, str]:
    """A secret as `pulumi stack export --show-secrets` writes it."""
    return {**SEALED, "plaintext": json.dumps(value)}


@pytest.mark.parametrize(
    ("closed", "named"),
    [
        ({"imageConfig": {"interval": SEALED}}, "image_config.interval"),
        ({"imageConfig": SEALED}, "image_config.interval"),
        ({"targetStreams": {"streamList": [{"userId": SEALED, "index": 0}]}}, "target_streams.stream_list"),
    ],
    ids=["value", "block", "in-a-list"],
)
def test_a_setting_that_is_a_closed_secret_is_never_in_sync(closed: dict[str, Any], named: str) -> None:
    (finding,) = checked(_present, exported(closed)).findings()
    assert finding.verdict is Verdict.UNREADABLE
    assert named in finding.why
    assert "--show-secrets" in finding.why


def test_a_secret_that_differs_is_not_shown() -> None:
    report = checked(_slower, [task(1, secret_paths=frozenset({("imageConfig", "interval")}))])
    assert [one.verdict for one in report.findings()] == [Verdict.CHANGED]
    assert "77" not in report.model_dump_json()


@pytest.mark.parametrize(
    "inputs",
    [
        {"targetStreams": {"streamList": [{"userId": _opened("hush7tenant"), "index": 0}]}},
        {"targetStreams": {"streamList": _opened([{"userId": "hush7tenant"}, {"userId": "user1"}])}},
        {"targetStreams": _opened({"streamList": [{"userId": "hush7tenant"}]})},
        {"triggers": ["1.0", _opened("hush7tenant")]},
    ],
)
def test_a_secret_in_a_list_is_not_shown_where_a_service_repeats_it(inputs: dict[str, Any]) -> None:
    def answer(_: str) -> Present:
        raise Rejected("GetSnapshotTask", "user hush7tenant is not here")

    (finding,) = checked(answer, exported(inputs)).findings()
    assert "hush7tenant" not in finding.why
    assert "user [secret] is not here" in finding.why


def test_an_automatic_task_of_a_secret_room_is_listed_without_the_rooms_name(emulated: Emulator) -> None:
    emulated.request("PUT", "/rooms/auto/r1", {"autoSnapshot": {"interval": 3}})
    room, stack = _room(1)
    hidden = replace(room, secret_paths=frozenset({("roomId",)}))
    *tasks, _ = automatic_tasks([(hidden, stack)])
    assert {one.id for one in tasks if isinstance(one, Unmanaged)} == {
        f"auto/[secret]/user{number}" for number in range(2)
    }


IN_ONE_LINE = [name for name, encode in ENCODINGS.items() if encode("two parts").isprintable()]
ROOM_NAME = "cAnAryRoom/+42="


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_secret_that_a_service_repeats_is_not_shown(encoding: str) -> None:
    """The room's name is a secret, which state has encrypted or opened; the id has it in clear."""
    room, paths = {**ROOM, "roomId": ROOM_NAME, "taskId": "Task1"}, frozenset({("roomId",)})
    in_id = ROOM_NAME.replace("/", "")
    closed = replace(task(1), id=f"661e/{in_id}/Task1", secret_paths=paths)
    opened = replace(closed, inputs=room, properties=room)
    for recorded, name in ((opened, ROOM_NAME), (closed, in_id)):

        def answer(_: str, name: str = name) -> Present:
            raise Rejected("GetSnapshotTask", f"no room {ENCODINGS[encoding](name)} here \x7f\u202e\x9b")

        text = as_json(checked(answer, [recorded]))
        assert leaks(text, name) == []
        assert "[secret]" in text
        assert all(char.isprintable() or char == "\n" for char in text)


@pytest.mark.parametrize("encoding", sample(IN_ONE_LINE, 0.07))
def test_a_secret_is_not_shown_where_a_service_repeats_it_elsewhere(
    emulated: Emulator, encoding: str
) -> None:
    """In what it says of another task and of the account, and where a long message was cut off."""
    name, (other, _) = "cAnAry/Room+42=of#a-tenant", _room(1)
    room = {**other.properties, "roomId": name}
    hidden = replace(other, inputs=room, properties=room, secret_paths=frozenset({("roomId",)}), urn="urn2")
    for filler in (0, 270, 284):
        message = "x" * filler + ENCODINGS[encoding](name)
        emulated.fault("error", times=None, status=403, code="AccessDenied", message=message)
        many = (hidden, *(replace(other, urn=f"urn{at}") for at in range(3, 2 * detect.READS_AT_ONCE)))
        report = detect.detect_drift([Stack("dev", many)], Dependencies())
        assert {"not read" in one.why for one in report.findings()} == {True, False}
        assert any("automatic tasks are not known" in text for text in report.scope)
        assert leaks(as_json(report), name) == []


def test_a_third_partys_keys_that_variables_hold_are_not_shown(
    emulated: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys, (room, _) = {"accessKeyEnv": "tP7/kQ2+Wx9=Zb4L", "secretKeyEnv": "mH5+Yc8/Jg3=Nf1S"}, _room(1)
    for name, key in keys.items():
        monkeypatch.setenv(name.upper(), key)
    custom = {"bucket": "frames", **{name: name.upper() for name in keys}}
    inputs = {**room.properties, "storageConfig": {"customConfig": custom}}
    for echo in sample(list(echoes(keys.values()).values()), 0.1):
        if echo.isprintable():
            emulated.fault("error", times=None, status=400, code="Bad", message=echo)
            stack = Stack("dev", (replace(room, inputs=inputs, properties=inputs),))
            text = as_json(detect.detect_drift([stack], Dependencies()))
            assert text.count("was refused") == 2
            assert [key for key in keys.values() if leaks(text, key)] == []


@pytest.mark.parametrize(
    ("service", "verdict", "code", "why"),
    [
        (lambda _: Gone(), Verdict.MISSING, 1, "no new task was created"),
        (lambda one: _present(one, status="ended"), Verdict.MISSING, 1, "no new task was created"),
        (_present, Verdict.CHANGED, 1, "and the old one is running"),
        (_down, Verdict.UNREADABLE, 2, "replacement was interrupted"),
    ],
)
def test_a_task_whose_replacement_was_broken_off_is_read_before_anything_is_said_of_it(
    service: Callable[[str], Any], verdict: Verdict, code: int, why: str
) -> None:
    report = checked(service, Stack("dev", (), pending_replacements=(task(1),)))
    (finding,) = report.findings()
    assert (finding.verdict, report.exit_code) == (verdict, code)
    assert why in finding.why


@pytest.mark.parametrize(
    ("ignored", "verdict", "fields"),
    [
        ("imageConfig.interval", Verdict.IN_SYNC, ["image_config.interval"]),
        ('["imageConfig"]["interval"]', Verdict.IN_SYNC, ["image_config.interval"]),
        ("imageConfig", Verdict.IN_SYNC, ["image_config.interval"]),
        ("*", Verdict.IN_SYNC, ["image_config.interval"]),
        ("imageConfig.width", Verdict.CHANGED, []),
    ],
)
def test_what_the_engine_ignores_is_no_drift(ignored: str, verdict: Verdict, fields: list[str]) -> None:
    recorded = task(1, options=Options.of({"ignoreChanges": [ignored]}))
    report = checked(_slower, [recorded])
    (finding,) = report.findings()
    assert finding.verdict is verdict
    assert [change.field for change in finding.ignored] == fields
    assert any("ignore_changes" in line for line in report.scope) is bool(fields)


def _resource(name: str, id: str = "") -> dict[str, Any]:
    return resource("volcengine:SnapshotTask", name, f"661e/Room1/{id or name}", {**ROOM, "taskId": "Task1"})


def _noted(*recorded: str) -> str:
    """An export whose engine noted that it was starting `lobby`, and who knows what became of it."""
    noted = [{"type": "creating", "resource": _resource("lobby")}]
    return export(*map(_resource, recorded), pending_operations=noted)


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize("by", ["the engine", "this machine", "both", "another stack"])
def test_a_task_that_an_up_was_broken_off_while_starting_is_asked_for(
    there: bool, by: str, emulated: Emulator
) -> None:
    of = _resource("lobby")
    if by != "the engine":
        urn = of["urn"].replace(":dev:", ":other:") if by == "another stack" else of["urn"]
        Note(urn, of["type"], of["inputs"]).write()  # and never forgotten, as when the process is killed
    text = _noted() if by in ("the engine", "both") else export()
    state = read_export(text, "acme/shop/dev")
    if there:
        emulated.rtc.start()
    report = detect.detect_drift([state], Dependencies(now=lambda: NOW))
    assert [one.id for one in report.unmanaged] == ["661e/Room1/Task1"] * (there and by != "another stack")
    assert all("interrupted" in one.note for one in report.unmanaged)
    assert report.exit_code == 0
    emulated.fault("malformed", times=None)
    report = detect.detect_drift([state], Dependencies(now=lambda: NOW))
    assert report.exit_code == (0 if by == "another stack" else 2)
    if there:
        emulated.clear_faults()
        emulated.rtc.stop()
        assert detect.detect_drift([state], Dependencies(now=lambda: NOW)).unmanaged == ()


LEFT: dict[str, tuple[list[dict[str, Any]], str, str]] = {
    "once": ([{}, {"urn": "hall"}], "661e/Room1/Task1", "or runs of acme/shop/dev; the next `up` adopts it"),
    "without a secret": ([{"secret": ["appId"]}], "[secret]/Room1/Task1", "interrupted, or runs of acme"),
    "of another time": ([{"at": 0.0}], "661e/Room1/Task1", "asked for one of this id or name for lobby, but"),
    "not of another project": ([{"project": "books"}], "", ""),
    "not if another stack has it": ([{}], "", ""),
}


@pytest.mark.parametrize("name", LEFT)
def test_what_is_left_is_named_once_in_true_words(name: str, emulated: Emulator) -> None:
    changes, shown, words = LEFT[name]
    emulated.rtc.start()
    task = _resource("lobby", "Task1")
    for change in changes:
        parts = task["urn"].split("::")
        parts[1], parts[3] = change.get("project", parts[1]), change.get("urn", parts[3])
        more = {key: change[key] for key in change if key in ("secret", "at")}
        Note("::".join(parts), task["type"], task["inputs"], **more).write()
    stacks = [read_export(export(), "acme/shop/dev")]
    if "another stack" in name:
        there = {**task, "urn": task["urn"].replace(":dev:", ":prod:")}
        stacks.append(read_export(export(there), "acme/shop/prod"))
    found = detect.detect_drift(stacks, Dependencies(now=lambda: NOW)).unmanaged
    assert [one.id for one in found] == ([shown] if shown else [])
    assert [one.note for one in found if words not in one.note] == []


def test_a_job_whose_up_was_broken_off_is_found_where_nothing_else_is_recorded(emulated: Emulator) -> None:
    """State has the engine's note of the create alone, with its inputs."""
    with contextlib.closing(Mps(emulated)) as mps:
        runs = mps.submitted(UserData=f"{owner_tag('shop.dev.stills')}abc-{state_tag('the-state')}")["Id"]
    inputs = {"owner": "shop.dev.stills", "input": {"location": "oss-cn-hangzhou"}}
    noted = {"type": "creating", "resource": resource("alibaba:SnapshotJob", "stills", "", inputs)}
    kind = "pulumi:providers:pulumi-python"
    provider = {"type": kind, "id": "the-state", "urn": f"urn:pulumi:dev::shop::{kind}::default"}
    state = read_export(export(provider, pending_operations=[noted]), "dev")
    report = detect.detect_drift([state], Dependencies(now=lambda: NOW))
    assert [one.id for one in report.unmanaged] == [runs]
    assert "an `up` was interrupted" in report.unmanaged[0].note


def test_a_note_of_a_task_that_was_made_later_is_old_news() -> None:
    assert read_export(_noted("lobby"), "dev").pending_creates == ()
    assert [task.name for task in read_export(_noted("hall"), "dev").pending_creates] == ["lobby"]


def test_two_entries_with_one_task_are_one_finding() -> None:
    """A rename was interrupted: the engine writes the new entry before what that run did not come to."""
    text = _noted("foyer", "hall", "lobby").replace("Room1/lobby", "Room1/foyer")
    stack = read_export(text, "dev")
    assert [one.name for one in (*stack.tasks, *stack.shared)] == ["foyer", "hall", "lobby"]
    assert len(stack.shared) == 1
    report = checked(_present, stack)
    assert sum(report.counts.values()) == 2
    assert any("dev: foyer and lobby are one task, listed once" in line for line in report.scope)


def job(number: int, owner: str, hours_ago: float, state_id: str = "") -> SnapshotJob:
    tag, created = f"-{state_tag(state_id)}" if state_id else "", NOW - timedelta(hours=hours_ago)
    text = f"{owner_tag(owner)}abc{tag}" if owner else "mine"
    return SnapshotJob(id=f"{number:032x}", state="Success", user_data=text, creation_time=created)


def _stills(**more: Any) -> tuple[RecordedResource, Stack]:
    properties = {"owner": "shop.dev.stills", "input": {"location": "oss-cn-hangzhou"}, **more}
    recorded = RecordedResource("stills", FILE, f"{1:032x}", properties, "urn", properties)
    return recorded, Stack("dev", (recorded,), state_ids={"ours": ""})


UNMANAGED: dict[int, tuple[SnapshotJob, str | None]] = {
    number: (job(number, owner, hours, state), words)
    for number, (owner, hours, state, words) in enumerate(load("drift_unmanaged.json"), 1)
}
"""Listed jobs by number, the first of which is recorded, with what is reported of each; None: managed."""


def test_jobs_that_nobody_manages_are_named_and_earlier_runs_are_not() -> None:
    since, listed = NOW - timedelta(hours=6), [one for one, _ in UNMANAGED.values()]
    recorded = _stills(creationTime=(NOW - timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%SZ"))
    *orphans, scope = unmanaged([recorded], lambda *_: (listed, since), lambda *_: {})
    notes = {int(one.id, 16): one.note for one in orphans if isinstance(one, Unmanaged)}
    expected = {number: words for number, (_, words) in UNMANAGED.items() if words is not None}
    assert set(notes) == set(expected)
    for number, words in expected.items():
        assert words in notes[number]
    assert notes[11] == ""
    assert "among 11 (since 2026-08-04 06:00:00 UTC)" in str(scope)


def _room(number: int) -> tuple[RecordedResource, Stack]:
    inputs = {**ROOM, "appId": "auto", "roomId": f"r{number}", "taskId": "mine"}
    recorded = RecordedResource(f"r{number}", LIVE, f"auto/r{number}/mine", inputs, f"urn{number}", inputs)
    return recorded, Stack("dev", (recorded,))


@pytest.mark.parametrize(
    ("rooms", "automatic", "found", "scope"),
    [
        (1, [], [], "of 2 users in 1 of the 1 declared rooms"),
        (3, [1], ["auto/r1/user0", "auto/r1/user1", "auto/r1/late"], "of 7 users in 3 of the 3"),
        (30, [], [], "of 16 users in 8 of the 30"),
        (30, [29], [], "of 16 users in 8 of the 30"),
        (30, [2, 29], ["auto/r2/user0", "auto/r2/late", "auto/r29/user0"], "of 62 users in 30 of the 30"),
    ],
    ids=["none", "one-room", "many-rooms-none", "only-beyond-the-first-look", "many-rooms"],
)
def test_automatic_tasks_of_declared_rooms_are_found_by_the_users_who_are_there(
    emulated: Emulator, rooms: int, automatic: list[int], found: list[str], scope: str
) -> None:
    for number in automatic:
        room = f"/rooms/auto/r{number}"
        emulated.request("PUT", room, {"autoSnapshot": {"interval": 3}})
        for user in ("late", "gone"):
            emulated.request("PUT", f"{room}/users/{user}", {})
        emulated.request("DELETE", f"{room}/users/gone")
    *tasks, reported = automatic_tasks([_room(number) for number in range(rooms)])
    listed = [one for one in tasks if isinstance(one, Unmanaged)]
    assert set(found) <= {one.id for one in listed}
    assert len(listed) == (3 * len(automatic) if found else 0)
    assert {one.state for one in listed} <= {"running"}
    assert all("GetRoomOnlineUsers" in one.note for one in listed)
    assert scope in str(reported)


def test_automatic_tasks_that_cannot_be_looked_for_are_reported_as_unknown() -> None:
    class Refusing:
        def online_users(self, *_: str) -> Any:
            raise Rejected("GetRoomOnlineUsers", "not allowed", code="AccessDenied")

    [scope] = automatic_tasks([_room(1), _room(2)], lambda *_: Refusing())  # type: ignore[arg-type]
    assert "automatic tasks are not known: GetRoomOnlineUsers" in str(scope)


def test_jobs_that_a_media_workflow_made_are_marked(
    emulated: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "MAX_EXECUTIONS", 3)
    with contextlib.closing(Mps(emulated)) as mps:
        texts = ("", "mine", f"{owner_tag('x')}abc", *(["a"] * 6))
        made, other, ours, *more = (mps.submitted(UserData=text)["Id"] for text in texts)
    for job_id in (*more, ours, made):
        emulated.request("PUT", f"/jobs/{job_id}", {"workflow": "thumbs"})
    before = emulated.last_call()
    found = {one.id: one.note for one in unmanaged([_stills()]) if isinstance(one, Unmanaged)}
    assert {found[job_id] for job_id in (made, *more)} == {"made by media workflow 'thumbs'"}
    assert (found[other], "another stack" in found[ours]) == ("", True)
    actions = [call["action"] for call in emulated.calls(before)]
    assert actions.count("ListMediaWorkflowExecutions") == 3


def test_a_list_of_executions_that_fails_is_reported_and_the_jobs_are_listed_all_the_same() -> None:
    def refuse(*_: Any) -> Any:
        raise Rejected("ListMediaWorkflowExecutions", "not allowed", code="Forbidden.RAM")

    scope, orphan, _ = unmanaged([_stills()], lambda *_: ([job(5, "", 1)], None), refuse)
    assert "which jobs a media workflow made is not known: ListMediaWorkflowExecutions" in str(scope)
    assert isinstance(orphan, Unmanaged)
    assert orphan.note == ""
    # No job without a token: nothing to ask for.
    known = unmanaged([_stills()], lambda *_: ([job(4, "o", 1)], None), refuse)
    assert [type(one) for one in known] == [Unmanaged, str]
