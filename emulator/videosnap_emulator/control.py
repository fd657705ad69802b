"""The control API: what tests and the page use to look into the world and to change it. Loopback only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from videosnap_emulator import changes
from videosnap_emulator.asked import Work, answered, number, query_whole, read_fields
from videosnap_emulator.assumptions import ASSUMPTIONS
from videosnap_emulator.clock import rfc3339
from videosnap_emulator.faults import FieldError, fault_from
from videosnap_emulator.files import PageFiles, json_answer, picture_answer, picture_url
from videosnap_emulator.gate import Gate
from videosnap_emulator.guard import Guard
from videosnap_emulator.rooms import Room
from videosnap_emulator.store import Store
from videosnap_emulator.tasks import Frame, Json, RoomKey, Status, TaskKey, task_view
from videosnap_emulator.world import World

#: Seconds; a century keeps dates within what the answers' formats can write.
_LONGEST_ADVANCE = 100 * 366 * 86_400
_MOST_FRAMES = 10_000


def _task_key(request: Request) -> TaskKey:
    names = request.path_params
    return TaskKey(names["app"], names["room"], names["task"])


def _room_key(request: Request) -> RoomKey:
    return RoomKey(request.path_params["app"], request.path_params["room"])


def _seconds(asked: Any, least: float) -> float:
    given = read_fields(asked, {"seconds": number(least, _LONGEST_ADVANCE)})
    if "seconds" not in given:
        raise FieldError("seconds", "is required")
    return float(given["seconds"])


def _frame_view(frame: Frame) -> Json:
    return {
        "bucket": frame.bucket,
        "key": frame.key,
        "time": rfc3339(frame.time),
        "userId": frame.user_id,
        "streamType": frame.kind,
        "url": picture_url(frame.bucket, frame.key),
        "size": frame.size,
    }


class Control:
    """The control API's operations; each is one short method."""

    def __init__(self, world: World, gate: Gate, store: Store, empty_store: Callable[[], None]):
        self._world, self._gate, self._store = world, gate, store
        self._empty_store = empty_store

    def health(self, _request: Request, _asked: Any) -> Response:
        """Say that the emulator is up."""
        return json_answer({"status": "ok"})

    def tasks(self, request: Request, _asked: Any) -> Response:
        """List the tasks, newest first."""
        wanted = request.query_params.get("status")
        if wanted is not None and wanted not in [status.value for status in Status]:
            raise FieldError("status", "is not a status")
        with self._world.at_now() as (state, _):
            newest = sorted(state.tasks.values(), key=lambda task: -task.number)
            shown = [task_view(task) for task in newest if wanted in (None, task.status.value)]
        return json_answer({"tasks": shown})

    def change_task(self, request: Request, asked: Any) -> Response:
        """Change a task without a signature."""
        return json_answer(task_view(changes.change_task(self._world, _task_key(request), asked)))

    def stop_task(self, request: Request, _asked: Any) -> Response:
        """Stop a task as StopSnapshot would."""
        self._world.stop(_task_key(request))
        task, _ = self._world.find(_task_key(request))
        return json_answer(task_view(task) if task else {})

    def calls(self, request: Request, _asked: Any) -> Response:
        """List the calls after number `after`."""
        shown, last = self._world.calls_after(query_whole(request, "after", 0))
        return json_answer({"calls": [call.view() for call in shown], "last": last})

    def clear_calls(self, _request: Request, _asked: Any) -> Response:
        """Empty the journal."""
        self._world.clear_calls()
        return json_answer({"last": self._world.journal.last})

    def rooms(self, _request: Request, _asked: Any) -> Response:
        """List the rooms that were configured or that have tasks."""
        with self._world.at_now() as (state, _):
            return json_answer({"rooms": [room.view() for room in state.known_rooms()]})

    def room(self, request: Request, _asked: Any) -> Response:
        """Show one room."""
        return json_answer(self._room(_room_key(request)).view())

    def _room(self, key: RoomKey) -> Room:
        with self._world.at_now() as (state, _):
            return state.room(key)

    def change_room(self, request: Request, asked: Any) -> Response:
        """Set a room's automatic snapshots."""
        return json_answer(changes.set_auto_snapshot(self._world, _room_key(request), asked).view())

    def user(self, request: Request, _asked: Any) -> Response:
        """Show one user of a room."""
        user = self._room(_room_key(request)).users.get(request.path_params["user"])
        return json_answer(user.view()) if user else json_answer({"error": "no such user"}, 404)

    def put_user(self, request: Request, asked: Any) -> Response:
        """Let a user join or switch their streams."""
        name = request.path_params["user"]
        return json_answer(changes.put_user(self._world, _room_key(request), name, asked or {}).view())

    def remove_user(self, request: Request, _asked: Any) -> Response:
        """Let a user leave or drop out."""
        how = request.query_params.get("voluntarily", "true")
        if how not in ("true", "false"):
            raise FieldError("voluntarily", "must be true or false")
        name = request.path_params["user"]
        if not changes.remove_user(self._world, _room_key(request), name, how == "true"):
            return json_answer({"error": "no such user"}, 404)
        return json_answer({"userId": name})

    def clock(self, _request: Request, _asked: Any) -> Response:
        """Show the emulated and the host's time."""
        now, real, advanced = self._world.clock_view()
        about = {"now": rfc3339(now), "real": rfc3339(real), "advancedSeconds": advanced / 1000}
        return json_answer({**about, "pace": self._world.pace, "skewSeconds": self._gate.skew})

    def advance(self, request: Request, asked: Any) -> Response:
        """Jump ahead; frames that fall due are taken before the answer."""
        self._world.advance(round(_seconds(asked, 0) * 1000))
        return self.clock(request, None)

    def skew(self, request: Request, asked: Any) -> Response:
        """Set the clock that signatures are checked against wrong by so many seconds."""
        self._gate.skew = _seconds(asked, -_LONGEST_ADVANCE)
        return self.clock(request, None)

    def faults(self, _request: Request, _asked: Any) -> Response:
        """List the faults in force."""
        return json_answer({"faults": self._gate.faults.view()})

    def set_faults(self, request: Request, asked: Any) -> Response:
        """Replace the faults."""
        given = read_fields(asked, {"faults": _fault_list})
        self._gate.faults.set(given.get("faults", []))
        return self.faults(request, None)

    def clear_faults(self, request: Request, _asked: Any) -> Response:
        """Lift all faults."""
        self._gate.faults.set([])
        return self.faults(request, None)

    def assumptions(self, _request: Request, _asked: Any) -> Response:
        """List what the vendor's documents leave open."""
        return json_answer({"assumptions": [entry._asdict() for entry in ASSUMPTIONS]})

    def quota(self, _request: Request, _asked: Any) -> Response:
        """Show how many calls each action had in the last second."""
        return json_answer({"quota": self._gate.quota.view()})

    def reset(self, request: Request, _asked: Any) -> Response:
        """Start over: world, clock, journal, faults, quota and the store's contents."""
        self._gate.reset()
        self._world.reset(self._empty_store)
        return self.clock(request, None)

    def frames(self, request: Request, _asked: Any) -> Response:
        """List stored frames, newest first."""
        of = tuple(request.query_params.get(name) for name in ("app", "room", "task"))
        limit = min(_MOST_FRAMES, query_whole(request, "limit", 100))
        found = self._world.frames((of[0], of[1], of[2]), limit)
        return json_answer({"frames": [_frame_view(frame) for frame in found]})

    def picture(self, request: Request, _asked: Any) -> Response:
        """Return one stored picture."""
        return picture_answer(self._store, request.path_params["bucket"], request.path_params["key"])


def _fault_list(name: str, value: object) -> list[Any]:
    if not isinstance(value, list):
        raise FieldError(name, "must be an array")
    return [fault_from(item, f"{name}[{place}]") for place, item in enumerate(value)]


def _routes(control: Control) -> list[tuple[str, str, Work]]:
    task, room = "/tasks/{app}/{room}/{task}", "/rooms/{app}/{room}"
    user = room + "/users/{user}"
    return [
        ("GET", "/health", control.health),
        ("GET", "/tasks", control.tasks),
        ("PUT", task, control.change_task),
        ("POST", task + "/stop", control.stop_task),
        ("GET", "/calls", control.calls),
        ("DELETE", "/calls", control.clear_calls),
        ("GET", "/rooms", control.rooms),
        ("GET", room, control.room),
        ("PUT", room, control.change_room),
        ("GET", user, control.user),
        ("PUT", user, control.put_user),
        ("DELETE", user, control.remove_user),
        ("GET", "/clock", control.clock),
        ("POST", "/clock/advance", control.advance),
        ("PUT", "/clock/skew", control.skew),
        ("GET", "/faults", control.faults),
        ("PUT", "/faults", control.set_faults),
        ("DELETE", "/faults", control.clear_faults),
        ("GET", "/assumptions", control.assumptions),
        ("GET", "/quota", control.quota),
        ("POST", "/reset", control.reset),
        ("GET", "/frames", control.frames),
        ("GET", "/frames/{bucket}/{key:path}", control.picture),
    ]


def control_app(
    control: Control, more: Sequence[tuple[str, str, Work]], files: PageFiles, host: str
) -> Guard:
    """Return the control API, `more` of it, and the page as one guarded application."""
    works = [*_routes(control), *more]
    routes = [Route(path, answered(work), methods=[method]) for method, path, work in works]
    routes += [Route("/", files.index), Route("/page/{name}", files.file)]
    return Guard(Starlette(routes=routes), host)
