"""CSV as AEP writes it, which is how Spark's CSV writer writes it with AEP's options.

A value that holds the delimiter, the quote or a line break is quoted; inside quotes the quote is escaped, not doubled,
and the escape character itself too. ``null`` and the empty string have spellings of their own, which are never quoted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class SparkDialect:
    """AEP's CSV options; the defaults are AEP's.

    :param quote: ``""`` is AEP's dangerous default: Spark takes U+0000 for the quote.
    :param null_value: text for a missing value.
    :param empty_value: text for the empty string.
    :param underscores: headers with ``_`` for ``.``, as the mapping step writes them.
    """

    delimiter: str = ","
    quote: str = ""
    escape: str = "\\"
    null_value: str = "null"
    empty_value: str = ""
    underscores: bool = False

    @cached_property
    def _quote(self) -> str:
        return self.quote or "\0"

    @cached_property
    def _special(self) -> re.Pattern[str]:
        return re.compile(f"[{re.escape(self.delimiter + self._quote)}\r\n]")

    @cached_property
    def _escaped(self) -> re.Pattern[str]:
        return re.compile(f"[{re.escape(self._quote + self.escape)}]")

    def header(self, columns: Iterable[str]) -> str:
        return self.line(column.replace(".", "_") if self.underscores else column for column in columns)

    def line(self, values: Iterable[str | None]) -> str:
        """Return one line with its line feed."""
        return self.delimiter.join([self._field(value) for value in values]) + "\n"

    def _field(self, value: str | None) -> str:
        if value is None:
            return self.null_value
        # AEP leaves Spark's ignoreLeading/TrailingWhiteSpace on.
        text = value.strip(" \t")
        if not text:
            return self.empty_value
        if not self._special.search(text):
            return text
        inner = self._escaped.sub(lambda found: self.escape + found[0], text)
        return f"{self._quote}{inner}{self._quote}"
