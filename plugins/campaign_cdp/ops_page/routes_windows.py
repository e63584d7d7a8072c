"""Routes about export windows."""

from __future__ import annotations

from fastapi import APIRouter

from campaign_cdp.feeds.directions import Feed
from campaign_cdp.ledger.browse import Browse
from campaign_cdp.ledger.browse_records import WindowFile
from campaign_cdp.ops_page.access import FeedDep, ReaderDep
from campaign_cdp.ops_page.connections import ledgers
from campaign_cdp.ops_page.cursors import one_page, write_place
from campaign_cdp.ops_page.feeds import dag_id_of, url_of
from campaign_cdp.ops_page.filters import COUNTED, PageDep
from campaign_cdp.ops_page.located import WindowDep
from campaign_cdp.ops_page.run_answers import WindowAnswer, WindowFileAnswer, WindowsAnswer, extended

router = APIRouter()


@router.get("/feeds/{feed}/windows")
def windows(feed: FeedDep, page: PageDep) -> WindowsAnswer:
    """List the windows of an export, newest first."""
    with ledgers.lend(feed.campaign) as conn:
        ledger = Browse(conn)
        found = ledger.window_rows(page.filter(feed.id), page.after, page.limit + 1)
        total = ledger.count_windows(page.filter(feed.id), COUNTED)
    shown, more = one_page(found, page.limit, lambda last: write_place(last.opened_at, last.window_id))
    return WindowsAnswer(shown, more, total, total < COUNTED)


@router.get("/windows/{window_id}")
def window(located: WindowDep, reader: ReaderDep) -> WindowAnswer:
    """Show one window with its files, steps, and what people did to it."""
    feed, found = located.feed, located.window
    with ledgers.lend(feed.campaign) as conn:
        ledger = Browse(conn)
        return extended(
            WindowAnswer,
            found,
            dag_id=dag_id_of(feed),
            can_edit=reader.may_edit(feed),
            files=[_file(feed, file) for file in ledger.window_files(found.window_id)],
            steps=ledger.window_steps(found.window_id),
            audit=ledger.audit_of(feed.id, "window_id", found.window_id, found.dag_run_id),
        )


def _file(feed: Feed, file: WindowFile) -> WindowFileAnswer:
    return extended(WindowFileAnswer, file, url=url_of(feed.landing_zone, file.historised_key or file.key))
