"""
### Audience import

Carries one audience of Real-Time CDP from the landing zone into Campaign: recipients, and the list that mirrors the
audience. One Dag per feed in `include/feeds/`; one run is one *file set*, applied as a whole and once.

| task | Campaign activity | does |
|---|---|---|
| `file_transfer` | File transfer | waits (deferred) for the oldest complete file set that was not applied yet |
| `data_loading` | Data loading (file) | streams each part into the run's work table; bad lines become rejects |
| `deduplication` | Deduplication | keeps one line per reconciliation key |
| `reconciliation` | Enrichment | compares with recipients and list; checks the reject limit and the volume guard |
| `update_data` | Update data, List update | writes everything in one transaction |
| `end` | End | historises the files, drops the work tables, starts the next run if files wait |

* **Safe to re-run**: yes. A cleared task finds its step in the ledger and does nothing twice.
* **Preview**: trigger with `preview` on; the run stops after `reconciliation` with the counts.
* **Rejects**: `cdp rejects list RUN`, and as a file in the landing zone. Above the limit nothing is applied.
* **Replay**: `cdp rejects replay RUN [FILE]` applies rejected lines once they, or the feed, are corrected.
* **Alerts**: `alerts:` of the feed says who is told when a run failed, is late or is unusual.
* **Runbook**: `docs/runbooks/audience_import.md`, `docs/runbooks/alerts.md`
"""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.sdk import DAG, AssetOrTimeSchedule, CronTriggerTimetable, Param, chain, get_parsing_context

from campaign_cdp.feeds.loader import audience_feeds
from campaign_cdp.feeds.model import AudienceFeed
from campaign_cdp.notifiers.deadline import deadline_of
from campaign_cdp.notifiers.feed import NothingArrivedNotifier, RunEndedNotifier, TaskFailedNotifier
from campaign_cdp.operators.data_loading import LoadPartOperator
from campaign_cdp.operators.deduplication import DeduplicateOperator
from campaign_cdp.operators.end import EndImportOperator, waiting_asset
from campaign_cdp.operators.reconciliation import ReconcileOperator
from campaign_cdp.operators.update_data import ApplyAudienceOperator
from campaign_cdp.retries import FAIL_FAST
from campaign_cdp.sensors.file_set import FileSetSensor
from campaign_cdp.settings import retry_delay

PARAMS = {
    "preview": Param(False, type="boolean", title="Preview", description="Count the changes, write nothing."),
    "replay_of": Param(
        None,
        type=["null", "integer"],
        title="Replay of",
        description="Ledger's number of a run: apply its rejected lines again, after the feed was corrected.",
    ),
    "replay_file": Param(
        None,
        type=["null", "string"],
        title="Replay file",
        description="Key of a corrected file of those lines; `cdp rejects replay` puts it into the landing zone.",
    ),
    "accept_stale": Param(
        False,
        type="boolean",
        title="Accept stale",
        description="Replay although a newer file set was applied, whose values it may overwrite.",
    ),
}


def build_dag(feed: AudienceFeed) -> DAG:
    """Return the import Dag of one feed."""
    waiting = [waiting_asset(feed)]
    cron = CronTriggerTimetable(feed.schedule, timezone="UTC") if feed.schedule else None
    with DAG(
        dag_id=f"audience_import__{feed.id}",
        description=feed.description or f"Audience {feed.id} into Campaign",
        doc_md=__doc__,
        schedule=AssetOrTimeSchedule(timetable=cron, assets=waiting) if cron else waiting,
        start_date=datetime(2026, 1, 1, tzinfo=UTC),
        catchup=False,
        deadline=deadline_of(feed),
        max_active_runs=1,  # file sets of one audience are applied in their order
        default_args={
            "owner": feed.owner,
            "retries": 3,
            "retry_delay": retry_delay(),
            "retry_exponential_backoff": True,
            "retry_policy": FAIL_FAST,
            "pool": feed.campaign,
            "on_failure_callback": TaskFailedNotifier(feed),
        },
        params=PARAMS,
        tags=["audience", "rtcdp-to-campaign", feed.export],
    ) as dag:
        file_transfer = FileSetSensor(
            task_id="file_transfer",
            feed=feed,
            pool=feed.landing_zone.connection,
            on_skipped_callback=NothingArrivedNotifier(feed),
        )
        data_loading = LoadPartOperator.partial(
            task_id="data_loading",
            feed=feed,
            pool=feed.landing_zone.connection,
            map_index_template="{{ part_name }}",
        ).expand(part=file_transfer.output)
        goes_on = "none_failed_min_one_success"
        deduplication = DeduplicateOperator(task_id="deduplication", feed=feed, trigger_rule=goes_on)
        end = EndImportOperator(
            task_id="end", feed=feed, trigger_rule=goes_on, on_success_callback=RunEndedNotifier(feed)
        )
        chain(
            file_transfer,
            data_loading,
            deduplication,
            ReconcileOperator(task_id="reconciliation", feed=feed),
            ApplyAudienceOperator(task_id="update_data", feed=feed),
            end,
        )
        # A manifest without files is a legal, empty increment: nothing is mapped, the run goes on. So does a preview to
        # its end. Where no file arrived at all (late_is: skipped), file_transfer is skipped, and so is all the rest.
        file_transfer >> [deduplication, end]
    return dag


# A broken feed costs only its own Dag; feed_check.py reports it. A task's process reads its own feed only.
for _feed in audience_feeds(only_for=get_parsing_context().dag_id):
    globals()[f"audience_import__{_feed.id}"] = build_dag(_feed)
