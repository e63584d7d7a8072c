from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk.exceptions import AirflowSkipException

from campaign_cdp.exceptions import StaleFileSetError
from campaign_cdp.hooks.campaign.audience import AudienceDatabase
from campaign_cdp.hooks.campaign.sql import connect
from campaign_cdp.ledger.store import Ledger, Run
from campaign_cdp.lineage import applied_run
from campaign_cdp.operators.step import AudienceStepOperator

if TYPE_CHECKING:
    from airflow.providers.openlineage.extractors import OperatorLineage
    from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance


class ApplyAudienceOperator(AudienceStepOperator):
    """Write recipients and list membership: all lines of the file set or none, once.

    Campaign's *Update data* and *List update*. The changes, the step row and the run's new state are one transaction
    under the feed's lock, so running it twice changes nothing.

    :param feed: the validated feed.
    :raises StaleFileSetError: if a newer file set was applied meanwhile.
    """

    step = "update_data"

    def work(self, database: AudienceDatabase, ledger: Ledger, run: Run) -> dict[str, int]:
        if run.preview:
            raise AirflowSkipException("Preview: the counts of reconciliation are the result, nothing is applied.")
        ledger.lock_feed(self.feed.id)
        newest = ledger.last_applied(self.feed.id)
        if newest and newest > run.file_set.ordered_at and not run.accept_stale:
            raise StaleFileSetError(
                f"{self.feed.id}: this file set is of {run.file_set.ordered_at:%Y-%m-%d %H:%M} UTC, one of "
                f"{newest:%Y-%m-%d %H:%M} UTC was applied already. Nothing was applied. A full export from AEP brings "
                f"everybody up to date."
            )
        plan = ledger.required_step(run.run_id, "reconciliation")
        self.require_rows(database.count_plan_rows(), plan["plan_rows"], "reconciliation")
        counts = _result(plan, ledger.required_step(run.run_id, "deduplication"), database.apply())
        ledger.finish(run.run_id, "applied", counts)
        if run.replay_of is not None:
            detail = {"run_id": run.run_id, "replay_of": run.replay_of, "accept_stale": run.accept_stale}
            detail["lines"] = ledger.mark_replayed(run)
            ledger.audit(f"Dag run {run.dag_run_id}", "apply replay", self.feed.id, detail)
        return counts

    def get_openlineage_facets_on_complete(self, task_instance: RuntimeTaskInstance) -> OperatorLineage:
        with connect(self.feed.campaign) as conn:
            run = Ledger(conn).run_of(self.feed.id, task_instance.run_id)
        return applied_run(self.feed, run)


def _result(plan: dict[str, int], deduplication: dict[str, int], done: dict[str, int]) -> dict[str, int]:
    """What the report shows; recipients that changed by themselves since the plan count as unchanged."""
    return {
        "rows": plan["lines"],
        "rejected": plan["rejected"],
        "duplicates": deduplication["duplicates"],
        "inserted": done["inserted"],
        "updated": done["updated"],
        "unchanged": plan["unchanged"] + plan["updated"] - done["updated"],
        "unmatched": plan["unmatched"],
        "list_added": done["list_added"],
        "list_removed": done["list_removed"],
    }
