"""The pack as a whole, held against its page, the provider and Pulumi."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from pulumi.runtime import rpc

from policy.rules import facts, values
from pulumi_videosnap import alibaba, volcengine
from pulumi_videosnap.alibaba.pipeline.schema import PipelineInputs
from pulumi_videosnap.alibaba.schema import SnapshotJobInputs
from pulumi_videosnap.alibaba.workflow.schema import SnapshotWorkflowInputs, WorkflowSnapshot
from pulumi_videosnap.core.field_words import range_of
from pulumi_videosnap.core.properties import dotted
from pulumi_videosnap.core.schema import Inputs, Mark, field_at
from pulumi_videosnap.core.schema import facts as leaves
from pulumi_videosnap.kinds import kinds
from pulumi_videosnap.volcengine.rules import BLOCKS
from pulumi_videosnap.volcengine.schema import MAX_STREAMS, SnapshotTaskInputs
from support.data import read

KINDS: list[tuple[facts.Kind, type, type[Inputs]]] = [
    (facts.TASK, volcengine.SnapshotTask, SnapshotTaskInputs),
    (facts.JOB, alibaba.SnapshotJob, SnapshotJobInputs),
    (facts.WORKFLOW, alibaba.SnapshotWorkflow, SnapshotWorkflowInputs),
]
EACH_SNAPSHOT = ("snapshots", values.EACH)


@pytest.mark.parametrize(("kind", "resource", "model"), KINDS)
def test_a_kind_is_the_providers(kind: facts.Kind, resource: type, model: type[Inputs]) -> None:
    assert kind.token == f"pulumi-python:{vars(resource)['_resource_type_name']}"
    assert all(field_at(model, (name,)) for name in kind.fields)
    below = leaves(WorkflowSnapshot, EACH_SNAPSHOT) if kind is facts.WORKFLOW else ()
    known = {leaf.path: leaf.info for leaf in (*leaves(model), *below)}
    places = {path for path in known if path[-1] in ("bucket", "space", "serviceId")}
    assert set(kind.places) == places - {("input", "bucket")}, "that is the video's"
    assert {dotted(path) for path in kind.places} == {values.python_name(path) for path in kind.places}
    assert range_of(known[kind.interval]).endswith(" seconds")


def test_a_kind_is_recognised_by_its_type_or_its_fields() -> None:
    for kind, *_ in KINDS:
        declared = {name: values.NotKnown() for name in kind.fields}
        assert facts.kind_of(kind.token, {}) is kind
        assert facts.kind_of(kind.token.replace(facts.DYNAMIC, facts.NATIVE), {}) is kind
        assert facts.kind_of("pulumi-python:dynamic:Resource", declared) is kind
        assert facts.kind_of("aws:s3/bucket:Bucket", declared) is None
    assert facts.kind_of("pulumi-python:dynamic:Resource", {"input": {}}) is None


def test_no_secret_field_is_missing() -> None:
    models = (SnapshotTaskInputs, SnapshotJobInputs, SnapshotWorkflowInputs, WorkflowSnapshot, PipelineInputs)
    secrets = {leaf.path for model in models for leaf in leaves(model) if Mark.SECRET in leaf.marks}
    assert set(facts.SECRET_KEYS) == secrets
    for path, argument in facts.SECRET_KEYS.items():
        variable = (*path[:-1], f"{path[-1]}Env")
        assert field_at(SnapshotTaskInputs, variable)
        assert dotted(variable).endswith(f".{argument}")


def test_no_credential_in_the_configuration_is_missing() -> None:
    accounts = {keys for kind in kinds() for keys in kind.review.credentials}
    known = {setting.config: setting.env for keys in accounts for setting in keys.settings}
    assert known == facts.CREDENTIALS


def test_the_limits_and_the_other_fields_are_the_providers() -> None:
    interval, streams = (field_at(SnapshotTaskInputs, path) for path in (facts.TASK.interval, facts.STREAMS))
    assert interval is not None
    assert streams is not None
    assert range_of(interval) == f"1 to {facts.LONGEST_INTERVAL} seconds"
    assert streams.description == "empty means every stream of the room"
    assert facts.MAX_STREAMS == MAX_STREAMS
    assert field_at(SnapshotTaskInputs, facts.BUSINESS_ID)
    assert {path[1] for path in facts.TASK.places} == set(BLOCKS.values())


def test_the_marks_are_pulumis() -> None:
    assert (rpc._special_sig_key, rpc._special_secret_sig) == (values.SIGNATURE, values.SECRET)
    assert rpc.UNKNOWN in values.UNKNOWNS


ROOT = Path(__file__).resolve().parents[3]
PACK = ROOT / "policy"
LEVELS = {"mandatory", "advisory", "disabled"}

DECLARED = read("programs/policy_declared.txt")
UNKNOWNS = read("programs/policy_unknowns.txt")


def run_with_the_pack(program: str) -> Any:
    """What a program prints in the pack's own environment."""
    python = PACK / ".venv" / "bin" / "python"
    assert python.exists(), "the pack has no environment: run `make setup`"
    printed = subprocess.run(
        [python, "-c", program], cwd=PACK, capture_output=True, text=True, check=True, timeout=120
    )
    return json.loads(printed.stdout)


@pytest.fixture(scope="module")
def declared() -> dict[str, Any]:
    policies: dict[str, Any] = run_with_the_pack(DECLARED)
    return policies


def test_the_lock_holds_hashes_and_no_address() -> None:
    lock = (PACK / "requirements.lock").read_text()
    wanted = re.findall(r"^[a-z][\w-]*==\S+", (PACK / "requirements.in").read_text(), re.MULTILINE)
    assert all(package in lock for package in wanted)
    assert "--hash=sha256:" in lock
    assert "://" not in lock


def test_the_example_configures_what_there_is(declared: dict[str, Any]) -> None:
    example = json.loads((PACK / "example-config.json").read_text())
    assert set(example) == set(declared)
    for name, config in example.items():
        assert config.pop("enforcementLevel", "mandatory") in LEVELS
        assert set(config) <= set(declared[name]["config"])


def test_the_page_names_every_policy_its_level_and_its_configuration(declared: dict[str, Any]) -> None:
    page = (ROOT / "docs" / "policy.md").read_text()
    rows = {
        cells[0].strip("`"): cells[1:]
        for line in page.splitlines()
        if line.startswith("| `videosnap-")
        for cells in [[cell.strip() for cell in line.strip("|").split("|")]]
    }
    assert set(rows) == set(declared)
    for name, (_, level, config) in rows.items():
        assert level == declared[name]["level"]
        assert re.findall(r"`(\w+)`", config) == list(declared[name]["config"])
    assert (PACK / "example-config.json").read_text() in page


def test_pulumis_unknowns_are_all_known() -> None:
    assert set(run_with_the_pack(UNKNOWNS)) == set(values.UNKNOWNS)
