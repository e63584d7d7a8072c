"""The fast path may only take what the validator would take with the same meaning."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign_cdp.attributes import ValueType
from campaign_cdp.feeds.model import AudienceFeed
from campaign_cdp.rows.clean_lines import CleanLines
from campaign_cdp.rows.dialect import Dialect
from campaign_cdp.rows.header import QUALIFIED_AT, STATUS, Layout
from campaign_cdp.rows.rejects import Reject
from campaign_cdp.rows.validator import RowValidator
from tests.fuzz.effort import effort
from tests.rows.parts import a_feed, copy_rows

_ATTRIBUTES = ["account", "email", "salutation", "firstName", "birthDate", "gender", "boolean1", "text1"]
_TOKENS = ["null", "NULL", "", "n", "na", "0", "true", "-1", "1900-01-01", "none@x.io", "\\N", "unknown", " NA ", '""']
_DAYS = [
    "2024-02-28",
    "2024-02-03",
    "2024-02-29",
    "1999-12-31",
    "2023-04-31",
    "1900-01-01",
    "2100-01-01",
    "0999-01-01",
    "2024-1-1",
]
_WORDS = [
    "",
    "Ann",
    "ann",
    "ANN",
    "Zoë",
    "Ж" * 16,
    " Ann",
    "Ann ",
    "O'Neil",
    "a\tb",
    "a\rb",
    "a\x7fb",
    'a"b',
    "a\\b",
    "x" * 20,
    "x" * 31,
]
_EMAILS = ["ann@x.io", "Ann@x.io", "a.b+c@sub.example.com", "a@x", "a@-x.io", "a|b@x.io", "a@" + "x" * 62 + ".io"]
_STATUSES = ["realized", "existing", "exited", "Realized", "gone"]
_TIMES = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(_DAYS),
    st.sampled_from("TT t"),
    st.sampled_from(["10:03:08", "23:59:59.123456", "24:00:00", "1:00:00"]),
    st.sampled_from(["", "Z", "+02:00", "-13:59", "+16:00", "+0200"]),
)
_FITTING = {
    ValueType.STRING: st.sampled_from(_WORDS + _TOKENS),
    ValueType.EMAIL: st.sampled_from([*_EMAILS, "", "null", "none@x.io"]),
    ValueType.INTEGER: st.sampled_from(["0", "7", "-0", "-1", "-32768", "32768", "9999", "00", "+1", "", "null"]),
    ValueType.BOOLEAN: st.sampled_from(["true", "false", "1", "0", "TRUE", "yes", "", "null"]),
    ValueType.DATE: st.sampled_from([*_DAYS, "", "null"]),
    ValueType.TIMESTAMP: st.one_of(_TIMES, st.sampled_from(["", "null", "2024-01-01"])),
}
_PLAIN = {
    ValueType.STRING: "x1",
    ValueType.EMAIL: "ann@x.io",
    ValueType.INTEGER: "7",
    ValueType.BOOLEAN: "true",
    ValueType.DATE: "2024-02-28",
    ValueType.TIMESTAMP: "2024-02-28T10:03:08Z",
}
_ANYTHING = st.one_of(st.sampled_from(_TOKENS + _DAYS + _WORDS + _EMAILS + _STATUSES), st.text(max_size=12))
_EXTRA: list[list[str | None]] = [[], [None], [STATUS, QUALIFIED_AT, None]]
_MORE = st.sampled_from(_EXTRA)
_SEEN: Counter[str] = Counter()


@st.composite
def feeds(draw: st.DrawFn) -> AudienceFeed:
    names = draw(st.lists(st.sampled_from(_ATTRIBUTES), min_size=1, max_size=4, unique=True))
    columns: dict[str, Any] = {name: {"from": name} | draw(_rules(name)) for name in names}
    file = {
        "delimiter": draw(st.sampled_from(",\t;|:")),
        "quote": draw(st.sampled_from(['"', '"', ""])),
        "escape": draw(st.sampled_from("\\'")),
        "null_tokens": draw(st.lists(st.sampled_from(_TOKENS), max_size=4, unique=True)),
    }
    return a_feed(columns, reconciliation_key=names[0], file=file)


def _rules(name: str) -> st.SearchStrategy[dict[str, Any]]:
    optional: dict[str, st.SearchStrategy[Any]] = {
        "required": st.booleans(),
        "case": st.sampled_from(["keep", "keep", "lower", "upper", "first_upper"]),
        "max_length": st.sampled_from([2, 10, 200, 200]),
        "on_error": st.sampled_from(["reject", "ignore"]),
    }
    if name in {"salutation", "firstName", "text1"}:
        optional["default"] = st.sampled_from(["x", "0", "na"])
    if name == "birthDate":
        optional["format"] = st.sampled_from(["%d.%m.%Y", "%Y-%d-%m"])
    if name == "text1":
        optional["type"] = st.just("email")
    return st.fixed_dictionaries({}, optional=optional).filter(lambda d: not ("type" in d and "default" in d))


@st.composite
def lines(draw: st.DrawFn, layout: Layout, feed: AudienceFeed) -> bytes:
    """Mostly what the columns take, now and then anything; some fields quoted, some too many."""
    fields = [draw(_field(target, feed)) for target in layout.targets]
    if draw(st.integers(0, 15)) == 9:
        fields.append(draw(_ANYTHING))
    quoted = [f'"{field}"' if draw(st.integers(0, 3)) == 3 else field for field in fields]
    return feed.file.delimiter.join(quoted).encode() + b"\n"


def _field(target: str | None, feed: AudienceFeed) -> st.SearchStrategy[str]:
    if target is None:
        return _ANYTHING
    kind = _kind(target, feed)
    plain, fitting = _PLAIN[kind], _FITTING[kind]
    if target == STATUS:
        plain, fitting = "realized", st.sampled_from(_STATUSES)
    return st.integers(0, 15).flatmap(lambda n: _ANYTHING if n == 9 else fitting if n < 6 else st.just(plain))


@effort(300)
@given(st.data())
def test_what_the_fast_path_takes_the_validator_takes_with_the_same_meaning(data: st.DataObject) -> None:
    feed = data.draw(feeds())
    targets = data.draw(st.permutations([*feed.columns, *data.draw(_MORE)]))
    layout, dialect = Layout(tuple(targets)), Dialect.of(feed.file)
    null = data.draw(st.sampled_from(dialect.copy_null_tokens({"x", "0", "na"})))
    clean, validator = CleanLines(layout, feed, dialect, null), RowValidator(layout, feed)
    for _ in range(6):
        text = data.draw(lines(layout, feed))
        end = clean.end_of_run(text, 0)
        _SEEN[f"taken={end > 0}"] += 1
        verdicts = _verdicts(validator, dialect, text[:end])
        assert not any(isinstance(verdict, Reject) for verdict in verdicts), (text, verdicts)
        rows = copy_rows(clean.select(text[:end]) if end else b"", dialect.delimiter, dialect.copy_quote, null)
        assert [_meaning(row, layout, feed) for row in rows] == [
            _meaning(verdict, layout, feed) for verdict in verdicts
        ]


def _verdicts(validator: RowValidator, dialect: Dialect, run: bytes) -> list[Any]:
    start, verdicts = 0, []
    while start < len(run):
        record = dialect.read(run, start)
        assert record is not None, "a run ends where a record ends"
        verdicts.append(validator.row(record.fields, 2))
        start = record.end
    return verdicts


def test_the_property_saw_many_lines_of_both_kinds() -> None:
    if not _SEEN:
        pytest.skip("runs after the property")
    assert _SEEN["taken=True"] > 50
    assert _SEEN["taken=False"] > 50


def _meaning(row: Any, layout: Layout, feed: AudienceFeed) -> list[Any]:
    return [_value(value, _kind(name, feed)) for name, value in zip(layout.loaded, row, strict=True)]


def _kind(name: str, feed: AudienceFeed) -> ValueType:
    if name in {STATUS, QUALIFIED_AT}:
        return ValueType.STRING if name == STATUS else ValueType.TIMESTAMP
    return feed.type_of(name)


def _value(text: str | None, kind: ValueType) -> Any:
    if text is None:
        return None
    if kind is ValueType.INTEGER:
        return int(text)
    if kind is ValueType.BOOLEAN:
        return {"true": True, "1": True, "false": False, "0": False}[text]
    if kind is ValueType.TIMESTAMP:
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return text
