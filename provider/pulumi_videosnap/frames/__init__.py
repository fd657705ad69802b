"""The pictures that tasks took: where they are, which should be there, what they look like."""

from pulumi_videosnap.frames.lookup import of
from pulumi_videosnap.frames.resource import FramesReady

__all__ = ["FramesReady", "of"]
