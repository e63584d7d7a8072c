"""The query that a person would write by hand to export a log: the product's own columns, without its ledger."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import psycopg
from psycopg.sql import SQL, Composable, Identifier

from campaign_cdp.events.layout import feed_mappings, flat_columns
from campaign_cdp.feeds.event_feed import EventFeed
from campaign_cdp.hooks.campaign.event_columns import CsvRow, EventFilter, JsonRow
from campaign_cdp.hooks.campaign.event_values import EventValues
from campaign_cdp.windows import LogWindow

_QUERY: Final = """
SELECT {row} FROM {log} AS b {joins}
CROSS JOIN LATERAL (SELECT {log_id} AS log_id, {state} AS state) AS k
WHERE {wanted} AND k.state IS NOT NULL
"""


def headers(feed: EventFeed) -> list[str]:
    return [column.header for column in flat_columns(feed_mappings(feed), feed)]


def queries(dsn: str, feed: EventFeed, *, as_json: bool) -> dict[str, tuple[str, str]]:
    """Return the query of each log, and the options of ``COPY`` for it.

    :param as_json: one column with a line of JSON, instead of one column each.
    """
    mappings, found = feed_mappings(feed), {}
    columns, now = flat_columns(mappings, feed), datetime.now(UTC)
    with psycopg.connect(dsn) as conn:
        for mapping in mappings:
            rows, values = EventFilter(mapping), EventValues(mapping, feed.instance)
            row = JsonRow(values, columns, feed.identity_namespace) if as_json else CsvRow(values, columns)
            parts: dict[str, Composable] = {
                "row": row.row,
                "log": Identifier(mapping.source.table.lower()),
                "log_id": values.column(mapping.id),
                "state": rows.state(),
                "wanted": rows.wanted(LogWindow(mapping.log, None, now)),
            }
            values.used_links.update(rows.values.used_links)
            query = SQL(_QUERY).format(joins=values.joins(), **parts)
            found[mapping.log] = (query.as_string(conn).strip(), row.options.as_string(conn))
    return found
