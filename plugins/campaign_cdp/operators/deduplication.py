from __future__ import annotations

from campaign_cdp.hooks.campaign.audience import AudienceDatabase
from campaign_cdp.ledger.store import Ledger, Run
from campaign_cdp.operators.step import AudienceStepOperator


class DeduplicateOperator(AudienceStepOperator):
    """Keep one line per reconciliation key: the latest qualification, then the last line.

    Campaign's *Deduplication* activity; the count ``duplicates`` is its complement.

    :param feed: the validated feed.
    :raises RunAbandonedError: if the work table does not hold what was loaded.
    """

    step = "deduplication"

    def work(self, database: AudienceDatabase, ledger: Ledger, run: Run) -> dict[str, int]:
        loaded = ledger.loaded_rows(run.run_id)
        self.require_rows(database.count_work_rows(), loaded, "data_loading")
        duplicates = database.deduplicate()
        return {"rows": loaded - duplicates, "duplicates": duplicates}
