"""What a user reads when a call fails: one line, and what to do next."""

from __future__ import annotations

from collections.abc import Callable

from support.cli import Project
from support.emulator import Emulator

Declare = Callable[..., None]


def _only_error(project: Project, **environment: str) -> str:
    failed = project.up(env=environment).exits(1)
    assert "Traceback" not in failed.output, failed.output
    mine = [line for line in failed.errors if line != "update failed"]
    assert len(mine) == 1, failed.output
    return mine[0]


def test_an_unknown_key(project: Project, declare: Declare) -> None:
    line = _only_error(project, VOLCENGINE_ACCESS_KEY="AKLTnobodyknowsthis")
    assert line.startswith("videosnap: StartSnapshot was refused: the access key is not known to the service")
    assert "check VOLCENGINE_ACCESS_KEY" in line


def test_a_wrong_secret(project: Project, declare: Declare) -> None:
    line = _only_error(project, VOLCENGINE_SECRET_KEY="not-the-secret")
    assert "the signature does not match" in line
    assert "SignatureDoesNotMatch" in line
    assert "check VOLCENGINE_SECRET_KEY" in line
    assert "not-the-secret" not in line


def test_no_key_at_all(project: Project, declare: Declare) -> None:
    line = _only_error(project, VOLCENGINE_ACCESS_KEY="", VOLCENGINE_SECRET_KEY="")
    assert "no Volcengine credentials: set VOLCENGINE_ACCESS_KEY and VOLCENGINE_SECRET_KEY" in line


def test_a_dead_endpoint(project: Project, declare: Declare) -> None:
    line = _only_error(project, VOLCENGINE_RTC_ENDPOINT="http://127.0.0.1:9")
    assert line.startswith("videosnap: StartSnapshot got no response: http://127.0.0.1:9")
    assert "check VOLCENGINE_RTC_ENDPOINT and the network" in line


def test_a_throttled_account(project: Project, declare: Declare, emulator: Emulator) -> None:
    emulator.fault("throttle", "StartSnapshot", times=None)
    line = _only_error(project, VIDEOSNAP_CALL_BUDGET="2")
    assert line.startswith("videosnap: StartSnapshot was throttled")
    assert "FlowLimitExceeded.QPSOverLimit" in line


def test_a_failed_call_never_looks_like_gone(
    project: Project, declare: Declare, emulator: Emulator, app: str
) -> None:
    project.up().ok()
    for fault in ("close-after", "html", "malformed", "throttle"):
        emulator.fault(fault, "GetSnapshotTask", times=None)
        failed = project.run("refresh", "--yes", "--skip-preview", env={"VIDEOSNAP_CALL_BUDGET": "1"})
        failed.exits(1)
        assert len(project.tasks()) == 1
        emulator.clear_faults()
    project.up("--refresh", "--expect-no-changes").ok()
    project.destroy().ok()


def test_debugging_shows_where(project: Project, declare: Declare) -> None:
    failed = project.up(env={"VOLCENGINE_ACCESS_KEY": "", "VIDEOSNAP_DEBUG": "1"}).exits(1)
    assert "Traceback" in failed.output
