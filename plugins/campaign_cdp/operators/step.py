"""What all steps of an audience import have in common."""

from __future__ import annotations

import time
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseOperator

from campaign_cdp import metrics
from campaign_cdp.exceptions import RunAbandonedError
from campaign_cdp.feeds.model import AudienceFeed
from campaign_cdp.hooks.campaign.audience import AudienceDatabase
from campaign_cdp.hooks.campaign.sql import connect
from campaign_cdp.ledger.store import Ledger, Run
from campaign_cdp.links import RejectsLink, SyncRunLink

if TYPE_CHECKING:
    from airflow.sdk import Context


class AudienceStepOperator(BaseOperator):
    """One step of a run: one transaction that does its work and writes its step row in the ledger.

    If the step row is there already, the recorded counts are returned and nothing is done. That is what makes a
    retry, a cleared task and a killed worker harmless.

    :param feed: the validated feed.
    :raises RunAbandonedError: if another Dag run took over this run's file set.
    """

    #: Task id and name of the step row.
    step: ClassVar[str]
    #: A step that only reads Campaign does its work again when it is cleared before the run is applied.
    repeatable: ClassVar[bool] = False
    ui_color = "#e8f0fe"
    operator_extra_links = (SyncRunLink(), RejectsLink())
    sync_run_id: int | None = None

    def __init__(self, *, feed: AudienceFeed, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.feed = feed

    def execute(self, context: Context) -> dict[str, int]:
        started = time.monotonic()
        run, counts, is_new = self._once(context["dag_run"].run_id)
        self.log.info("%s of run %d%s: %s", self.step, run.run_id, "" if is_new else " was done before", _text(counts))
        if is_new:
            metrics.count(self.step, self.feed.id, counts)
            metrics.seconds(self.step, self.feed.id, time.monotonic() - started)
        self.check(run, counts)
        return counts

    def _once(self, dag_run_id: str) -> tuple[Run, dict[str, int], bool]:
        with connect(self.feed.campaign) as conn:
            ledger = Ledger(conn)
            run = ledger.run_of(self.feed.id, dag_run_id)
            self.sync_run_id = run.run_id
            ledger.lock(run.run_id, self.step)
            run = ledger.guard(run.run_id)
            done = ledger.step(run.run_id, self.step)
            if done is not None and not (self.repeatable and run.is_open):
                return run, done, False
            database = AudienceDatabase(conn, self.feed, run.run_id, partial=run.replay_of is not None)
            counts = self.work(database, ledger, run)
            ledger.record_step(run.run_id, self.step, counts)
            return run, counts, True

    @abstractmethod
    def work(self, database: AudienceDatabase, ledger: Ledger, run: Run) -> dict[str, int]:
        """Do the step inside the open transaction and return its counts."""

    def require_rows(self, found: int, expected: int, task: str) -> None:
        """Work tables are not logged: a crash of the database empties them, and an empty table looks like no lines.

        :raises RunAbandonedError: if rows are missing.
        """
        if found != expected:
            raise RunAbandonedError(
                f"A work table of {self.feed.id} holds {found:,} of {expected:,} rows: the database was restarted in "
                f"between. Nothing was applied. Clear {task} with its downstream tasks."
            )

    def check(self, run: Run, counts: dict[str, int]) -> None:
        """Raise if the committed counts must not be acted upon."""


def _text(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {value:,}" for name, value in counts.items())
