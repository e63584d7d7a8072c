"""Rules between the keys of a mapping, and the physical names behind it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from campaign_cdp.events.headers import header_problem
from campaign_cdp.events.log_attributes import SCHEMAS, STANDARD
from campaign_cdp.events.log_schema import LinkChange, LogSchema, customised
from campaign_cdp.events.xdm import COUNTERS, EVENT_TYPES, IDENTITY_PATH, PATHS
from campaign_cdp.feeds.rules import FeedRuleError, UnknownNameError

if TYPE_CHECKING:
    from campaign_cdp.events.mapping_file import MappingFile

#: Python type of a value, by how it is written.
_PYTHON: Final = {"string": str, "boolean": bool}


def source_of(entry: MappingFile) -> LogSchema:
    """Return the table, columns and links behind a mapping."""
    links = {
        name: LinkChange(link.table, link.column, link.key, dict(link.columns)) for name, link in entry.links.items()
    }
    standard = SCHEMAS[STANDARD[entry.log]]
    return customised(standard, entry.schema_name, entry.table, dict(entry.physical), links)


def broken_rules(entry: MappingFile) -> Iterator[FeedRuleError]:
    """Yield every rule between keys that a mapping breaks."""
    known = source_of(entry).names()
    for loc, attribute in _attributes(entry):
        if attribute not in known:
            yield UnknownNameError(loc, f"attribute of {entry.schema_name}", known, attribute)
    yield from _schema(entry)
    yield from _events(entry)
    yield from _columns(entry)


def _events(entry: MappingFile) -> Iterator[FeedRuleError]:
    codes: dict[int, str] = {}
    for state, rule in entry.events.items():
        first = codes.setdefault(rule.code, state)
        if first != state:
            yield FeedRuleError(("events", state, "code"), f"{rule.code} is the code of {first}; each needs its own")
        if rule.counter and rule.counter not in COUNTERS:
            yield UnknownNameError(("events", state, "counter"), "counter of directMarketing", COUNTERS, rule.counter)
        if rule.event_type and rule.event_type.startswith("directMarketing.") and rule.event_type not in EVENT_TYPES:
            loc = ("events", state, "event_type")
            yield UnknownNameError(loc, "event type of directMarketing", EVENT_TYPES, rule.event_type)


def _columns(entry: MappingFile) -> Iterator[FeedRuleError]:
    taken: dict[str, str] = {}
    for header, column in entry.columns.items():
        problem = header_problem(header)
        if problem:
            yield FeedRuleError(("columns", header), problem)
        if column.path == IDENTITY_PATH:
            yield FeedRuleError(("columns", header, "path"), "is filled by the key identity of the feed")
        elif column.path not in PATHS:
            yield UnknownNameError(("columns", header, "path"), "field of XDM's events", tuple(PATHS), column.path)
        elif PATHS[column.path] is not _PYTHON.get(column.kind):
            text = f"{column.path} is {PATHS[column.path].__name__} in XDM, so kind must not be {column.kind}"
            yield FeedRuleError(("columns", header, "kind"), text)
        first = taken.setdefault(column.path, header)
        if first != header:
            yield FeedRuleError(("columns", header, "path"), f"{column.path} is filled by {first} already")


def _schema(entry: MappingFile) -> Iterator[FeedRuleError]:
    standard = STANDARD[entry.log]
    if entry.schema_name != standard and not entry.table:
        yield FeedRuleError(("schema",), f"{entry.schema_name!r} is not {standard!r}, so the key table is needed too")
    for name in entry.links:
        if name not in SCHEMAS[standard].links:
            yield UnknownNameError(("links", name), f"link of {standard}", tuple(SCHEMAS[standard].links))


def _attributes(entry: MappingFile) -> Iterator[tuple[tuple[str | int, ...], str]]:
    yield ("id",), entry.id
    yield ("time",), entry.time
    if entry.changed:
        yield ("changed",), entry.changed
    yield from ((("not_zero", index), name) for index, name in enumerate(entry.not_zero))
    yield from ((("only", name), name) for name in entry.only)
    for state, rule in entry.events.items():
        yield from ((("events", state, "when", name), name) for name in rule.when)
    yield from ((("columns", header, "from"), column.source) for header, column in entry.columns.items())
