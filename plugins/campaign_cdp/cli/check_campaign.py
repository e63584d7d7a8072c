"""Examines a Campaign database: reachable, ledger, rights, time limits that are too short."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import psycopg
from psycopg.rows import dict_row

from campaign_cdp.cli.checkup import Examination, Report, Status
from campaign_cdp.cli.database import open_database
from campaign_cdp.events.layout import feed_mappings
from campaign_cdp.events.log_schema import LogSchema
from campaign_cdp.feeds.directions import Feed
from campaign_cdp.feeds.event_feed import EventFeed
from campaign_cdp.feeds.model import AudienceFeed
from campaign_cdp.hooks.campaign.rights import examine as examine_rights
from campaign_cdp.hooks.campaign.sql import statement

_CONNECT_SECONDS: Final = 8
#: Shortest time limits, in milliseconds, that a long COPY or a wait for another run's lock lives with.
_SHORTEST: Final = {
    "statement_timeout": 3_600_000,
    "transaction_timeout": 3_600_000,
    "idle_in_transaction_session_timeout": 300_000,
    "lock_timeout": 60_000,
}


def campaign_examination(conn_id: str, feeds: Sequence[Feed]) -> Examination:
    """Look at the database with what its feeds need; writes nothing.

    :param conn_id: Airflow connection.
    :param feeds: that name it.
    """
    # Here and not in the thread: what is imported at once by several threads may come out half.
    from airflow.providers.postgres.hooks import postgres  # noqa: F401

    def examine(report: Report) -> None:
        with report.step("connect"), open_database(conn_id, None, _CONNECT_SECONDS) as conn:
            limits = _time_limits(conn)
            conn.execute("SET statement_timeout = '8s'")
            _rights(report, conn, feeds)
            _say_limits(report, limits)

    return Examination(conn_id, examine)


def _rights(report: Report, conn: psycopg.Connection, feeds: Sequence[Feed]) -> None:
    imports = any(isinstance(feed, AudienceFeed) for feed in feeds)
    logs = {name: schema for feed in feeds if isinstance(feed, EventFeed) for name, schema in _logs(feed)}
    checks = ["connect", "ledger", "work tables", *(["imports"] if imports else []), *(f"log {name}" for name in logs)]
    for check, finding in zip(checks, examine_rights(conn, imports=imports, logs=logs.values()), strict=True):
        with report.step(check):
            report.add(Status.OK if finding.ok else Status.PROBLEM, finding.text)


def _logs(feed: EventFeed) -> Iterator[tuple[str, LogSchema]]:
    """The logs that a feed reads; one with another mapping may be of another schema."""
    for mapping in feed_mappings(feed):
        yield f"{mapping.log} {mapping.schema}", mapping.source


def _time_limits(conn: psycopg.Connection) -> dict[str, int]:
    with conn.cursor(row_factory=dict_row) as cursor:
        return {row["name"]: row["ms"] for row in cursor.execute(statement("campaign/time_limits")).fetchall()}


def _say_limits(report: Report, limits: dict[str, int]) -> None:
    with report.step("time limits"):
        short = {name: ms for name, ms in limits.items() if 0 < ms < _SHORTEST[name]}
        for name, ms in short.items():
            report.warn(
                f"{name} is {ms / 1000:g} s for this user, so PostgreSQL may break off long steps. Raise it to at "
                f"least {_SHORTEST[name] // 1000:,} s, or 0: ALTER ROLE ... SET {name} = 0"
            )
        if not short:
            report.ok("No time limit of the database is too short.")
