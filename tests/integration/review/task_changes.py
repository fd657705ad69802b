"""Changes of live rooms' tasks, one room each: every field, and tasks that come, go and are renamed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integration.review.changes import GET, START, STOP, Change, Declared, changed, with_all
from pulumi_videosnap.review.model import Outcome

SECRET = "never-shown"
"""What every secret begins with."""
OTHER_APP = "another-app"
TOS = {"tos_config": {"account_id": "2100000000", "bucket": "frames"}}
VOD = {"vod_config": {"account_id": "2100000000", "space": "lobby"}}
CUSTOM = {
    "custom_config": {"bucket": "frames", "access_key": f"{SECRET}-key", "secret_key": f"{SECRET}-value"}
}
NAMED = {"custom_config": {"bucket": "frames", "access_key_env": "KEY_A", "secret_key_env": "SECRET_A"}}
IMAGE_X = {"ve_image_x_config": {"account_id": "2100000000", "service_id": "stills"}}
VARIABLES = dict.fromkeys(("KEY_A", "SECRET_A", "KEY_B", "SECRET_B"), SECRET)
FORCED = "forced"
"""The resource that both preview and up are told to replace."""
USER0, USER1 = {"user_id": "user0"}, {"user_id": "user1"}
BOTH = [USER0, USER1]

IN_STORAGE: Mapping[str, tuple[Declared, Any]] = {
    "tos_config.account_id": (TOS, "2100000001"),
    "tos_config.bucket": (TOS, "media"),
    "tos_config.region": (TOS, 1),
    "vod_config.account_id": (VOD, "2100000001"),
    "vod_config.space": (VOD, "foyer"),
    "vod_config.region": (VOD, 1),
    "vod_config.storage_class": (VOD, "archive"),
    "vod_config.auto_set_file_extension": (VOD, True),
    "custom_config.bucket": (CUSTOM, "media"),
    "custom_config.vendor": (CUSTOM, "huawei"),
    "custom_config.region": (CUSTOM, 1),
    "custom_config.access_key": (CUSTOM, f"{SECRET}-key-2"),
    "custom_config.secret_key": (CUSTOM, f"{SECRET}-value-2"),
    "custom_config.access_key_env": (NAMED, "KEY_B"),
    "custom_config.secret_key_env": (NAMED, "SECRET_B"),
    "ve_image_x_config.account_id": (IMAGE_X, "2100000001"),
    "ve_image_x_config.service_id": (IMAGE_X, "posters"),
    "ve_image_x_config.region": (IMAGE_X, 1),
}
REPLACING: Mapping[str, Any] = {
    "app_id": OTHER_APP,
    "room_id": "another-room",
    "task_id": "another-task",
    "business_id": "tag",
    "max_idle_time": 300,
    "image_config.format": "png",
    "image_config.width": 96,
    "image_config.height": 36,
    "storage_config.type": "custom",
    "triggers": ["today"],
    "profile": "second",
}
STREAMS: Mapping[str, tuple[list[Declared], list[Declared]]] = {
    "target_streams.stream_list": ([USER0], BOTH),
    "target_streams.stream_list[].user_id": ([USER0], [USER1]),
    "target_streams.stream_list[].index": ([USER0], [{**USER0, "index": 3}]),
    "target_streams.stream_list[].stream_type": ([USER0], [{**USER0, "stream_type": "screen"}]),
}


def task(app: str, room: str, **values: Any) -> Declared:
    """A task that takes small pictures of one stream, one a minute."""
    return {
        "app_id": app,
        "room_id": room,
        "task_id": "stills",
        "image_config": {"interval": 60, "width": 64},
        "target_streams": {"stream_list": [USER0]},
        "storage_config": TOS,
        **values,
    }


def task_changes(app: str) -> list[Change]:
    """Every change that one preview may show."""
    return [*_fields(app), *_intervals(app), *_streams(app), *_coming_and_going(app), *_with_options(app)]


def _fields(app: str) -> list[Change]:
    storage = [
        _of_field(app, f"storage_config.{path}", value, storage_config=base)
        for path, (base, value) in IN_STORAGE.items()
    ]
    return [*(_of_field(app, path, value) for path, value in REPLACING.items()), *storage]


def _of_field(app: str, path: str, value: Any, **base: Any) -> Change:
    room = _room_of(path)
    before = task(app, room, **base)
    after = changed(before, path, value)
    if path == "storage_config.type":  # the block goes with the type
        after = {**before, "storage_config": {**CUSTOM, "type": value}}
    return Change(room, Outcome.RESTART, before, after, proves=path)


def _room_of(path: str) -> str:
    return path.replace("[]", "").replace(".", "-").replace("_config", "")


def _intervals(app: str) -> list[Change]:
    def interval(name: str, old: int, new: int, **more: Any) -> Change:
        before = changed(task(app, name), "image_config.interval", old)
        after = {**changed(before, "image_config.interval", new), **more}
        return Change(name, Outcome.IN_PLACE, before, after, proves="image_config.interval")

    together = {"image_config.interval": 120, "image_config.width": 96}
    lower = {"image_config.interval": 20, "image_config.width": 96}
    before = task(app, "x")
    return [
        interval("interval-shorter", 60, 30),
        interval("interval-longer", 60, 90),
        interval("interval-odd", 45, 25),
        interval("interval-and-switch", 60, 40, keep_running=True),
        Change(
            "keep_running",
            Outcome.RECORDED,
            task(app, "keep"),
            task(app, "keep", keep_running=True),
            proves="keep_running",
        ),
        Change(
            "frame_prefix",
            Outcome.RECORDED,
            task(app, "prefix"),
            task(app, "prefix", frame_prefix="a/"),
            proves="frame_prefix",
        ),
        *(
            Change(
                name, Outcome.RESTART, {**before, "room_id": name}, with_all({**before, "room_id": name}, to)
            )
            for name, to in {
                "interval-longer-and-width": together,
                "interval-shorter-and-width": lower,
            }.items()
        ),
    ]


def _streams(app: str) -> list[Change]:
    def streams(name: str, old: list[Declared], new: list[Declared], proves: str = "") -> Change:
        before = task(app, name, target_streams={"stream_list": old})
        after = task(app, name, target_streams={"stream_list": new})
        return Change(name, Outcome.RESTART, before, after, proves=proves)

    every = task(app, "all-streams-interval", target_streams={"stream_list": []})
    return [
        *(streams(_room_of(path), old, new, path) for path, (old, new) in STREAMS.items()),
        streams("streams-one-to-all", [USER0], []),
        streams("streams-all-to-both", [], BOTH),
        streams("streams-both-to-one", BOTH, [USER1]),
        Change(
            "all-streams-interval",
            Outcome.IN_PLACE,
            every,
            changed(every, "image_config.interval", 120),
        ),
        Change(
            "both-streams-interval",
            Outcome.IN_PLACE,
            task(app, "both-interval", target_streams={"stream_list": BOTH}),
            with_all(
                task(app, "both-interval", target_streams={"stream_list": BOTH}),
                {"image_config.interval": 120},
            ),
        ),
    ]


def _coming_and_going(app: str) -> list[Change]:
    def by_default(name: str, room: str) -> Declared:
        return changed(task(app, room), "task_id", None)

    kept, named = task(app, "renamed"), task(app, "alias")
    wider = changed(task(app, "renamed-and-slower"), "image_config.interval", 90)
    return [
        Change("added", Outcome.STARTS, None, task(app, "added")),
        Change("removed", Outcome.STOPS, task(app, "removed"), None),
        Change("same", None, task(app, "same"), task(app, "same")),
        Change("foyer", Outcome.GOES_ON, kept, kept, was="lobby"),
        Change(
            "fast-foyer",
            Outcome.GOES_ON,
            task(app, "renamed-and-slower"),
            wider,
            was="fast-lobby",
            calls=(START, GET, "UpdateSnapshot", GET),
        ),
        Change("gate", None, named, named, was="door", options_after={"aliases": ["door"]}),
        Change("porch", Outcome.STARTS, None, by_default("porch", "default-name")),
        Change("yard", Outcome.STOPS, by_default("yard", "default-name"), None),
        Change(
            "garden",
            Outcome.RESTART,
            by_default("park", "default-alias"),
            by_default("garden", "default-alias"),
            was="park",
            options_after={"aliases": ["park"]},
        ),
    ]


def _with_options(app: str) -> list[Change]:
    slower = changed(task(app, "kept-safe"), "image_config.interval", 90)
    ignored = changed(task(app, "ignored"), "image_config.interval", 90)
    return [
        Change("kept-safe", Outcome.IN_PLACE, task(app, "kept-safe"), slower, options={"protect": True}),
        Change("ignored", None, task(app, "ignored"), ignored, options={"ignore_changes": ["imageConfig"]}),
        Change(
            "retained", Outcome.FORGOTTEN, task(app, "retained"), None, options={"retain_on_delete": True}
        ),
        Change("forced", Outcome.RESTART, task(app, "forced"), task(app, "forced")),
        Change(
            "demanding",
            Outcome.RESTART,
            task(app, "demanding"),
            changed(task(app, "demanding"), "image_config.interval", 90),
            options={"replace_on_changes": ["imageConfig"]},
            calls=(STOP, START, GET),
        ),
    ]
