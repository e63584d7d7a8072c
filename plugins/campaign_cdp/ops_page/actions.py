"""Actions: each asks for the right to edit the feed's Dag, and is in the ledger's audit with the user's name."""

from __future__ import annotations

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


@dataclass(frozen=True, slots=True)
class StartedAnswer:
    """:param paused: the Dag is paused, so the run waits until somebody unpauses it."""

    dag_id: str
    dag_run_id: str
    paused: bool


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


def _started(feed: Feed, reader: Reader, session: Session, action: str, conf: dict[str, Any]) -> StartedAnswer:
    """Queue the Dag run and write it down. Airflow's commit comes last: nothing happens that is not in the audit."""
    dag_id, user = dag_id_of(feed), reader.user.get_name()
    with explained(feed.campaign), connect(feed.campaign, connect_timeout=CONNECT_SECONDS) as conn:
        ledger = Ledger(conn)
        ledger.check_version()
        started = start(session, dag_id, conf, user)
        ledger.audit(user, action, feed.id, {"dag_id": dag_id, "dag_run_id": started.dag_run_id, **conf})
    session.commit()
    return StartedAnswer(dag_id, started.dag_run_id, started.is_paused)


def _iso(at: datetime) -> str:
    return at.isoformat()
