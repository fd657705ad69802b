"""All ports: no requests of strangers' pages, bounded connections and bodies, a log for terminals."""

import contextlib
import logging
import resource
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from support.data import load
from support.emulator import Emulator, running_emulator
from support.mps_client import INPUT, SEQUENCE, Mps, query_of, texts
from support.processes import megabytes
from support.results import EMULATOR, Count
from support.store_support import client_of
from videosnap_emulator import http_server, server
from videosnap_emulator.storage.store import Store

EVIL = "https://evil.example"
FORM = {"content-type": "application/x-www-form-urlencoded"}
#: What a browser adds to requests of a page elsewhere.
STRANGERS: dict[str, tuple[str, dict[str, str]]] = load("emulator/strangers.json")
#: What changes nothing where reading has no effect, and starts and stops where a GET carries a whole call.
READERS = {
    "an image": ("GET", {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}),
    "a link": ("GET", {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}),
}
PORTS = {
    "VOLCENGINE_RTC_ENDPOINT": False, "ALIBABA_CLOUD_MPS_ENDPOINT": False,
    "VOLCENGINE_TOS_ENDPOINT": True, "VIDEOSNAP_EMULATOR_URL": True,
}  # fmt: skip


@pytest.mark.parametrize("variable", PORTS)
def test_a_web_page_elsewhere_is_refused(emulator: Emulator, variable: str, count: Count) -> None:
    with httpx.Client(base_url=emulator.environment[variable], timeout=10) as http:
        for name, (method, headers) in {**STRANGERS, **({} if PORTS[variable] else READERS)}.items():
            answer = http.request(method, "/", headers=headers)
            assert (name, answer.status_code, set(answer.json())) == (name, 403, {"error"})
            count(EMULATOR, situation="a request of a web page elsewhere: refused", points=1, survived=1)
        port = http.base_url.port
        own = {"host": f"localhost:{port}", "origin": f"http://localhost:{port}"}
        for allowed in ({}, own, {**own, "sec-fetch-site": "same-origin"}, {"sec-fetch-site": "none"}):
            assert "only programs" not in http.get("/", headers=allowed).text
        if PORTS[variable]:
            for method, headers in READERS.values():
                assert "only programs" not in http.request(method, "/", headers=headers).text
    assert emulator.calls() == [] or not PORTS[variable]


def test_signed_requests_of_a_page_change_nothing(emulator: Emulator, mps: Mps) -> None:
    """The keys are public, so a page can sign as well as anybody."""
    job = mps.submitted()
    s3 = client_of(emulator.environment)
    s3.put_object(Bucket="frames", Key="k", Body=b"x")
    mps.http.headers["origin"] = EVIL
    assert mps.submit().status_code == mps.call("CancelJob", JobId=job["Id"]).status_code == 403
    del mps.http.headers["origin"]
    mps.http.headers["sec-fetch-site"] = "cross-site"
    assert mps.submit().status_code == 403
    image: dict[str, Any] = {"Input": INPUT, "SnapshotConfig": SEQUENCE}
    assert mps.call("SubmitSnapshotJob", method="GET", **image).status_code == 403
    del mps.http.headers["sec-fetch-site"]
    assert mps.call("SubmitSnapshotJob", method="GET", **image).status_code == 200, "of a program"
    url = s3.generate_presigned_url("delete_object", Params={"Bucket": "frames", "Key": "k"})
    assert httpx.delete(url, headers={"origin": EVIL}).status_code == 403
    assert s3.get_object(Bucket="frames", Key="k")["Body"].read() == b"x"
    assert len(emulator.show("/jobs")["jobs"]) == 2


def raw(url: str, request: bytes = b"") -> socket.socket:
    """A connection on which this much was sent."""
    parts = urlsplit(url)
    connection = socket.create_connection((parts.hostname, parts.port), 10)
    connection.sendall(request)
    return connection


def threads(emulator: Emulator) -> int:
    return len(list(Path(f"/proc/{emulator.process.pid}/task").iterdir()))


@contextlib.contextmanager
def many_files(count: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, count), hard), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


HALVES = (b"", b"GET / HT", b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99\r\n\r\nx")


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="counts threads in /proc")
def test_two_thousand_idle_connections_do_not_stop_it(tmp_path: Path, count: Count) -> None:
    """In a process of its own: an idle connection of another test's client may be closed."""
    with many_files(3000), contextlib.ExitStack() as stack:
        emulator = stack.enter_context(running_emulator(tmp_path, "--pace", "manual"))
        mps = stack.enter_context(contextlib.closing(Mps(emulator)))
        before = threads(emulator)
        for number in range(2000):
            url = emulator.environment[list(PORTS)[number % 4]]
            with contextlib.suppress(ConnectionError):
                stack.enter_context(raw(url, HALVES[number % 3]))
        assert threads(emulator) < before + 40
        assert emulator.show("/health") == {"status": "ok"}
        assert emulator.rtc.start().status_code == 200
        assert mps.submit().status_code == 200
        assert client_of(emulator.environment).list_buckets()["Buckets"]
        held = len(list(Path(f"/proc/{emulator.process.pid}/fd").iterdir()))
        assert held < 4 * http_server.MAXIMUM_CONNECTIONS + 100
    count(EMULATOR, situation="2,000 idle connections: it serves others", points=1, survived=1)


@pytest.mark.parametrize("half", HALVES)
def test_an_idle_connection_is_closed(monkeypatch: pytest.MonkeyPatch, half: bytes) -> None:
    monkeypatch.setattr(http_server, "IDLE_SECONDS", 0.3)
    with contextlib.closing(Store.open(None, [])) as store:
        port = store.serve("127.0.0.1", 0)
        with raw(f"http://127.0.0.1:{port}", half) as connection:
            started = time.monotonic()
            assert connection.recv(100)[:12] in (b"", b"HTTP/1.1 403")
            while half.startswith(b"POST") and connection.recv(1000):
                pass
        assert time.monotonic() - started < 3


MEGABYTE = 1 << 20


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("path", ["/faults", "/rooms/a/b/users/u"])
def test_a_long_body_is_refused_before_it_is_read(emulator: Emulator, path: str, chunked: bool) -> None:
    length = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: %d" % (400 * MEGABYTE)
    head = b"PUT %s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s\r\n\r\n" % (path.encode(), length)
    with raw(emulator.url, head) as connection:
        if chunked:
            connection.sendall((b"%x\r\n%s\r\n" % (MEGABYTE, b" " * MEGABYTE)) * 2)
        with connection.makefile("rb") as answer:
            assert answer.readline().startswith(b"HTTP/1.1 413")
            while answer.readline().strip():
                pass
            assert answer.read(40).startswith(b'{"error": "body: is longer than 1048576')


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads memory in /proc")
@pytest.mark.parametrize("variable", list(PORTS))
def test_a_body_of_many_megabytes_costs_no_memory(emulator: Emulator, variable: str) -> None:
    before, piece = megabytes(emulator.process.pid, "VmHWM"), b" " * MEGABYTE
    with contextlib.suppress(httpx.TransportError):
        body = (piece for _ in range(60))
        answer = httpx.post(f"{emulator.environment[variable]}/reset", content=body, timeout=30)
        assert answer.status_code >= 400
    assert megabytes(emulator.process.pid, "VmHWM") - before < 20
    assert emulator.show("/health")


HOSTILE = load("emulator/hostile_texts.json")


def test_the_log_holds_no_control_characters(emulator: Emulator, mps: Mps) -> None:
    log = emulator.env_file.with_name("emulator.log")
    before = log.stat().st_size
    for text in HOSTILE.values():
        emulator.rtc.http.post("/", params={"Action": text, "Version": "2023-11-01"}, content=b"{}")
        mps.http.post("/", content=query_of(texts({"Action": text})), headers=FORM)
    assert len(emulator.calls()) == 2 * len(HOSTILE)
    assert all(len(call["action"]) <= 100 for call in emulator.calls())
    lines = log.read_bytes()[before:].decode().split("\n")
    assert all(line.isprintable() and len(line) < 2100 for line in lines)
    assert len(lines) == 2 * len(HOSTILE) + 1
    assert r"\x1b[31mred" in "".join(lines)


def test_a_traceback_in_the_log_holds_no_control_characters(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    server._log_to_stdout()
    for text in HOSTILE.values():
        try:
            raise ValueError(text)
        except ValueError:
            logging.getLogger("moto").exception("cannot %s", text)
    shown = capsys.readouterr().out
    assert all(line.isprintable() for line in shown.split("\n"))
    assert shown.count("\n    raise ValueError(text)") == len(HOSTILE)
