"""Routes about runs: lists, details, and rejected lines, which are masked since they were written down."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from campaign_cdp.feeds.directions import Feed
from campaign_cdp.ledger.browse import Browse
from campaign_cdp.ledger.browse_records import RunFile
from campaign_cdp.ledger.store import Ledger
from campaign_cdp.ops_page.access import FeedDep, ReaderDep
from campaign_cdp.ops_page.connections import downloads, ledgers
from campaign_cdp.ops_page.cursors import one_page, read_reject, write_place, write_reject
from campaign_cdp.ops_page.feeds import dag_id_of, url_of
from campaign_cdp.ops_page.filters import COUNTED, After, Limit, PageDep
from campaign_cdp.ops_page.located import RunDep
from campaign_cdp.ops_page.run_answers import FileAnswer, RejectsAnswer, RunAnswer, RunsAnswer, extended
from campaign_cdp.rows.reject_file import reject_lines

router = APIRouter()


@router.get("/feeds/{feed}/runs")
def runs(feed: FeedDep, page: PageDep) -> RunsAnswer:
    """List the runs of an import, newest first."""
    with ledgers.lend(feed.campaign) as conn:
        ledger = Browse(conn)
        found = ledger.run_rows(page.filter(feed.id), page.after, page.limit + 1)
        total = ledger.count_runs(page.filter(feed.id), COUNTED)
    shown, more = one_page(found, page.limit, lambda last: write_place(last.opened_at, last.run_id))
    return RunsAnswer(shown, more, total, total < COUNTED)


@router.get("/runs/{run_id}")
def run(located: RunDep, reader: ReaderDep) -> RunAnswer:
    """Show one run with its files, steps, rejects by code, and what people did to it."""
    feed, found = located.feed, located.run
    with ledgers.lend(feed.campaign) as conn:
        ledger = Browse(conn)
        return extended(
            RunAnswer,
            found,
            dag_id=dag_id_of(feed),
            can_edit=reader.may_edit(feed),
            files=[_file(feed, file) for file in ledger.run_files(found.run_id)],
            steps=ledger.run_steps(found.run_id),
            rejects_by_code=ledger.reject_codes(found.run_id),
            audit=ledger.audit_of(feed.id, "run_id", found.run_id, found.dag_run_id),
        )


@router.get("/runs/{run_id}/rejects")
def rejects(
    located: RunDep,
    code: Annotated[str | None, Query(max_length=40)] = None,
    after: After = None,
    limit: Limit = 50,
) -> RejectsAnswer:
    """List rejected lines in file order."""
    with ledgers.lend(located.feed.campaign) as conn:
        found = Browse(conn).reject_rows(located.run.run_id, code, read_reject(after), limit + 1)
    return RejectsAnswer(*one_page(found, limit, lambda last: write_reject(last.part_no, last.line_no, last.tid)))


@router.get("/runs/{run_id}/rejects.csv")
def rejects_csv(located: RunDep) -> StreamingResponse:
    """Download all rejected lines, in constant memory."""
    name = f"rejects_{located.feed.id}_run_{located.run.run_id}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    lines = _lines(located.feed.campaign, located.run.run_id)
    first = next(lines)  # what goes wrong before the first line is an error, not half a file
    return StreamingResponse(_chained(first, lines), media_type="text/csv; charset=utf-8", headers=headers)


def _lines(campaign: str, run_id: int) -> Iterator[bytes]:
    with downloads.lend(campaign) as conn:
        yield from reject_lines(Ledger(conn).iter_rejects(run_id))


def _chained(first: bytes, others: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from others


def _file(feed: Feed, file: RunFile) -> FileAnswer:
    return extended(FileAnswer, file, url=url_of(feed.landing_zone, file.historised_key or file.key))
