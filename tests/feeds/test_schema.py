from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from campaign_cdp.attributes import RECIPIENT
from campaign_cdp.feeds.schema import feed_schema, schema_path, schema_text
from campaign_cdp.feeds.yaml_source import read_source
from campaign_cdp.settings import feeds_dir


@pytest.fixture
def schema() -> dict[str, Any]:
    return feed_schema()


@pytest.fixture
def feed() -> dict[str, Any]:
    return read_source(feeds_dir() / "loyalty_gold.yaml").data


def test_checked_in_schema_is_current() -> None:
    assert schema_path().read_text() == schema_text(), "run: cdp feeds schema"


@pytest.mark.parametrize("path", sorted(feeds_dir().glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_feeds_are_valid(schema: dict[str, Any], path: Any) -> None:
    jsonschema.Draft7Validator.check_schema(schema)
    jsonschema.validate(read_source(path).data, schema)


@pytest.mark.parametrize(
    "change",
    [
        {"exprot": "full"},
        {"export": "ful"},
        {"poll_interval": "1 hour"},
        {"columns": {"emial": {"from": "x"}}},
        {"columns": {"email": {"from": "x", "requird": True}}},
        {"reconciliation_key": "emial"},
        {"reconciliation_key": ["email", "account", "text1"]},
        {"rejects": {"max_pct": 101}},
        {"id": "Gold!"},
    ],
    ids=str,
)
def test_editor_flags_what_the_loader_refuses(
    schema: dict[str, Any], feed: dict[str, Any], change: dict[str, Any]
) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(feed | change, schema)


def test_columns_say_where_they_go_in_campaign(schema: dict[str, Any]) -> None:
    columns = schema["properties"]["columns"]["properties"]

    assert set(columns) == set(RECIPIENT)
    assert columns["firstName"]["description"] == "firstName: sFirstName, string, at most 30 characters."
    assert "never clears it" in columns["blackListEmail"]["description"]


def test_durations_are_written_as_in_a_feed(schema: dict[str, Any]) -> None:
    assert schema["properties"]["poll_interval"]["default"] == "1m"
    assert schema["$defs"]["Alerts"]["properties"]["late_after"]["default"] == "6h"
    assert "PT" not in json.dumps(schema)


def test_every_key_is_described(schema: dict[str, Any]) -> None:
    blocks = {"": schema} | schema["$defs"]
    bare = [
        f"{block}.{key}"
        for block, body in blocks.items()
        for key, spec in body.get("properties", {}).items()
        if not {"description", "$ref"} & set(spec)
    ]

    assert bare == []
