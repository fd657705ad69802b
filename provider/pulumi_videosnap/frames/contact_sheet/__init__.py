"""The contact sheet: all frames of a report in one HTML file that loads nothing from the network."""

from pulumi_videosnap.frames.contact_sheet.page import as_html

__all__ = ["as_html"]
