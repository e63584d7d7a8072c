"""Kills and disturbs the tasks of real runs, and compares what they lead to with an undisturbed run."""

from __future__ import annotations

import os
import tempfile

# Airflow reads its configuration when it is first imported; pytest has set it already, a command has not.
if "cdp-airflow-" not in os.environ.get("AIRFLOW_HOME", ""):
    for _name in [name for name in os.environ if name.startswith(("AIRFLOW_", "AWS_", "AZURE_", "CDP_"))]:
        del os.environ[_name]
    _home = tempfile.TemporaryDirectory(prefix="cdp-airflow-", ignore_cleanup_errors=True)
    os.environ.update(
        AIRFLOW_HOME=_home.name,
        AIRFLOW__CORE__LOAD_EXAMPLES="False",
        AIRFLOW__CORE__FERNET_KEY="c2FuZGJveC1mZXJuZXQta2V5LWZvci10ZXN0cy1vbmw=",
        AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=f"sqlite:///{_home.name}/airflow.db",
        AIRFLOW__USAGE_DATA_COLLECTION__ENABLED="False",
    )
