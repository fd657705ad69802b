"""The command line's options for MPS."""

from __future__ import annotations

import pytest
from videosnap_emulator.alibaba_mps.models import read_config
from videosnap_emulator.alibaba_mps.parameters import Block
from videosnap_emulator.alibaba_mps.readings import Readings

from support.mps_client import SEQUENCE
from videosnap_emulator.options import parser, readings


def chosen(*arguments: str) -> Readings:
    return readings(parser().parse_args(["--env-file", "env", *arguments]))


def test_the_other_reading_of_two_documents() -> None:
    assert chosen() == Readings()
    both = chosen("--mps-reading", "frame-type=normal", "--mps-reading", "interval=average")
    assert both == Readings("normal", "average")
    assert chosen("--mps-reading", "interval=average", "--mps-reading", "interval=ten-seconds") == Readings()
    block = Block(dict(SEQUENCE), "SnapshotConfig")
    assert [read_config(block, one).frame_type for one in (Readings(), both)] == ["intra", "normal"]
    given = Block({**SEQUENCE, "FrameType": "intra"}, "SnapshotConfig")
    assert read_config(given, both).frame_type == "intra"


@pytest.mark.parametrize(
    "arguments",
    [("--mps-reading", "frame-type"), ("--mps-reading", "interval=5"), ("--job-seconds", "-1")],
    ids=" ".join,
)
def test_other_values_are_refused(arguments: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        chosen(*arguments)
    assert arguments[1] in capsys.readouterr().err
