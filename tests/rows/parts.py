"""Builders for the tests of ``rows``: feeds, parts, and COPY's view of what a reader lets through."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from campaign_cdp.feeds.model import AudienceFeed
from campaign_cdp.rows.reader import PartReader
from campaign_cdp.rows.rejects import Reject

Row = tuple[str | None, ...]
csv.field_size_limit(20_000_000)


def a_feed(columns: dict[str, Any] | None = None, **blocks: Any) -> AudienceFeed:
    """A small valid feed; ``columns`` and any top-level block replace its own."""
    document: dict[str, Any] = {
        "id": "sample",
        "direction": "audience_import",
        "owner": "crm@example.com",
        "landing_zone": {"type": "s3", "connection": "zone", "bucket": "exports", "prefix": "audiences/sample/"},
        "export": "full",
        "columns": columns or {"account": {"from": "id"}, "email": {"from": "mail"}, "firstName": {"from": "first"}},
        "reconciliation_key": "account",
    }
    return AudienceFeed.model_validate(document | blocks)


class Drip(io.BytesIO):
    """A source that hands out its bytes in pieces of the given sizes, over and over."""

    def __init__(self, data: bytes, sizes: Iterable[int]) -> None:
        super().__init__(data)
        self._sizes, self._turn = tuple(sizes), 0

    def read(self, size: int | None = -1, /) -> bytes:
        self._turn += 1
        wanted = self._sizes[self._turn % len(self._sizes)]
        return super().read(wanted if size is None or size < 0 else min(size, wanted))


@dataclass(frozen=True)
class Outcome:
    """What became of a part."""

    output: bytes
    rows: list[Row]
    rejects: list[Reject]
    reader: PartReader

    @property
    def codes(self) -> list[tuple[int, str, str | None]]:
        return [(reject.line_no, str(reject.code), reject.column) for reject in self.rejects]


def read_part(data: bytes | str | Any, feed: AudienceFeed | None = None) -> Outcome:
    """Read a whole part: text, bytes, or anything with ``read``."""
    data = data.encode() if isinstance(data, str) else data
    rejects: list[Reject] = []
    reader = PartReader(io.BytesIO(data) if isinstance(data, bytes) else data, feed or a_feed(), rejects.append)
    reader.open()
    output = b"".join(reader.lines())
    rows = copy_rows(output, reader.dialect.delimiter, reader.dialect.copy_quote, reader.null)
    assert len(rows) == reader.counts.rows, "every counted row reaches COPY as one record"
    assert len(rejects) == reader.counts.rejected == reader.counts.by_code.total()
    return Outcome(output, rows, rejects, reader)


def copy_rows(output: bytes, delimiter: bytes, quote: bytes, null: str) -> list[Row]:
    """Parse as ``COPY ... (FORMAT csv, FORCE_NULL *)`` would."""
    assert not re.search(rb"^\\\.\r?$", output, re.MULTILINE), r"\. alone on a line ends a COPY"
    assert b"\0" not in output
    records = csv.reader(
        io.StringIO(output.decode(), newline=""),
        delimiter=delimiter.decode(),
        quotechar=quote.decode(),
        doublequote=True,
        strict=True,
    )
    return [tuple(None if value == null else value for value in record or [""]) for record in records]
