"""A service that behaves in bad ways, at every entry point: one clear outcome, in time, in little memory."""

import gzip
import json
import os
import uuid
from collections.abc import Callable, Mapping
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from pulumi.dynamic.dynamic import serialize_provider

from integration.faults.scenarios import PROVIDERS
from integration.faults.test_answers import ENDPOINTS, JOB, KEYS, TASK, recorded
from pulumi_videosnap.http.transport import MAX_RESPONSE
from pulumi_videosnap.report.base import ExitCode
from support.data import load
from support.emulator import clean_environment
from support.exports import export
from support.fake_server import FakeServer, Request, Response
from support.plugin import DYNAMIC_TYPE, FRONTS, PluginError
from support.plugin_runs import ForkedPlugin, Forks, Runs
from support.results import HOSTILE, Count
from support.sampling import sample
from unit.http.test_transport import BAD, DRIPS

BUDGET = 1.0
LARGEST, TRIES = 150, 3
Answer = Response | Callable[[Request], Response]
OK, NOON = b"HTTP/1.1 200 OK\r\n", {"Date": "Fri, 01 May 2026 13:00:00 GMT"}


def says(value: Any, status: int = 200, headers: Mapping[str, str] = NOON) -> Response:
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return Response(status, body, {**NOON, **headers})


def answered(task: Any = None, job: Any = None, **more: Any) -> Response:
    """Documented answers of both services with some of it changed."""
    jobs = [{"Id": "b" * 32, **JOB, "Input": {}, **(job or {})}]
    result = {"SnapshotTask": {**TASK, **(task or {})}}
    listed = {"ResponseMetadata": {"RequestId": "R"}, "SnapshotJobList": {"SnapshotJob": jobs}}
    return says({**listed, "Result": result, **more})


def result_of(answer: Mapping[str, Any]) -> dict[str, Any]:
    return {"Result": answer["result"]} if "result" in answer else {}


def refused(message: str, code: str = "AccessDenied", status: int = 403) -> Response:
    error = {"Code": code, "Message": message}
    return says({**error, "ResponseMetadata": {"RequestId": message, "Error": error}}, status)


def listing_without_end(request: Request) -> Response:
    rows = b"<Contents><Key>a/%d.jpg</Key><Size>1</Size></Contents>" % id(request)
    more = b"<IsTruncated>true</IsTruncated><NextContinuationToken>x</NextContinuationToken>"
    store = request.method == "GET" and "list-type" in request.query
    return (
        says(b"<ListBucketResult>%b%b</ListBucketResult>" % (more, rows))
        if store
        else answered(NextPageToken="x" * 9)
    )


DTD = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
VALUES: tuple[Any, ...] = (None, [], {}, 7, "text", [[{}]], {"Result": []})
BEHAVIOURS: dict[str, Answer] = {
    **{f"drips: {name}": Response(raw=raw, endless=end, pause=0.002) for name, (raw, end) in DRIPS.items()},
    **{f"breaks: {name}": response for name, (response, _) in BAD.items()},
    **{
        f"answers: {name}": answered(one.get("task"), one.get("job"), **result_of(one))
        for name, one in load("rtc/hostile_answers.json").items()
    },
    "a header of 500 kB": Response(raw=OK + b"X: " + b"a" * 500_000 + b"\r\n\r\n"),
    "ten thousand headers": Response(raw=OK + b"X: a\r\n" * 10_000 + b"\r\n"),
    "a negative length": Response(raw=OK + b"Content-Length: -5\r\n\r\nhello"),
    "two lengths": Response(raw=OK + b"Content-Length: 5\r\nContent-Length: 9\r\n\r\nhello"),
    "compressed zeros": says(gzip.compress(b"0" * 20 * MAX_RESPONSE), headers={"Content-Encoding": "gzip"}),
    "a redirect to itself": lambda request: Response(307, headers={"Location": request.target}),
    "a page": says(b"<html>hello</html>", headers={"Content-Type": "text/html"}),
    "a refusal of angle brackets": says(b"<" * 96_000, 403),
    "a refusal of blanks": says(b"<p>" + b" \t" * 48_000, 502),
    "a refusal without end": Response(raw=b"HTTP/1.1 503 Busy\r\n\r\n" + b"x" * 65_536, endless=65_536),
    "nothing": says(b""),
    **{f"JSON: {value!r}": says(value) for value in VALUES},
    "deep JSON": says(b"[" * 100_000),
    "a number of 5,000 digits": says(b'{"Result": ' + b"9" * 5000 + b"}"),
    "no number": says(b'{"Result": {"SnapshotTask": {"Status": NaN, "StartTime": Infinity}}}'),
    "bytes that are no text": says(b"\xff\xfe" * 500),
    "a long message": refused("x" * 200_000),
    "control characters": refused("\x1b[31mred\x07 \u202egpj"),
    "an echo of the request": lambda request: refused(f"{request.target} {request.headers} {request.body!r}"),
    "a wait of 30 years": says({}, 429, {"Retry-After": "1000000000"}),
    "a wait of less than nothing": says({}, 429, {"Retry-After": "-1"}),
    "a clock of 1970": says({}, headers={"Date": "Thu, 01 Jan 1970 00:00:00 GMT"}),
    "a clock of no time": says({}, headers={"Date": "yesterday"}),
    "an XML bomb": says(f'<!DOCTYPE a [<!ENTITY a0 "x">{DTD}]><List>&a9;</List>'.encode()),
    "a list without end": listing_without_end,
}  # fmt: skip


def call(kind: str, method: str, plugin: ForkedPlugin, folder: Path) -> tuple[int, str]:
    found = recorded(kind, "bad")
    inputs, entry = found["inputs"], (found["id"], found["outputs"])
    if kind == "job":  # so that a delete calls the store
        found["outputs"] |= {"onDelete": "delete-frames", "frames": ["a.jpg"]}
    changed = {**inputs, **({"imageConfig": {"interval": 9}} if kind == "task" else {"waitFor": "submitted"})}
    arguments = {"create": (inputs,), "read": entry, "delete": entry, "update": (*entry, changed)}
    try:
        getattr(plugin, method)(found["urn"], *arguments[method])
    except PluginError as failed:
        return 1, str(failed)
    return 0, ""


def command(kind: str, words: list[str], plugin: ForkedPlugin, folder: Path) -> tuple[int, str]:
    found, file = recorded(kind, "bad"), folder / "file.json"
    if words[0] == "review":
        change = {**found, "inputs": {**found["inputs"], "keepRunning": True}}
        step = {"op": "update", "urn": found["urn"], "oldState": found, "newState": change}
        file.write_text(json.dumps({"steps": [step]}))
        return plugin.command(*words, str(file))
    file.write_text(export(found))
    return plugin.command(*words, "--state", str(file))


ENTRY_POINTS: dict[str, Callable[[ForkedPlugin, Path], tuple[int, str]]] = {
    "create of a task": partial(call, "task", "create"),
    "read of a task": partial(call, "task", "read"),
    "update of a task": partial(call, "task", "update"),
    "delete of a task": partial(call, "task", "delete"),
    "create of a job": partial(call, "job", "create"),
    "delete of a job": partial(call, "job", "delete"),
    "drift of a task": partial(command, "task", ["drift", "--json"]),
    "drift of a job": partial(command, "job", ["drift"]),
    "frames of a task": partial(command, "task", ["frames"]),
    "review of a task": partial(command, "task", ["review"]),
    "look-up of a job": lambda plugin, _: plugin.command("job", "b" * 32, "oss-cn-hangzhou"),
}
PAIRS = list(product(BEHAVIOURS, ENTRY_POINTS))


@pytest.mark.parametrize("behaviour", list(dict.fromkeys(pair[0] for pair in sample(PAIRS, 0.005))))
def test_one_clear_outcome_in_time(forks: Forks, tmp_path: Path, behaviour: str, count: Count) -> None:
    wrong = []
    entries = [entry for of, entry in sample(PAIRS, 0.005) if of == behaviour]
    with FakeServer(BEHAVIOURS[behaviour]) as server:
        for entry in entries:
            limit = (BUDGET + 2) * busy()
            tries = (enter(forks, tmp_path, server.endpoint, entry) for _ in range(TRIES))
            found = next((one for one in tries if one.seconds <= limit), None) or next(tries, None)
            assert found, f"{behaviour}, {entry}: more than {limit} s"
            row = {"outcome": found.outcome, "seconds": found.seconds, "megabytes": found.megabytes}
            count(HOSTILE, behaviour=behaviour, entry=entry, **row)
            if not found.is_clear or found.megabytes > LARGEST:
                wrong.append(f"{entry}: {found}")
    assert not wrong, "\n".join(wrong)


def busy() -> float:
    """How many processes wait for each processor: on a busy machine everything takes longer."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


class Outcome(NamedTuple):
    outcome: str
    output: str
    seconds: float
    megabytes: int

    @property
    def is_clear(self) -> bool:
        """Whether it is one sentence, or a whole report, and no traceback or key."""
        sentence = self.outcome != "one error" or ("\n" not in self.output and 0 < len(self.output) < 1200)
        return sentence and "Traceback" not in self.output and "canary" not in self.output


def enter(forks: Forks, folder: Path, endpoint: str, entry: str) -> Outcome:
    private = {"HOME": str(folder), "VIDEOSNAP_QUOTA_DIR": str(folder / uuid.uuid4().hex)}
    environment = {**clean_environment(), **KEYS, **private, "VIDEOSNAP_CALL_BUDGET": str(BUDGET)}
    environment |= dict.fromkeys(ENDPOINTS, endpoint)
    token, provider = PROVIDERS["job" if "job" in entry else "task"]
    front = FRONTS[list(ENTRY_POINTS).index(entry) % 2]
    runs = Runs(forks, front, DYNAMIC_TYPE + token, serialize_provider(provider()), environment)
    plugin = ForkedPlugin(runs, tuple, None)
    code, output = ENTRY_POINTS[entry](plugin, folder)
    plugin.end()
    is_command = entry.split(maxsplit=1)[0] in ("drift", "frames", "review")
    outcome = f"exit {int(ExitCode(code))}" if is_command else ("answered", "one error")[code]
    return Outcome(outcome, output.strip(), round(plugin.seconds, 1), round(plugin.megabytes))
