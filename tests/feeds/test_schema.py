from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from campaign_cdp.attributes import RECIPIENT
from campaign_cdp.feeds.schema import event_feed_schema, feed_schema, mapping_schema, schema_texts
from campaign_cdp.feeds.yaml_source import read_source
from campaign_cdp.settings import feeds_dir, include_dir


@pytest.fixture
def schema() -> dict[str, Any]:
    return feed_schema()


@pytest.fixture
def feed() -> dict[str, Any]:
    return read_source(feeds_dir() / "loyalty_gold.yaml").data


@pytest.mark.parametrize("path", schema_texts(), ids=lambda path: path.name)
def test_checked_in_schema_is_current(path: Path) -> None:
    assert path.read_text() == schema_texts()[path], "run: cdp feeds schema"


@pytest.mark.parametrize("path", sorted(feeds_dir().glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_feeds_are_valid_and_name_their_schema(path: Path) -> None:
    feed = read_source(path).data
    schema = event_feed_schema() if feed["direction"] == "event_export" else feed_schema()

    jsonschema.Draft7Validator.check_schema(schema)
    jsonschema.validate(feed, schema)
    assert named_schema(path)["title"] == schema["title"]


@pytest.mark.parametrize("path", sorted((include_dir() / "mappings").glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_mappings_are_valid_and_name_their_schema(path: Path) -> None:
    # JSON has no numbers as keys; YAML's are text to an editor's validator.
    jsonschema.validate(json.loads(json.dumps(read_source(path).data)), mapping_schema())
    assert named_schema(path)["title"] == mapping_schema()["title"]


def named_schema(path: Path) -> Any:
    """The schema that the first line of a file leads editors to."""
    return json.loads((path.parent / path.read_text().splitlines()[0].rpartition("=")[2]).read_text())


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


@pytest.mark.parametrize(
    "change",
    [
        {"format": "xml"},
        {"logs": {"deliveries": {}}},
        {"logs": {"delivery": {"overlap": "1 day"}}},
        {"logs": {}},
        {"window": {"first_run": "never"}},
        {"parts": {"partitions": 17}},
        {"landing_zone": {"type": "s3", "connection": "c", "bucket": "b", "prefix": "a b/", "staging": "s/"}},
    ],
    ids=str,
)
def test_editor_flags_what_the_loader_refuses_in_an_event_feed(change: dict[str, Any]) -> None:
    feed = read_source(feeds_dir() / "delivery_events.yaml").data

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(feed | change, event_feed_schema(), format_checker=jsonschema.FormatChecker())


def test_columns_say_where_they_go_in_campaign(schema: dict[str, Any]) -> None:
    columns = schema["properties"]["columns"]["properties"]

    assert set(columns) == set(RECIPIENT)
    assert columns["firstName"]["description"] == "firstName: sFirstName, string, at most 30 characters."
    assert "never clears it" in columns["blackListEmail"]["description"]


def test_durations_are_written_as_in_a_feed(schema: dict[str, Any]) -> None:
    assert schema["properties"]["poll_interval"]["default"] == "1m"
    assert schema["$defs"]["Alerts"]["properties"]["late_after"]["default"] == "6h"
    assert "PT" not in json.dumps(schema)


@pytest.mark.parametrize("schema", [feed_schema(), event_feed_schema(), mapping_schema()], ids=lambda s: s["title"])
def test_every_key_is_described(schema: dict[str, Any]) -> None:
    blocks = {"": schema} | schema["$defs"]
    bare = [
        f"{block}.{key}"
        for block, body in blocks.items()
        for key, spec in body.get("properties", {}).items()
        if not {"description", "$ref"} & set(spec)
    ]

    assert bare == []
