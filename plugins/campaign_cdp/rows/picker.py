"""Takes chosen records out of a part as they were written, for people to correct or to load again."""

from __future__ import annotations

from collections.abc import Iterator

from campaign_cdp.rows.reader import PartReader


class RecordPicker(PartReader):
    """First :meth:`open`, then consume :meth:`picked`. Everything else is skipped as fast as clean lines are found."""

    def picked(self, wanted: Iterator[int]) -> Iterator[tuple[int, bytes, bool]]:
        """Yield line number, bytes (with their line end) and whether they are a record, of those that start there.

        What is no record, because its quotes do not match, means something else beside other lines.

        :param wanted: physical line numbers, ascending. One that no record starts on is passed over.
        """
        line = next(wanted, None)
        buffer = self._buffer
        while line is not None and (buffer or not self._ended):
            start = 0
            while line is not None and start < len(buffer):
                end = self._clean.end_of_run(buffer, start)
                skipped = self._skipped(buffer, start, end, line)
                if skipped > start:
                    start = skipped
                    continue
                record = self.dialect.read(buffer, start)
                if record is None and self._may_continue(buffer, start):
                    break
                line_no = self._line_no
                whole, end = self._whole(buffer, record, start)
                if line_no == line:
                    yield line_no, buffer[start:end], whole is not None
                while line is not None and line < self._line_no:
                    line = next(wanted, None)
                start = end
            buffer = self._more(buffer[start:])

    def _skipped(self, buffer: bytes, start: int, end: int, line: int) -> int:
        """Offset of the wanted line, if it is in the run of clean lines, else behind the run."""
        lines, missing = buffer.count(b"\n", start, end), line - self._line_no
        if lines <= missing:
            self._line_no += lines
            return end
        for _ in range(missing):
            start = buffer.index(b"\n", start) + 1
        self._line_no += missing
        return start
