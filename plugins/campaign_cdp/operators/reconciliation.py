from __future__ import annotations

from campaign_cdp.exceptions import RejectLimitError, VolumeGuardError
from campaign_cdp.hooks.campaign.audience import AudienceDatabase
from campaign_cdp.hooks.campaign.sql import connect
from campaign_cdp.hooks.landing_zone.factory import landing_zone_for
from campaign_cdp.ledger.store import Ledger, Run
from campaign_cdp.operators.import_limits import check_plan
from campaign_cdp.operators.step import AudienceStepOperator
from campaign_cdp.rows.reject_file import reject_lines


class ReconcileOperator(AudienceStepOperator):
    """Work out what the file set would change, and refuse it if that cannot be right.

    Campaign's *Enrichment* with reconciliation. A preview run ends here, with the counts. The limits are checked after
    the plan is committed, so a refused run still shows what it would have done.

    :param feed: the validated feed.
    :raises RejectLimitError: if more lines were rejected than ``rejects`` allows.
    :raises VolumeGuardError: if the list would lose more members than ``volume_guard`` allows.
    :raises LimitError: if the plan would cross a limit of the contract.
    """

    step = "reconciliation"
    repeatable = True

    def work(self, database: AudienceDatabase, ledger: Ledger, run: Run) -> dict[str, int]:
        rows = ledger.required_step(run.run_id, "deduplication")["rows"]
        loaded, rejected = ledger.loaded_rows(run.run_id), ledger.rejected_rows(run.run_id)
        self.require_rows(database.count_work_rows(), rows, "data_loading")
        plan = database.plan(rows)
        database.reject_ambiguous(plan.ambiguous)
        return {"lines": loaded + rejected, "rejected": rejected + plan.ambiguous, **plan.to_json()}

    def check(self, run: Run, counts: dict[str, int]) -> None:
        if run.is_open:  # what is applied already is beyond checking
            check_plan(self.feed, run, counts)
        if counts["rejected"]:
            self._write_reject_file(run)
        if run.replay_of is None:  # a line that is rejected again changes nothing
            self._check_rejects(run, counts["rejected"], counts["lines"])
        self._check_volume(counts["list_removed"], counts["list_before"])

    def _check_rejects(self, run: Run, rejected: int, lines: int) -> None:
        limits, pct = self.feed.rejects, 100 * rejected / max(lines, 1)
        over_count = limits.max_count is not None and rejected > limits.max_count
        if pct <= limits.max_pct and not over_count:
            return
        with connect(self.feed.campaign) as conn:
            common = "; ".join(f"{code} ({count:,})" for code, count in Ledger(conn).top_rejects(run.run_id, 3))
        limit = f"{limits.max_count:,} lines" if over_count else f"{limits.max_pct:g} %"
        raise RejectLimitError(
            f"{self.feed.id}: {rejected:,} of {lines:,} lines rejected ({pct:.2f} %, limit {limit}). No line was "
            f"applied. Most common: {common}. They are in {self._reject_key(run)} of the landing zone, and `cdp "
            f"rejects list {run.run_id}` shows them. Fix the export, or raise rejects in {self.feed.id}.yaml and clear "
            f"this task."
        )

    def _check_volume(self, removed: int, before: int) -> None:
        limit, pct = self.feed.volume_guard.max_removed_pct, 100 * removed / max(before, 1)
        if self.feed.list and pct > limit:
            raise VolumeGuardError(
                f"{self.feed.id}: list {self.feed.list.name} would lose {removed:,} of {before:,} members "
                f"({pct:.1f} %, limit {limit:g} %). No line was applied. If the audience really shrank in AEP, raise "
                f"volume_guard.max_removed_pct in {self.feed.id}.yaml and clear this task; else export it again."
            )

    def _reject_key(self, run: Run) -> str:
        return f"{self.feed.rejects.prefix}{self.feed.id}/run_{run.run_id}.csv"

    def _write_reject_file(self, run: Run) -> None:
        with landing_zone_for(self.feed.landing_zone) as zone, connect(self.feed.campaign) as conn:
            written = zone.stage(self._reject_key(run), reject_lines(Ledger(conn).iter_rejects(run.run_id)))
        self.log.info("Rejected lines: %s/%s", zone.url, written.key)
