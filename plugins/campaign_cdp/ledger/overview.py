"""Reads the ledger for the overview of all feeds: a few statements, however many feeds and runs there are."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from psycopg import sql

from campaign_cdp.hooks.campaign.sql import statement
from campaign_cdp.ledger.overview_records import FeedDay, LastWork, LimitDay, LimitRow
from campaign_cdp.ledger.session import LedgerSession


class Overview(LedgerSession):
    """Reads inside the caller's transaction, which may be read-only.

    :param conn: open connection to the Campaign database.
    """

    def last_runs(self, feeds: Iterable[str]) -> dict[str, LastWork]:
        """Return the newest run of each import feed; a feed without any is left out."""
        return self._last("ops/last_runs", feeds)

    def last_windows(self, feeds: Iterable[str]) -> dict[str, LastWork]:
        """Return the newest window of each export feed; a feed without any is left out."""
        return self._last("ops/last_windows", feeds)

    def days_of_runs(self, feeds: Iterable[str], since: datetime) -> dict[str, list[FeedDay]]:
        """Return what each import feed did day by day; days without a run are left out."""
        return self._days("ops/days_of_runs", feeds, since)

    def days_of_windows(self, feeds: Iterable[str], since: datetime) -> dict[str, list[FeedDay]]:
        """Return what each export feed did day by day; days without a window are left out."""
        return self._days("ops/days_of_windows", feeds, since)

    def limits(self, names: Iterable[str], scopes: Iterable[str]) -> list[LimitRow]:
        """Return the newest reading of each limit and scope.

        :param names: keys of limits.
        :param scopes: databases, landing zones and feeds to look for.
        """
        query = statement("ops/limits", names=sql.Literal(sorted(names)), scopes=sql.Literal(sorted(scopes)))
        return [LimitRow(**row) for row in self._rows(query)]

    def limit_days(self, names: Iterable[str], scopes: Iterable[str], since: datetime) -> list[LimitDay]:
        """Return the most that was used of each limit and scope, day by day."""
        parts = {"names": sql.Literal(sorted(names)), "scopes": sql.Literal(sorted(scopes))}
        query = statement("ops/limit_days", since=sql.Literal(since), **parts)
        return [LimitDay(**row) for row in self._rows(query)]

    def _last(self, name: str, feeds: Iterable[str]) -> dict[str, LastWork]:
        rows = self._rows(statement(name, feeds=sql.Literal(sorted(feeds))))
        return {row["feed"]: LastWork(**row) for row in rows}

    def _days(self, name: str, feeds: Iterable[str], since: datetime) -> dict[str, list[FeedDay]]:
        query = statement(name, feeds=sql.Literal(sorted(feeds)), since=sql.Literal(since))
        found: dict[str, list[FeedDay]] = {}
        for row in self._rows(query):
            found.setdefault(row["feed"], []).append(FeedDay(**row))
        return found
