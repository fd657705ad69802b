"""Chooses the way to a Pulumi CLI, takes it, and says in short lines which one it was and why."""

import signal
import sys
import time
from pathlib import Path

from engine import installed, installer, modules, toolchain
from engine.pins import Pins
from engine.report import Unavailable, duration, say
from engine.store import Store

NEXT_STEP = (
    "engine: no Pulumi CLI. Next step: install Pulumi {least} or newer, see "
    "https://www.pulumi.com/docs/install/ (or Go {go} or newer and a way to its module proxy), "
    "then run `make engine` again."
)
INTERRUPTED = 130


def main() -> int:
    """Run the whole thing; the exit code is 0 when a usable Pulumi is there afterwards."""
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.default_int_handler)
    root = Path(__file__).resolve().parent.parent
    pins = Pins.load(root / "engine")
    try:
        provide(pins, Store(root / ".engine"))
    except Unavailable as problem:
        say(str(problem))
        say(NEXT_STEP.format(least=pins.least_release, go=pins.cli.least_go))
        return 1
    except OSError as problem:
        say(f"engine: {problem}. Next step: see that .engine/ can be written and its disk has 5 GB free.")
        return 1
    except KeyboardInterrupt:
        say("engine: interrupted. Nothing half-built was kept; `make engine` takes it up again.")
        return INTERRUPTED
    return 0


def provide(pins: Pins, store: Store) -> None:
    """See to it that there is a usable Pulumi: the one on PATH, the one made earlier, or a new one."""
    found = installed.on_path(pins, store)
    if found.usable:
        say(found.sentence)
        if store.binaries.exists():
            say("pulumi: .engine/bin of an earlier run still stands; remove it if it should not come first")
        return
    if store.holds(pins.digest):
        say(f"pulumi: {pins.release} is in .engine/bin already, made from these pins")
        return
    say(found.sentence)
    with store.locked():
        if store.holds(pins.digest):
            say(f"pulumi: {pins.release} was put into .engine/bin by the other run")
        else:
            make(pins, store)


def make(pins: Pins, store: Store) -> None:
    """Make a new `.engine/bin`: with the vendor's installer or, where it cannot be had, from Go modules."""
    started = time.monotonic()
    with store.workshop() as work:
        try:
            binaries = installer.install(pins, work)
            installed.prove(binaries, pins)
        except Unavailable as reason:
            say(str(reason))
            binaries = modules.build(pins, toolchain.find(pins, store, work), work)
            installed.prove(binaries, pins)
        store.publish(binaries, pins.digest)
    store.tidy()
    say(f"pulumi: {pins.release} is in .engine/bin now, after {duration(time.monotonic() - started)}")


if __name__ == "__main__":
    sys.exit(main())
