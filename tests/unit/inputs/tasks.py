"""Inputs of tasks and jobs in state's spelling: complete sets, edits, any valid set of a task's."""

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from hypothesis import strategies as st

from support.data import load

Inputs = dict[str, Any]
Check = Callable[[Mapping[str, Any]], tuple[Inputs, list[str]]]
"""Inputs as the provider completes them, and what it refuses, each as the user sees it."""
Step = str | int
Path = tuple[Step, ...]


class _Absent:
    def __repr__(self) -> str:
        return "ABSENT"


ABSENT = _Absent()
"""In place of a value: take the field away."""

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

_VALID = load("inputs/tasks.json")
STORAGES: dict[str, Inputs] = _VALID["storages"]
JOBS: dict[str, Inputs] = load("inputs/jobs.json")
"""Inputs of jobs: a sequence with sheets, in which no field has its default; a WebVTT; moments."""
WORKFLOWS: dict[str, Inputs] = load("inputs/workflows.json")
"""Complete inputs of a workflow and of a pipeline."""


def complete(storage: str = "tos") -> Inputs:
    """Every field with a value that is not its default."""
    return copy.deepcopy({**_VALID["task"], "storageConfig": STORAGES[storage]})


def plain_task(**changes: Any) -> Inputs:
    """The same for the vendor's only account."""
    return {name: value for name, value in {**complete(), **changes}.items() if name != "profile"}


def job(kind: str = "sequence") -> Inputs:
    return copy.deepcopy(JOBS[kind])


def edited(inputs: Inputs, changes: Mapping[Path, Any]) -> Inputs:
    """A copy in which each path has its new value, or none."""
    result = copy.deepcopy(inputs)
    for path, value in changes.items():
        block: Any = result
        for step in path[:-1]:
            block = block[step]
        if value is ABSENT:
            del block[path[-1]]
        else:
            block[path[-1]] = value
    return result


def at(value: Any, path: Path) -> Any:
    """The value at a path."""
    for step in path:
        value = value[step]
    return value


def paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """The path of every block, list, list entry and leaf below a value."""
    if path:
        yield path
    lists = enumerate(value) if isinstance(value, list) else ()
    for step, inner in value.items() if isinstance(value, dict) else lists:
        yield from paths(inner, (*path, step))


def leaves(value: Any) -> Iterator[Path]:
    """The path of everything that holds no other value."""
    return (path for path in paths(value) if not isinstance(at(value, path), dict | list))


def ids() -> st.SearchStrategy[str]:
    return st.text(LETTERS + "@._-", min_size=1, max_size=128)


def names() -> st.SearchStrategy[str]:
    return st.text(LETTERS + "-._é中:", min_size=1, max_size=64)


def _words(*words: str, first: int = 0) -> st.SearchStrategy[Any]:
    """A word in some case, or the vendor's number for it."""
    spelled = [form(word) for word in words for form in (str.lower, str.upper, str.title)]
    return st.sampled_from([*spelled, *range(first, first + len(words))])


def _fields(required: Mapping[str, Any], optional: Mapping[str, Any]) -> st.SearchStrategy[Inputs]:
    return st.fixed_dictionaries(dict(required), optional=dict(optional))


ACCOUNT = st.text("0123456789", min_size=1, max_size=12) | st.integers(0, 10**12)
REGION = st.integers(0, 255)
_VENDOR = _words("aws", "aliyun", "huawei", "tencent", "qiniu")

_SIZE = st.integers(0, 1920)
_TYPE = {"streamType": _words("camera", "screen")}
_INDEX = {"index": st.integers(0, 2**31 - 1)}
_streams = st.lists(_fields({"userId": ids()}, _TYPE), max_size=17) | st.lists(
    _fields({"userId": ids(), **_INDEX}, _TYPE), max_size=17, unique_by=lambda stream: int(stream["index"])
)
_SIZES = {"width": _SIZE, "height": _SIZE}
_image = _fields({}, {"interval": st.integers(1, 600), "format": _words("jpeg", "png"), **_SIZES})
_key = st.text(LETTERS + "+/=", min_size=1, max_size=64)
_variable = st.text("ABCDEFGHIJ_", min_size=1, max_size=20)
_CLASS = _words("standard", "archive", "infrequent-access", first=1)
_VOD = {"storageClass": _CLASS, "autoSetFileExtension": st.booleans()}
_blocks: dict[str, st.SearchStrategy[Inputs]] = {
    "tosConfig": _fields({"accountId": ACCOUNT, "bucket": names()}, {"region": REGION}),
    "vodConfig": _fields({"accountId": ACCOUNT, "space": names()}, {"region": REGION, **_VOD}),
    "customConfig": st.one_of(
        [
            _fields({"bucket": names(), key: value, secret: hidden}, {"region": REGION, "vendor": _VENDOR})
            for key, value in (("accessKey", _key), ("accessKeyEnv", _variable))
            for secret, hidden in (("secretKey", _key), ("secretKeyEnv", _variable))
        ]
    ),
    "veImageXConfig": _fields({"accountId": ACCOUNT, "serviceId": names()}, {"region": REGION}),
}
_TYPES = dict(zip(_blocks, ("tos", "vod", "custom", "veimagex"), strict=True))
_storage = st.one_of(
    [
        _fields({block: fields}, {"type": st.sampled_from([_TYPES[block], _TYPES[block].upper(), number])})
        for number, (block, fields) in enumerate(_blocks.items())
    ]
)
_trigger = st.recursive(
    st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(LETTERS, min_size=1), inner, max_size=3)
    ),
    max_leaves=5,
)


def valid() -> st.SearchStrategy[Inputs]:
    """Any inputs that a program may declare."""
    return _fields(
        {"appId": names(), "roomId": ids(), "taskId": ids(), "storageConfig": _storage},
        {
            "businessId": ids(),
            "targetStreams": _fields({}, {"streamList": _streams}),
            "maxIdleTime": st.integers(10, 86400),
            "imageConfig": _image,
            "keepRunning": st.booleans(),
            "triggers": st.lists(_trigger, max_size=3),
            "profile": names(),
        },
    )
