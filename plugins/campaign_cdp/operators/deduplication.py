from __future__ import annotations

from campaign_cdp.exceptions import RunAbandonedError
from campaign_cdp.hooks.campaign.audience import AudienceDatabase
from campaign_cdp.ledger.store import Ledger, Run
from campaign_cdp.operators.step import AudienceStepOperator


class DeduplicateOperator(AudienceStepOperator):
    """Keep one line per reconciliation key: the latest qualification, then the last line.

    Campaign's *Deduplication* activity; the count ``duplicates`` is its complement.

    :param feed: the validated feed.
    :raises RunAbandonedError: if the work table does not hold what was loaded; a database restart empties it.
    """

    step = "deduplication"

    def work(self, database: AudienceDatabase, ledger: Ledger, run: Run) -> dict[str, int]:
        loaded, found = ledger.loaded_rows(run.run_id), database.count_work_rows()
        if loaded != found:
            raise RunAbandonedError(
                f"The work table of run {run.run_id} holds {found:,} lines, {loaded:,} were loaded: the database was "
                f"restarted in between. Nothing was applied. Clear data_loading with its downstream tasks."
            )
        duplicates = database.deduplicate()
        return {"rows": loaded - duplicates, "duplicates": duplicates}
