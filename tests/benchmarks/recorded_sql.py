"""The product's own statements as text, for the ways that share them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import psycopg
import yaml
from psycopg import sql

from campaign_cdp.feeds.model import AudienceFeed
from campaign_cdp.hooks.campaign import sql as campaign_sql
from campaign_cdp.hooks.campaign import work_tables
from campaign_cdp.hooks.campaign.audience import AudienceDatabase
from campaign_cdp.rows.dialect import Dialect
from campaign_cdp.rows.header import read_header
from campaign_cdp.settings import feeds_dir

FEED: Final = "loyalty_gold"
_RUN_ID: Final = 1
_PART_NO: Final = 1


def bench_feed(bucket: str) -> AudienceFeed:
    """The shipped feed; the limits allow what the benchmark does on purpose: 1 % bad lines, half of the list leaves."""
    source = yaml.safe_load((feeds_dir() / f"{FEED}.yaml").read_text(encoding="utf-8"))
    source["landing_zone"]["bucket"] = bucket
    return AudienceFeed.model_validate(source | {"rejects": {"max_pct": 2}, "volume_guard": {"max_removed_pct": 100}})


class _NoRows:
    """What a statement that is only written down returns."""

    rowcount = 0

    def fetchone(self) -> None:
        return None


class _Recorder:
    """A connection that looks things up for real, but writes changes down instead of making them."""

    def __init__(self, conn: psycopg.Connection[Any]) -> None:
        self._conn = self.connection = conn
        self.adapters = conn.adapters
        self._statements: list[str] = []

    def execute(self, query: str | sql.Composed, params: Any = None) -> Any:
        if isinstance(query, str):
            return self._conn.execute(query, params)
        self._statements.append(query.as_string(self._conn))
        return _NoRows()

    @contextmanager
    def cursor(self) -> Iterator[_Recorder]:
        yield self

    @contextmanager
    def copy(self, query: sql.Composed) -> Iterator[None]:
        self._statements.append(query.as_string(self._conn))
        yield

    def taken(self) -> list[str]:
        statements, self._statements = self._statements, []
        return statements


def session() -> str:
    """Settings of every session of the product."""
    return campaign_sql._SESSION


def recorded(dsn: str, feed: AudienceFeed, header: tuple[str, ...]) -> dict[str, list[str]]:
    """Statements of an import into this database, by phase.

    :param header: of the part.
    """
    layout = read_header(header, feed)
    with psycopg.connect(dsn) as conn:
        recorder: Any = _Recorder(conn)
        database, out = AudienceDatabase(recorder, feed, _RUN_ID), {}
        work_tables.create(recorder, feed, _RUN_ID, [_PART_NO])
        out["create"] = recorder.taken()
        database.load_part(_PART_NO, layout, Dialect.of(feed.file), "", ())
        out["load"] = recorder.taken()
        database.deduplicate()
        out["deduplicate"] = recorder.taken()
        database.plan(0)
        out["plan"] = recorder.taken()
        database.apply()
        out["apply"] = recorder.taken()
    return out
