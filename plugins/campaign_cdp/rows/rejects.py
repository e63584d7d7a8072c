"""A *reject*: one line that is not loaded, with the reason."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import StrEnum


class RejectCode(StrEnum):
    """Why a line is rejected; each is explained in ``docs/reference/rejects.md``."""

    RAGGED_LINE = "ragged_line"
    UNBALANCED_QUOTE = "unbalanced_quote"
    BAD_ENCODING = "bad_encoding"
    MISSING_VALUE = "missing_value"
    TOO_LONG = "too_long"
    BAD_CHARACTER = "bad_character"
    BAD_EMAIL = "bad_email"
    BAD_INTEGER = "bad_integer"
    BAD_BOOLEAN = "bad_boolean"
    BAD_DATE = "bad_date"
    BAD_TIMESTAMP = "bad_timestamp"
    BAD_STATUS = "bad_status"
    TRANSFORM_DROPPED = "transform_dropped"
    AMBIGUOUS_KEY = "ambiguous_key"


@dataclass(frozen=True, slots=True)
class Reject:
    """One rejected line.

    :param line_no: physical line in the part on which the record starts; the header is line 1.
    :param column: Campaign attribute, or ``None`` when the line as a whole is at fault.
    :param value: the offending value, already masked where it may be personal data.
    """

    line_no: int
    code: RejectCode
    column: str | None = None
    value: str | None = None


def mask(value: str) -> str:
    """Keep the shape of a value, not its content: ``Ann-3@x.io`` becomes ``Xxx-9@x.xx``, at most 60 characters."""
    return "".join(_masked(char) for char in value[:60]) + ("…" if len(value) > 60 else "")


def _masked(char: str) -> str:
    kind = unicodedata.category(char)[0]
    if kind in "LM":
        return "X" if char.isupper() else "x"
    return "9" if kind == "N" else char if char.isprintable() else "·"
