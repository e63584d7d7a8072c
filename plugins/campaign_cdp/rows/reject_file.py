"""Rejected lines as a CSV file for people."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

_HEADER = ("part", "line", "column", "code", "value", "replayed_by")
_CHUNK_ROWS = 5_000


def reject_lines(rejects: Iterable[tuple[object, ...]]) -> Iterator[bytes]:
    """Encode ``(part, line, column, code, masked value, run that replayed it)`` as CSV, thousands at a time."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(_HEADER)
    for n, reject in enumerate(rejects, start=1):
        writer.writerow(reject)
        if n % _CHUNK_ROWS == 0:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()
