"""Checks one record against its feed: the slow, exact path for every line that is not plainly clean."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from campaign_cdp.attributes import ValueType
from campaign_cdp.feeds.model import AudienceFeed, Column
from campaign_cdp.rows import values
from campaign_cdp.rows.dialect import Dialect
from campaign_cdp.rows.header import QUALIFIED_AT, STATUS, Layout
from campaign_cdp.rows.rejects import Reject, RejectCode, mask

_CASES: dict[str, Callable[[str], str]] = {
    "keep": str,
    "lower": str.lower,
    "upper": str.upper,
    "first_upper": str.capitalize,
}


@dataclass(frozen=True, slots=True)
class _Check:
    """How the value of one column is read."""

    name: str
    parse: Callable[[str], str]
    case: Callable[[str], str]
    length: int | None
    required: bool
    on_error: str
    default: str | None
    pii: bool


class RowValidator:
    """Turns the fields of a record into values for COPY, or into a :class:`Reject`.

    :param layout: columns of the part.
    :param feed: types, lengths, required columns, null tokens.
    """

    def __init__(self, layout: Layout, feed: AudienceFeed) -> None:
        self._layout, self._nulls = layout, frozenset(Dialect.of(feed.file).null_tokens) | {""}
        self._checks = [None if target is None else _check(target, feed) for target in layout.targets]

    def row(self, fields: Sequence[bytes], line_no: int) -> list[str | None] | Reject:
        """Validate the raw fields of one record."""
        texts = self.decoded(fields, line_no)
        return texts if isinstance(texts, Reject) else self.checked(texts, line_no)

    def decoded(self, fields: Sequence[bytes], line_no: int) -> list[str] | Reject:
        """Check only that the record has the right number of fields and is UTF-8."""
        if len(fields) != len(self._checks):
            return self._ragged(fields, line_no)
        try:
            return [field.decode() for field in fields]
        except UnicodeDecodeError:
            return self._undecodable(fields, line_no)

    def checked(self, texts: Sequence[str | None], line_no: int) -> list[str | None] | Reject:
        """Validate decoded values, one per field of the file."""
        out: list[str | None] = []
        for check, text in zip(self._checks, texts, strict=True):
            if check is None:
                continue
            try:
                out.append(self._value(check, text))
            except values.BadValueError as err:
                return Reject(line_no, err.code, check.name, None if text is None else _shown(text, check))
        return out

    def _value(self, check: _Check, text: str | None) -> str | None:
        text = None if text is None else text.strip(" \t")
        value = None if text is None or text in self._nulls else self._parsed(check, text)
        value = check.default if value is None else value
        if value is None and check.required:
            raise values.BadValueError(RejectCode.MISSING_VALUE)
        return value

    def _parsed(self, check: _Check, text: str) -> str | None:
        text = check.case(text)
        if text in self._nulls:  # COPY would take it for NULL as well
            return None
        try:
            value = check.parse(text)
            if check.length and len(value) > check.length:
                raise values.BadValueError(RejectCode.TOO_LONG)
        except values.BadValueError:
            if check.on_error == "reject":
                raise
            return None
        return value

    def _ragged(self, fields: Sequence[bytes], line_no: int) -> Reject:
        return Reject(line_no, RejectCode.RAGGED_LINE, None, f"{len(fields)} fields, {len(self._checks)} expected")

    def _undecodable(self, fields: Sequence[bytes], line_no: int) -> Reject:
        for target, field in zip(self._layout.targets, fields, strict=True):
            try:
                field.decode()
            except UnicodeDecodeError as err:
                return Reject(line_no, RejectCode.BAD_ENCODING, target, f"byte 0x{field[err.start]:02x} is not UTF-8")
        raise ValueError("every field is valid UTF-8")


def _check(target: str, feed: AudienceFeed) -> _Check:
    if target == STATUS:
        return _Check(target, values.status, str, None, required=True, on_error="reject", default=None, pii=False)
    if target == QUALIFIED_AT:
        return _Check(target, values.timestamp, str, None, required=False, on_error="reject", default=None, pii=False)
    column, attribute, kind = feed.columns[target], feed.attribute(target), feed.type_of(target)
    return _Check(
        name=target,
        parse=_parser(kind, column),
        case=_CASES[column.case] if kind is ValueType.STRING else str,
        length=feed.length_of(target),
        required=feed.is_required(target),
        on_error="reject" if target in feed.key else column.on_error,
        default=column.default or None,
        pii=attribute.pii,
    )


def _shown(text: str, check: _Check) -> str:
    """A line with shifted fields may hold an address in any column."""
    return mask(text) if check.pii or "@" in text else text[:200].replace("\0", "·")


def _parser(kind: ValueType, column: Column) -> Callable[[str], str]:
    if column.format and kind is ValueType.DATE:
        return partial(values.date, pattern=column.format)
    if column.format and kind is ValueType.TIMESTAMP:
        return partial(values.timestamp, pattern=column.format)
    return values.PARSERS[kind]
