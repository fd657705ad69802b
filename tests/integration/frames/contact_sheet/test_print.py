"""The sheet on paper: A4, all frames, and none cut in two."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from integration.frames.contact_sheet.conftest import Open

pytestmark = pytest.mark.browser

MARK_BOTH_ENDS = """() => document.querySelectorAll(".frame").forEach((frame, number) => {
  frame.style.position = "relative";
  for (const end of ["top", "bottom"]) {
    const link = document.createElement("a");
    link.href = `https://cell.invalid/${number}`;
    link.textContent = ".";
    link.style.position = "absolute";
    link.style[end] = "0";
    frame.append(link);
  }
})"""
"""Links are told in a PDF with the page that they are on, so they show where each cell begins and ends."""


def pages_of_cells(document: bytes) -> dict[int, list[int]]:
    """For each cell the pages of its two ends."""
    cells: dict[int, list[int]] = defaultdict(list)
    links = dict(
        re.findall(
            rb"\n(\d+) 0 obj\n<</Type /Annot\n.*?/URI \(https://cell\.invalid/(\d+)\)", document, re.DOTALL
        )
    )
    for number, page in enumerate(re.findall(rb"/Type /Page\n.*?>>\nendobj", document, re.DOTALL)):
        listed = re.search(rb"/Annots \[([^\]]*)\]", page)
        for link in re.findall(rb"(\d+) 0 R", listed[1] if listed else b""):
            cells[int(links[link])].append(number)
    return cells


@pytest.mark.parametrize(("count", "most_pages"), [(12, 2), (600, 20)])
def test_all_frames_are_printed_on_a4_and_none_is_cut(
    open_sheet: Open, tmp_path: Path, count: int, most_pages: int
) -> None:
    page = open_sheet(count, scheme="dark").page
    page.get_by_role("button", name="missing").first.click()
    page.keyboard.press("f")
    page.evaluate(MARK_BOTH_ENDS)
    document = page.pdf(prefer_css_page_size=True)
    sizes = set(re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", document))
    assert {(round(float(width)), round(float(height))) for width, height in sizes} == {(595, 842)}
    cells = pages_of_cells(document)
    assert sorted(cells) == list(range(count))
    assert [number for number, (top, bottom) in cells.items() if top != bottom] == []
    assert max(bottom for _, bottom in cells.values()) < most_pages


def test_on_paper_there_are_no_controls_and_the_ground_is_white(open_sheet: Open) -> None:
    page = open_sheet(12, scheme="dark").page
    page.emulate_media(media="print")
    assert page.locator("#tools, .skip, nav").locator("visible=true").count() == 0
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgba(0, 0, 0, 0)"
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(27, 33, 36)"
