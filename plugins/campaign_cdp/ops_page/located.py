"""Finds the run or window that a URL names: numbers are those of one Campaign's ledger, and there may be several."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, TypeVar

import psycopg
from fastapi import Depends, HTTPException, Query, status

from campaign_cdp.exceptions import SyncError
from campaign_cdp.feeds.directions import Feed
from campaign_cdp.ledger.browse import Browse
from campaign_cdp.ledger.browse_records import RunRow, WindowRow
from campaign_cdp.ops_page.access import Reader, ReaderDep, not_found
from campaign_cdp.ops_page.connections import ledgers

Row = TypeVar("Row", RunRow, WindowRow)
#: Tells runs of several Campaigns apart.
FeedQuery = Annotated[str | None, Query(description="Feed of the run or window.")]


@dataclass(frozen=True, slots=True)
class LocatedRun:
    feed: Feed
    run: RunRow


@dataclass(frozen=True, slots=True)
class LocatedWindow:
    feed: Feed
    window: WindowRow


def located_run(run_id: int, reader: ReaderDep, feed: FeedQuery = None) -> LocatedRun:
    found, row = _locate(reader, feed, f"run {run_id}", lambda conn: Browse(conn).run_row(run_id))
    return LocatedRun(found, row)


def located_window(window_id: int, reader: ReaderDep, feed: FeedQuery = None) -> LocatedWindow:
    found, row = _locate(reader, feed, f"window {window_id}", lambda conn: Browse(conn).window_row(window_id))
    return LocatedWindow(found, row)


def editable_run(reader: ReaderDep, located: Annotated[LocatedRun, Depends(located_run)]) -> LocatedRun:
    reader.require_edit(located.feed)
    return located


RunDep = Annotated[LocatedRun, Depends(located_run)]
EditableRunDep = Annotated[LocatedRun, Depends(editable_run)]
WindowDep = Annotated[LocatedWindow, Depends(located_window)]


def _locate(
    reader: Reader, feed_id: str | None, name: str, read: Callable[[psycopg.Connection], Row | None]
) -> tuple[Feed, Row]:
    """Look in the ledgers of all feeds that the user may see; what belongs to another feed does not exist for him."""
    feeds = {feed.id: feed for feed in ([reader.feed(feed_id)] if feed_id else reader.feeds())}
    hits: list[tuple[Feed, Row]] = []
    failure: SyncError | None = None
    for campaign in sorted({feed.campaign for feed in feeds.values()}):
        try:
            with ledgers.lend(campaign) as conn:
                row = read(conn)
        except SyncError as err:
            failure = err
            continue
        if row and row.feed in feeds and feeds[row.feed].campaign == campaign:
            hits.append((feeds[row.feed], row))
    if len(hits) == 1:
        return hits[0]
    if hits:
        names = " or ".join(f"?feed={feed.id}" for feed, _ in hits)
        raise HTTPException(status.HTTP_400_BAD_REQUEST, f"More than one Campaign has a {name}. Add {names}.")
    if failure:
        raise failure
    return not_found(f"There is no {name}, or its Dag is not yours to read.")
