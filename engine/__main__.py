"""Chooses the way to a Pulumi CLI, takes it, and says which one it was and why."""

import contextlib
import fcntl
import functools
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from engine.build import build, install
from engine.pins import HERE, OLDEST_GO, OLDEST_RELEASE, PROGRAMS, RELEASE, YAML, digest, parse_version
from engine.process import Unavailable, ask, say

STORE = HERE.parent / ".engine"
BINARIES = STORE / "bin"
STAMP = BINARIES / "made-from-pins"
YAML_HOST = BINARIES / YAML.program
YAML_STAMP = BINARIES / "yaml-made-from-pins"
HOST = "pulumi-language-python"
NEXT_STEP = f"""engine: no Pulumi CLI. Next step: install Pulumi {OLDEST_RELEASE} or newer, \
see https://www.pulumi.com/docs/install/, or Go {OLDEST_GO} or newer and a way to its module proxy; \
then run `make engine` again."""


def main() -> None:
    """Provide a usable Pulumi, or exit with a sentence that says what to do."""
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.default_int_handler)
    try:
        provide()
        if sys.argv[1:] == ["yaml"]:
            provide_yaml()
    except Unavailable as problem:
        sys.exit(f"{problem}\n{NEXT_STEP}")
    except OSError as problem:
        advice = "see that .engine/ can be written and its disk has 5 GB free"
        sys.exit(f"engine: {problem}. Next step: {advice}.")
    except KeyboardInterrupt:
        say("engine: interrupted. Nothing incomplete was installed; run `make engine` to start again.")
        sys.exit(130)


def provide() -> None:
    """Use the Pulumi on PATH or the one made earlier, else make one."""
    usable, found = check_installed()
    if usable:
        say(found)
        return
    lock_store()
    complete = STAMP.exists() and all((BINARIES / name).exists() for name in PROGRAMS)
    if complete and STAMP.read_text().strip() == digest():
        say(f"pulumi: {RELEASE} is in .engine/bin already, made from these pins")
    else:
        say(found)
        make()


def provide_yaml() -> None:
    """Put the host of YAML programs beside our CLI, unless PATH or the vendor's release has one."""
    program = shutil.which(YAML.program, path=path_without_ours())
    if program or (YAML_HOST.exists() and not YAML_STAMP.exists()):
        say(f"pulumi: YAML programs run with {program or YAML_HOST}")
        return
    lock_store()
    if YAML_HOST.exists() and YAML_STAMP.read_text() == digest([YAML]):
        say(f"pulumi: {YAML.program} is in .engine/bin already, made from these pins")
        return
    with work_folder() as work:
        made = build(STORE, work, [YAML])
        BINARIES.mkdir(exist_ok=True)
        YAML_HOST.unlink(missing_ok=True)
        YAML_STAMP.write_text(digest([YAML]))
        (made / YAML.program).rename(YAML_HOST)
    say(f"pulumi: {YAML.program} is in .engine/bin now")


@functools.cache
def lock_store() -> None:
    """Wait until no other run is at work in `.engine`; the lock is released when this process ends."""
    STORE.mkdir(exist_ok=True)
    lock = os.open(STORE, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("engine: another run is at work in .engine; waiting for it to end")
        fcntl.flock(lock, fcntl.LOCK_EX)


def path_without_ours() -> str:
    """PATH without `.engine/bin`."""
    return os.pathsep.join(p for p in os.get_exec_path() if Path(p).resolve() != BINARIES.resolve())


def check_installed() -> tuple[bool, str]:
    """Whether the `pulumi` on PATH, ours left out, can be used, and a sentence that says why or why not."""
    path = path_without_ours()
    program = shutil.which("pulumi", path=path)
    if program is None:
        return False, "pulumi: none on PATH"
    version = version_of(program)
    if parse_version(version) < parse_version(OLDEST_RELEASE):
        return False, f"pulumi: {program} reports version {version!r}, {OLDEST_RELEASE} or newer is needed"
    if not shutil.which(HOST, path=f"{Path(program).resolve().parent}{os.pathsep}{path}"):
        return False, f"pulumi: {program} is {version}, but has no {HOST} beside it or on PATH"
    also = "; remove .engine/bin if it should not come first on PATH" if BINARIES.exists() else ""
    return True, f"pulumi: {program} is {version}, new enough: it is used{also}"


def version_of(program: str | Path) -> str:
    """The version that a `pulumi` reports, asked in a home of its own so that the user's stays untouched."""
    with tempfile.TemporaryDirectory() as home:
        os.environ.update(PULUMI_HOME=home, PULUMI_SKIP_UPDATE_CHECK="true")
        return ask([program, "version"], Path(home))


def make() -> None:
    """Make `.engine/bin`, which gets its name when it is complete."""
    started = time.monotonic()
    with work_folder() as work:
        try:
            made = verify(install(work))
        except Unavailable as reason:
            say(str(reason))
            made = verify(build(STORE, work))
        (made / STAMP.name).write_text(digest())
        if BINARIES.exists():
            BINARIES.rename(work / "replaced")
        made.rename(BINARIES)
    say(f"pulumi: {RELEASE} is in .engine/bin now, after {time.monotonic() - started:.0f} s")


@contextlib.contextmanager
def work_folder() -> Iterator[Path]:
    """A folder for one build; what builds left is removed, what they cached stays until one succeeds."""
    for left in STORE.glob("work-*"):
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="work-", dir=STORE, ignore_cleanup_errors=True) as work:
        os.environ["TMPDIR"] = work
        yield Path(work)
    shutil.rmtree(STORE / "go", ignore_errors=True)


def verify(made: Path) -> Path:
    """Return a folder whose programs are all there and run; Unavailable says what is wrong."""
    version, missing = version_of(made / "pulumi"), [name for name in PROGRAMS if not (made / name).exists()]
    if missing or parse_version(version) != parse_version(RELEASE):
        raise Unavailable(f"engine: pulumi reports version {version!r}, not {RELEASE}; missing: {missing}")
    return made


if __name__ == "__main__":
    main()
