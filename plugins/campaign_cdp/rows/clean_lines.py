"""Recognises the longest run of plainly clean lines, so that their bytes go to COPY untouched.

One pattern is generated per part. It is narrower than :mod:`validator`: what it accepts, the validator would accept
with the same meaning; what it does not accept may still be fine and is judged there. Every quantifier is possessive,
so a run of any length is one pass without backtracking memory.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from campaign_cdp.attributes import ValueType
from campaign_cdp.feeds.model import AudienceFeed
from campaign_cdp.rows.dialect import Dialect
from campaign_cdp.rows.header import QUALIFIED_AT, STATUS, Layout

_DAY = (
    rb"(?>19|20)[0-9]{2}-(?>(?>0[1-9]|1[0-2])-(?>0[1-9]|1[0-9]|2[0-8])"
    rb"|(?>0[13578]|1[02])-(?>29|3[01])|(?>0[469]|11)-(?>29|30))"
)
_TIME = rb"(?>[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?>\.[0-9]{1,6})?(?>Z|[+-](?>0[0-9]|1[0-3]):[0-5][0-9])?"
_TYPED = {
    ValueType.INTEGER: rb"-?(?>0|[1-9][0-9]{0,3})",
    ValueType.BOOLEAN: rb"(?>true|false|1|0)",
    ValueType.DATE: _DAY,
    ValueType.TIMESTAMP: _DAY + rb"[T ]" + _TIME,
}
_LOCAL_PART_SIGNS = b"!#$%&'*+/=?^_`{|}~.-"
_EMAIL_LENGTH = 128
_STATUS = rb"(?>realized|existing|exited)"
_CASE_EXCLUDES = {"keep": b"", "lower": rb"A-Z\x80-\xff", "upper": rb"a-z\x80-\xff"}


class CleanLines:
    """Pattern of clean lines for one part.

    :param layout: columns of the part, in file order.
    :param feed: types, lengths, required columns.
    :param null: the null token that COPY is told; others are left to the validator.
    """

    def __init__(self, layout: Layout, feed: AudienceFeed, dialect: Dialect, null: str) -> None:
        self._feed, self._dialect, self._null = feed, dialect, null.encode()
        self._d, self._e = re.escape(dialect.delimiter), re.escape(dialect.escape)
        fields = [self._field(target) for target in layout.targets]
        self._run = re.compile(rb"(?>" + self._d.join(fields) + rb"\n)*+")
        self.select = self._selector(layout, fields)

    def end_of_run(self, buffer: bytes, start: int) -> int:
        """Offset behind the last line of the run of clean lines that begins at ``start``."""
        match = self._run.match(buffer, start)
        return match.end() if match else start

    def _selector(self, layout: Layout, fields: list[bytes]) -> Callable[[bytes], bytes]:
        """Drops columns that the feed does not declare: they must not reach the database."""
        if None not in layout.targets:
            return bytes
        cut = [f if t is None else b"(" + f + b")" for f, t in zip(fields, layout.targets, strict=True)]
        find = re.compile(self._d.join(cut) + rb"\n").findall
        if len(layout.loaded) == 1:
            return lambda run: b"\n".join(find(run)) + b"\n"
        return lambda run: b"\n".join(map(self._dialect.delimiter.join, find(run))) + b"\n"

    def _field(self, target: str | None) -> bytes:
        if target is None:
            return self._either(rb"[^" + self._d + rb'"\n]*+', rb'[^"' + self._e + rb"\n]*+")
        if target == STATUS:
            return self._value(_STATUS, _STATUS, needed=True)
        if target == QUALIFIED_AT:
            return self._value(*self._typed(ValueType.TIMESTAMP), needed=False)
        column, kind = self._feed.columns[target], self._feed.type_of(target)
        needs_value = self._feed.is_required(target) or column.default is not None
        if column.format or column.case not in _CASE_EXCLUDES:
            return rb"(?!)"  # its text changes: every line of this feed is the validator's
        if kind is ValueType.STRING:
            return self._string(self._feed.length_of(target) or 255, _CASE_EXCLUDES[column.case], needs_value)
        if (self._feed.length_of(target) or _EMAIL_LENGTH) < _EMAIL_LENGTH:
            return rb"(?!)"  # shorter than what the patterns allow
        plain, quoted = self._email() if kind is ValueType.EMAIL else self._typed(kind)
        return self._value(plain, quoted, needed=needs_value)

    def _typed(self, kind: ValueType) -> tuple[bytes, bytes]:
        """A time holds colons, so where the colon is the delimiter only its quoted form can be clean."""
        body = _TYPED[kind]
        return (rb"(?!)" if kind is ValueType.TIMESTAMP and self._dialect.delimiter == b":" else body), body

    def _email(self) -> tuple[bytes, bytes]:
        taken = self._dialect.delimiter + self._dialect.escape
        allowed = b"".join(re.escape(bytes([c])) for c in _LOCAL_PART_SIGNS if c not in taken)
        label = rb"[a-z0-9]++(?>-++[a-z0-9]++)*+"
        domain = rb"(?=[a-z0-9.-]{1,63}+(?![a-z0-9.-]))" + label + rb"(?>\." + label + rb")++"
        body = rb"[a-z0-9" + allowed + rb"]{1,64}+@" + domain
        return body, body

    def _string(self, length: int, excluded: bytes, needs_value: bool) -> bytes:
        """Counts bytes, the validator counts characters: a long value that is not ASCII goes there."""
        shortest = b"0" if not needs_value and not self._null else b"1"
        size = b"{" + shortest + b"," + str(length).encode() + b"}+"
        common = rb'"\\\x00-\x1f\x7f' + self._e + excluded
        plain = rb"(?![ ])[^" + common + self._d + rb"]" + size + rb"(?<! )"
        quoted = rb"(?![ ])[^" + common + rb"]" + size + rb"(?<! )"
        return self._either(*self._no_token(plain, quoted, needs_value))

    def _no_token(self, plain: bytes, quoted: bytes, needs_value: bool) -> tuple[bytes, bytes]:
        """Other spellings of 'no value' than COPY's are the validator's; so is COPY's where a value is needed.

        A token that no value of the column can be, such as ``null`` among integers, costs nothing.
        """
        tokens = [t.encode() for t in self._dialect.null_tokens if t and (needs_value or t.encode() != self._null)]
        tokens = [re.escape(token) for token in tokens if re.fullmatch(quoted, token)]
        if not tokens:
            return plain, quoted
        token = rb"(?!(?:" + b"|".join(tokens) + rb")"
        return token + rb"[" + self._d + rb"\n])" + plain, token + rb'")' + quoted

    def _either(self, plain: bytes, quoted: bytes) -> bytes:
        """Quoted first: ``plain`` may be empty, and then would be taken where a quote begins."""
        return rb"(?>" + (rb'"' + quoted + rb'"|' if self._dialect.quote else b"") + plain + rb")"

    def _value(self, plain: bytes, quoted: bytes, *, needed: bool) -> bytes:
        """``plain`` may begin like the null token, so the token is tried with its end."""
        plain, quoted = self._no_token(plain, quoted, needed)
        if needed:
            return self._either(plain, quoted)
        null = re.escape(self._null) + rb"(?=[" + self._d + rb"\n])"
        return rb"(?>" + null + rb"|" + plain + (rb'|"' + quoted + rb'"' if self._dialect.quote else b"") + rb")"
