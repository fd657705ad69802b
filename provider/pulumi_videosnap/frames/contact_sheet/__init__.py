"""The contact sheet: all frames of a report in one HTML file that asks the network for nothing."""

from __future__ import annotations

from pulumi_videosnap.errors import VideosnapError
from pulumi_videosnap.frames.model import Report

NO_JINJA = (
    "Making a contact sheet needs Jinja2, which is not installed; "
    "install the extra with: pip install 'pulumi-videosnap[frames]'"
)

__all__ = ["render"]


def render(report: Report) -> str:
    """Write the sheet; it opens from a file, a mail or a web server alike."""
    try:
        from pulumi_videosnap.frames.contact_sheet.page import page  # noqa: PLC0415 - an extra, loaded on demand
    except ModuleNotFoundError as missing:
        if missing.name not in {"jinja2", "markupsafe"}:
            raise
        raise VideosnapError(NO_JINJA) from None
    return page(report)
