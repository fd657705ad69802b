"""Packs the plugin for a release into dist/pulumi-resource-videosnap-vVERSION-OS-ARCH.tar.gz: `make plugin`.

The archive has the package and all that it imports, as the lock file has it. Its launcher needs a Python of
the same minor version on PATH and nothing else. Run it with another Python and the archive has both.
"""

from __future__ import annotations

import gzip
import importlib.metadata
import platform
import re
import shutil
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "pulumi-videosnap"
NOT_NEEDED = {"debugpy"}
"""Pulumi asks for it, for programs that are debugged; a fifth of the archive."""
FOLDER = ROOT / "dist" / "plugin"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
LAUNCHER = """#!/bin/sh
# Starts the plugin with a Python that this archive has the libraries for.
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd -P)
for library in "$here"/lib/python3.*; do
    if python=$(command -v "${library##*/}"); then
        exec "$python" -I "$here/start.py" "$@"
    fi
done
echo "pulumi-resource-videosnap: not found on PATH:" $(ls "$here/lib")"; install one" >&2
exit 1
"""
START = """import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "lib" / f"python3.{sys.version_info.minor}"))

from pulumi_videosnap.native.server import main  # noqa: E402

main()
"""


def distributions(name: str, found: set[str]) -> Iterator[importlib.metadata.Distribution]:
    """A distribution of this environment and all that it needs to run, without its extras."""
    if name in found | NOT_NEEDED:
        return
    found.add(name)
    distribution = importlib.metadata.distribution(name)
    yield distribution
    for text in distribution.requires or []:
        needed = Requirement(text)
        if needed.marker is None or needed.marker.evaluate({"extra": ""}):
            yield from distributions(re.sub(r"[-_.]+", "-", needed.name).lower(), found)


def copy_library(target: Path) -> None:
    """Copy what the plugin imports from this environment, and the package from the checkout."""
    shutil.rmtree(target, ignore_errors=True)
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "provider" / "pulumi_videosnap", target / "pulumi_videosnap", ignore=ignore)
    for distribution in distributions(PACKAGE, set()):
        for file in distribution.files or []:
            of_this_machine = file.suffix in {".pth", ".pyc"} or file.name == "direct_url.json"
            if not of_this_machine and ".." not in file.parts:
                (target / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(str(file.locate()), target / file)


def archive(target: Path) -> None:
    """Pack the folder; the same files give the same archive."""

    def anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo:
        entry.uid = entry.gid = entry.mtime = 0
        entry.uname = entry.gname = ""
        return entry

    with gzip.GzipFile(target, "wb", mtime=0) as packed, tarfile.open(fileobj=packed, mode="w") as tar:
        for name in sorted(path.name for path in FOLDER.iterdir()):
            tar.add(FOLDER / name, name, filter=anonymous)


def main() -> None:
    """Write the archive and say what it holds."""
    copy_library(FOLDER / "lib" / f"python3.{sys.version_info.minor}")
    (FOLDER / "start.py").write_text(START, encoding="utf-8")
    launcher = FOLDER / "pulumi-resource-videosnap"
    launcher.write_text(LAUNCHER, encoding="utf-8")
    launcher.chmod(0o755)
    machine = platform.machine().lower()
    version, system = importlib.metadata.version(PACKAGE), platform.system().lower()
    name = f"{launcher.name}-v{version}-{system}-{ARCHITECTURES.get(machine, machine)}.tar.gz"
    archive(FOLDER.parent / name)
    size = (FOLDER.parent / name).stat().st_size / 1e6
    pythons = ", ".join(sorted(path.name for path in (FOLDER / "lib").iterdir()))
    print(f"dist/{name}: {size:.0f} MB, for {pythons}")  # noqa: T201
    install = f"pulumi plugin install resource videosnap {version} --reinstall -f {FOLDER.parent / name}"
    print(f"To install it: {install}")  # noqa: T201


if __name__ == "__main__":
    main()
