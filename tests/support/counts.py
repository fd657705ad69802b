"""What a test has counted, and wants to be read at the end of a run, also of one that passed."""

from __future__ import annotations

TOLD = "told at the end"
"""The property of a test (`record_property`) whose text is printed there."""
