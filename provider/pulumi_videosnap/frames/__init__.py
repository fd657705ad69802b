"""The frames that tasks took: keys as an Output, and a resource that waits for them."""

from pulumi_videosnap.frames.resource import FramesReady, of

__all__ = ["FramesReady", "of"]
