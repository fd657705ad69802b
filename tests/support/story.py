"""A story: one stack of snapshot tasks against the emulator, from its first `up` to its empty end."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from pulumi_videosnap.core.lifecycle import Context
from pulumi_videosnap.volcengine.api import connect
from pulumi_videosnap.volcengine.lifecycle import SnapshotTaskLifecycle
from support.emulator import Emulator
from support.engine_model import EngineModel, in_process

ROOM, TASK = "Room1", "Task1"


@dataclass
class Story:
    """What a test needs to tell one, with an AppId that no other story has."""

    stack: EngineModel
    emulator: Emulator
    app: str
    ended: bool = False

    @property
    def task(self) -> str:
        return f"{self.app}/{ROOM}/{TASK}"

    def declare(self, **changes: Any) -> dict[str, Any]:
        """Inputs of a task as a program declares them; keywords change or add some."""
        return declare(self.app, **changes)

    def running(self) -> list[dict[str, Any]]:
        return self.emulator.running(self.app)

    def everybody_leaves(self) -> None:
        """Nobody publishes any more, and the task's patience (180 s) ends."""
        for user in ("user0", "user1"):
            self.emulator.request("DELETE", f"/rooms/{self.app}/{ROOM}/users/{user}")
        self.emulator.advance(181)

    def ends_settled(self, **program: dict[str, Any]) -> None:
        """Every story ends so: nothing is left to do, and destroy leaves nothing running."""
        self.ended = True
        assert self.stack.preview(program) == {}, "a second up would still change something"
        self.stack.destroy()
        assert self.running() == [], "destroy left a task running"


def task_engine(**more: Any) -> EngineModel:
    """A stack of snapshot tasks, in the environment of this process; it never waits."""

    def lifecycle(context: Context) -> SnapshotTaskLifecycle:
        account = partial(connect, config=context.config)
        return SnapshotTaskLifecycle(context, account, sleep=lambda seconds: None, **more)

    return in_process(lifecycle)


def declare(app: str, **changes: Any) -> dict[str, Any]:
    """Inputs of a task in state's spelling; keywords change or add some."""
    declared = {
        "appId": app,
        "roomId": ROOM,
        "taskId": TASK,
        "imageConfig": {"interval": 5},
        "storageConfig": {"tosConfig": {"accountId": "2100000000", "bucket": "frames"}},
    }
    return {**declared, **changes}
