"""Decoding of videos, and the sample videos."""
