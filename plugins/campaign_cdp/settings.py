"""Paths of the data folders. Each can be moved with one environment variable."""

from __future__ import annotations

import os
from pathlib import Path

_PROJECT_DIR = Path(__file__).resolve().parents[2]


def include_dir() -> Path:
    """Folder of feeds, SQL and schemas; ``CDP_INCLUDE_DIR`` moves it."""
    return Path(os.environ.get("CDP_INCLUDE_DIR") or _PROJECT_DIR / "include")


def feeds_dir() -> Path:
    """Folder of the feed files; ``CDP_FEEDS_DIR`` moves it."""
    return Path(os.environ.get("CDP_FEEDS_DIR") or include_dir() / "feeds")


def sql_dir() -> Path:
    """Folder of the SQL statements, one per file."""
    return include_dir() / "sql"
