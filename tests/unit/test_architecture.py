"""The architecture as rules: who may import whom, what names a cloud, and how large a module may be."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import pulumi_videosnap
from pulumi_videosnap import alibaba, frames, volcengine
from support.data import load

ROOT = Path(__file__).resolve().parents[2]
PROVIDER = ROOT / "provider" / "pulumi_videosnap"
EMULATOR = ROOT / "emulator" / "videosnap_emulator"
LAYERS: dict[str, list[str]] = load("layers.json")
"""What each part of the provider may import beside itself; a cloud may import all, but no other cloud."""

CLOUDS = {"volcengine", "alibaba"}
SERVICES = {"rtc", "mps"}


SERVICE_LAYERS = {"core", "gateway", "control", "storage", "media"}
"""Parts of the emulator that know no service."""

A_CLOUD_OR_A_KIND = re.compile(
    r"volc|alibaba|aliyun|\bmps\b|\brtc\b|snapshot_?task|snapshot_?job|live room|video file", re.IGNORECASE
)
REGISTRIES = {PROVIDER / "kinds.py", EMULATOR / "services" / "__init__.py"}
LONGEST = 300
"""Lines of the longest module."""


def modules(folder: Path) -> list[Path]:
    """The Python files of a folder, sorted."""
    return sorted(file for file in folder.rglob("*.py") if not {".venv", "node_modules"} & set(file.parts))


def imports(file: Path) -> Iterator[str]:
    """The full names that a file imports outside of `if TYPE_CHECKING`."""
    tree = ast.parse(file.read_text())
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def part_of(name: str) -> str:
    """The part of the provider that a module's full name belongs to; empty for other packages."""
    package, _, rest = name.partition(".")
    return rest.partition(".")[0] if package == "pulumi_videosnap" else ""


@pytest.mark.parametrize("part", LAYERS)
def test_imports_point_down(part: str) -> None:
    known = {*LAYERS, *CLOUDS}
    files = modules(PROVIDER / part) or [PROVIDER / f"{part}.py"]
    upward = {
        f"{file.relative_to(PROVIDER)} imports {name}"
        for file in files
        for name in imports(file)
        if (other := part_of(name)) in known and other not in (part, *LAYERS[part])
    }
    assert upward == set()


@pytest.mark.parametrize("cloud", sorted(CLOUDS))
def test_no_cloud_imports_another(cloud: str) -> None:
    others = CLOUDS - {cloud}
    assert [
        name for file in modules(PROVIDER / cloud) for name in imports(file) if part_of(name) in others
    ] == []


def test_both_clouds_have_the_same_files_where_they_play_the_same_role() -> None:
    ours, theirs = ({file.stem for file in modules(PROVIDER / cloud)} for cloud in sorted(CLOUDS))
    alone = {"editions", "failures", "history", "job_account", "job_cache", "job_token", "jobs", "named"}
    alone |= {"object_keys", "pending_submissions", "start"}
    assert (ours ^ theirs) - alone == set()


def test_only_the_fronts_import_pulumi() -> None:
    fronts = {"resource.py", "args.py", "data_sources.py"}
    folders = {"dynamic", "native", "plugin"}
    inside = [file for file in modules(PROVIDER) if not {file.name, file.parent.name} & (fronts | folders)]
    assert [file for file in inside if any(name.split(".")[0] == "pulumi" for name in imports(file))] == []
    users = {file.parent.name for file in modules(PROVIDER) if "pulumi.dynamic" in ".".join(imports(file))}
    assert users == {"dynamic"}


def test_shared_modules_name_no_cloud_and_no_kind() -> None:
    homes = [PROVIDER / cloud for cloud in CLOUDS] + [EMULATOR / "services" / service for service in SERVICES]
    shared = [
        file
        for file in (*modules(PROVIDER), *modules(EMULATOR))
        if file not in REGISTRIES and not any(file.is_relative_to(home) for home in homes)
    ]
    assert [file for file in shared if A_CLOUD_OR_A_KIND.search(_code(file))] == []


def _code(file: Path) -> str:
    return re.sub(r'""".*?"""', "", file.read_text(), flags=re.DOTALL)


@pytest.mark.parametrize("part", sorted(SERVICE_LAYERS))
def test_the_emulators_core_knows_no_service(part: str) -> None:
    files = modules(EMULATOR / part) or [EMULATOR / f"{part}.py"]
    names = [name for file in files for name in imports(file)]
    assert names
    assert [name for name in names if name.startswith("videosnap_emulator.services")] == []


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_no_service_imports_another(service: str) -> None:
    others = tuple(f"videosnap_emulator.services.{other}" for other in SERVICES - {service})
    names = [name for file in modules(EMULATOR / "services" / service) for name in imports(file)]
    assert [name for name in names if name.startswith(others)] == []


NOT_FOR_PROGRAMS = {"pydantic", "requests", "urllib3", "boto3", "sqlite3", "platformdirs"}


@pytest.mark.parametrize("cloud", sorted(CLOUDS))
def test_a_program_that_declares_resources_loads_no_http_stack(cloud: str) -> None:
    code = f"import sys, pulumi.dynamic; before = set(sys.modules); import pulumi_videosnap.{cloud}; "
    code += "print(*(set(sys.modules) - before))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert {name.partition(".")[0] for name in loaded.split()} & NOT_FOR_PROGRAMS == set()


def test_provider_and_emulator_share_no_code() -> None:
    users = {
        file.relative_to(PROVIDER).as_posix()
        for file in modules(PROVIDER)
        if "videosnap_emulator" in file.read_text()
    }
    assert users == {"cli/__init__.py"}, "the command starts the emulator, and nothing more"
    assert [f for f in modules(EMULATOR) if any(n.startswith("pulumi") for n in imports(f))] == []


def test_a_part_is_an_attribute_of_the_package_by_its_name() -> None:
    assert pulumi_videosnap.volcengine is volcengine
    with pytest.raises(AttributeError, match="no attribute 'nowhere'"):
        _ = pulumi_videosnap.nowhere


@pytest.mark.parametrize("module", [alibaba, frames, volcengine], ids=lambda module: module.__name__)
def test_what_is_exported_is_listed(module: object) -> None:
    listed: list[str] = module.__all__  # type: ignore[attr-defined]
    assert listed == sorted(listed, key=lambda name: (name.islower(), name))
    for name in listed:
        assert hasattr(module, name)


def test_no_module_is_too_long() -> None:
    folders = ("provider", "emulator", "engine", "sdks", "examples", "docs", "bench", "policy")
    files = [file for folder in folders for file in modules(ROOT / folder)]
    assert files
    assert [f"{file}: {n}" for file in files if (n := len(file.read_text().splitlines())) > LONGEST] == []


def test_no_address_of_a_registry_is_committed() -> None:
    assert "://" not in (ROOT / "requirements.lock").read_text()


def test_contributing_names_files_that_exist() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    named = re.findall(r"`([PE]/[\w/.<>-]+)`", text)
    variants = {"<cloud>": CLOUDS, "<service>": SERVICES, "<command>": {"drift"}, "<format>": {"markdown"}}
    variants["<part>"] = {"review", "drift", "frames"}
    paths = {
        path.replace(word, value)
        for path in named
        for word in re.findall(r"<\w+>", path) or [""]
        for value in variants.get(word, {""})
    }
    homes = {"P": PROVIDER, "E": EMULATOR}
    assert len(paths) > 20
    assert [path for path in sorted(paths) if not (homes[path[0]] / path[2:]).exists()] == []
