"""Cloud video-snapshot tasks as Pulumi resources. Each part is loaded when it is first named."""

import importlib
from types import ModuleType


def __getattr__(name: str) -> ModuleType:
    full = f"{__name__}.{name}"
    try:
        return importlib.import_module(full)
    except ModuleNotFoundError as missing:
        if missing.name != full:
            raise
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
