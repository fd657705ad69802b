"""`. engine/env.sh` keeps what Pulumi writes inside the checkout, and puts our CLI first on PATH."""

import os
import shutil
from pathlib import Path
from subprocess import check_output

import pytest

ENV = Path(__file__).resolve().parents[2] / "engine" / "env.sh"
SOURCE_IT_TWICE = ". engine/env.sh && . engine/env.sh && env"


@pytest.mark.parametrize("shell", ["bash", "zsh"])
@pytest.mark.parametrize("built", [True, False])
@pytest.mark.parametrize("passphrase", ["", "given"])
def test_env_sh(tmp_path: Path, shell: str, built: bool, passphrase: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} here")
    root = tmp_path.resolve()
    (root / "engine").mkdir()
    shutil.copy(ENV, root / "engine")
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
    assert seen["PULUMI_BACKEND_URL"] == f"file://{root}/.pulumi-state"
    assert seen["PULUMI_CONFIG_PASSPHRASE"] == passphrase
    assert (root / ".pulumi-state").is_dir()
