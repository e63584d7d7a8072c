"""
### Event export

Carries Campaign's sends, opens, clicks, bounces and unsubscriptions to the folder that an AEP Sources dataflow watches.
One Dag per feed in `include/feeds/`; one run is one *window* of the logs.

| task | Campaign activity | does |
|---|---|---|
| `incremental_query` | Incremental query | fixes the window and its events in the ledger, for every retry |
| `data_extraction` | Data extraction (file) | writes each partition into compressed files outside the watched folder |
| `file_transfer` | File transfer | publishes the files under their final names, each atomically and once |
| `landing_check` | File transfer (test) | waits (deferred) until every file is there with its size and ETag |
| `end` | End | advances the watermark, forgets old keys, cleans up |

* **Safe to re-run**: yes. A cleared task finds what was done in the ledger; no event is sent twice, none is lost.
* **Preview**: trigger with `preview` on; the run stops after `incremental_query` with the counts.
* **Backfill**: trigger with `backfill_from` and `backfill_to`; it does not move the watermark.
* **Alerts**: `alerts:` of the feed says who is told when a run failed or is late.
* **Runbook**: `docs/runbooks/event_export.md`, `docs/runbooks/alerts.md`
"""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.sdk import DAG, CronTriggerTimetable, Param, chain, get_parsing_context

from campaign_cdp.feeds.event_feed import EventFeed
from campaign_cdp.feeds.loader import event_feeds
from campaign_cdp.notifiers.deadline import deadline_of
from campaign_cdp.notifiers.feed import RunEndedNotifier, TaskFailedNotifier
from campaign_cdp.operators.data_extraction import ExtractPartitionOperator
from campaign_cdp.operators.end_export import EndExportOperator
from campaign_cdp.operators.incremental_query import IncrementalQueryOperator
from campaign_cdp.operators.publication import PublishFilesOperator
from campaign_cdp.retries import FAIL_FAST
from campaign_cdp.sensors.landing_check import LandingCheckSensor
from campaign_cdp.settings import retry_delay

_DAY = {"type": ["null", "string"], "format": "date-time"}
PARAMS = {
    "preview": Param(False, type="boolean", title="Preview", description="Count the events, export nothing."),
    "backfill_from": Param(None, title="Backfill from", description="Start of a span to export again.", **_DAY),
    "backfill_to": Param(None, title="Backfill to", description="End of that span, itself not part of it.", **_DAY),
    "accept_gap": Param(
        False,
        type="boolean",
        title="Accept gap",
        description="Go on although Campaign purged rows before their export.",
    ),
}


def build_dag(feed: EventFeed) -> DAG:
    """Return the export Dag of one feed."""
    with DAG(
        dag_id=f"event_export__{feed.id}",
        description=feed.description or f"Events {feed.id} to AEP",
        doc_md=__doc__,
        schedule=CronTriggerTimetable(feed.schedule, timezone="UTC") if feed.schedule else None,
        start_date=datetime(2026, 1, 1, tzinfo=UTC),
        catchup=False,
        deadline=deadline_of(feed),
        max_active_runs=1,  # windows of one feed follow each other
        default_args={
            "owner": feed.owner,
            "retries": 3,
            "retry_delay": retry_delay(),
            "retry_exponential_backoff": True,
            "retry_policy": FAIL_FAST,
            "pool": feed.landing_zone.connection,
            "on_failure_callback": TaskFailedNotifier(feed),
        },
        params=PARAMS,
        tags=["events", "campaign-to-rtcdp", feed.format],
    ) as dag:
        incremental_query = IncrementalQueryOperator(task_id="incremental_query", feed=feed, pool=feed.campaign)
        data_extraction = ExtractPartitionOperator.partial(
            task_id="data_extraction", feed=feed, map_index_template="{{ partition_name }}"
        ).expand(partition=incremental_query.output)
        chain(
            incremental_query,
            data_extraction,
            # A window without events has nothing to extract and to publish, and is done all the same.
            PublishFilesOperator(task_id="file_transfer", feed=feed, trigger_rule="none_failed"),
            LandingCheckSensor(task_id="landing_check", feed=feed),
            EndExportOperator(
                task_id="end",
                feed=feed,
                pool=feed.campaign,
                trigger_rule="none_failed",
                on_success_callback=RunEndedNotifier(feed),
            ),
        )
    return dag


# A broken feed costs only its own Dag; feed_check.py reports it. A task's process reads its own feed only.
for _feed in event_feeds(only_for=get_parsing_context().dag_id):
    globals()[f"event_export__{_feed.id}"] = build_dag(_feed)
