"""Settings of Airflow on several workers, and why each is not Airflow's default."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

#: For any deployment with Celery workers.
CELERY: Final[Mapping[str, str]] = {
    "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
    # A worker takes a task when it has a free slot, and none in reserve: a reserved task waits although another worker
    # is idle, and if this worker dies it waits for task_queued_timeout.
    "AIRFLOW__CELERY__WORKER_PREFETCH_MULTIPLIER": "1",
    "AIRFLOW__CELERY__TASK_ACKS_LATE": "True",
    # Tasks find the package imported, see that module.
    "AIRFLOW__CELERY__EXTRA_CELERY_CONFIG": '{"imports": ["campaign_cdp.worker_imports"]}',
    # The next task of a run starts within half a second after the one before; Airflow's own idle pause is a second.
    "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.5",
    # A task of a worker that died is started elsewhere after a minute instead of five. The supervisor gives the sign of
    # life, not the task, so a busy task is not taken for dead.
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "60",
    # ... and a task outlives a restart of the API server of 45 seconds instead of 15.
    "AIRFLOW__WORKERS__MAX_FAILED_HEARTBEATS": "9",
    # A busy API server may take longer than 5 seconds to note that a task starts. Asked again, it says that the task
    # runs already, and the worker leaves it.
    "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "30",
}
#: On top of it where workers are killed on purpose and somebody waits for what happens.
QUICK_RECOVERY: Final[Mapping[str, str]] = {
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "15",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "2",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "120",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL": "10",
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "30",
    "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "3",
}
