"""Watches a landing zone from the triggerer, so that waiting costs no worker slot."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, Final

from airflow.triggers.base import BaseTrigger, TriggerEvent
from asgiref.sync import sync_to_async

from campaign_cdp.exceptions import RetriableSyncError, SyncError
from campaign_cdp.feeds.model import AudienceFeed
from campaign_cdp.file_sets.rules import Finding, Problem
from campaign_cdp.file_sets.search import find_next_file_set

#: Seconds; a landing zone is never listed more often.
MIN_POLL_INTERVAL: Final = 5.0
#: Looks in a row that may fail because something is busy or unreachable.
MAX_TRANSIENT_ERRORS: Final = 10


class FileSetTrigger(BaseTrigger):
    """Fire once: with the feed's next complete file set, with what is broken, or as late.

    The event is data. Its ``status`` is ``complete`` (with ``file_set``), ``late`` (with ``waiting_for``: what the
    incomplete file sets lack, in words) or ``broken`` (with ``code`` and ``message``); ``superseded`` lists file sets
    that the ledger should record as such.

    :param feed_id: id of the feed, for logs.
    :param feed: the feed as JSON-compatible dict.
    :param deadline: aware ISO 8601 time. Absolute, so that a restarted triggerer or a retry does not prolong the wait.
    :param poll_interval: seconds between two looks, at least :data:`MIN_POLL_INTERVAL`.
    :param max_transient_errors: failed looks in a row after which the wait is given up.
    """

    def __init__(
        self,
        *,
        feed_id: str,
        feed: dict[str, Any],
        deadline: str,
        poll_interval: float,
        max_transient_errors: int = MAX_TRANSIENT_ERRORS,
    ) -> None:
        super().__init__()
        if poll_interval < MIN_POLL_INTERVAL:
            raise ValueError(
                f"poll_interval is {poll_interval} s; the landing zone is listed at most every {MIN_POLL_INTERVAL} s."
            )
        self.feed_id, self.feed, self.deadline = feed_id, feed, deadline
        self.poll_interval, self.max_transient_errors = poll_interval, max_transient_errors

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return (
            "campaign_cdp.triggers.file_set.FileSetTrigger",
            {
                "feed_id": self.feed_id,
                "feed": self.feed,
                "deadline": self.deadline,
                "poll_interval": self.poll_interval,
                "max_transient_errors": self.max_transient_errors,
            },
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        try:
            payload = await self._wait()
        except SyncError as err:
            payload = _broken(Problem.of(err))
        except Exception as err:
            # Without an event the task would fail with Airflow's words instead of ours.
            self.log.exception("Feed %s: looking for a file set failed", self.feed_id)
            payload = _broken(Problem(SyncError.code, f"Looking for a file set failed: {type(err).__name__}: {err}"))
        yield TriggerEvent(payload)

    async def _wait(self) -> dict[str, Any]:
        feed, deadline = AudienceFeed.model_validate(self.feed), datetime.fromisoformat(self.deadline)
        failures = 0
        while True:
            # Decided before the look, so that the last one is always made at or after the deadline.
            is_last = datetime.now(UTC) >= deadline
            try:
                # Airflow fetches a connection over a channel that asyncio.to_thread would not reach.
                finding = await sync_to_async(self.look, thread_sensitive=False)(feed)
            except RetriableSyncError as err:
                failures += 1
                if is_last or failures >= self.max_transient_errors:
                    raise
                self.log.warning(
                    "Feed %s: look %d of %d failed in a row: %s", self.feed_id, failures, self.max_transient_errors, err
                )
            else:
                failures = 0
                if payload := _payload(finding, is_last=is_last):
                    return payload
                self.log.info("Feed %s: nothing complete yet. %s", self.feed_id, "; ".join(finding.waiting_for))
            left = (deadline - datetime.now(UTC)).total_seconds()
            await asyncio.sleep(max(0.0, min(self.poll_interval, left)))

    def look(self, feed: AudienceFeed) -> Finding:
        """Look once. Blocks; connections are opened anew, because minutes pass between two looks."""
        from campaign_cdp.hooks.campaign.sql import connect
        from campaign_cdp.hooks.landing_zone.factory import landing_zone_for
        from campaign_cdp.ledger.store import Ledger

        with connect(feed.campaign) as conn, landing_zone_for(feed.landing_zone) as zone:
            return find_next_file_set(zone, feed, Ledger(conn), datetime.now(UTC))


def _payload(finding: Finding, *, is_last: bool) -> dict[str, Any] | None:
    """Return the event that ends the wait, or ``None`` to look again."""
    superseded = [file_set.to_json() for file_set in finding.superseded]
    if finding.file_set:
        return {"status": "complete", "file_set": finding.file_set.to_json(), "superseded": superseded}
    problem = finding.problem or (finding.overdue if is_last else None)
    if problem:
        return {**_broken(problem), "superseded": superseded}
    if is_last:
        return {"status": "late", "waiting_for": list(finding.waiting_for), "superseded": superseded}
    return None


def _broken(problem: Problem) -> dict[str, Any]:
    return {"status": "broken", "code": problem.code, "message": problem.message, "superseded": []}
