"""One function per value type: text of the file in, text for PostgreSQL out, or :class:`BadValueError`.

What the patterns of ``clean_lines`` let through untouched, these functions return unchanged; a property test holds
the two together.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

from campaign_cdp.attributes import ValueType
from campaign_cdp.rows.rejects import RejectCode

_EMAIL = re.compile(r"[^\s\x00-\x1f\x7f@<>()\[\]\",:;\\]{1,64}@[^\W_](?:[\w-]*[^\W_])?(?:\.[^\W_](?:[\w-]*[^\W_])?)+")
_INTEGER = re.compile(r"[+-]?[0-9]{1,9}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIMESTAMP = re.compile(_DAY.pattern + r"[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:?[0-9]{2})?")
_BOOLEANS = {
    **dict.fromkeys(("true", "1", "yes", "y", "on", "t"), "true"),
    **dict.fromkeys(("false", "0", "no", "n", "off", "f"), "false"),
}
#: Campaign ``short``: SMALLINT.
INTEGER_RANGE = range(-32_768, 32_768)
STATUSES = {"realized": "realized", "existing": "existing", "exited": "exited"}


class BadValueError(Exception):
    """The value does not fit its column."""

    def __init__(self, code: RejectCode) -> None:
        self.code = code
        super().__init__(code)


def string(value: str) -> str:
    if "\0" in value:
        raise BadValueError(RejectCode.BAD_CHARACTER)
    return value


def email(value: str) -> str:
    """Lower-cased: Campaign's quarantine matches addresses case-sensitively."""
    value = value.lower()
    if not _EMAIL.fullmatch(value) or not value.isprintable():  # nobody sees a zero-width blank
        raise BadValueError(RejectCode.BAD_EMAIL)
    return value


def integer(value: str) -> str:
    if not _INTEGER.fullmatch(value) or int(value) not in INTEGER_RANGE:
        raise BadValueError(RejectCode.BAD_INTEGER)
    return str(int(value))


def boolean(value: str) -> str:
    try:
        return _BOOLEANS[value.lower()]
    except KeyError:
        raise BadValueError(RejectCode.BAD_BOOLEAN) from None


def date(value: str, pattern: str | None = None) -> str:
    """ISO day, or the day of an ISO timestamp; with ``pattern`` whatever ``strptime`` reads."""
    try:
        if pattern:
            day = datetime.strptime(value, pattern).replace(tzinfo=UTC)
        else:
            day = datetime.fromisoformat(value if _DAY.fullmatch(value) else _iso(value))
    except ValueError:
        raise BadValueError(RejectCode.BAD_DATE) from None
    if day.year < 1000:
        raise BadValueError(RejectCode.BAD_DATE)
    return day.date().isoformat()


def timestamp(value: str, pattern: str | None = None) -> str:
    """ISO 8601 to UTC, since PostgreSQL refuses some offsets; without a zone it is UTC, as AEP's samples are."""
    try:
        moment = datetime.strptime(value, pattern) if pattern else datetime.fromisoformat(_iso(value))  # noqa: DTZ007
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        if moment.year < 1000:
            raise ValueError(value)
        return moment.isoformat()
    except (ValueError, OverflowError):
        raise BadValueError(RejectCode.BAD_TIMESTAMP) from None


def status(value: str) -> str:
    try:
        return STATUSES[value.lower()]
    except KeyError:
        raise BadValueError(RejectCode.BAD_STATUS) from None


def _iso(value: str) -> str:
    if not _TIMESTAMP.fullmatch(value):
        raise ValueError(value)
    return value


PARSERS: dict[ValueType, Callable[[str], str]] = {
    ValueType.STRING: string,
    ValueType.EMAIL: email,
    ValueType.INTEGER: integer,
    ValueType.BOOLEAN: boolean,
    ValueType.DATE: date,
    ValueType.TIMESTAMP: timestamp,
}
