"""Every environment variable and stack-config key: name, default, meaning.

`SETTINGS` below are those of the whole package. A cloud declares its own in its `auth.py`, a storage platform
with its `Platform`; `all_settings()` collects them, and docs/accounts.md prints them as a table. The
environment goes before the stack's configuration, because Pulumi copies the configuration into its state.
"""

from __future__ import annotations

import importlib
import math
import os
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from pulumi_videosnap.errors import NotConfigured

Lookup = Callable[[str], "str | None"]
"""Reads a value by its name: `os.environ.get`, or the stack's configuration by full key."""
SECRET = "[secret]"  # noqa: S105
"""What stands for a secret that is not shown: in a preview, a report, a message, a lookup."""


def no_config(name: str) -> str | None:  # noqa: ARG001
    """The configuration of a stack that has none."""
    return None


@dataclass(frozen=True)
class Setting:
    """One setting: an environment variable and, unless empty, a stack-config key of the same meaning."""

    env: str
    config: str = ""
    meaning: str = ""
    """What it sets, for the docs' table; with the unit of a number."""
    default: str = ""
    """The value when it is not set, or what is used then; empty when there is none."""
    secret: bool = False
    """Whether it is key material, which state must have encrypted."""

    def find(self, env: Lookup, config: Lookup) -> tuple[str, str] | None:
        """The value and the name it was found under; the environment first, None when it is not set."""
        for name, lookup in ((self.env, env), (self.config, config)):
            if name and (value := (lookup(name) or "").strip()) not in ("", SECRET):
                return value, name
        return None

    def read(self, env: Mapping[str, str]) -> str:
        """The value in the environment without surrounding whitespace; the default when it is not set."""
        return env.get(self.env, "").strip() or self.default


CALL_BUDGET = Setting(
    "VIDEOSNAP_CALL_BUDGET", meaning="seconds for one call, with all attempts and pauses", default="45"
)
QUOTA_DIR = Setting(
    "VIDEOSNAP_QUOTA_DIR",
    meaning="directory of the rate limit store and of unfinished creations, shared by a user's processes",
    default="the user's cache directory",
)
RATE_STORE = Setting(
    "VIDEOSNAP_RATE_STORE",
    meaning="URL of a Redis or PostgreSQL server by which several machines share the rate limits",
    default="this machine's processes share them",
    secret=True,
)
THREADS = Setting(
    "VIDEOSNAP_THREADS",
    meaning="calls that the plugin process serves at once, at most; `--parallel` says how many there are",
    default="1024",  # a thread is made for a call that needs one, and a call that waits must stop no other
)
ALLOW_HTTP = Setting(
    "VIDEOSNAP_ALLOW_HTTP", meaning="`1` allows plain http endpoints that are not loopback", default="0"
)
DEBUG = Setting("VIDEOSNAP_DEBUG", meaning="`1` shows tracebacks with errors", default="0")

SETTINGS = (CALL_BUDGET, QUOTA_DIR, RATE_STORE, THREADS, ALLOW_HTTP, DEBUG)


def shared_folder(env: Mapping[str, str] = os.environ) -> Path:
    """The folder of what a user's processes share: VIDEOSNAP_QUOTA_DIR, or one in the user's cache."""
    if directory := env.get(QUOTA_DIR.env, "").strip():
        return Path(directory)
    import platformdirs  # noqa: PLC0415 - a program that runs without an engine needs it not

    return Path(platformdirs.user_cache_dir("pulumi-videosnap"))


def seconds_of(setting: Setting, env: Mapping[str, str]) -> float:
    """The value of a setting in seconds; NotConfigured when it is not a number above 0."""
    text = setting.read(env)
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise NotConfigured(f"{setting.env} is {text!r}: set a number of seconds above 0, such as 45")
    return seconds


def threads(env: Mapping[str, str] = os.environ) -> int:
    """How many calls a plugin process serves at once."""
    text = THREADS.read(env)
    return int(text) if text.isdecimal() and int(text) else int(THREADS.default)


def all_settings() -> Iterator[Setting]:
    """The settings of the package, then those of each cloud and each storage platform; each once."""
    package = importlib.import_module(__package__)
    declared = list(SETTINGS)
    for module in pkgutil.iter_modules(package.__path__, f"{__package__}."):
        if module.ispkg and find_spec(f"{module.name}.auth"):
            declared += importlib.import_module(f"{module.name}.auth").SETTINGS
    for platform in importlib.import_module(f"{__package__}.storage.platforms").platforms().values():
        declared += platform.settings
    by_name: dict[str, Setting] = {}
    for setting in declared:
        by_name.setdefault(setting.env, setting)
    yield from by_name.values()
