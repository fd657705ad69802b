"""Write the generated blocks of the pages, or say which are stale: `generate.py [--check]`.

A page marks a block with `<!-- generated: NAME -->` and `<!-- end -->`. Every table and every quoted
help text comes out of the code that it describes, so that neither can go stale unseen. So do the
reports' schemas.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from field_tables import (
    pipeline_fields,
    row,
    snapshot_job_fields,
    snapshot_task_fields,
    workflow_fields,
)
from registry_pages import registry_pages

from pulumi_videosnap.alibaba import api as mps
from pulumi_videosnap.alibaba.responses import CODES
from pulumi_videosnap.drift.model import DriftReport
from pulumi_videosnap.http.error_codes import ErrorRule
from pulumi_videosnap.native import schema
from pulumi_videosnap.native.package import FILE as SCHEMA_FILE
from pulumi_videosnap.report.base import schema_of
from pulumi_videosnap.review.model import Review
from pulumi_videosnap.settings import all_settings
from pulumi_videosnap.storage.platforms import platforms
from pulumi_videosnap.volcengine import api as rtc
from pulumi_videosnap.volcengine import models
from videosnap_emulator.core.assumptions import assumptions_of
from videosnap_emulator.services import SERVICES

ROOT = Path(__file__).resolve().parent.parent
REGISTRY = ROOT / "docs" / "registry"
PAGES = (
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    REGISTRY / "_index.md",
    REGISTRY / "installation-configuration.md",
)
SWEEP = ROOT / "docs" / "reliability.json"
"""What the last `make sweep` counted."""
BLOCK = re.compile(r"(<!-- generated: (?P<name>[\w .-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def vendor_words() -> Iterator[str]:
    """The vendor's numbers and our words for them."""
    tables: Mapping[str, Mapping[int, str]] = {
        "image_config.format": models.FORMAT_WORDS,
        "stream_type": models.STREAM_TYPE_WORDS,
        "storage_config.type": models.STORAGE_TYPE_WORDS,
        "custom_config.vendor": models.VENDOR_WORDS,
        "vod_config.storage_class": models.STORAGE_CLASS_WORDS,
        "status (output)": models.STATUS_WORDS,
    }
    yield "| field | words, with the vendor's numbers |"
    yield "|---|---|"
    for field, table in tables.items():
        yield f"| `{field}` | {', '.join(f'`{word}` ({int(number)})' for number, word in table.items())} |"


def settings_table() -> Iterator[str]:
    """Every environment variable and stack-config key."""
    yield "| environment | stack configuration | meaning | default |"
    yield "|---|---|---|---|"
    for setting in all_settings():
        config = f"`{setting.config}`" if setting.config else ""
        default = f"`{setting.default}`" if " " not in setting.default else setting.default
        yield row(f"`{setting.env}`", config, setting.meaning, default if setting.default else "none")


def quotas() -> Iterator[str]:
    """The documented calls per second."""
    yield "| cloud | action | calls a second, for one account |"
    yield "|---|---|---|"
    for cloud, limits in (("Volcengine RTC", rtc.QPS), ("Alibaba Cloud MPS", mps.QPS)):
        yield from (row(cloud, action, str(limit)) for action, limit in limits.items())


def job_error_codes() -> Iterator[str]:
    """What each code of a failed or refused job means, and what to do."""
    yield "| code | cause | what to do |"
    yield "|---|---|---|"
    by_rule: dict[ErrorRule, list[str]] = {}
    for code, rule in CODES.items():
        by_rule.setdefault(rule, []).append(code)
    for rule, codes in by_rule.items():
        if rule.text or rule.advice:
            yield row(", ".join(f"`{code}`" for code in codes), rule.text, rule.advice)


def emulator_assumptions() -> Iterator[str]:
    """What the vendors' documents leave open, and the emulator's choices."""
    yield "| API | key | what it does | why | what the documents say |"
    yield "|---|---|---|---|---|"
    for one in assumptions_of(SERVICES):
        yield f"| {one.api} | {one.key} | {one.choice} | {one.why} | {one.source} |"


def storage_platforms() -> Iterator[str]:
    """How each storage platform is reached, and which of it is assumed."""
    yield "| platform | endpoint | style | keys | region, endpoint | assumed |"
    yield "|---|---|---|---|---|---|"
    for name, platform in platforms().items():
        keys, region, endpoint = platform.keys, platform.region_setting, platform.endpoint_setting
        cells = (
            f"{platform.title} (`{name}`)",
            f"`{platform.endpoint.replace('{region}', 'REGION')}`",
            platform.addressing,
            f"`{keys.access_key.env}`, `{keys.secret_key.env}`",
            f"`{region.env}`, `{endpoint.env}`",
            ", ".join(platform.assumed) or "nothing",
        )
        yield f"| {' | '.join(cells)} |"


def counted(table: str, key: str) -> Callable[[], Iterator[str]]:
    """The rows of a table of the last sweep that have a key, and where they are numbers their sum."""

    def text() -> Iterator[str]:
        found = [one for one in json.loads(SWEEP.read_text(encoding="utf-8"))[table] if key in one]
        yield f"| {' | '.join(found[0])} |"
        yield f"|{'---|' * len(found[0])}"
        yield from (row(*map(str, one.values())) for one in found)
        if table != "hostile":
            numbers = [sum(one[name] for one in found) for name in found[0] if name != key]
            yield row("**all**", *map(str, numbers))

    return text


def help_of(*command: str) -> Callable[[], Iterator[str]]:
    """A command's own help text, 80 columns wide."""

    def text() -> Iterator[str]:
        ran = subprocess.run(  # noqa: S603 - our own command
            [sys.executable, "-m", "pulumi_videosnap.cli", *command, "--help"],
            capture_output=True,
            text=True,
            check=True,
            env={"COLUMNS": "80", "PATH": "/usr/bin:/bin", "NO_COLOR": "1", "PYTHON_COLORS": "0"},
        )
        yield "```text"
        yield ran.stdout.rstrip()
        yield "```"

    return text


def sample(name: str) -> Callable[[], Iterator[str]]:
    """Output that a command printed; tests/integration/docs compares it with a new run."""

    def text() -> Iterator[str]:
        yield "```text"
        yield (ROOT / "docs" / "samples" / name).read_text(encoding="utf-8").rstrip()
        yield "```"

    return text


def example(file: str, language: str) -> Callable[[], Iterator[str]]:
    """A program of examples/."""

    def text() -> Iterator[str]:
        yield f"```{language}"
        yield (ROOT / "examples" / file).read_text(encoding="utf-8").rstrip()
        yield "```"

    return text


EXAMPLES = {
    "yaml": "yaml/Pulumi.yaml",
    "typescript": "typescript/index.ts",
    "go": "go/main.go",
    "python": "quickstart/__main__.py",
}
"""A program in each language."""

SAMPLES = (
    "review.txt",
    "review-nothing.txt",
    "drift.txt",
    "drift-healed.txt",
    "drift-incomplete.txt",
    "drift-refresh.txt",
)

BLOCKS: Mapping[str, Callable[[], Iterator[str]]] = {
    "snapshot task fields": snapshot_task_fields,
    "snapshot job fields": snapshot_job_fields,
    "workflow fields": workflow_fields,
    "pipeline fields": pipeline_fields,
    "vendor words": vendor_words,
    "settings": settings_table,
    "quotas": quotas,
    "job error codes": job_error_codes,
    "emulator assumptions": emulator_assumptions,
    "videosnap emulator help": help_of("emulator"),
    "videosnap frames help": help_of("frames"),
    "videosnap review help": help_of("review"),
    "videosnap drift help": help_of("drift"),
    "storage platforms": storage_platforms,
    "faults by scenario": counted("faults", "scenario"),
    "faults by kind": counted("faults", "fault"),
    "faults by front": counted("faults", "front"),
    "hostile services": counted("hostile", "behaviour"),
    "emulator faults": counted("emulator", "situation"),
    **{name: sample(name) for name in SAMPLES},
    **{f"{language} example": example(file, language) for language, file in EXAMPLES.items()},
}

SCHEMAS = {"review.json": schema_of(Review), "drift.json": schema_of(DriftReport)}
"""What `--json` prints, for whoever reads it with a program."""


def generated(page: str) -> str:
    """A page's text with every block as it should be."""
    return BLOCK.sub(lambda found: found[1] + "\n".join(BLOCKS[found["name"]]()) + "\n" + found[3], page)


def wanted() -> Iterator[tuple[Path, str]]:
    """Every file that is written here, with the text that it should have."""
    for page in PAGES:
        yield page, generated(page.read_text(encoding="utf-8"))
    plugin_schema = schema.generate()
    yield SCHEMA_FILE, plugin_schema
    for name, text in registry_pages(json.loads(plugin_schema)):
        yield REGISTRY / name, text
    for name, text in SCHEMAS.items():
        yield ROOT / "docs" / "schemas" / name, text


def main() -> int:
    """Write, or with `--check` only look; returns 1 for a stale file."""
    check, stale = "--check" in sys.argv[1:], []
    for file, text in wanted():
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            stale.append(file.relative_to(ROOT))
            if not check:
                file.parent.mkdir(exist_ok=True)
                file.write_text(text, encoding="utf-8")
    for name in stale:
        print(f"docs: {name} {'is stale; run scripts/docs' if check else 'written'}")  # noqa: T201
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
