"""What the commands report: values that are printed as text and as JSON, with a schema made from them."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

SCHEMA = "https://json-schema.org/draft/2020-12/schema"


class Told(BaseModel):
    """A part of a report; its JSON has camelCase names, as state has."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, populate_by_name=True, extra="forbid")


def as_json(report: Told) -> str:
    """A report for programs."""
    return report.model_dump_json(by_alias=True, indent=2)


def schema_of(model: type[Told]) -> str:
    """The JSON schema of a report."""
    schema: dict[str, Any] = model.model_json_schema(by_alias=True, mode="serialization")
    return json.dumps({"$schema": SCHEMA, **schema}, indent=2) + "\n"
