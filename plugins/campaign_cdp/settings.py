"""Paths of the data folders, and how long a failed task waits. Each is changed with one environment variable."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Final

#: What a wheel has of the project's folders; a checkout has the folders themselves.
_WHEEL_DATA: Final = Path(__file__).with_name("_project")


def is_wheel() -> bool:
    """Tell whether the package was installed without its project."""
    return _WHEEL_DATA.is_dir()


def project_dir() -> Path:
    """Folder of ``dags/``, ``docs/errors/`` and ``include/`` as they came with the package."""
    return _WHEEL_DATA if is_wheel() else Path(__file__).resolve().parents[2]


def include_dir() -> Path:
    """Folder of the user's feeds and limits; ``CDP_INCLUDE_DIR`` moves it.

    The project's ``include/``. Without its project the package looks where Airflow's images have that folder.
    """
    if given := os.environ.get("CDP_INCLUDE_DIR"):
        return Path(given)
    home = Path(os.environ.get("AIRFLOW_HOME") or "~/airflow").expanduser() if is_wheel() else project_dir()
    return home / "include"


def feeds_dir() -> Path:
    """Folder of the feed files; ``CDP_FEEDS_DIR`` moves it."""
    return Path(os.environ.get("CDP_FEEDS_DIR") or include_dir() / "feeds")


def mappings_dir() -> Path:
    """Folder of the mappings of Campaign's logs: the user's, or else those that came with the package."""
    return _own_or_shipped("mappings")


def sql_dir() -> Path:
    """Folder of the SQL statements, one per file."""
    return _own_or_shipped("sql")


def _own_or_shipped(name: str) -> Path:
    own = include_dir() / name
    return own if own.is_dir() else project_dir() / "include" / name


def retry_delay() -> timedelta:
    """How long a failed task waits for its first retry, each further one twice as long; ``CDP_RETRY_SECONDS``, 60."""
    return timedelta(seconds=float(os.environ.get("CDP_RETRY_SECONDS") or 60))
