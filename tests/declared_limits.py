"""An include folder with limits of a test's own; everything else in it is the project's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

TINY = {"contract": "1MB"}
_INCLUDE = Path(__file__).resolve().parents[1] / "include"


class DeclaredLimits:
    """:param folder: empty folder to make the include folder in."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder / "include"
        self.folder.mkdir()
        for path in _INCLUDE.iterdir():
            if path.name != "limits.yaml":
                (self.folder / path.name).symlink_to(path)
        monkeypatch.setenv("CDP_INCLUDE_DIR", str(self.folder))
        monkeypatch.setenv("CDP_FEEDS_DIR", str(_INCLUDE / "feeds"))

    def write(self, **limits: dict[str, Any]) -> None:
        """Declare these limits and no others."""
        self.write_text(yaml.safe_dump(limits))

    def write_text(self, text: str) -> None:
        (self.folder / "limits.yaml").write_text(text)


def verdicts(desk: Any, **only: Any) -> list[tuple[str, str, str]]:
    """Limit, scope and verdict of the readings that runs made."""
    rows = desk.sql(
        "SELECT limit_name, scope, verdict FROM cdp.limit_reading WHERE feed IS NOT NULL ORDER BY reading_id"
    )
    return [row for row in rows if row[2] in only.get("of", ("ok", "warn", "stop"))]


def campaign_rows(desk: Any) -> dict[str, list[Any]]:
    tables = ("nmsrecipient", "nmsgroup", "nmsrcpgrprel")
    return {table: desk.sql(f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables}


def tables(desk: Any) -> list[str]:
    rows = desk.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'cdp' AND tablename ~ '_[0-9]' ORDER BY 1")
    return [name for (name,) in rows]
