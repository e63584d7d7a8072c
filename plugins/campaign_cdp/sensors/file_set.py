from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, NoReturn

from airflow.sdk import BaseSensorOperator
from airflow.sdk.exceptions import AirflowSensorTimeout, AirflowSkipException

from campaign_cdp.exceptions import FileSetLateError, RetriableSyncError, error_for
from campaign_cdp.feeds.loader import config_hash
from campaign_cdp.feeds.model import AudienceFeed
from campaign_cdp.file_sets import FileSet
from campaign_cdp.hooks.campaign import work_tables
from campaign_cdp.hooks.campaign.sql import connect
from campaign_cdp.ledger.store import Ledger, Run
from campaign_cdp.links import FileSetLink, SyncRunLink
from campaign_cdp.operators.import_limits import check_before_loading
from campaign_cdp.operators.replay import PreparedReplay, prepare_replay
from campaign_cdp.triggers.file_set import FileSetTrigger

if TYPE_CHECKING:
    from airflow.sdk import Context

#: How long after the deadline the triggerer may be silent; its own last look comes at the deadline.
_GRACE: Final = timedelta(minutes=10)


class FileSetSensor(BaseSensorOperator):
    """Wait for a feed's next complete file set and open its run in the ledger.

    Campaign's *File transfer*. Always deferred: waiting costs no worker slot. A cleared task goes on with the file set
    that its Dag run has taken already. Returns the parts, for the mapped loading.

    :param feed: the validated feed.
    :raises FileSetLateError: if nothing complete arrives within ``alerts.late_after``; where ``late_is`` is
        ``skipped``, a run that saw no new file at all is skipped instead.
    :raises LimitError: if the work tables would cross a limit of the contract; then no run is opened.
    :raises SyncError: of the class that says what is broken, if it is; broken is never late, and never skipped.
    """

    ui_color = "#e8f0fe"
    operator_extra_links = (SyncRunLink(), FileSetLink())
    sync_run_id: int | None = None

    def __init__(self, *, feed: AudienceFeed, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if self.soft_fail or self.never_fail:
            raise ValueError(
                "soft_fail and never_fail would hide broken files; set alerts.late_is in the feed instead."
            )
        self.feed = feed

    def execute(self, context: Context) -> list[dict[str, Any]]:
        with connect(self.feed.campaign) as conn:
            ledger = Ledger(conn)
            ledger.check_version()
            run = ledger.find_run(self.feed.id, context["dag_run"].run_id)
        replay_of = context["params"].get("replay_of")
        if replay_of is not None and not (run and run.is_in_campaign):
            return self._replay(context, replay_of)
        if run is None:
            self._wait(context)
        return self._open(context, run.file_set)

    def _replay(self, context: Context, replay_of: int) -> list[dict[str, Any]]:
        """Nothing to wait for: the lines are in parts that were loaded before, or in a corrected file."""
        params = context["params"]
        with connect(self.feed.campaign) as conn:
            prepared = prepare_replay(
                self.feed,
                Ledger(conn),
                replay_of,
                replay_file=params.get("replay_file"),
                accept_stale=bool(params.get("accept_stale")),
            )
        return self._open(context, prepared.file_set, prepared)

    def _wait(self, context: Context) -> NoReturn:
        # Counted from the start of the Dag run, so that neither a retry nor a restarted triggerer prolongs it.
        now = datetime.now(UTC)
        deadline = (context["dag_run"].start_date or now) + self.feed.alerts.late_after
        trigger = FileSetTrigger(
            feed_id=self.feed.id,
            feed=self.feed.model_dump(mode="json", by_alias=True),
            deadline=deadline.isoformat(),
            poll_interval=self.feed.poll_interval.total_seconds(),
        )
        self.defer(trigger=trigger, method_name="execute_complete", timeout=max(deadline - now, timedelta()) + _GRACE)

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        try:
            return super().resume_execution(next_method, next_kwargs, context)
        except AirflowSensorTimeout as err:
            raise RetriableSyncError(
                f"{self.feed.id}: the triggerer gave no answer until {_GRACE} after the deadline, so nobody looked for "
                "files. Check that a triggerer is running."
            ) from err

    def execute_complete(self, context: Context, event: dict[str, Any]) -> list[dict[str, Any]]:
        self._record_superseded(context, event["superseded"])
        if event["status"] == "broken":
            raise error_for(event["code"], event["message"])
        if event["status"] == "late":
            self._be_late(event["waiting_for"])
        return self._open(context, FileSet.from_json(event["file_set"]))

    def _be_late(self, waiting_for: list[str]) -> NoReturn:
        message = (
            f"{self.feed.id}: no complete file set within {self.feed.alerts.late_after} of the run's start: "
            f"{'; '.join(waiting_for) or 'nothing new is there'}. Nothing was lost; the next run takes it when it "
            "comes. Look at the dataflow run in AEP."
        )
        # An export that never became whole is not "nothing today".
        if self.feed.alerts.late_is == "skipped" and not waiting_for:
            raise AirflowSkipException(message)
        raise FileSetLateError(message)

    def _open(self, context: Context, file_set: FileSet, replay: PreparedReplay | None = None) -> list[dict[str, Any]]:
        with connect(self.feed.campaign) as conn:
            ledger = Ledger(conn)
            opened = ledger.open_run(
                feed=self.feed.id,
                dag_run_id=context["dag_run"].run_id,
                file_set=file_set,
                config_hash=config_hash(self.feed),
                preview=bool(context["params"]["preview"]),
                replay_of=replay.of if replay else None,
                accept_stale=bool(replay and replay.accept_stale),
            )
            if replay:
                ledger.record_replay_lines(opened.run.run_id, replay.of, replay.lines)
            self.sync_run_id = opened.run.run_id
            for run_id in opened.displaced:
                work_tables.drop(conn, run_id)
            if opened.run.is_open:
                if not work_tables.exists(conn, opened.run.run_id):
                    check_before_loading(conn, self.feed, opened.run)
                work_tables.create(conn, self.feed, opened.run.run_id, _part_nos(opened.run))
        return self._parts(opened.run)

    def _parts(self, run: Run) -> list[dict[str, Any]]:
        parts = [{"part_no": n, **part.to_json()} for n, part in enumerate(run.file_set.parts, start=1)]
        size = sum(part.size for part in run.file_set.parts)
        self.log.info(
            "Run %d: file set %s of %s UTC, %d part(s), %s bytes%s",
            run.run_id,
            run.file_set.id,
            f"{run.file_set.ordered_at:%Y-%m-%d %H:%M:%S}",
            len(parts),
            f"{size:,}",
            " (preview)" if run.preview else "",
        )
        return parts

    def _record_superseded(self, context: Context, superseded: list[dict[str, Any]]) -> None:
        if not superseded:
            return
        with connect(self.feed.campaign) as conn:
            for file_set in map(FileSet.from_json, superseded):
                Ledger(conn).supersede(self.feed.id, file_set, context["dag_run"].run_id)
                self.log.info("File set %s is older than the newest applied one: superseded", file_set.id)


def _part_nos(run: Run) -> range:
    return range(1, len(run.file_set.parts) + 1)
