"""Cloud video-snapshot tasks as Pulumi resources."""

from pulumi_videosnap import alibaba, errors, volcengine

__all__ = ["alibaba", "errors", "volcengine"]
