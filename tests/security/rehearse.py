"""Runs Dags one after the other with everything on that writes; what fails is part of it. Started by the test."""

from __future__ import annotations

import logging
import os
import sys

from airflow.dag_processing.dagbag import DagBag
from airflow.utils.db import initdb


def main(dag_ids: list[str]) -> int:
    initdb()
    bag = DagBag(os.environ["AIRFLOW__CORE__DAGS_FOLDER"])
    for error in bag.import_errors.values():
        sys.stderr.write(f"{error}\n")
    logging.getLogger().setLevel(logging.DEBUG)
    for dag_id in dag_ids:
        run = bag.dags[dag_id].test()
        sys.stdout.write(f"REHEARSED {dag_id} {run.state}\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
