"""Chooses the way to a Pulumi CLI, takes it, and says which one it was and why."""

import fcntl
import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from engine.build import build, install
from engine.pins import HERE, OLDEST_GO, OLDEST_RELEASE, PROGRAMS, RELEASE, digest, parse_version
from engine.process import Unavailable, ask, say

STORE = HERE.parent / ".engine"
BINARIES = STORE / "bin"
STAMP = BINARIES / "made-from-pins"
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
    STORE.mkdir(exist_ok=True)
    lock = os.open(STORE, os.O_RDONLY)  # released when this process ends
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("engine: another run is at work in .engine; waiting for it to end")
        fcntl.flock(lock, fcntl.LOCK_EX)
    complete = STAMP.exists() and all((BINARIES / name).exists() for name in PROGRAMS)
    if complete and STAMP.read_text().strip() == digest():
        say(f"pulumi: {RELEASE} is in .engine/bin already, made from these pins")
    else:
        say(found)
        make()


def check_installed() -> tuple[bool, str]:
    """Whether the `pulumi` on PATH, ours left out, can be used, and a sentence that says why or why not."""
    path = os.pathsep.join(p for p in os.get_exec_path() if Path(p).resolve() != BINARIES.resolve())
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
    for left in STORE.glob("work-*"):
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="work-", dir=STORE, ignore_cleanup_errors=True) as work:
        os.environ["TMPDIR"] = work
        try:
            made = verify(install(Path(work)))
        except Unavailable as reason:
            say(str(reason))
            made = verify(build(STORE, Path(work)))
        (made / STAMP.name).write_text(digest())
        if BINARIES.exists():
            BINARIES.rename(Path(work) / "replaced")
        made.rename(BINARIES)
    shutil.rmtree(STORE / "go", ignore_errors=True)
    say(f"pulumi: {RELEASE} is in .engine/bin now, after {time.monotonic() - started:.0f} s")


def verify(made: Path) -> Path:
    """Return a folder whose programs are all there and run; Unavailable says what is wrong."""
    version, missing = version_of(made / "pulumi"), [name for name in PROGRAMS if not (made / name).exists()]
    if missing or parse_version(version) != parse_version(RELEASE):
        raise Unavailable(f"engine: pulumi reports version {version!r}, not {RELEASE}; missing: {missing}")
    return made


if __name__ == "__main__":
    main()
