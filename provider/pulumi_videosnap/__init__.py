"""Cloud video-snapshot tasks as Pulumi resources."""

from pulumi_videosnap import alibaba, errors, frames, volcengine

__all__ = ["alibaba", "errors", "frames", "volcengine"]
