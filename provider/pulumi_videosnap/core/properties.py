"""Properties as Pulumi keeps them: paths, values that a preview does not know, names in two spellings."""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

Path = tuple[str | int, ...]
Properties = dict[str, Any]


class Unknown:
    """A value that a preview does not know yet; every check skips it."""

    def __repr__(self) -> str:
        return "[unknown]"


UNKNOWN = Unknown()
UNREAD = "unread"
"""The output that has the paths of the inputs that an import could not read."""


def value_at(properties: Mapping[str, Any], path: Path) -> Any:
    """The value at a path; None where it is absent, UNKNOWN where a block on the way is."""
    value: Any = properties
    for step in path:
        if isinstance(value, Unknown):
            return UNKNOWN
        if not isinstance(value, Mapping):
            return None
        value = value.get(str(step))
    return value


def chosen(properties: Properties, *names: str) -> Properties:
    """Some of the properties: those that are set."""
    return {name: properties[name] for name in names if properties.get(name) is not None}


def as_if_read(recorded: Properties, declared: Properties) -> Properties:
    """What is recorded, as if an import had read what the program declares of what it could not read."""
    found = recorded
    for path in recorded.get(UNREAD) or ():
        found = _with_declared(found, declared, tuple(path.split(".")))
    return found


def _with_declared(properties: Properties, declared: Any, path: Path) -> Properties:
    name, rest = str(path[0]), path[1:]
    if not isinstance(declared, Mapping) or declared.get(name) is None:
        return properties
    value = _with_declared(properties.get(name) or {}, declared[name], rest) if rest else declared[name]
    return {**properties, name: value}


def texts_in(value: Any, skip: Collection[Path] = (), at: Path = ()) -> Iterator[str]:
    """Every text in a value, and every number of the engine's (a float), as a message would write it.

    Without those at or below some paths; items of a list are at the path of the list.
    """
    if at in skip:
        return
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from texts_in(item, skip, (*at, name))
    elif isinstance(value, list):
        for item in value:
            yield from texts_in(item, skip, at)
    elif isinstance(value, float):
        yield repr(int(value)) if value.is_integer() else repr(value)
    elif isinstance(value, str):
        yield value


@functools.lru_cache(maxsize=1024)
def snake(name: str) -> str:
    """A property's name as a Python program writes it (`imageConfig` → `image_config`)."""
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name)


def camel(name: str) -> str:
    """A property's name as state has it (`image_config` → `imageConfig`).

    The same as pydantic's `to_camel`, which names the models' fields, without an import of pydantic.
    """
    if re.fullmatch(r"[a-z]+[A-Za-z0-9]*", name) and not re.search(r"\d(?=[a-z])", name):
        return name
    pascal = re.sub(r"([0-9A-Za-z])_(?=[0-9A-Z])", r"\1", name.title())
    return re.sub(r"^_*[A-Z]", lambda found: found[0].lower(), pascal)


def camel_names(text: str) -> str:
    """A text with the names in it as state has them."""
    return re.sub(r"\b[a-z]+(?:_[a-z]+)+\b", lambda name: camel(name[0]), text)


def nearest(name: str, known: Iterable[str]) -> str:
    """What to write in place of a name that is not known: the nearest one, or any of them."""
    names = list(known)
    close = difflib.get_close_matches(name, names, n=1)
    more = f" and {len(names) - _SHOWN} others" if len(names) > _SHOWN else ""
    return f"did you mean {close[0]}?" if close else f"known fields: {', '.join(names[:_SHOWN])}{more}"


_SHOWN = 20


_STEP = re.compile(r'\["(?P<key>(?:[^"\\]|\\.)*)"\]|\[[^]]*\]|(?P<name>[^.\[]+)')
"""One step of a property path of Pulumi: `name`, `["key"]`, `[0]` or `[*]`."""


def names_of(path: str) -> list[str]:
    """The names in a property path, as they are written, without its indexes."""
    return [name for step in _STEP.finditer(path) if (name := step["key"] or step["name"])]


def camel_path(path: str) -> str:
    """A property path as state has it (`image_config["interval"]` → `imageConfig["interval"]`)."""

    def translated(step: re.Match[str]) -> str:
        name = step["key"] or step["name"]
        return step[0].replace(name, camel(name)) if name else step[0]

    return _STEP.sub(translated, path)


def parse_path(path: str) -> Path:
    """A property path of Pulumi as its steps: `a["b"][0].c` is a, b, 0, c; `*` stands for every step."""
    steps = (step["key"] or step["name"] or step[0].strip("[]") for step in _STEP.finditer(path))
    return tuple(int(step) if step.isdecimal() else step for step in steps)


def covers(pattern: Path, path: Path) -> bool:
    """Whether an option with a property path concerns a field, which may be a list of blocks."""
    return all(step in ("*", name) for step, name in zip(pattern, path, strict=False))


def with_recorded(actual: Any, recorded: Any, path: Path) -> Any:
    """A value in which what is at a path is as recorded, as the engine reads `ignore_changes`."""
    if not path:
        return recorded
    step, rest = path[0], path[1:]
    if isinstance(actual, Mapping) and isinstance(recorded, Mapping):
        names = [name for name in {**recorded, **actual} if step in ("*", name)]
        kept = {name: with_recorded(actual.get(name), recorded.get(name), rest) for name in names}
        return {name: value for name, value in {**actual, **kept}.items() if value is not None}
    if isinstance(actual, list) and isinstance(recorded, list):
        kept_items = [with_recorded(*pair, rest) for pair in zip(actual, recorded, strict=False)]
        kept_items = [new if step in ("*", n) else actual[n] for n, new in enumerate(kept_items)]
        return kept_items + actual[len(kept_items) :]
    return actual


@functools.lru_cache(maxsize=1024)
def dotted(path: Path) -> str:
    """A path as a Python program would write it: `target_streams.stream_list[0].user_id`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{snake(step)}"
    return text.lstrip(".")
