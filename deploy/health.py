"""Tells whether one component of Airflow works: ``health.py api-server|scheduler|dag-processor|triggerer|worker``.

Airflow's own checks import Airflow, which takes seconds of a processor every time. This one asks the same in a fraction
of it.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import urllib.request

#: Component -> what Airflow calls it where it notes signs of life.
JOBS = {"scheduler": "SchedulerJob", "dag-processor": "DagProcessorJob", "triggerer": "TriggererJob"}
#: Seconds without a sign of life that are still fine; each gives one every five to ten.
PATIENCE = 60
_SIGN_OF_LIFE = """
SELECT extract(epoch FROM now() - max(latest_heartbeat)) FROM job
WHERE job_type = %s AND state = 'running' AND hostname = %s
"""


def main() -> None:
    component = sys.argv[1]
    if component == "api-server":
        check_api_server(os.environ.get("AIRFLOW__API__PORT", "8080"))
    elif component == "worker":
        check_worker(os.environ["AIRFLOW__CELERY__BROKER_URL"])
    else:
        check_job(JOBS[component], os.environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"])


def check_api_server(port: str) -> None:
    """It answers, and reaches its database."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v2/monitor/health", timeout=5) as answer:
        status = json.load(answer)["metadatabase"]["status"]
    if status != "healthy":
        sys.exit(f"The API server answers, but its database is {status}")


def check_job(job_type: str, url: str) -> None:
    """The process on this machine gave a sign of life not long ago."""
    import psycopg

    with psycopg.connect(url.replace("+psycopg2", "").replace("+psycopg", ""), connect_timeout=5) as conn:
        (silent,) = conn.execute(_SIGN_OF_LIFE, (job_type, socket.gethostname())).fetchone() or (None,)
    if silent is None or silent > PATIENCE:
        sys.exit(f"{job_type} on {socket.gethostname()}: last sign of life {silent} s ago, {PATIENCE} are allowed")


def check_worker(broker_url: str) -> None:
    """It takes a message from the broker and answers it."""
    from celery import Celery

    name = f"celery@{socket.gethostname()}"
    if not Celery(broker=broker_url).control.ping(destination=[name], timeout=5):
        sys.exit(f"{name} did not answer within 5 s")


if __name__ == "__main__":
    main()
