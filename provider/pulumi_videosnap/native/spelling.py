"""The names in a message as the program writes them: the core has those of Python, all others those of state.

The engine does not say which language calls, so the project's file is asked, which names its runtime.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from pathlib import Path as File
from typing import Any

from pulumi_videosnap.core.properties import Path, camel, dotted, snake
from pulumi_videosnap.native.differ import camel_dotted
from pulumi_videosnap.native.package import schema

_PATH = re.compile(r"(?<![\w'/.-])[a-z][a-z0-9_]*(?:(?:\[\d+\])?\.[a-z][a-z0-9_]*)*(?![\w'/-])")
_NAME = re.compile(r"\w+")
_OPTIONS = ("custom_timeouts", "ignore_changes", "replace_on_changes", "retain_on_delete", "deleted_with")


def as_the_program_writes(text: str) -> str:
    """A message with the names of fields and options in the spelling of the program; values stay."""
    if _runtime(File.cwd()) == "python":
        return text
    return _PATH.sub(lambda path: _NAME.sub(_camel, path[0]) if "_" in path[0] else path[0], text)


def path_as_the_program_writes(path: Path) -> str:
    """A path in a resource, which may have names that no field has."""
    return dotted(path) if _runtime(File.cwd()) == "python" else camel_dotted(path)


def _camel(name: re.Match[str]) -> str:
    return camel(name[0]) if name[0] in _names() else name[0]


@functools.cache
def _runtime(folder: File) -> str:
    """The runtime of the project that a folder is in; empty where there is none that can be read."""
    import yaml  # type: ignore[import-untyped]  # noqa: PLC0415 - only for a message

    for file in (one / f"Pulumi.{ending}" for one in (folder, *folder.parents) for ending in ("yaml", "yml")):
        try:
            found = yaml.safe_load(file.read_text(encoding="utf-8"))["runtime"]
        except OSError:
            continue
        except (KeyError, TypeError, ValueError, yaml.YAMLError):
            return ""
        return str(found["name"] if isinstance(found, Mapping) else found)
    return ""


@functools.cache
def _names() -> frozenset[str]:
    """The names in the schema as Python has them, and those of the options that messages mention."""
    return frozenset((*_OPTIONS, *map(snake, _properties(schema()))))


def _properties(spec: Any) -> Iterator[str]:
    for key, value in spec.items() if isinstance(spec, Mapping) else ():
        if key in ("properties", "inputProperties", "variables"):
            yield from value
        yield from _properties(value)
