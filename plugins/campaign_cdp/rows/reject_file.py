"""Rejected lines as a CSV file for people.

They open it with spreadsheets, which take a cell that starts with ``=`` for a formula. What was rejected may start so,
and whoever writes files for a feed must not run formulas on the desk of whoever looks after it. Files that are
corrected and replayed (``cdp rejects export``) are another thing: byte for byte what was rejected.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

_HEADER = ("part", "line", "column", "code", "value", "replayed_by")
_CHUNK_ROWS = 5_000
#: What spreadsheets take for the start of a formula, and what they skip before it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def reject_lines(rejects: Iterable[tuple[object, ...]]) -> Iterator[bytes]:
    """Encode ``(part, line, column, code, masked value, run that replayed it)`` as CSV, thousands at a time."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(_HEADER)
    for n, reject in enumerate(rejects, start=1):
        writer.writerow(map(_cell, reject))
        if n % _CHUNK_ROWS == 0:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def _cell(value: object) -> object:
    """An apostrophe makes a text of it, and is not shown."""
    return f"'{value}" if isinstance(value, str) and value.lstrip(" ").startswith(_FORMULA) else value
