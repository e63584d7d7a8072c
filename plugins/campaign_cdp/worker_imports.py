"""What every task needs, imported once by a Celery worker instead of by each task: half a second of processor time.

Named in ``[celery] extra_celery_config``: ``{"imports": ["campaign_cdp.worker_imports"]}``. Tasks are forked from the
worker, so they have it all, and share the memory. After an update of the package workers must be restarted.
"""

from __future__ import annotations

import airflow.dag_processing.dagbag
import airflow.providers.amazon.aws.hooks.s3
import airflow.providers.postgres.hooks.postgres
import airflow.sdk.execution_time.task_runner  # noqa: F401

import campaign_cdp.hooks.landing_zone.s3
import campaign_cdp.notifiers.deadline
import campaign_cdp.operators.data_extraction
import campaign_cdp.operators.data_loading
import campaign_cdp.operators.deduplication
import campaign_cdp.operators.end
import campaign_cdp.operators.end_export
import campaign_cdp.operators.incremental_query
import campaign_cdp.operators.publication
import campaign_cdp.operators.reconciliation
import campaign_cdp.operators.update_data
import campaign_cdp.rows.unzip
import campaign_cdp.sensors.file_set
import campaign_cdp.sensors.landing_check  # noqa: F401
