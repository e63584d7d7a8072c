"""How commands show rows to people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from campaign_cdp.exceptions import harmless


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Write rows under their headings; empty if there are none."""
    if not rows:
        return ""
    cells = [list(rows[0]), *([_text(value) for value in row.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in cells)


def lines(values: dict[str, Any], indent: str = "") -> str:
    """Write a name and its value per line."""
    width = max(map(len, values), default=0)
    return "\n".join(f"{indent}{name.ljust(width)}  {_text(value)}" for name, value in values.items())


def _text(value: object) -> str:
    """One line: keys of files and values of rejects may hold anything."""
    return (
        f"{value:,}" if isinstance(value, int) else harmless(str("-" if value is None else value)).replace("\n", "\\n")
    )
