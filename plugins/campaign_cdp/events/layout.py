"""How events are laid out: one common set of columns per feed, or XDM's tree."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeAlias

from campaign_cdp.events.mapping import EventColumn, Kind, LogMapping, load_mapping, only_states
from campaign_cdp.events.xdm import COUNTERS, IDENTITY_PATH
from campaign_cdp.exceptions import FeedConfigError

if TYPE_CHECKING:
    from campaign_cdp.feeds.event_feed import EventFeed

EVENT_ID: Final = EventColumn("event_id", "_id", Kind.STRING)
EVENT_TIME: Final = EventColumn("event_time", "timestamp", Kind.TIMESTAMP)
EVENT_TYPE: Final = EventColumn("event_type", "eventType", Kind.STRING)
#: Identity of the person; CSV has no maps, so a dataflow takes this field as the primary identity.
IDENTITY: Final = EventColumn("identity", IDENTITY_PATH, Kind.STRING)
#: Counters that are 1 for events of a kind, by their name in ``directMarketing``.
COUNTER_COLUMNS: Final[Mapping[str, EventColumn]] = {
    name: EventColumn(
        re.sub(r"(?=[A-Z])", "_", name).lower(), f"directMarketing.{name}.value", Kind.INTEGER, counter=name
    )
    for name in COUNTERS
}
#: Headers that no mapping may use.
OWN_HEADERS: Final = frozenset(
    column.header for column in (EVENT_ID, EVENT_TIME, EVENT_TYPE, IDENTITY, *COUNTER_COLUMNS.values())
)
Tree: TypeAlias = dict[str, "EventColumn | Tree"]


def feed_mappings(feed: EventFeed) -> tuple[LogMapping, ...]:
    """Read the mappings of a feed's logs, in the order of its logs, with the states that it exports.

    :raises FeedConfigError: if a mapping is missing, broken, or of another log.
    """
    return tuple(only_states(load_mapping(config.mapping or log), config.events) for log, config in feed.logs.items())


def flat_columns(mappings: Sequence[LogMapping], feed: EventFeed) -> tuple[EventColumn, ...]:
    """Return the columns of all files of a feed: what is computed and the identity, the logs' own, counters.

    AEP takes a folder only if its files share one header, so a column that a log lacks stays empty there.

    :raises FeedConfigError: if two logs mean different things by one header or fill one XDM field from two headers.
    """
    identity = replace(IDENTITY, attribute=f"recipient/{feed.identity}")
    own: dict[str, EventColumn] = {}
    for mapping in mappings:
        for column in mapping.columns:
            _agree(own.setdefault(column.header, column), column, mapping)
    _one_header_each(own.values())
    counted = {rule.counter for mapping in mappings for rule in mapping.events if rule.state in mapping.exported}
    counters = (column for name, column in COUNTER_COLUMNS.items() if name in counted)
    return (EVENT_ID, EVENT_TIME, EVENT_TYPE, identity, *own.values(), *counters)


def xdm_tree(columns: Iterable[EventColumn]) -> Tree:
    """Nest columns by their paths: ``{"_id": column, "_experience": {"campaign": {"url": column}}}``."""
    tree: Tree = {}
    for column in columns:
        *parents, leaf = column.path.split(".")
        node = tree
        for name in parents:
            inner = node.setdefault(name, {})
            if isinstance(inner, EventColumn):
                raise FeedConfigError(f"{column.path!r} lies below {inner.path!r}, which is a single value.")
            node = inner
        node[leaf] = column
    return tree


def _agree(first: EventColumn, other: EventColumn, mapping: LogMapping) -> None:
    if other.header in OWN_HEADERS:
        raise FeedConfigError(
            f"The mapping {mapping.name} has a column {other.header!r}, which every event file has anyway. Rename it."
        )
    if (first.path, first.kind) != (other.path, other.kind):
        raise FeedConfigError(
            f"The column {other.header!r} is {other.path} ({other.kind}) in the mapping {mapping.name}, but "
            f"{first.path} ({first.kind}) in another log's. Files of one feed share a header; rename one."
        )


def _one_header_each(columns: Iterable[EventColumn]) -> None:
    taken: dict[str, str] = {}
    for column in columns:
        first = taken.setdefault(column.path, column.header)
        if first != column.header:
            raise FeedConfigError(
                f"The columns {first!r} and {column.header!r} both fill {column.path}. Use one name for it in all logs."
            )
