"""Real servers of Debian's packages on loopback, each in a folder of its own; else a skip."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support.processes import descendants

READY_WITHIN = 60.0
PASSWORD = "cAnAry/Pass+word"
QUOTED = "cAnAry%2FPass%2Bword"


@dataclass
class Server:
    """A server that can be stopped and started again on its port."""

    url: str
    command: Sequence[str]
    port: int
    user: str | None = None
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        quiet: Any = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen(
            self.command, user=self.user, cwd="/", start_new_session=True, **quiet
        )
        deadline = time.monotonic() + READY_WITHIN
        while not self._listens():
            assert self.process.poll() is None, f"{self.command[0]} ended"
            assert time.monotonic() < deadline, f"{self.command[0]} is not ready"
            time.sleep(0.05)

    def stop(self, number: int = signal.SIGINT) -> None:
        if self.process is not None:
            self.process.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(20)
            self.process.kill()
            self.process.wait(20)
            self.process = None

    def freeze(self, number: int) -> None:
        """Stop or continue all its processes (SIGSTOP, SIGCONT), of which each connection may have one."""
        for process in self._processes():
            os.kill(process, number)

    def _processes(self) -> list[int]:
        return [self.process.pid, *descendants(self.process.pid)] if self.process else []

    def _listens(self) -> bool:
        with socket.socket() as client:
            client.settimeout(1)
            if client.connect_ex(("127.0.0.1", self.port)):
                return False
            return bool(client.getsockname() != client.getpeername())  # a port may connect to itself


@contextlib.contextmanager
def running_redis(folder: Path) -> Iterator[Server]:
    """Redis with a password and without a file."""
    command, port = _tool("redis-server"), free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--requirepass", PASSWORD]
    url = f"redis://:{QUOTED}@127.0.0.1:{port}/0"
    yield from _running(Server(url, [command, *options, "--dir", str(folder)], port))


@contextlib.contextmanager
def running_postgresql(folder: Path) -> Iterator[Server]:
    """PostgreSQL with a role that has a password; it refuses to run as root."""
    initdb, postgres, port = _tool("initdb"), _tool("postgres"), free_port()
    user = "postgres" if os.getuid() == 0 else None
    with contextlib.ExitStack() as stack:
        data = Path(stack.enter_context(_folder_of(user))) / "data"
        secret = data.parent / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        options = ["-D", str(data), "-U", "videosnap", "-A", "scram-sha-256", "--pwfile", str(secret), "-N"]
        made = subprocess.run(
            [initdb, *options], user=user, capture_output=True, cwd="/", timeout=120, check=False
        )
        assert made.returncode == 0, made.stderr.decode()
        socket_folder = ["-c", f"unix_socket_directories={data.parent}", "-c", "fsync=off"]
        command = [postgres, "-D", str(data), "-p", str(port), "-h", "127.0.0.1", *socket_folder]
        url = f"postgresql://videosnap:{QUOTED}@127.0.0.1:{port}/postgres"
        yield from _running(Server(url, command, port, user))


def _running(server: Server) -> Iterator[Server]:
    try:
        server.start()
        yield server
    finally:
        server.stop()


@contextlib.contextmanager
def _folder_of(user: str | None) -> Iterator[str]:
    """A folder that another user may enter, unlike pytest's."""
    folder = Path(f"/tmp/videosnap-{os.getpid()}-{time.monotonic_ns()}")  # noqa: S108
    folder.mkdir(mode=0o755)
    try:
        if user:
            shutil.chown(folder, user)
        yield str(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _tool(name: str) -> str:
    homes = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = shutil.which(name) or shutil.which(name, path=os.pathsep.join(map(str, homes)))
    if found is None:
        pytest.skip(f"no {name}: `scripts/test-tools --servers` installs it where we are root on Debian")
    return found


def free_port() -> int:
    """A port on which nothing listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
