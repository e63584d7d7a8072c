"""The environment of Airflow's processes in a soak run, and of this process while it plays one."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

REPO: Final = Path(__file__).resolve().parents[2]
FOLDER: Final = REPO / "build" / "soak"


def airflow_environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Return an environment with nothing of the caller's connections, and with ``variables``."""
    strange = ("AIRFLOW_CONN_", "AWS_", "AZURE_", "CDP_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(strange)}
    home = FOLDER / "airflow"
    home.mkdir(parents=True, exist_ok=True)
    return {
        **kept,
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(REPO / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(REPO / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        **variables,
    }


@contextmanager
def environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set variables of this process for a while."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
