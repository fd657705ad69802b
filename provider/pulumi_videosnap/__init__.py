"""Cloud video-snapshot tasks as Pulumi resources."""

from pulumi_videosnap import errors, volcengine

__all__ = ["errors", "volcengine"]
