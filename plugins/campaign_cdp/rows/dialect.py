"""The CSV dialect of a feed: how a record ends, how fields are cut, and how COPY is told about both.

AEP writes with Spark's CSV writer: a quoted field holds quotes as ``\\"`` and backslashes as ``\\\\``; other tools
double the quote. Both are read. A backslash outside quotes, or before any other character, is an ordinary one.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

from campaign_cdp.feeds.model import FileFormat

#: A quote that never closes must not swallow the file: a record that is larger than this is given up.
MAX_RECORD_BYTES = 1_000_000
_UNUSED_QUOTE = b"\x01"
_LIKE_A_VALUE = re.compile(r"[0-9@]|^(?:true|false|realized|existing|exited)$")
#: Alone on a line it would end the COPY, unless it is quoted.
_END_OF_COPY = b"\\."


@dataclass(frozen=True)
class Record:
    """One cut record.

    :param fields: raw bytes per field, unquoted and unescaped.
    :param end: offset behind the record's newline.
    """

    fields: list[bytes]
    end: int


@dataclass(frozen=True)
class Dialect:
    delimiter: bytes
    quote: bytes
    escape: bytes
    null_tokens: tuple[str, ...]

    @classmethod
    def of(cls, file: FileFormat) -> Dialect:
        tokens = tuple(dict.fromkeys(token.strip(" \t") for token in file.null_tokens))
        return cls(file.delimiter.encode(), file.quote.encode(), file.escape.encode(), tokens)

    @property
    def copy_quote(self) -> bytes:
        """Quote character for COPY: one that clean data cannot hold where the feed has no quoting."""
        return self.quote or _UNUSED_QUOTE

    @cached_property
    def _quoted_body(self) -> bytes:
        q, e = re.escape(self.quote), re.escape(self.escape)
        return rb"(?>[^" + q + e + rb"]++|" + e + rb"(?s:.)|" + q + q + rb")*+"

    @cached_property
    def _field(self) -> bytes:
        d = re.escape(self.delimiter)
        plain = rb"[^" + d + rb"\n]*+"
        if not self.quote:
            return plain
        q = re.escape(self.quote)
        return rb"(?>" + q + self._quoted_body + q + rb"|(?!" + q + rb")" + plain + rb")"

    @cached_property
    def _record(self) -> re.Pattern[bytes]:
        d = re.escape(self.delimiter)
        return re.compile(self._field + rb"(?>" + d + self._field + rb")*+\n")

    @cached_property
    def _cut(self) -> re.Pattern[bytes]:
        return re.compile(rb"(" + self._field + rb")[" + re.escape(self.delimiter) + rb"\n]")

    @cached_property
    def _unclosed(self) -> re.Pattern[bytes] | None:
        """Matches from a record's start to the buffer's end if a quote is still open there."""
        if not self.quote:
            return None
        d, q = re.escape(self.delimiter), re.escape(self.quote)
        return re.compile(
            rb"(?>" + self._field + d + rb")*+" + q + self._quoted_body + re.escape(self.escape) + rb"?\Z"
        )

    @cached_property
    def _escapes(self) -> re.Pattern[bytes]:
        q, e = re.escape(self.quote), re.escape(self.escape)
        return re.compile(e + rb"([" + q + e + rb"])|" + q + rb"(" + q + rb")")

    @cached_property
    def _special(self) -> re.Pattern[bytes]:
        return re.compile(rb"[\r\n" + re.escape(self.delimiter) + re.escape(self.copy_quote) + rb"]")

    def copy_null_tokens(self, defaults: Collection[str]) -> tuple[str, ...]:
        """Null tokens that COPY can be told: none that it refuses, none that a written value or default may equal."""
        return tuple(
            token
            for token in self.null_tokens
            if token not in defaults and not _LIKE_A_VALUE.search(token) and not self._special.search(token.encode())
        ) or ("",)

    def read(self, buffer: bytes, start: int) -> Record | None:
        """Cut the record at ``start``; ``None`` if no whole, well-formed record starts there."""
        match = self._record.match(buffer, start)
        if match is None:
            return None
        return Record([self._unquoted(raw) for raw in self._cut.findall(match[0])], match.end())

    def is_open(self, buffer: bytes, start: int) -> bool:
        """True if the record at ``start`` may still be completed by bytes that have not been read yet."""
        return self._unclosed is not None and self._unclosed.match(buffer, start) is not None

    def _unquoted(self, raw: bytes) -> bytes:
        if not self.quote or not raw.startswith(self.quote):
            return raw
        body = raw[1:-1]
        if self.quote in body or self.escape in body:
            return self._escapes.sub(lambda m: m[1] or m[2], body)
        return body

    def write(self, values: list[str | None], null: bytes) -> bytes:
        """Encode one record for COPY: RFC 4180, ``null`` unquoted for ``None``."""
        return self.delimiter.join([null if v is None else self._quoted_if_needed(v.encode()) for v in values]) + b"\n"

    def _quoted_if_needed(self, value: bytes) -> bytes:
        quote = self.copy_quote
        if value == _END_OF_COPY or self._special.search(value) or not value:
            return quote + value.replace(quote, quote + quote) + quote
        return value
