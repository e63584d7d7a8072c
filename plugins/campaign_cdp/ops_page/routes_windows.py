"""Routes about export windows."""

from __future__ import annotations

from fastapi import APIRouter

from campaign_cdp.ledger.browse import Browse
from campaign_cdp.ops_page.access import FeedDep, ReaderDep
from campaign_cdp.ops_page.connections import ledgers
from campaign_cdp.ops_page.cursors import write_place
from campaign_cdp.ops_page.feeds import dag_id_of, url_of
from campaign_cdp.ops_page.filters import COUNTED, PageDep
from campaign_cdp.ops_page.located import WindowDep
from campaign_cdp.ops_page.run_answers import WindowAnswer, WindowFileAnswer, WindowsAnswer

router = APIRouter()


@router.get("/feeds/{feed}/windows")
def windows(feed: FeedDep, page: PageDep) -> WindowsAnswer:
    """List the windows of an export, newest first."""
    with ledgers.lend(feed.campaign) as conn:
        ledger = Browse(conn)
        found = ledger.window_rows(page.filter(feed.id), page.after, page.limit + 1)
        total = ledger.count_windows(page.filter(feed.id), COUNTED)
    shown = found[: page.limit]
    more = write_place(shown[-1].opened_at, shown[-1].window_id) if len(found) > page.limit else None
    return WindowsAnswer(shown, more, total, total < COUNTED)


@router.get("/windows/{window_id}")
def window(located: WindowDep, reader: ReaderDep) -> WindowAnswer:
    """Show one window with its files, steps, and what people did to it."""
    feed, found = located.feed, located.window
    with ledgers.lend(feed.campaign) as conn:
        ledger = Browse(conn)
        files = ledger.window_files(found.window_id)
        return WindowAnswer(
            window=found,
            dag_id=dag_id_of(feed),
            may_edit=reader.may_edit(feed),
            files=[WindowFileAnswer(one, url_of(feed.landing_zone, one.historised_key or one.key)) for one in files],
            steps=ledger.window_steps(found.window_id),
            audit=ledger.audit_of(feed.id, "window_id", found.window_id, found.dag_run_id),
        )
