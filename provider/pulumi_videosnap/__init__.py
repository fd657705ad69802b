"""Cloud video-snapshot tasks as Pulumi resources. Each cloud is loaded when it is first named."""

import importlib
from types import ModuleType

__all__ = ["alibaba", "errors", "frames", "volcengine"]


def __getattr__(name: str) -> ModuleType:
    if name in __all__:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
