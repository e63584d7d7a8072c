"""Actions: each asks for the right to edit the feed's Dag, and is in the ledger's audit with the user's name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, HTTPException, status
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from sqlalchemy.orm import Session

from campaign_cdp.feeds.directions import Feed
from campaign_cdp.feeds.event_feed import EventFeed
from campaign_cdp.hooks.campaign.sql import connect
from campaign_cdp.ledger.store import Ledger
from campaign_cdp.ops_page.access import EditableFeedDep, Reader, ReaderDep
from campaign_cdp.ops_page.dag_runs import SessionDep, start
from campaign_cdp.ops_page.database import CONNECT_SECONDS, explained
from campaign_cdp.ops_page.feeds import dag_id_of
from campaign_cdp.ops_page.located import EditableRunDep
from campaign_cdp.replay import replay_conf

router = APIRouter()


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RunBody(_Body):
    """:param preview: count the changes, write nothing."""

    preview: bool = False


class BackfillBody(_Body):
    """A span of the logs to export again; its end is not part of it."""

    start: AwareDatetime = Field(alias="from")
    end: AwareDatetime = Field(alias="to")
    preview: bool = False

    @model_validator(mode="after")
    def _is_span(self) -> BackfillBody:
        if self.start >= self.end:
            raise ValueError("the end has to be after the start")
        if self.end > datetime.now(UTC):
            raise ValueError("the end must not be in the future: what comes later would be missing")
        return self


class ReplayBody(_Body):
    """:param file: key of a file in the landing zone with the corrected lines.
    :param accept_stale: although a newer file set was applied since, whose values it may overwrite.
    """

    file: str | None = Field(default=None, min_length=1, max_length=1024, pattern=r"^[^\x00-\x1f]*$")
    accept_stale: bool = False


@dataclass(frozen=True, slots=True)
class StartedAnswer:
    """:param paused: the Dag is paused, so the run waits until somebody unpauses it."""

    dag_id: str
    dag_run_id: str
    paused: bool


@dataclass(frozen=True, slots=True)
class SettledAnswer:
    """What became of a run."""

    run_id: int
    state: str
    message: str


@router.post("/feeds/{feed}/run")
def run(feed: EditableFeedDep, body: RunBody, reader: ReaderDep, session: SessionDep) -> StartedAnswer:
    """Start a run of the feed, or a preview."""
    return _started(feed, reader, session, "preview" if body.preview else "run", {"preview": body.preview})


@router.post("/feeds/{feed}/backfill")
def backfill(feed: EditableFeedDep, body: BackfillBody, reader: ReaderDep, session: SessionDep) -> StartedAnswer:
    """Export a span of the logs again; the watermark stays."""
    if not isinstance(feed, EventFeed):
        raise HTTPException(
            status.HTTP_409_CONFLICT,
            f"{feed.id} imports an audience; only an export takes a span. Run it instead.",
        )
    span = {"backfill_from": _iso(body.start), "backfill_to": _iso(body.end)}
    return _started(feed, reader, session, "backfill", {"preview": body.preview, **span})


@router.post("/runs/{run_id}/replay")
def replay(located: EditableRunDep, body: ReplayBody, reader: ReaderDep, session: SessionDep) -> StartedAnswer:
    """Apply the rejected lines of a run again, as the feed is now or from a corrected file."""
    feed, run_id = located.feed, located.run.run_id

    def check(ledger: Ledger) -> None:
        ledger.replayable(run_id, feed.id, accept_stale=body.accept_stale)
        if body.file is None and next(ledger.open_rejects(run_id), None) is None:
            raise HTTPException(status.HTTP_409_CONFLICT, f"Run {run_id} has no rejected line left to replay.")

    conf = replay_conf(run_id, replay_file=body.file, accept_stale=body.accept_stale)
    return _started(feed, reader, session, "replay", conf, check=check, detail={"run_id": run_id})


@router.post("/runs/{run_id}/release")
def release(located: EditableRunDep, reader: ReaderDep) -> SettledAnswer:
    """Let the next run take a quarantined file set up again."""
    with _ledger(located.feed) as ledger:
        found = ledger.release(located.run.run_id, actor=reader.user.get_name())
    return SettledAnswer(found.run_id, found.state.value, f"The next run of {found.feed} takes its file set up again.")


@router.post("/runs/{run_id}/supersede")
def supersede(located: EditableRunDep, reader: ReaderDep) -> SettledAnswer:
    """Give a quarantined file set up for good."""
    with _ledger(located.feed) as ledger:
        found = ledger.mark_superseded(located.run.run_id, actor=reader.user.get_name())
    return SettledAnswer(found.run_id, found.state.value, f"Later file sets of {found.feed} no longer wait for it.")


def _started(
    feed: Feed,
    reader: Reader,
    session: Session,
    action: str,
    conf: dict[str, Any],
    *,
    check: Callable[[Ledger], None] | None = None,
    detail: dict[str, Any] | None = None,
) -> StartedAnswer:
    """Queue the Dag run and write it down. Airflow's commit comes last: nothing happens that is not in the audit."""
    dag_id, user = dag_id_of(feed), reader.user.get_name()
    with _ledger(feed) as ledger:
        if check:
            check(ledger)
        started = start(session, dag_id, conf, user)
        what = {"dag_id": dag_id, "dag_run_id": started.dag_run_id, **conf, **(detail or {})}
        ledger.audit(user, action, feed.id, what)
    session.commit()
    return StartedAnswer(dag_id, started.dag_run_id, started.is_paused)


@contextmanager
def _ledger(feed: Feed) -> Iterator[Ledger]:
    """Open the ledger of a feed to write to it; committed at the end."""
    with explained(feed.campaign), connect(feed.campaign, connect_timeout=CONNECT_SECONDS) as conn:
        ledger = Ledger(conn)
        ledger.check_version()
        yield ledger


def _iso(at: datetime) -> str:
    return at.isoformat()
