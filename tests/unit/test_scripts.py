"""`scripts/audit` with a fake auditor, above all where it could not check; the options of `make sweep`."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOUND = "echo 'Found 1 known vulnerability in 1 package' >&2; echo 'jinja2 2.10 CVE-2019-10906'; exit 1"
NONE = "echo 'No known vulnerabilities found' >&2"
TIP = "Tip: your network may be blocking this service."
REFUSED = "requests.exceptions.ConnectionError: connection refused"


@pytest.mark.parametrize(
    ("vulnerable", "locked", "code", "said"),
    [
        (FOUND, NONE, 0, "No known vulnerabilities found"),
        (FOUND, FOUND, 1, "jinja2 2.10 CVE-2019-10906"),
        (NONE, NONE, 2, "NOT CHECKED: the server knows no vulnerability of jinja2 2.10, which has some;"),
        (f"echo '{TIP}' >&2; exit 1", NONE, 2, f"NOT CHECKED: {TIP}"),
        (FOUND, f"echo Traceback; echo '{REFUSED}' >&2; exit 1", 2, f"NOT CHECKED: {REFUSED};"),
        ("echo 'error: pip-audit was not found' >&2; exit 2", NONE, 2, "pip-audit was not found"),
        ("exit 127", NONE, 2, "NOT CHECKED: "),
    ],
)
def test_what_could_not_be_checked_is_never_called_free_of_vulnerabilities(
    tmp_path: Path, vulnerable: str, locked: str, code: int, said: str
) -> None:
    for folder in ("scripts", ".venv/bin"):
        (tmp_path / folder).mkdir(parents=True)
    shutil.copy(ROOT / "scripts" / "audit", tmp_path / "scripts")
    auditor = tmp_path / ".venv" / "bin" / "uv"
    auditor.write_text(f'#!/bin/sh\ncase "$*" in *requirements.lock*) {locked} ;; *) {vulnerable} ;; esac\n')
    auditor.chmod(0o755)
    ran = subprocess.run(
        [tmp_path / "scripts" / "audit"], check=False, capture_output=True, text=True, timeout=30
    )
    assert (ran.returncode, said in ran.stdout + ran.stderr) == (code, True), ran
    assert ("No known" in ran.stdout) == (code == 0)


def test_the_suite_takes_the_options_of_make_sweep() -> None:
    """A value that pytest takes for a path leaves the suite's own options unknown, which is exit code 4."""
    [options] = re.findall(r"^\t@scripts/test (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    command = [sys.executable, "-m", "pytest", *shlex.split(options), "--collect-only", "--ignore-glob=*"]
    ran = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=60)
    assert ran.returncode == pytest.ExitCode.NO_TESTS_COLLECTED, ran.stdout + ran.stderr
