"""Generates the package schema, from which the engine and every SDK know resources, functions and settings.

It comes from what is declared already: the models of the inputs, the resource classes with their outputs, the
lookups with their results, the settings. The file is checked in, since a plugin reads it at each start;
`scripts/docs` writes it, and its test says when it is stale.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import re
import textwrap
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from importlib.metadata import metadata
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from pulumi_videosnap.core.field_words import range_of, words_of
from pulumi_videosnap.core.properties import camel, camel_names
from pulumi_videosnap.core.schema import Effect, Inputs, Mark, facts
from pulumi_videosnap.kinds import DYNAMIC_PREFIX, NATIVE_PREFIX, ResourceType, lookups, resource_types
from pulumi_videosnap.settings import all_settings

Spec = dict[str, Any]
_ANY: Spec = {"$ref": "pulumi.json#/Any"}
_SCALARS: Mapping[Any, Spec] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    Any: _ANY,
}
LANGUAGES: Spec = {
    # `pulumi_videosnap` is this package, and npm's default is in the scope of Pulumi itself.
    "python": {"packageName": "videosnap_sdk", "pyproject": {"enabled": True}, "respectSchemaVersion": True},
    "nodejs": {"packageName": "pulumi-videosnap", "respectSchemaVersion": True},
    "go": {"importBasePath": "example.com/pulumi-videosnap/sdk/go/videosnap", "respectSchemaVersion": True},
}
"""What the generators of the SDKs want to know, by language."""


def generate() -> str:
    """The schema as the text of its file."""
    package = metadata("pulumi-videosnap")
    found = list(resource_types())
    builder = _Builder()
    resources = {f"{NATIVE_PREFIX}{one.token}": builder.resource(one) for one in found}
    functions = dict(sorted(builder.functions()))
    config = dict(_config())
    reached = "Where the clouds are reached, and with which keys."
    schema = {
        "name": NATIVE_PREFIX.rstrip(":"),
        "displayName": "Videosnap",
        "version": package["Version"],
        "description": package["Summary"],
        "keywords": ["pulumi", "videosnap", "category/cloud", "kind/native"],
        "license": "Apache-2.0",
        "meta": {"moduleFormat": "(.*)"},
        "config": {"variables": config},
        "provider": {"description": reached, "inputProperties": config},
        "types": dict(sorted(builder.types.items())),
        "resources": resources,
        "functions": functions,
        "language": LANGUAGES,
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _config() -> Iterator[tuple[str, Spec]]:
    for setting in all_settings():
        if setting.config:
            text = f"{_sentence(setting.meaning)} The environment variable {setting.env} goes before it."
            text += f" Default: {setting.default}." if setting.default else ""
            spec = _described({"type": "string", **({"secret": True} if setting.secret else {})}, text)
            yield setting.config.removeprefix(NATIVE_PREFIX), spec


class _Builder:
    """Builds resources and functions, and collects the types that they refer to."""

    def __init__(self) -> None:
        self.types: dict[str, Spec] = {}
        self.fields: dict[str, Spec] = {}
        """Inputs of resources: an argument of a lookup with the name of one has its meaning."""

    def resource(self, kind: ResourceType) -> Spec:
        """A resource: what a program sets, and everything that is known of it."""
        module, name = kind.token.split(":")
        declared = getattr(_home(kind), name)
        inputs = {info.alias or key: info for key, info in kind.inputs.model_fields.items()}
        specs = {key: self._input(info, module, name, key) for key, info in inputs.items()}
        for key, spec in specs.items():
            if Effect.IN_PLACE in inputs[key].metadata:
                self._change_in_place(spec)
        shown = {key: spec for key, spec in specs.items() if not _is_hidden(inputs[key])}
        outputs = dict(self._outputs(declared, module))
        optional = {key for key, (_, required) in outputs.items() if not required}
        optional |= {key for key, info in inputs.items() if key not in outputs and info.default is None}
        known = {key: _without_effect(spec) for key, spec in specs.items() if key in shown}
        known |= {key: spec for key, (spec, _) in outputs.items() if key not in known}
        self.fields.update(shown)
        listing: Spec = {}
        if kind.search:
            properties, required = self._arguments(kind.search, module)
            listing = {"listInputs": {"properties": properties, "required": required}}
        needed = [key for key in shown if inputs[key].is_required() and not _own_default(inputs[key])]
        return {
            "description": _prose(declared.__doc__),
            "inputProperties": shown,
            "requiredInputs": needed,
            "properties": known,
            "required": sorted(known.keys() - optional),
            "aliases": [{"type": f"{DYNAMIC_PREFIX}{kind.token}"}],
            **listing,
        }

    def functions(self) -> Iterator[tuple[str, Spec]]:
        """The lookups of all resources."""
        for token, function in lookups().items():
            module, _, name = token.partition(":")
            yield f"{NATIVE_PREFIX}{module}:{camel(name)}", self._function(function, name, module)

    def _function(self, function: Callable[..., Any], name: str, module: str) -> Spec:
        properties, required = self._arguments(function, module)
        result = get_type_hints(function)["return"]
        if is_dataclass(result):
            outputs = self._object(result, module)
        else:
            [item] = get_args(result)
            listed = _described({"type": "array", "items": self._type(item, module)}, "All that were found.")
            outputs = {"properties": {result_name(name): listed}, "required": [result_name(name)]}
        return {
            "description": _prose(function.__doc__),
            "inputs": {"type": "object", "properties": properties, "required": required},
            "outputs": {"type": "object", **outputs},
        }

    def _arguments(self, function: Callable[..., Any], module: str) -> tuple[Spec, list[str]]:
        hints, texts = get_type_hints(function), dict(_parameters(function.__doc__))
        parameters = inspect.signature(function).parameters.items()
        found = {key: parameter for key, parameter in parameters if key != CONFIG_PARAMETER}
        known = {key: self.fields.get(camel(key), {}).get("description", "") for key in found}
        texts = {**known, **texts}
        specs = {camel(key): _described(self._type(hints[key], module), texts[key]) for key in found}
        return specs, [camel(key) for key, one in found.items() if one.default is inspect.Parameter.empty]

    def _input(self, info: FieldInfo, module: str, owner: str, name: str) -> Spec:
        words = words_of(info)
        if words:
            token = f"{NATIVE_PREFIX}{module}:{owner}{name[0].upper()}{name[1:]}"
            self.types[token] = {
                "type": "string",
                "description": _description(info),
                "enum": [{"name": _pascal(word), "value": word} for word in words],
            }
            spec: Spec = {"$ref": f"#/types/{token}"}
        else:
            spec = self._type(info.annotation, module)
        blocks = [one for one in (info.annotation, *get_args(info.annotation)) if _is_block(one)]
        spec = _described(spec, _description(info, blocks))
        inside = [leaf.effect for block in blocks for leaf in facts(block)]
        if Effect.REPLACE in info.metadata or set(inside) == {Effect.REPLACE}:
            spec["willReplaceOnChanges"] = True
        if Mark.SECRET in info.metadata:
            spec["secret"] = True
        scalar = isinstance(info.default, str | int) and not words
        if info.default is not PydanticUndefined and scalar and not _own_default(info):
            spec["default"] = info.default
        return spec

    def _change_in_place(self, spec: Spec) -> None:
        """Below a field that changes in place as a whole, nothing replaces, wherever else a block is used."""
        for token in re.findall(r'"#/types/([^"]+)"', json.dumps(spec)):
            for inner in self.types[token].get("properties", {}).values():
                inner.pop("willReplaceOnChanges", None)
                self._change_in_place(inner)

    def _outputs(self, declared: type, module: str) -> Iterator[tuple[str, tuple[Spec, bool]]]:
        """The attributes of a resource class, each with whether it always has a value."""
        texts = dict(_attribute_docs(declared))
        scope = vars(importlib.import_module(declared.__module__))
        # `get_type_hints` would evaluate those of Pulumi's base classes too, which fails.
        for name, hint in inspect.get_annotations(declared).items():
            [value] = get_args(eval(hint, scope))  # noqa: S307 - our own annotation
            spec = _described(self._type(value, module), texts.get(name, ""))
            yield camel(name), (spec, type(None) not in get_args(value))

    def _type(self, hint: Any, module: str) -> Spec:
        if get_origin(hint) is Annotated:
            return self._type(get_args(hint)[0], module)
        if get_origin(hint) in (Union, types.UnionType):
            [hint] = [one for one in get_args(hint) if one is not type(None)]
            return self._type(hint, module)
        if _is_block(hint) or is_dataclass(hint):
            return {"$ref": f"#/types/{self._register(hint, module)}"}
        origin, parts = get_origin(hint), get_args(hint)
        if origin in (list, Sequence):
            return {"type": "array", "items": self._type(parts[0], module)}
        if origin in (dict, Mapping):
            return {"type": "object", "additionalProperties": self._type(parts[1], module)}
        return dict(_SCALARS[hint])

    def _register(self, block: Any, module: str) -> str:
        token = f"{NATIVE_PREFIX}{module}:{block.__name__}"
        if token not in self.types:
            self.types[token] = {}  # in its place, before those that it refers to
            described = _described({"type": "object"}, _prose(block.__doc__))
            self.types[token] = {**described, **self._object(block, module)}
        return token

    def _object(self, block: Any, module: str) -> Spec:
        if is_dataclass(block):
            hints, texts = get_type_hints(block), dict(_attribute_docs(block))  # type: ignore[arg-type]
            names = [one.name for one in fields(block)]
            typed = {name: self._type(hints[name], module) for name in names}
            specs = {camel(name): _described(typed[name], texts.get(name, "")) for name in names}
            required = [camel(name) for name in names if type(None) not in get_args(hints[name])]
        else:
            infos = {info.alias or name: info for name, info in block.model_fields.items()}
            specs = {key: self._input(info, module, block.__name__, key) for key, info in infos.items()}
            required = [key for key, info in infos.items() if info.is_required()]
        return {"properties": specs, "required": required}


CONFIG_PARAMETER = "config"
"""The parameter of a search that the plugin fills: where settings are read."""


def result_name(function: str) -> str:
    """What a lookup's list is called in its result: `search_things` returns `things`."""
    return camel(function.partition("_")[2])


def _home(kind: ResourceType) -> types.ModuleType:
    """The module of a resource class, which is that of its dynamic provider."""
    return importlib.import_module(kind.provider.rpartition(".")[0])


def _is_block(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, Inputs)


def _is_hidden(info: FieldInfo) -> bool:
    """Whether the provider sets it and no program does."""
    return (info.description or "").startswith("set by the ")


def _own_default(info: FieldInfo) -> bool:
    """Whether its default depends on other values, which only `check` knows."""
    return "defaults to " in (info.description or "")


def _described(spec: Spec, text: str) -> Spec:
    return {**spec, "description": text} if text else spec


def _without_effect(spec: Spec) -> Spec:
    return {key: value for key, value in spec.items() if key not in ("willReplaceOnChanges", "default")}


def _description(info: FieldInfo, blocks: Sequence[type[Inputs]] = ()) -> str:
    text = _sentence(info.description or "") or _prose(next((one.__doc__ for one in blocks), ""))
    return " ".join(filter(None, [text, _sentence(range_of(info))]))


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{camel_names(text[1:]).rstrip('.')}." if text else ""


def _prose(text: str | None) -> str:
    """A docstring without its list of parameters, each paragraph on one line."""
    whole = camel_names(inspect.cleandoc(text or "").partition("\n:")[0])
    return "\n\n".join(" ".join(part.split()) for part in whole.split("\n\n") if part.strip())


def _parameters(text: str | None) -> Iterator[tuple[str, str]]:
    for name, words in re.findall(r":param (\w+): (.+?)(?=\n:|\Z)", inspect.cleandoc(text or ""), re.DOTALL):
        yield name, _sentence(" ".join(words.split()))


def _pascal(word: str) -> str:
    return "".join(part[0].upper() + part[1:] for part in re.split(r"[^A-Za-z0-9]+", word) if part)


def _attribute_docs(declared: type) -> Iterator[tuple[str, str]]:
    """The text under each attribute of a class."""
    [tree] = ast.parse(textwrap.dedent(inspect.getsource(declared))).body
    assert isinstance(tree, ast.ClassDef)  # noqa: S101
    for attribute, text in zip(tree.body, tree.body[1:], strict=False):
        is_text = isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant)
        if isinstance(attribute, ast.AnnAssign) and isinstance(attribute.target, ast.Name) and is_text:
            yield attribute.target.id, _prose(str(text.value.value))  # type: ignore[attr-defined]
