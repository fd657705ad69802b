"""The folder that keeps drift reports: nothing is overwritten or half written, nothing foreign is fatal."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from integration.drift import samples
from integration.review.page_checks import WIDTHS, assert_guarded, check_looks, opened
from pulumi_videosnap.drift import history
from pulumi_videosnap.drift.history import kept, write
from pulumi_videosnap.drift.model import DriftReport
from pulumi_videosnap.errors import VideosnapError
from pulumi_videosnap.report.base import as_json

FIRST = "drift-20261121T180405Z"
DAMAGED = ("", "{", "[]", "{}", '{"at": 7, "counts": {"changed": -1}, "complete": true}', "\x00" * 100)


def later(report: DriftReport, hours: float) -> DriftReport:
    return report.model_copy(update={"at": report.at + timedelta(hours=hours)})


def files(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def rows(folder: Path) -> list[str]:
    """The links of the index, in their order."""
    return re.findall(r'<td><a href="([^"]+)">', (folder / "index.html").read_text())


def test_a_run_is_kept_with_its_data_and_an_index(tmp_path: Path) -> None:
    folder = tmp_path / "reports" / "drift"
    assert write(samples.each_verdict(), folder) == folder / f"{FIRST}.html"
    assert files(folder) == [f"{FIRST}.html", f"{FIRST}.json", "index.html"]
    assert (folder / f"{FIRST}.json").read_text() == as_json(samples.each_verdict()) + "\n"
    assert "Verdicts of 1 run" in (folder / f"{FIRST}.html").read_text()


def test_the_index_lists_the_newest_first_whatever_the_order_of_the_runs(tmp_path: Path) -> None:
    for hours in (3, 1, 2, 30):
        write(later(samples.in_sync(), hours), tmp_path)
    assert rows(tmp_path) == [
        f"drift-20261{day}Z.html" for day in ("123T000405", "121T210405", "121T200405", "121T190405")
    ]
    assert [entry.tasks for entry in kept(tmp_path).entries] == [4, 4, 4, 4]


def test_a_page_shows_the_runs_before_it(tmp_path: Path) -> None:
    for hours in range(3):
        page = write(later(samples.in_sync(), hours), tmp_path)
    assert "Verdicts of 3 runs, 2026-11-21 18:04 to 2026-11-21 20:04 UTC" in page.read_text()


def test_runs_of_one_second_do_not_overwrite_each_other(tmp_path: Path) -> None:
    pages = [write(report, tmp_path).name for report in (samples.in_sync(), samples.drifted())]
    assert pages == [f"{FIRST}.html", f"{FIRST}-2.html"]
    assert "No drift" in (tmp_path / pages[0]).read_text()
    assert len(rows(tmp_path)) == 2


def test_runs_at_the_same_time_are_all_kept_and_all_listed(tmp_path: Path) -> None:
    with ThreadPoolExecutor(6) as pool:
        pages = list(pool.map(lambda _: write(samples.in_sync(), tmp_path).name, range(6)))
    assert len(set(pages)) == 6
    assert sorted(rows(tmp_path)) == sorted(pages)
    assert len(files(tmp_path)) == 6 * 2 + 1


def test_times_are_named_in_utc(tmp_path: Path) -> None:
    east = samples.AT.astimezone(timezone(timedelta(hours=8)))
    assert write(samples.in_sync().model_copy(update={"at": east}), tmp_path).stem == FIRST


@pytest.mark.parametrize("text", DAMAGED)
def test_a_damaged_report_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "drift-20260101T000000Z.json").write_text(text)
    write(samples.in_sync(), tmp_path)
    assert kept(tmp_path).unread == (
        ("drift-20260101T000000Z.json", "no report of a drift check, or a damaged one"),
    )
    assert "drift-20260101T000000Z.json" in (tmp_path / "index.html").read_text()


def test_what_is_foreign_is_named_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes <b>.txt").write_text("mine")
    (tmp_path / "drift-20260101T000000Z.json").mkdir()
    (tmp_path / "drift-20260102T000000Z.html").write_text("cut o")
    (tmp_path / "drift-latest.json").write_text("{}")
    (tmp_path / ".hidden").write_text("mine")
    day = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))
    ancient = samples.in_sync().model_copy(update={"at": day})
    (tmp_path / "drift-00010101T000000Z.json").write_text(as_json(ancient))
    write(samples.in_sync(), tmp_path)
    assert dict(kept(tmp_path).unread) == {
        "notes <b>.txt": "not of a drift run",
        "drift-20260101T000000Z.json": "no file",
        "drift-20260102T000000Z.html": "its data is missing: the run was broken off",
        "drift-latest.json": "not of a drift run",
        "drift-00010101T000000Z.json": "no report of a drift check, or a damaged one",
    }
    assert "notes &lt;b&gt;.txt" in (tmp_path / "index.html").read_text()
    assert (tmp_path / "notes <b>.txt").read_text() == "mine"


def test_a_run_whose_page_was_deleted_is_listed_without_a_link(tmp_path: Path) -> None:
    write(samples.drifted(), tmp_path).unlink()
    write(later(samples.in_sync(), 1), tmp_path)
    assert len(rows(tmp_path)) == 1
    assert "its page is gone" in (tmp_path / "index.html").read_text()


@pytest.mark.parametrize("broken", range(3))
def test_a_run_that_is_broken_off_leaves_no_half_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: int
) -> None:
    write(samples.in_sync(), tmp_path)
    before = {name: (tmp_path / name).read_bytes() for name in files(tmp_path)}
    left = iter([False] * broken + [True])
    real = Path.replace

    def replace(self: Path, target: Path) -> Path:
        if next(left):
            raise KeyboardInterrupt
        return real(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", replace)
        with pytest.raises(KeyboardInterrupt):
            write(samples.drifted(), tmp_path)
    assert {name: (tmp_path / name).read_bytes() for name in before} == before
    new = [name for name in files(tmp_path) if name not in before]
    assert new == [f"{FIRST}-2.html", f"{FIRST}-2.json"][:broken]
    write(later(samples.in_sync(), 1), tmp_path)
    assert len(rows(tmp_path)) == (3 if broken == 2 else 2)


def test_a_page_that_cannot_be_made_claims_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> str:
        raise RuntimeError

    monkeypatch.setattr(history, "as_html", fail)
    with pytest.raises(RuntimeError):
        write(samples.in_sync(), tmp_path)
    assert files(tmp_path) == []


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(VideosnapError, match=r"cannot be kept in .*file \(File exists\); name a folder"):
        write(samples.in_sync(), tmp_path / "file")


def test_the_index_names_how_many_it_leaves_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "NEWEST", 2)
    for hours in range(4):
        write(later(samples.in_sync(), hours), tmp_path)
    assert rows(tmp_path) == ["drift-20261121T210405Z.html", "drift-20261121T200405Z.html"]
    assert "2 older runs are kept in this folder and not listed." in (tmp_path / "index.html").read_text()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs of all kinds, and a stranger."""
    made = tmp_path_factory.mktemp("kept")
    (made / "notes.txt").write_text("mine")
    kinds = [samples.in_sync, samples.drifted, samples.two_stacks, samples.no_tasks, samples.each_verdict]
    for number in range(10):
        write(later(kinds[number % 5](), number), made)
    write(later(samples.hostile("k" * 300), 19), made)
    write(later(samples.hostile(samples.HOSTILE[0]), 20), made)
    return made


def test_the_index_is_guarded_and_links_only_to_its_reports(folder: Path) -> None:
    text = (folder / "index.html").read_text()
    assert_guarded(text)
    links = set(re.findall(r' (?:href|src)="([^"#]+)', text)) - {"data:,"}
    assert links == {name for name in files(folder) if name.startswith("drift-") and name.endswith(".html")}


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_index_can_be_read(browser: Browser, folder: Path, scheme: str) -> None:
    with opened(browser, folder / "index.html", scheme=scheme) as page:
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            check_looks(page)


@pytest.mark.browser
def test_the_index_says_how_each_run_went(browser: Browser, folder: Path) -> None:
    with opened(browser, folder / "index.html") as page:
        results = page.locator("tbody td:nth-child(3)").all_inner_texts()
        assert [result.strip() for result in results] == [
            "drift", "drift", *["incomplete", "no tasks", "incomplete", "drift", "no drift"] * 2,
        ]  # fmt: skip
        expect(page.locator("tbody tr").nth(5)).to_contain_text("dev drift 6")
        expect(page.locator("tbody tr").first.locator("bdi")).to_have_text(samples.HOSTILE[0])
