"""JSON Schemas of the configuration files, for completion and checks in editors. Generated: ``cdp feeds schema``."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from campaign_cdp.alerts.payload import Payload
from campaign_cdp.attributes import RECIPIENT, Attribute
from campaign_cdp.events.mapping_file import MappingFile
from campaign_cdp.events.xdm import COUNTERS, PATHS
from campaign_cdp.feeds.event_feed import EventFeed
from campaign_cdp.feeds.model import AudienceFeed
from campaign_cdp.feeds.scalars import write_duration
from campaign_cdp.limits.model import Limits
from campaign_cdp.settings import include_dir


class _Generator(GenerateJsonSchema):
    """Writes what a person would: no titles, no nulls, durations as in the file."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def encode_default(self, dft: Any) -> Any:
        return write_duration(dft) if isinstance(dft, timedelta) else super().encode_default(dft)


class _NullGenerator(_Generator):
    """For files in which null is a value of its own."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return {"anyOf": [self.generate_inner(schema["schema"]), {"type": "null"}]}


def schema_texts() -> dict[Path, str]:
    """Return the schemas as they are checked in, each for the files that name it in their first line."""
    schemas = {"feed": feed_schema(), "event_feed": event_feed_schema(), "mapping": mapping_schema()}
    schemas |= {"limits": limits_schema(), "alert": alert_schema()}
    folder = include_dir() / "schemas"
    return {folder / f"{name}.schema.json": _text(schema) for name, schema in schemas.items()}


def feed_schema() -> dict[str, Any]:
    """Build the schema of audience feeds from the model and the attribute map."""
    schema = _schema(AudienceFeed, "An audience feed of campaign-cdp")
    schema["$defs"]["Attribute"] = {"enum": list(RECIPIENT)}
    keys = schema["properties"]
    keys["columns"] |= {"additionalProperties": False, "properties": {n: _column(n, a) for n, a in RECIPIENT.items()}}
    one = {"$ref": "#/$defs/Attribute"}
    several = {"type": "array", "items": one, "minItems": 1, "maxItems": 2, "uniqueItems": True}
    keys["reconciliation_key"] = {"description": keys["reconciliation_key"]["description"], "anyOf": [one, several]}
    return schema


def event_feed_schema() -> dict[str, Any]:
    """Build the schema of event feeds."""
    return _schema(EventFeed, "An event feed of campaign-cdp")


def mapping_schema() -> dict[str, Any]:
    """Build the schema of the mappings of Campaign's logs."""
    schema = _schema(MappingFile, "A mapping of campaign-cdp")
    column = schema["$defs"]["ColumnEntry"]["properties"]
    column["path"]["enum"] = list(PATHS)
    column["words"]["additionalProperties"] = {"type": ["string", "null"]}
    schema["$defs"]["RuleEntry"]["properties"]["counter"]["enum"] = list(COUNTERS)
    return schema


def limits_schema() -> dict[str, Any]:
    """Build the schema of the contract's limits."""
    return _schema(Limits, "Limits of campaign-cdp", _NullGenerator)


def alert_schema() -> dict[str, Any]:
    """Build the schema of what a webhook gets."""
    return _schema(Payload, "An alert of campaign-cdp", _NullGenerator)


def describe(attribute: Attribute) -> str:
    """Say what Campaign stores for an attribute: column, type, length, and whether it is an opt-out."""
    length = f", at most {attribute.length} characters" if attribute.length else ""
    one_way = "; opt-out: an import sets it, never clears it" if attribute.one_way else ""
    return f"{attribute.column}, {attribute.type}{length}{one_way}"


def _schema(model: type[BaseModel], title: str, generator: type[_Generator] = _Generator) -> dict[str, Any]:
    schema = model.model_json_schema(by_alias=True, schema_generator=generator)
    _drop_nulls(schema)
    return {"$schema": "http://json-schema.org/draft-07/schema#", **schema, "title": title}


def _text(schema: dict[str, Any]) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _column(name: str, attribute: Attribute) -> dict[str, Any]:
    return {"description": f"{name}: {describe(attribute)}.", "allOf": [{"$ref": "#/$defs/Column"}]}


def _drop_nulls(node: Any) -> None:
    if isinstance(node, dict):
        if node.get("default", ...) is None:
            del node["default"]
        for value in node.values():
            _drop_nulls(value)
    elif isinstance(node, list):
        for value in node:
            _drop_nulls(value)
