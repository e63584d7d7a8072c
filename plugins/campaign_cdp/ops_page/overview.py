"""Puts together what the overview says of each feed. A database that does not answer costs only its own feeds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Final

from campaign_cdp.exceptions import SyncError
from campaign_cdp.feeds.directions import Feed
from campaign_cdp.feeds.model import AudienceFeed
from campaign_cdp.ledger.overview import Overview
from campaign_cdp.ledger.overview_records import FeedDay, LastWork
from campaign_cdp.limits.kinds import KINDS
from campaign_cdp.limits.reading import Verdict
from campaign_cdp.ops_page.dag_runs import DagFacts
from campaign_cdp.ops_page.database import LedgerConnections
from campaign_cdp.ops_page.feed_answers import FeedAnswer, LastAnswer, Trend, TrendDay, ZoneAnswer
from campaign_cdp.ops_page.feeds import BrokenFeed, dag_id_of, url_of
from campaign_cdp.ops_page.health import Expectation, Facts, Health, RejectLimits, health_of, next_tick
from campaign_cdp.ops_page.limit_scopes import scopes_of

TREND_DAYS: Final = 30
_WEEK: Final = 7
#: An export is late when its window is not done by then, unless its feed says when.
_EXPORT_LATE_AFTER: Final = timedelta(hours=1)
_DATABASES_AT_ONCE: Final = 4


@dataclass(frozen=True, slots=True)
class LedgerFacts:
    """What one Campaign's ledger knows of its feeds, or why it cannot be read.

    :param warned: scopes of limits that are above their warning.
    """

    last: Mapping[str, LastWork] = field(default_factory=dict)
    days: Mapping[str, Sequence[FeedDay]] = field(default_factory=dict)
    warned: frozenset[str] = frozenset()
    error: SyncError | None = None


def read_ledgers(connections: LedgerConnections, feeds: Iterable[Feed], now: datetime) -> dict[str, LedgerFacts]:
    """Read the ledger of each Campaign that the feeds use, side by side, so that one that hangs delays nobody.

    :returns: Airflow connection id -> what its ledger says.
    """
    ordered = sorted(feeds, key=lambda feed: feed.campaign)
    groups = {campaign: list(group) for campaign, group in groupby(ordered, key=lambda feed: feed.campaign)}
    if len(groups) < 2:  # threads are for those who have to wait for each other
        return {campaign: _read(connections, campaign, group, now) for campaign, group in groups.items()}
    with ThreadPoolExecutor(_DATABASES_AT_ONCE) as pool:
        found = pool.map(lambda item: _read(connections, item[0], item[1], now), groups.items())
        return dict(zip(groups, found, strict=True))


def open_dag_runs(feeds: Iterable[Feed], ledgers: Mapping[str, LedgerFacts]) -> dict[str, str]:
    """Return the Dag run of each run that is not finished, by Dag.

    A guard that refuses a run leaves it open, and its Dag run may be older than one that went well.
    """
    work = {dag_id_of(feed): ledgers[feed.campaign].last.get(feed.id) for feed in feeds}
    return {dag_id: last.dag_run_id for dag_id, last in work.items() if last and last.is_open}


def feed_answer(
    feed: Feed,
    ledger: LedgerFacts,
    dag: DagFacts | None,
    now: datetime,
    *,
    can_edit: bool,
    has_failed: bool = False,
) -> FeedAnswer:
    """Say all there is of one feed.

    :param has_failed: the Dag run of its open run failed.
    """
    last = ledger.last.get(feed.id)
    days = trend(ledger.days.get(feed.id, ()), now)
    paused = dag.is_paused if dag else None
    return FeedAnswer(
        feed=feed.id,
        dag_id=dag_id_of(feed),
        state=Health.UNKNOWN if ledger.error else _health(feed, _facts(feed, ledger, dag, has_failed), now),
        direction=feed.direction,
        zone=_zone(feed),
        schedule=feed.schedule,
        owner=feed.owner,
        description=feed.description,
        campaign=feed.campaign,
        paused=paused,
        can_edit=can_edit,
        last=_last(last) if last else None,
        applied_at=last.applied_at if last else None,
        lag_seconds=(now - last.applied_of).total_seconds() if last and last.applied_of else None,
        rows_7d=days.rows_7d,
        rejects_7d=days.rejects_7d,
        trend=days.days,
        next_expected=next_tick(feed.schedule, now) if feed.schedule and not paused else None,
        problem=str(ledger.error) if ledger.error else None,
        problem_code=ledger.error.code if ledger.error else None,
    )


def broken_answer(feed: BrokenFeed) -> FeedAnswer:
    """Say what is wrong with a feed that has no Dag."""
    return FeedAnswer(feed=feed.feed, dag_id=None, state=Health.BROKEN, problem=feed.message, problem_code="ACR-100")


def trend(days: Iterable[FeedDay], now: datetime) -> Trend:
    """Return one point per day, the oldest first, with nothing on days without a run."""
    by_day = {day.day: day for day in days}
    today = now.astimezone(UTC).date()
    points = []
    for ago in reversed(range(TREND_DAYS)):
        day = today - timedelta(days=ago)
        found = by_day.get(day)
        points.append(TrendDay(day, found.rows if found else 0, found.rejected if found else 0))
    week = points[-_WEEK:]
    return Trend(tuple(points), sum(day.rows for day in week), sum(day.rejected for day in week))


def _read(connections: LedgerConnections, campaign: str, feeds: Sequence[Feed], now: datetime) -> LedgerFacts:
    imports = [feed.id for feed in feeds if isinstance(feed, AudienceFeed)]
    exports = [feed.id for feed in feeds if not isinstance(feed, AudienceFeed)]
    since = (now - timedelta(days=TREND_DAYS - 1)).replace(hour=0, minute=0, second=0, microsecond=0)
    try:
        with connections.lend(campaign) as conn:
            ledger = Overview(conn)
            readings = ledger.limits(KINDS, {scope for feed in feeds for scope in scopes_of(feed)})
            return LedgerFacts(
                {**ledger.last_runs(imports), **ledger.last_windows(exports)},
                {**ledger.days_of_runs(imports, since), **ledger.days_of_windows(exports, since)},
                frozenset(reading.scope for reading in readings if reading.verdict != Verdict.OK.value),
            )
    except SyncError as err:
        return LedgerFacts(error=err)


def _health(feed: Feed, facts: Facts, now: datetime) -> Health:
    return health_of(facts, _expected(feed), _limits(feed), now)


def _facts(feed: Feed, ledger: LedgerFacts, dag: DagFacts | None, has_failed: bool) -> Facts:
    last = ledger.last.get(feed.id)
    return Facts(
        last_state=last.state if last else None,
        is_open=last.is_open if last else False,
        applied_at=last.applied_at if last else None,
        rows=(last.applied_rows or 0) if last else 0,
        rejected=(last.applied_rejected or 0) if last else 0,
        dag_run_state="failed" if has_failed else dag.state if dag else None,
        first_seen_at=dag.first_run_at if dag else None,
        is_paused=dag.is_paused if dag else False,
        limit_warns=bool(ledger.warned & scopes_of(feed)),
    )


def _expected(feed: Feed) -> Expectation:
    if isinstance(feed, AudienceFeed):
        return Expectation(feed.schedule, feed.alerts.late_after if feed.alerts.late_is == "failed" else None)
    return Expectation(feed.schedule, feed.alerts.done_within or _EXPORT_LATE_AFTER)


def _limits(feed: Feed) -> RejectLimits | None:
    return RejectLimits(feed.rejects.max_pct, feed.rejects.max_count) if isinstance(feed, AudienceFeed) else None


def _zone(feed: Feed) -> ZoneAnswer:
    zone = feed.landing_zone
    return ZoneAnswer(zone.type, zone.connection, url_of(zone, zone.prefix), zone.prefix)


def _last(last: LastWork) -> LastAnswer:
    return LastAnswer(
        id=last.id,
        kind=last.kind,
        dag_run_id=last.dag_run_id,
        at=last.at,
        state=last.state,
        rows=last.rows,
        rejected=last.rejected,
        error_code=last.error_code,
        error_message=last.error_message,
        seconds=last.seconds,
    )
