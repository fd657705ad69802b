"""The command `videosnap`: every failure is one line and exit code 2."""

from __future__ import annotations

import pytest

from pulumi_videosnap import pulumi_cli
from pulumi_videosnap.cli import main


@pytest.mark.parametrize(("debug", "traceback"), [("", False), ("1", True)])
def test_an_unexpected_error_is_one_line_and_exit_code_two(
    debug: str, traceback: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("hush-hush")

    monkeypatch.setenv("VIDEOSNAP_DEBUG", debug)
    monkeypatch.setattr(pulumi_cli, "run", broken)
    assert main(["review"]) == 2
    error = capsys.readouterr().err
    assert error.splitlines()[-1].startswith("videosnap review: unexpected KeyError in pulumi-videosnap")
    assert ("hush-hush" in error, "Traceback" in error) == (traceback, traceback)


def test_a_missing_preview_is_one_line_and_exit_code_two(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["review", "none.json"]) == 2
    assert capsys.readouterr().err == "videosnap review: none.json cannot be read (FileNotFoundError)\n"
