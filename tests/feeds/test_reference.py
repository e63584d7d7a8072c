"""The reference pages say what the code says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from campaign_cdp.attributes import RECIPIENT
from campaign_cdp.feeds.schema import describe, event_feed_schema, feed_schema, mapping_schema
from campaign_cdp.rows.rejects import RejectCode

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference"


#: Blocks whose keys are names: how the reference writes the name, and the block behind it.
NAMED = {
    "logs": ("<log>", "LogConfig"),
    "events": ("<state>", "RuleEntry"),
    "links": ("<link>", "LinkEntry"),
    "columns": ("<header>", "ColumnEntry"),
}


def keys(schema: dict[str, Any], node: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield every key of a file and the table row that documents it."""
    for name, spec in node["properties"].items():
        key, (word, block) = f"{prefix}{name}", block_of(schema, name, spec)
        text = spec.get("description") or (block or {}).get("description", "")
        default = "**required**" if name in node.get("required", ()) else written(spec.get("default"))
        yield key, f"| `{key}` | {default} | {allowed(schema, spec)} | {text} |"
        if block:
            yield from keys(schema, block, f"{key}.{word}." if word else f"{key}.")
        if "oneOf" in spec:
            yield from keys(schema, kinds(schema, spec), f"{key}.")
        if "oneOf" in spec.get("items", {}):
            yield from keys(schema, kinds(schema, spec["items"]), f"{key}[].")


def kinds(schema: dict[str, Any], spec: dict[str, Any]) -> dict[str, Any]:
    """One block with the keys of all kinds between which ``type`` chooses."""
    blocks = [schema["$defs"][branch["$ref"].rsplit("/", 1)[-1]] for branch in spec["oneOf"]]
    properties = {name: spec for block in blocks for name, spec in block["properties"].items()}
    words = [block["properties"]["type"]["const"] for block in blocks]
    required = [name for block in blocks for name in block["required"]]
    return {"properties": {**properties, "type": {**properties["type"], "enum": words}}, "required": required}


def block_of(schema: dict[str, Any], name: str, spec: dict[str, Any]) -> tuple[str, dict[str, Any] | None]:
    blocks = schema["$defs"]
    if name == "columns" and "Column" in blocks:
        return "<attribute>", blocks["Column"]
    if name in NAMED and {"additionalProperties", "patternProperties"} & set(spec) and NAMED[name][1] in blocks:
        word, block = NAMED[name]
        return word, blocks[block]
    for branch in (spec, *spec.get("anyOf", [])):
        block = blocks.get(branch.get("$ref", "").rsplit("/", 1)[-1], {})
        if "properties" in block:
            return "", block
    return "", None


def written(default: Any) -> str:
    """The default as a feed would write it."""
    if default is None or isinstance(default, dict):
        return "-"
    return f"`{json.dumps(default)}`"


def allowed(schema: dict[str, Any], spec: dict[str, Any]) -> str:
    if "oneOf" in spec:
        return "block"
    if "anyOf" in spec:
        return " or ".join(allowed(schema, branch) for branch in spec["anyOf"])
    if "$ref" in spec:
        return allowed(schema, schema["$defs"][spec["$ref"].rsplit("/", 1)[-1]])
    if spec.get("enum") == list(RECIPIENT):
        return "attribute"
    if "enum" in spec or "const" in spec:
        values = spec.get("enum") or [spec["const"]]
        return ", ".join(f"`{json.dumps(value)}`" for value in values).replace("|", "\\|")
    if spec.get("pattern", "").endswith("(s|m|h|d)$"):
        return "duration"
    if spec["type"] == "array":
        return f"list of {allowed(schema, spec['items'])}"
    return {"string": "text", "integer": "whole number", "number": "number", "boolean": "true, false"}.get(
        spec["type"], "block"
    )


PAGES = {
    "feeds.md": [dict(keys(schema, schema)) for schema in (feed_schema(), event_feed_schema())],
    "events.md": [dict(keys(schema, schema)) for schema in (mapping_schema(),)],
}
ROWS = [(page, row) for page, files in PAGES.items() for known in files for row in known.values()]


@pytest.mark.parametrize(("page", "row"), ROWS)
def test_every_key_is_documented_with_its_default(page: str, row: str) -> None:
    assert row in (REFERENCE / page).read_text()


@pytest.mark.parametrize("page", PAGES)
def test_no_key_is_documented_that_does_not_exist(page: str) -> None:
    tables = re.findall(r"^\| Key \| Default .*\n(?:\|.*\n)+", (REFERENCE / page).read_text(), re.MULTILINE)
    documented = re.findall(r"^\| `([^`]+)` \|", "".join(tables), re.MULTILINE)
    known = {key for file in PAGES[page] for key in file}

    assert set(documented) == known


@pytest.mark.parametrize("name", RECIPIENT)
def test_every_attribute_is_documented_with_its_column(name: str) -> None:
    assert f"| `{name}` | {describe(RECIPIENT[name])} |" in (REFERENCE / "feeds.md").read_text()


def test_every_reject_code_is_documented_and_no_other() -> None:
    documented = re.findall(r"^\| `(\w+)` \|", (REFERENCE / "rejects.md").read_text(), re.MULTILINE)

    assert sorted(documented) == sorted(RejectCode)
