"""One page for each resource of the plugin's schema, in the form that the Pulumi Registry shows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

Spec = Mapping[str, Any]
_EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "yaml" / "Pulumi.yaml"


def registry_pages(schema: Spec) -> Iterator[tuple[str, str]]:
    """The name and the text of each page."""
    for token, resource in schema["resources"].items():
        _, module, name = token.split(":")
        lookups = {
            key: function for key, function in schema["functions"].items() if key.split(":")[1] == module
        }
        lines = _page(schema, token, resource, lookups)
        yield f"{module}-{name.lower()}.md", "\n".join(lines) + "\n"


def _page(schema: Spec, token: str, resource: Spec, lookups: Mapping[str, Spec]) -> Iterator[str]:
    _, module, name = token.split(":")
    inputs = resource["inputProperties"]
    first, _, rest = resource["description"].partition("\n\n")
    yield from ("---", f"title: {module}.{name}", f"meta_desc: {first}", "layout: package", "---", "")
    yield from (first, "", *([rest, ""] if rest else []), f"Type token: `{token}`.", "")
    if example := _example(token):
        yield from ("## Example", "", "```yaml", "resources:", example, "```", "")
    yield from (
        "## Inputs",
        "",
        "| property | type | what it is | default | a change |",
        "|---|---|---|---|---|",
    )
    yield from _inputs(schema, inputs, resource["requiredInputs"])
    yield from ("", "## Outputs", "", "All inputs, and:", "", *_OUTPUTS)
    yield from _outputs(
        schema, {key: one for key, one in resource["properties"].items() if key not in inputs}
    )
    for key, function in lookups.items():
        arguments = function["inputs"]
        yield from ("", f"## Lookup `{key}`", "", function["description"], "", *_OUTPUTS)
        yield from _outputs(schema, arguments["properties"], arguments.get("required", ()))
        yield from ("", "It returns:", "", *_OUTPUTS)
        yield from _outputs(schema, function["outputs"]["properties"])


_INPUTS = ("| property | type | what it is | default | a change |", "|---|---|---|---|---|")
_OUTPUTS = ("| property | type | what it is |", "|---|---|---|")


def _inputs(
    schema: Spec, properties: Spec, required: list[str], prefix: str = "", change: str = ""
) -> Iterator[str]:
    """One row for each input; a block is followed by its fields. `change` is that of a map around them."""
    for name, spec in properties.items():
        default = "**required**" if name in required else _default(spec.get("default"))
        block = _block(schema, spec)
        own = change or ("replacement" if spec.get("willReplaceOnChanges") else "in place")
        whole = own if "additionalProperties" in spec or own == "replacement" else change
        cells = (_type(schema, spec), _text(schema, spec), default, whole if block else own)
        yield _row(f"`{prefix}{name}`", *cells)
        if block:
            inside = f"{prefix}{name}{_member(spec)}."
            yield from _inputs(schema, block["properties"], block.get("required", []), inside, whole)


def _default(value: Any) -> str:
    return "" if value in (None, "") else f"`{json.dumps(value)}`"


def _outputs(schema: Spec, properties: Spec, required: tuple[str, ...] = ()) -> Iterator[str]:
    for name, spec in properties.items():
        text = _text(schema, spec) + (" **Required.**" if name in required else "")
        yield _row(f"`{name}`", _type(schema, spec), text.strip())


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _list(spec: Spec) -> str:
    return "[]" if spec.get("type") == "array" else ""


def _member(spec: Spec) -> str:
    return ".NAME" if "additionalProperties" in spec else _list(spec)


def _named(schema: Spec, spec: Spec) -> Spec:
    """The type of the package that a property, or a member of it, refers to; empty for a plain one."""
    reference = spec.get("items", spec.get("additionalProperties", spec)).get("$ref", "")
    found: Spec = schema["types"].get(reference.removeprefix("#/types/"), {})
    return found


def _block(schema: Spec, spec: Spec) -> Spec:
    named = _named(schema, spec)
    return named if named.get("type") == "object" else {}


def _type(schema: Spec, spec: Spec) -> str:
    """Such as `integer`, `string[]`, a block, or the words that an enumeration has."""
    item = spec.get("items", spec)
    if words := _named(schema, spec).get("enum"):
        return ", ".join(f"`{word['value']}`" for word in words) + _list(spec)
    kinds = [_type(schema, one) for one in item.get("oneOf", ())]
    if _block(schema, spec):
        return "map of blocks" if "additionalProperties" in spec else "block" + _list(spec)
    plain = item.get("type", "any")
    return (" or ".join(kinds) or plain) + _list(spec)


def _text(schema: Spec, spec: Spec) -> str:
    text: str = spec.get("description") or _named(schema, spec).get("description", "")
    return text + (" Secret." if spec.get("secret") else "")


def _example(token: str) -> str:
    """The resource of examples/yaml with that type, without what its program sets."""
    program = _EXAMPLE.read_text(encoding="utf-8")
    found = re.search(rf"^  \w+:\n    type: {token}\n(?:    .*\n)+", program, re.MULTILINE)
    return found[0].rstrip().replace('"${interval}"', "5") if found else ""
