"""Every command under what its surroundings do to it: broken input, an odd locale, a full disk, ^C."""

import contextlib
import errno
import html
import importlib
import io
import itertools
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from integration.report.drift_samples import report, stack
from pulumi_videosnap.cli import COMMANDS, main
from pulumi_videosnap.core.lifecycle import Present
from pulumi_videosnap.drift.compare import lost_frames
from pulumi_videosnap.drift.html import as_html
from pulumi_videosnap.drift.markdown import as_markdown
from pulumi_videosnap.drift.text import as_text
from pulumi_videosnap.kinds import kinds
from pulumi_videosnap.report.base import write_file
from pulumi_videosnap.state import recorded_resource
from support.data import read
from support.exports import export as state
from support.fake_server import FakeServer, Response
from support.sampling import sample

URN = "urn:pulumi:dev::shop::pulumi-python:dynamic/volcengine:SnapshotTask::"
SIGNATURE = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}
NAME = "Übersicht概览"
INPUTS = {"appId": "app", "roomId": "hush-room", "taskId": "Task1", "imageConfig": {"interval": 5}}
FAKE = read("programs/fake_pulumi.txt")


NO_SUCH_TASK = {"ResponseMetadata": {"Error": {"Code": "InvalidParameter.ErrorActiveTaskNotFound"}}}
STARTED, AN_HOUR_LATER = "2026-05-01T12:00:00Z", {"Date": "Fri, 01 May 2026 13:00:00 GMT"}
NO_TASK = Response(400, json.dumps(NO_SUCH_TASK).encode(), AN_HOUR_LATER)
"""What the service says of every task: an hour after its start it is gone, which is a finding."""


def task(name: str = NAME, **more: Any) -> dict[str, Any]:
    found = {"id": "app/hush-room/Task1", "type": "pulumi-python:dynamic/volcengine:SnapshotTask"}
    outputs = {**INPUTS, "startTime": STARTED}
    blocks = {"urn": URN + name, "inputs": INPUTS, "outputs": outputs, "pendingReplacement": True}
    return {**found, **blocks, **more}


def step(**more: Any) -> str:
    return json.dumps({"steps": [{"op": "create", "urn": URN + NAME, "newState": task(), **more}]})


class Engine:
    """A `pulumi` on PATH that prints what it is given, and records how it was called."""

    def __init__(self, folder: Path, service: str) -> None:
        self.folder = folder
        self.environment = {
            "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
            "FAKE": str(folder),
            "VOLCENGINE_RTC_ENDPOINT": service,
            "VOLCENGINE_ACCESS_KEY": "AKLTexample",
            "VOLCENGINE_SECRET_KEY": "example",
            "VIDEOSNAP_QUOTA_DIR": str(folder / "quota"),
        }
        (folder / "pulumi").write_text(FAKE)
        (folder / "pulumi").chmod(0o755)

    def prints(self, text: str, code: int = 0) -> None:
        (self.folder / "out").write_text(text, encoding="utf-8")
        (self.folder / "code").write_text(str(code))

    def read(self, name: str) -> str:
        return (self.folder / name).read_text("utf-8")


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    with FakeServer(NO_TASK) as server:
        yield server.endpoint


@pytest.fixture
def engine(tmp_path: Path, service: str, monkeypatch: pytest.MonkeyPatch) -> Engine:
    made = Engine(tmp_path, service)
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    return made


Ran = tuple[int, str, str]
Run = Callable[..., Ran]


@pytest.fixture
def run(engine: Engine, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command in this process: its exit code, stdout and stderr."""

    def ran(*words: str, stdin: bytes = b"") -> Ran:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code = main(words)
        return code, *capsys.readouterr()

    return ran


def refused(ran: Ran, *named: str) -> None:
    """The command failed with one line, which names something and is no excuse for a mistake of ours."""
    code, out, err = ran
    assert (code, out, len(err.splitlines()), "unexpected" in err) == (2, "", 1, False), ran
    assert not [name for name in named if name not in err], err


CONTRADICTIONS = {
    "drift --stack a --all": "--all",
    "drift --all --state -": "--state",
    "drift --heal --state -": "--heal",
    "drift --yes": "--yes",
    "review --refresh -": "--refresh",
    "review --floor -1": "--floor",
    "review --idle -1": "--idle",
    "frames --stack a --state -": "--state",
    "frames --follow --json": "--json",
    "frames --follow --sheet a.html": "--sheet",
    "frames --follow --download .": "--download",
    **{f"frames --follow --every {seconds}": "--every" for seconds in ("0", "-1", "nan", "inf")},
}


@pytest.mark.parametrize("words", CONTRADICTIONS)
def test_options_that_exclude_each_other_are_refused_before_anything_runs(
    words: str, run: Run, engine: Engine
) -> None:
    refused(run(*words.split()), f"{CONTRADICTIONS[words]}: ")
    assert not (engine.folder / "calls").exists()


_NO_OPERATIONS: list[Any] = [None, {}, {"resource": None}, "x"]
_NO_RESOURCES: list[Any] = [None, 1, "x", []]
BROKEN_STATES: dict[str, list[str]] = {
    "resources[0]": [state(one) for one in _NO_RESOURCES],
    "resources[1].inputs": [state(task(), task(inputs=block)) for block in ([1], "x", 7)],
    "resources[1].outputs": [state(task(), task(outputs=block)) for block in ([1], True)],
    "pending_operations[0]": [state(pending_operations=[one]) for one in _NO_OPERATIONS],
    "pending_operations[1].resource": [
        state(pending_operations=[{"resource": task(), "type": "updating"}, {"resource": 1}])
    ],
    "not a Pulumi stack export; create one with `pulumi stack export`": [
        state(task(inputs={**INPUTS, "appId": {**SIGNATURE, "plaintext": "{"}})),
        state(task(), manifest={"time": 5}),
        state(task())[:-9],
        '{"deployment": ' + "[" * 100_000,
        json.dumps({"deployment": {"resources": 1}}),
        step(),
        *("", "hello", "null", "{}", "[]", '{"deployment": 1}', '{"resources": []}'),
    ],
}


@pytest.mark.parametrize("named", BROKEN_STATES)
@pytest.mark.parametrize("command", ["drift", "frames"])
def test_a_broken_state_is_one_line(command: str, named: str, run: Run, engine: Engine) -> None:
    for text in BROKEN_STATES[named]:
        refused(run(command, "--state", "-", stdin=text.encode()), named)
        engine.prints(text)
        refused(run(command), named)


BROKEN_PREVIEWS = [
    *(json.dumps({"steps": steps}) for steps in ([None], [1], {"a": 1}, "x", 5, [{"op": "create"}])),
    *(step(**{name: odd}) for name in ("oldState", "newState") for odd in ([1], "x", 5)),
    *(json.dumps({"steps": [], "diagnostics": odd}) for odd in ([None], [1], 5)),
    *(json.dumps({"steps": [], "changeSummary": odd}) for odd in ([1], {"same": "x"}, 5)),
    *(json.dumps({"steps": [], "config": odd}) for odd in ([1], "x")),
    step(detailedDiff=5),
    step(newState=task(inputs=[1])),
    step()[:-5],
    '{"steps": ' + "[" * 100_000,
    state(task()),
]


def test_a_broken_preview_is_one_line(run: Run, engine: Engine) -> None:
    for text in BROKEN_PREVIEWS:
        refused(run("review", "-", stdin=text.encode()), "not a Pulumi preview")
        engine.prints(text)
        refused(run("review"), "not a Pulumi preview")
    events = "".join(json.dumps({"sequence": at, "timestamp": 1, "cancelEvent": {}}) + "\n" for at in (0, 1))
    refused(run("review", "-", stdin=events.encode()), "unset PULUMI_ENABLE_STREAMING_JSON_PREVIEW")


def test_a_failed_preview_is_never_taken_for_one_without_changes(run: Run, engine: Engine) -> None:
    for text in ("", "{}", '{"steps": []}', "error: no stack selected"):
        engine.prints(text, code=1)
        refused(run("review"), "`pulumi preview` failed")


AROUND: dict[str, Callable[[str], bytes]] = {
    "log lines before": lambda text: f"Previewing update (dev):\n[1/2] plugins\n{{x}}\n{text}".encode(),
    "log lines as JSON": lambda text: f'{{"level": "info"}}\n{text}\n{{"level": "warn"}}\n'.encode(),
    "log lines after": lambda text: f"{text}\nwarning: a new version\n".encode(),
    "several lines": lambda text: f"hello\n{json.dumps(json.loads(text), indent=4)}\n".encode(),
    "UTF-8 with a mark": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "UTF-16": lambda text: text.encode("utf-16"),
}


@pytest.mark.parametrize("around", AROUND)
def test_a_document_is_found_in_what_was_piped(around: str, run: Run) -> None:
    code, out, _ = run("drift", "--state", "-", stdin=AROUND[around](state(task())))
    assert (code, NAME in out) == (1, True), out
    code, out, _ = run("review", "--no-measure", "-", stdin=AROUND[around](step()))
    assert (code, NAME in out) == (0, True), out


def test_options_of_the_callers_shell_do_not_reach_the_engine(
    run: Run, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPTION_SHOW_SECRETS", "OPTION_TARGET", "OPTION_VERSION", "ENABLE_STREAMING_JSON_PREVIEW"):
        monkeypatch.setenv(f"PULUMI_{name}", "true")
    monkeypatch.setenv("PULUMI_STACK", "dev")
    for words, text in ((["drift"], state()), (["frames"], state()), (["review"], '{"steps": []}')):
        engine.prints(text)
        assert run(*words)[0] == 0
        found = engine.read("env")
        assert ("PULUMI_OPTION_" in found, "STREAMING" in found, "PULUMI_STACK=dev" in found) == (0, 0, 1)


ERRORS = {
    KeyError("hush"): (2, "unexpected KeyError"),
    RecursionError(): (2, "unexpected RecursionError"),
    MemoryError(): (2, "unexpected MemoryError"),
    ImportError("hush"): (2, "unexpected ImportError"),
    UnicodeEncodeError("ascii", "hush", 0, 1, "hush"): (2, "unexpected UnicodeEncodeError"),
    OSError(errno.ENOSPC, "No space left on device", "/x/y"): (2, "/x/y: No space left on device"),
    OSError("hush"): (2, "unexpected OSError"),
    KeyboardInterrupt(): (130, "interrupted"),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_no_crash_is_exit_code_1(command: str, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    module = importlib.import_module(COMMANDS[command][0])
    for error, (code, named) in ERRORS.items():

        def crash(*_: object, error: BaseException = error) -> None:
            raise error

        monkeypatch.setattr(module, "main", crash)
        ended, out, err = run(command)
        assert (ended, out, len(err.splitlines())) == (code, "", 1), err
        assert err.startswith(f"videosnap {command}: {named}"), err
        assert "hush" not in err
    monkeypatch.setenv("VIDEOSNAP_DEBUG", "1")
    monkeypatch.setattr(module, "main", lambda *_: dict[str, int]()["hush"])
    ended, _, err = run(command)
    assert (ended, "Traceback" in err, "hush" in err) == (2, True, True)
    assert err.splitlines()[-1].startswith(f"videosnap {command}: unexpected KeyError in pulumi-videosnap")


REPORTS = {
    "drift": ["drift", "--html"],
    "review": ["review", "--no-measure", "--html"],
    "frames": ["frames", "--sheet"],
}


@pytest.mark.parametrize("command", REPORTS)
def test_a_file_is_written_as_a_whole_or_not_at_all(
    command: str, run: Run, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.prints('{"steps": []}' if command == "review" else state())
    page = tmp_path / "page.html"
    page.write_text("old")
    beside = set(tmp_path.iterdir()) | {tmp_path / "calls", tmp_path / "env"}
    for target, why in (
        (tmp_path / "absent/page.html", "No such file"),
        (page / "x", "Not a directory"),
        (tmp_path, "s a directory"),
    ):
        code, out, err = run(*REPORTS[command], str(target))
        assert (code, bool(out), len(err.splitlines())) == (2, True, 1), "the report itself is not lost"
        assert f"{REPORTS[command][-1]}: {target} cannot be written" in err
        assert why in err
    write = Path.write_text

    def full(path: Path, text: str, **more: Any) -> int:
        write(path, text[:5], **more)
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(Path, "write_text", full)
        assert run(*REPORTS[command], str(page))[0] == 2
    assert (page.read_text(), set(tmp_path.iterdir())) == ("old", beside)
    link = tmp_path / "link.html"
    link.symlink_to(page)
    assert run(*REPORTS[command], str(link))[0] == 0
    assert (link.is_symlink(), page.read_text()[:9].lower()) == (True, "<!doctype")
    write_file(Path(os.devnull), "text", "--html")
    assert not Path(os.devnull).is_file(), "a device is written to, never replaced"


NAMES = ["front door", "it's here", "a$b`c`"[:3], 'say "so"', "a;b&c", "Über$(x)"]


def reports(found: Any) -> Iterator[str]:
    yield "\n".join(as_text(found)).replace("\n    ", " ")
    yield html.unescape(as_markdown(found))
    yield html.unescape(as_html(found))


@pytest.mark.parametrize("name", NAMES)
def test_a_command_to_paste_names_the_same_resource_in_a_shell(name: str) -> None:
    """Also one that is a child of a component, in a report whose lines are short."""
    kind = next(kind for kind in kinds() if kind.token == "alibaba:SnapshotJob")
    urn = f"urn:pulumi:dev::shop::my:Site$my:Floor$pulumi-python:dynamic/{kind.token}::{name}"
    bucket = {"bucket": "frames", "location": "oss-cn-hangzhou", "object": "{Count}.jpg"}
    outputs = {"frames": ["1.jpg"], "snapshotConfig": {"outputFile": bucket}, "status": "success"}
    job = recorded_resource({"urn": urn, "outputs": outputs, "inputs": outputs}, kind)
    found = lost_frames([(job, Present(outputs, outputs))], lambda _, keys: keys)[urn]
    for text in reports(report(stack(found))):
        (command,) = re.findall(r"pulumi up --replace .*?(?=`|</code>)", text)
        assert shlex.split(command) == ["pulumi", "up", "--replace", urn]


@pytest.mark.parametrize("value", [{"plaintext": '"canary"'}, {"ciphertext": "v1:abc"}])
@pytest.mark.parametrize("field", ["appId", "roomId", "taskId"])
def test_a_secret_in_an_id_is_in_no_report(
    field: str, value: dict[str, str], run: Run, tmp_path: Path
) -> None:
    """The id of a task repeats three of its inputs."""
    clear, page = {**INPUTS, field: "canary"}, tmp_path / "page.html"
    id_, inputs = "{appId}/{roomId}/{taskId}".format(**clear), {**INPUTS, field: {**SIGNATURE, **value}}
    for outputs, form in itertools.product((clear, inputs), ("--json", "--markdown", "", f"--html={page}")):
        text = state(task(id=id_, inputs=inputs, outputs={**outputs, "startTime": STARTED}))
        code, *printed = run("drift", "--state", "-", *filter(None, [form]), stdin=text.encode())
        text = html.unescape("".join([*printed, *(page.read_text() for _ in form.split("=")[1:])]))
        shown = id_.replace("canary", "[secret]") in re.sub(r"</?\w+>", "", text)
        assert (code, "canary" in text, shown) == (1, False, True), form


def test_json_is_ascii(run: Run) -> None:
    odd = "a\u202eb\u2066\x1b[31m\x9b\u200bä"
    for words, text in (
        (["drift", "--json", "--state", "-"], state(task(odd))),
        (["frames", "--json", "--state", "-"], state(task(odd, pendingReplacement=False))),
        (["review", "--json", "--no-measure", "-"], step(urn=URN + odd)),
    ):
        out = run(*words, stdin=text.encode())[1]
        assert (out.isascii(), out.replace("\n", "").isprintable()) == (True, True)
        assert odd in json.dumps(json.loads(out), ensure_ascii=False).replace("\\u001b", "\x1b")


def start(engine: Engine, *words: str, **more: Any) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "pulumi_videosnap.cli", *words]
    environment = {**os.environ, **engine.environment, **more.pop("env", {})}
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more}
    return subprocess.Popen(command, env=environment, start_new_session=True, **streams)


def _latin(folder: Path) -> dict[str, str]:
    made = folder / "locale" / "de_DE.ISO-8859-1"
    made.parent.mkdir()
    command = ["localedef", "-i", "de_DE", "-f", "ISO-8859-1", str(made)]
    with contextlib.suppress(FileNotFoundError):
        subprocess.run(command, capture_output=True, check=False)
    if not made.exists():
        pytest.skip("no localedef, or none of its sources")
    return {"LOCPATH": str(made.parent), "LC_ALL": made.name}


BARE = {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
LOCALES: dict[str, tuple[Callable[[Path], dict[str, str]], bytes]] = {
    "ISO-8859-1": (_latin, "Übersicht".encode("latin-1") + rb"\u6982\u89c8"),
    "C": (lambda _: {"LC_ALL": "C"}, rb"\xdcbersicht\u6982\u89c8"),
    "cp1252": (lambda _: {"PYTHONIOENCODING": "cp1252"}, "Übersicht".encode("cp1252") + rb"\u6982\u89c8"),
}


@pytest.mark.parametrize("name", sample(list(LOCALES), 0.34))
def test_utf_8_to_and_from_the_engine_in_any_locale(name: str, engine: Engine, tmp_path: Path) -> None:
    environment, shown = LOCALES[name]
    engine.prints(state(task()))
    process = start(engine, "drift", "--stack", "Übersicht", env={**BARE, **environment(tmp_path)})
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (1, b""), err
    assert shown in out
    assert ("--stack Übersicht " in engine.read("calls")) is (name != "ISO-8859-1")  # typed as UTF-8 there


@pytest.mark.parametrize("stream", sample(["stdout", "stderr"], 0.5))
def test_output_that_cannot_be_written_is_exit_code_2(stream: str, engine: Engine) -> None:
    engine.prints(state(task()) if stream == "stdout" else "nonsense")
    with Path("/dev/full").open("wb") as full:
        process = start(engine, "drift", **{stream: full}) if stream == "stdout" else start(engine, "drift")
        err = process.communicate(timeout=60)[1]
    assert (process.returncode, len(err.splitlines())) == (2, 1), err


@pytest.mark.parametrize("waits_for", sample(["the engine", "a service"], 0.5))
def test_interrupt_is_one_line_and_130(waits_for: str, engine: Engine, tmp_path: Path) -> None:
    """The engine ends in good order first; a service that does not answer is not waited for."""
    with socket.create_server(("127.0.0.1", 0)) as silent, contextlib.ExitStack() as connected:
        silent.settimeout(60)
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        env = {"VOLCENGINE_RTC_ENDPOINT": endpoint, "HOME": str(tmp_path)}
        if waits_for == "a service":
            engine.prints(state(task(pendingReplacement=False)))
        process = start(engine, "drift", env=env)
        if waits_for == "a service":
            connected.enter_context(silent.accept()[0])
        else:
            while not (tmp_path / "env").exists():
                process.poll()
                assert process.returncode is None
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (130, b"", b"videosnap drift: interrupted\n")
    assert (tmp_path / "calls").read_text().endswith("ended\n") is (waits_for == "the engine")
