"""Reads one part: clean lines are handed on as they are, all others one by one through the validator."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from campaign_cdp.exceptions import EmptyFileError, EncodingError, FileFormatError
from campaign_cdp.feeds.model import AudienceFeed
from campaign_cdp.rows.clean_lines import CleanLines
from campaign_cdp.rows.decode import refuse_nul, to_utf8, unix_lines, whole_lines
from campaign_cdp.rows.decompress import Decrypt, PartStream
from campaign_cdp.rows.dialect import MAX_RECORD_BYTES, Dialect, Record
from campaign_cdp.rows.header import Layout, read_header
from campaign_cdp.rows.rejects import Reject, RejectCode
from campaign_cdp.rows.validator import RowValidator


@dataclass
class PartCounts:
    """What a part held. ``rows`` were passed on, ``rejected`` were not; together they are its records."""

    rows: int = 0
    rejected: int = 0
    by_code: Counter[str] = field(default_factory=Counter)


_BLANK_LINES = re.compile(rb"\n++")


class PartReader:
    """One part as lines for COPY: first :meth:`open`, then consume :meth:`lines`.

    :param source: the part as stored.
    :param feed: the contract it must keep.
    :param on_reject: called with every rejected line, in line order.
    :param decrypt: needed for encrypted parts only.
    """

    layout: Layout
    #: Header of every column, and the line that it was in.
    names: tuple[str, ...]
    header: bytes
    #: The null token that COPY has to be told.
    null: str

    def __init__(
        self,
        source: BinaryIO,
        feed: AudienceFeed,
        on_reject: Callable[[Reject], None],
        decrypt: Decrypt | None = None,
    ) -> None:
        self.stream = PartStream(source, feed.file, decrypt)
        self.counts = PartCounts()
        self.dialect = Dialect.of(feed.file)
        self._feed, self._on_reject = feed, on_reject
        self._blocks = whole_lines(unix_lines(to_utf8(self.stream.chunks(), feed.file.encoding)))
        self._line_no = 1
        self._ended = False

    def open(self) -> Layout:
        """Read the header and as much of the data as is needed to choose COPY's null token.

        :raises FileFormatError: one of its subclasses, if the part cannot be read at all.
        """
        buffer = self._more(b"")
        if not buffer.strip():
            raise EmptyFileError("The part is empty, it has no header. Nothing was loaded; export it again from AEP.")
        while (record := self.dialect.read(buffer, 0)) is None and self._may_continue(buffer, 0):
            buffer = self._more(buffer)
        if record is None:
            raise FileFormatError(
                "The first line cannot be read as a header, because its quotes do not match. Nothing was loaded; "
                "compare file.quote and file.delimiter in the feed with the destination's file options."
            )
        self._refuse_carriage_return(buffer[: record.end])
        try:
            names = [name.decode() for name in record.fields]
        except UnicodeDecodeError as err:
            raise EncodingError(f"The header is not {self._feed.file.encoding}: {err}. Nothing was loaded.") from err
        self.names, self.header = tuple(names), buffer[: record.end]  # known even if they are refused
        self.layout = read_header(names, self._feed)
        self._line_no += buffer.count(b"\n", 0, record.end)
        self._buffer = buffer[record.end :]
        self.null = self._most_frequent_null()
        self._clean = CleanLines(self.layout, self._feed, self.dialect, self.null)
        self._validator = RowValidator(self.layout, self._feed)
        return self.layout

    def _refuse_carriage_return(self, header: bytes) -> None:
        """Lines that end in CR alone make one long header, and a part without a single line looks like nobody."""
        if b"\r" in header:
            raise FileFormatError(
                "The header holds a carriage return that is no part of a line end: the lines of the part end in CR, or "
                "in CR CR LF. Nothing was loaded. Have it exported with LF or CRLF, and transferred in binary mode."
            )

    def lines(self) -> Iterator[bytes]:
        """Yield lines for COPY, whole lines only, in file order. Memory does not grow with the part."""
        buffer = self._buffer
        while buffer or not self._ended:
            start = 0
            while start < len(buffer):
                end = self._clean.end_of_run(buffer, start)
                if end > start:
                    yield self._clean_run(buffer, start, end)
                    start = end
                    continue
                record = self.dialect.read(buffer, start)
                if record is None and self._may_continue(buffer, start):
                    break
                line, start = self._judged(buffer, record, start)
                if line:
                    yield line
            buffer = self._more(buffer[start:])

    def records(self) -> Iterator[tuple[int, Record]]:
        """Yield every well-formed record with its line number, unvalidated, for a feed with a transform."""
        buffer = self._buffer
        while buffer or not self._ended:
            start = 0
            while start < len(buffer):
                record = self.dialect.read(buffer, start)
                if record is None and self._may_continue(buffer, start):
                    break
                line_no = self._line_no
                record, start = self._whole(buffer, record, start)
                if record is not None:
                    yield line_no, record
            buffer = self._more(buffer[start:])

    def _more(self, rest: bytes) -> bytes:
        """The unread rest of the buffer plus the next block."""
        block = next(self._blocks, b"")
        self._ended = not block
        refuse_nul(block, self._line_no + rest.count(b"\n"))
        return rest + block

    def _clean_run(self, buffer: bytes, start: int, end: int) -> bytes:
        run = buffer[start:end]
        if not run.isascii() and not _is_utf8(run):
            return self._line_by_line(run)
        lines = run.count(b"\n")
        self._line_no += lines
        self.counts.rows += lines
        return self._clean.select(run)

    def _line_by_line(self, run: bytes) -> bytes:
        """Somewhere in the run is a byte that is not UTF-8; the validator finds and rejects its line."""
        out, start = [], 0
        while start < len(run):
            line, start = self._judged(run, self.dialect.read(run, start), start)
            out.append(line)
        return b"".join(out)

    def _may_continue(self, buffer: bytes, start: int) -> bool:
        """An open quote may be closed by bytes to come, but not for ever."""
        return not self._ended and len(buffer) - start <= MAX_RECORD_BYTES and self.dialect.is_open(buffer, start)

    def _judged(self, buffer: bytes, record: Record | None, start: int) -> tuple[bytes, int]:
        """Validate one record; returns its line for COPY (or nothing) and the offset behind it."""
        line_no = self._line_no
        record, end = self._whole(buffer, record, start)
        if record is None:
            return b"", end
        return self.validated(self._validator.row(record.fields, line_no)), end

    def _whole(self, buffer: bytes, record: Record | None, start: int) -> tuple[Record | None, int]:
        """Cut the next record; ``None`` for a blank line, and for a stray quote, whose line is rejected.

        A record over several lines that is too large or has a wrong number of fields is a stray quote: the lines behind
        it may be good.
        """
        line_end = buffer.index(b"\n", start) + 1
        if line_end == start + 1 and len(self.layout.targets) > 1:
            blank_end = _blank_end(buffer, start)
            self._line_no += blank_end - start
            return None, blank_end
        if record is None or self._is_stray(record, start, line_end):
            self.reject(Reject(self._line_no, RejectCode.UNBALANCED_QUOTE))
            self._line_no += 1
            return None, line_end
        self._line_no += buffer.count(b"\n", start, record.end)
        return record, record.end

    def _is_stray(self, record: Record, start: int, line_end: int) -> bool:
        wrong = len(record.fields) != len(self.layout.targets) or record.end - start > MAX_RECORD_BYTES
        return record.end > line_end and wrong

    def validated(self, row: list[str | None] | Reject) -> bytes:
        """Count a validator's verdict; returns the line for COPY, or nothing."""
        if isinstance(row, Reject):
            self.reject(row)
            return b""
        self.counts.rows += 1
        return self.dialect.write(row, self.null.encode())

    def reject(self, reject: Reject) -> None:
        self.counts.rejected += 1
        self.counts.by_code[reject.code] += 1
        self._on_reject(reject)

    def _most_frequent_null(self) -> str:
        """COPY knows one null token; the part's commonest spelling keeps most lines on the fast path."""
        d = self.dialect.delimiter
        defaults = {column.default for column in self._feed.columns.values() if column.default}
        tokens = self.dialect.copy_null_tokens(defaults)
        return max(tokens, key=lambda token: self._buffer.count(d + token.encode() + d))


def _blank_end(buffer: bytes, start: int) -> int:
    """Offset behind a run of blank lines, of which a hostile file may have millions."""
    match = _BLANK_LINES.match(buffer, start)
    return match.end() if match else start


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
