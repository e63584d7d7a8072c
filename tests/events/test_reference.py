"""The reference page says what the mappings say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from campaign_cdp.events.layout import EVENT_ID, EVENT_TIME, EVENT_TYPE, IDENTITY
from campaign_cdp.events.mapping import EventColumn, EventRule, LogMapping, load_mapping

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "events.md"
LOGS = ("delivery", "tracking", "subscription", "exclusion")


def rule_row(rule: EventRule) -> str:
    when = ", ".join(f"`{name}` is {' or '.join(map(str, values))}" for name, values in rule.when) or "all"
    return f"| `{rule.state}` | {rule.code} | {when} | {quoted(rule.event_type)} | {quoted(rule.counter)} |"


def column_row(mapping: LogMapping, column: EventColumn) -> str:
    ref = mapping.source.resolve(column.attribute or "")
    return f"| `{column.header}` | `{column.attribute}` | {ref.table}.{ref.column} | `{column.path}` |"


def own_row(column: EventColumn, text: str) -> str:
    return f"| `{column.header}` | `{column.path}` | {text} |"


def quoted(word: str | None) -> str:
    return f"`{word}`" if word else "-"


def section(mapping: LogMapping) -> str:
    """The part of the page about one log."""
    return next(part for part in PAGE.read_text().split("\n## ") if f"`{mapping.schema}`, table" in part)


@pytest.mark.parametrize("log", LOGS)
def test_every_state_and_column_is_documented_and_no_other(log: str) -> None:
    mapping = load_mapping(log)
    expected = [rule_row(rule) for rule in mapping.events]
    expected += [column_row(mapping, column) for column in mapping.columns]

    assert re.findall(r"^\| `.*\|$", section(mapping), re.MULTILINE) == expected


@pytest.mark.parametrize("log", LOGS)
def test_times_are_documented(log: str) -> None:
    mapping = load_mapping(log)

    assert f"windows are on `{mapping.changed}`, the event's time is `{mapping.time}`" in section(mapping)


@pytest.mark.parametrize("column", [EVENT_ID, EVENT_TIME, EVENT_TYPE, IDENTITY], ids=lambda column: column.header)
def test_columns_of_every_file_are_documented(column: EventColumn) -> None:
    assert own_row(column, "").removesuffix(" |") in PAGE.read_text()
