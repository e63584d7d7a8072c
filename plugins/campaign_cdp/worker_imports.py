"""What every task needs, imported once by a Celery worker instead of by each task: half a second of processor time.

Named in ``[celery] extra_celery_config``: ``{"imports": ["campaign_cdp.worker_imports"]}``. Tasks are forked from the
worker, so they have it all, and share the memory. After an update of the package workers must be restarted.
"""

from __future__ import annotations

import gc

import airflow.dag_processing.dagbag
import airflow.providers.amazon.aws.hooks.s3
import airflow.providers.postgres.hooks.postgres
import airflow.providers.standard.operators.empty
import airflow.sdk.execution_time.task_runner  # noqa: F401
from airflow.sdk import Asset
from airflow.sdk.listener import get_listener_manager

import campaign_cdp.hooks.landing_zone.s3
import campaign_cdp.notifiers.deadline
import campaign_cdp.notifiers.feed
import campaign_cdp.operators.data_extraction
import campaign_cdp.operators.data_loading
import campaign_cdp.operators.deduplication
import campaign_cdp.operators.end
import campaign_cdp.operators.end_export
import campaign_cdp.operators.incremental_query
import campaign_cdp.operators.publication
import campaign_cdp.operators.reconciliation
import campaign_cdp.operators.update_data
import campaign_cdp.retries
import campaign_cdp.rows.unzip
import campaign_cdp.sensors.file_set
import campaign_cdp.sensors.landing_check  # noqa: F401

# Each process's first asset looks for the providers' kinds of assets, and each task looks for listeners of plugins.
Asset(name="worker_imports", uri="campaign-cdp://worker_imports")
get_listener_manager()
# Nothing of all this is garbage: the collectors of thousands of tasks need not go through it, and copy its pages.
gc.freeze()
