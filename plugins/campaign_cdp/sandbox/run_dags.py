"""Runs Dags one after the other in this process: real tasks, triggers, XComs and assets, without a scheduler."""

from __future__ import annotations

import os
import sys

from airflow.dag_processing.dagbag import DagBag
from airflow.utils.state import DagRunState


def main(dag_ids: list[str]) -> int:
    """Run each Dag once; returns how many did not succeed."""
    bag = DagBag(os.environ["AIRFLOW__CORE__DAGS_FOLDER"])
    for error in bag.import_errors.values():
        sys.stderr.write(f"{error}\n")
    failed = 0
    for dag_id in dag_ids:
        run = bag.dags[dag_id].test()
        failed += run.state != DagRunState.SUCCESS
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
