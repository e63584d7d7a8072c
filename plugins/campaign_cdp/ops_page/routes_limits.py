"""Routes about the contract's limits, and about error codes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from campaign_cdp.error_pages import ErrorPage, error_page
from campaign_cdp.exceptions import SyncError
from campaign_cdp.ledger.overview import Overview
from campaign_cdp.ledger.overview_records import LimitDay, LimitRow
from campaign_cdp.limits.kinds import KINDS
from campaign_cdp.ops_page.access import Reader, ReaderDep, not_found
from campaign_cdp.ops_page.connections import ledgers
from campaign_cdp.ops_page.limit_answers import LimitAnswer, LimitPoint, LimitsAnswer
from campaign_cdp.ops_page.limit_scopes import scopes_of

router = APIRouter()


@router.get("/limits")
def limits(reader: ReaderDep, days: Annotated[int, Query(ge=1, le=400)] = 90) -> LimitsAnswer:
    """Return the limits of the databases, landing zones and feeds behind what the user may see."""
    found: dict[tuple[str, str], LimitAnswer] = {}
    problems: dict[str, str] = {}
    for campaign, scopes in sorted(_scopes(reader).items()):
        try:
            for answer in _read(campaign, scopes, days):
                known = found.get((answer.limit, answer.scope))
                if known is None or known.at < answer.at:  # a landing zone is in the ledgers of all that use it
                    found[answer.limit, answer.scope] = answer
        except SyncError as err:
            problems[campaign] = str(err)
    return LimitsAnswer([found[key] for key in sorted(found)], problems)


@router.get("/errors/{code}")
def error(code: str) -> ErrorPage:
    """Say what an error code means and what to do."""
    return error_page(code) or not_found(f"There is no error {code[:20]}.")


def _scopes(reader: Reader) -> dict[str, set[str]]:
    scopes: dict[str, set[str]] = {}
    for feed in reader.feeds():
        scopes.setdefault(feed.campaign, set()).update(scopes_of(feed))
    return scopes


def _read(campaign: str, scopes: Iterable[str], days: int) -> list[LimitAnswer]:
    since = datetime.now(UTC) - timedelta(days=days)
    with ledgers.lend(campaign) as conn:
        ledger = Overview(conn)
        rows = ledger.limits(KINDS, scopes)
        trend: dict[tuple[str, str], list[LimitDay]] = {}
        for day in ledger.limit_days(KINDS, scopes, since):
            trend.setdefault((day.limit_name, day.scope), []).append(day)
    return [_answer(campaign, row, trend.get((row.limit_name, row.scope), [])) for row in rows]


def _answer(campaign: str, row: LimitRow, trend: Sequence[LimitDay]) -> LimitAnswer:
    kind = KINDS[row.limit_name]
    return LimitAnswer(
        limit=row.limit_name,
        label=kind.label,
        unit=kind.unit,
        remedy=kind.remedy,
        campaign=campaign,
        scope=row.scope,
        used=row.used,
        projected=row.projected,
        contract=row.contract,
        warn_pct=row.warn_pct,
        stop_pct=row.stop_pct,
        used_pct=round(100 * row.used / row.contract, 1) if row.contract else None,
        free=row.free,
        verdict=row.verdict,
        at=row.at,
        trend=[LimitPoint(day.day, day.used) for day in trend],
    )
