"""Starts plugin processes of both fronts in milliseconds: forks of a process that has imported all.

A line of its input is one request, `{"front": …, "address": the engine's, "environment": …}`; each fork
prints its process id, then the port that it serves.
"""

import contextlib
import importlib
import json
import os
import pkgutil
import runpy
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from importlib.machinery import ModuleSpec
from typing import Any

IMPORTS = ("boto3", "botocore.httpsession", "pulumi.dynamic", "pulumi_videosnap.native.server")

STARTS_WITHIN = 30.0
"""Seconds for a plugin to say its port."""


class PluginHost:
    """The process that forks, as a test has it."""

    def __init__(self) -> None:
        self._one_at_a_time = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-u", __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def start(self, front: str, address: str, environment: Mapping[str, str]) -> tuple[int, int]:
        """Start a plugin of a front for the engine at an address; returns its process id and its port."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        request = {"front": front, "address": address, "environment": dict(environment)}
        with self._one_at_a_time:
            self._process.stdin.write(f"{json.dumps(request)}\n")
            self._process.stdin.flush()
            watchdog = threading.Timer(STARTS_WITHIN, self._process.kill)
            watchdog.start()
            try:
                return int(self._process.stdout.readline()), int(self._process.stdout.readline())
            finally:
                watchdog.cancel()

    def close(self) -> None:
        self._process.kill()
        self._process.communicate(timeout=10)


@contextlib.contextmanager
def plugin_host() -> Iterator[PluginHost]:
    """A host for the block."""
    with contextlib.closing(PluginHost()) as host:
        yield host


def _serve(request: dict[str, Any]) -> None:
    os.environ.clear()
    os.environ.update(request["environment"])
    print(os.getpid(), flush=True)
    sys.argv[1:] = [request["address"]]
    if request["front"] == "native":
        importlib.import_module("pulumi_videosnap.native.server").main()
    importlib.import_module("pulumi_videosnap.plugin.engine_watch").end_with(request["address"])
    runpy.run_module("pulumi.dynamic", run_name="__main__", alter_sys=True)


def _main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    # The package looks for the dynamic provider's server in what runs.
    sys.modules["__main__"].__spec__ = ModuleSpec("pulumi.dynamic.__main__", None)
    package = importlib.import_module("pulumi_videosnap")
    modules = (module.name for module in pkgutil.walk_packages(package.__path__, "pulumi_videosnap."))
    for name in (*IMPORTS, *(module for module in modules if not module.endswith("__main__"))):
        importlib.import_module(name)
    importlib.import_module("pulumi_videosnap.native.package").schema_text()
    for line in sys.stdin:
        if os.fork() == 0:
            os.close(0)
            _serve(json.loads(line))
            os._exit(0)


if __name__ == "__main__":
    _main()
