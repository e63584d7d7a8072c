"""Routes about feeds: the overview, charts and watermarks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from campaign_cdp.feeds.model import AudienceFeed
from campaign_cdp.ledger.browse import Browse
from campaign_cdp.ledger.overview import Overview
from campaign_cdp.ledger.overview_records import FeedDay
from campaign_cdp.ops_page.access import FeedDep, ReaderDep
from campaign_cdp.ops_page.connections import ledgers
from campaign_cdp.ops_page.dag_runs import SessionDep, facts_of, failed_dags
from campaign_cdp.ops_page.feed_answers import ChartsAnswer, DayAnswer, FeedsAnswer, WatermarksAnswer
from campaign_cdp.ops_page.feeds import dag_id_of
from campaign_cdp.ops_page.overview import broken_answer, feed_answer, open_dag_runs, read_ledgers

router = APIRouter()


@router.get("/feeds")
def feeds(reader: ReaderDep, session: SessionDep) -> FeedsAnswer:
    """List all feeds with their state."""
    now = datetime.now(UTC)
    mine = reader.feeds()
    dags = facts_of(session, map(dag_id_of, mine))
    facts = read_ledgers(ledgers, mine, now)
    failed = failed_dags(session, open_dag_runs(mine, facts))
    editable = reader.editable_dag_ids()
    answers = [
        feed_answer(
            feed,
            facts[feed.campaign],
            dags.get(dag_id),
            now,
            can_edit=dag_id in editable,
            has_failed=dag_id in failed,
        )
        for feed, dag_id in ((feed, dag_id_of(feed)) for feed in mine)
    ]
    answers += map(broken_answer, reader.broken())
    return FeedsAnswer(sorted(answers, key=lambda answer: answer.feed), reader.user.get_name(), now)


@router.get("/feeds/{feed}/charts")
def charts(feed: FeedDep, days: Annotated[int, Query(ge=1, le=366)] = 30) -> ChartsAnswer:
    """Return rows, rejects, lag and duration day by day, those without a run included."""
    since = (datetime.now(UTC) - timedelta(days=days - 1)).replace(hour=0, minute=0, second=0, microsecond=0)
    with ledgers.lend(feed.campaign) as conn:
        ledger = Overview(conn)
        read = ledger.days_of_runs if isinstance(feed, AudienceFeed) else ledger.days_of_windows
        found = {day.day: day for day in read([feed.id], since).get(feed.id, [])}
    wanted = (since.date() + timedelta(days=number) for number in range(days))
    return ChartsAnswer(feed.id, [_day(day, found.get(day)) for day in wanted])


@router.get("/feeds/{feed}/watermarks")
def watermarks(feed: FeedDep) -> WatermarksAnswer:
    """Return how far each log of an export is; an import has none."""
    with ledgers.lend(feed.campaign) as conn:
        return WatermarksAnswer(Browse(conn).watermarks(feed.id))


def _day(day: date, found: FeedDay | None) -> DayAnswer:
    if found is None:
        return DayAnswer(day, 0, 0, 0, None, None)
    return DayAnswer(day, found.works, found.rows, found.rejected, found.lag_seconds, found.seconds)
