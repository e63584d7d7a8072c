"""The fast path may only take what the validator would take with the same meaning."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaign_cdp.attributes import ValueType
from campaign_cdp.feeds.model import AudienceFeed
from campaign_cdp.rows.clean_lines import CleanLines
from campaign_cdp.rows.dialect import Dialect
from campaign_cdp.rows.header import QUALIFIED_AT, STATUS, Layout
from campaign_cdp.rows.rejects import Reject
from campaign_cdp.rows.validator import RowValidator
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


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_what_the_fast_path_takes_the_validator_takes_with_the_same_meaning(data: st.DataObject) -> None:
    feed = data.draw(feeds())
    targets = data.draw(
        st.permutations([*feed.columns, *data.draw(st.sampled_from([[], [None], [STATUS, QUALIFIED_AT, None]]))])
    )
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


PLAIN = [
    "C1,ann@x.io,Ann",
    "C1,null,null",
    '"C1","ann@x.io","Ann"',
    'C1,ann@x.io,"Ann, the second"',
    "C1,ann.smith+tag@mail.example.com,Zoë",
]
OTHERS = [
    ("C1,Ann@x.io,Ann", "upper case in an address"),
    ("C1,ann@x.io,Ann ", "blank at the end"),
    ("C1,ann@x.io,NULL", "a null token that COPY is not told"),
    ('C1,ann@x.io,"a""b"', "quotes in quotes"),
    ("C1,ann@x.io,a\\b", "a backslash"),
    ("C1,ann@x.io", "a field too few"),
    ("C1,ann@x.io,Ann,", "a field too many"),
    (",ann@x.io,Ann", "no key"),
    ("null,ann@x.io,Ann", "no key, spelled out"),
    ("C1,ann@x.io," + "ä" * 16, "more bytes than the column takes characters"),
    ("C1,,Ann", "an empty value where COPY's null token is another"),
    ("", "a blank line"),
]


@pytest.mark.parametrize("line", PLAIN)
def test_plain_lines_take_the_fast_path(line: str) -> None:
    assert _run(line) == len(line.encode()) + 1


@pytest.mark.parametrize(("line", "why"), OTHERS)
def test_other_lines_are_left_to_the_validator(line: str, why: str) -> None:
    assert _run(line) == 0, why


def test_every_day_of_the_calendar_but_leap_days_is_clean_and_no_other() -> None:
    feed = a_feed({"account": {"from": "id"}, "birthDate": {"from": "born"}})
    clean = CleanLines(Layout(("birthDate",)), feed, Dialect.of(feed.file), "")
    days = [f"{y}-{m:02}-{d:02}" for y in (1899, 1900, 2023, 2024, 2099, 2100) for m in range(14) for d in range(33)]
    taken = {day for day in days if clean.end_of_run(f"{day}\n".encode(), 0)}
    assert taken == {day for day in days if _is_day(day) and "1900" <= day < "2100" and day != "2024-02-29"}


def _is_day(text: str) -> bool:
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False


def test_a_pattern_for_dates_leaves_all_lines_to_the_validator() -> None:
    feed = a_feed({"account": {"from": "id"}, "birthDate": {"from": "born", "format": "%Y-%d-%m"}})
    clean = CleanLines(Layout(("account", "birthDate")), feed, Dialect.of(feed.file), "")
    assert clean.end_of_run(b"C1,2024-02-03\n", 0) == 0


@pytest.mark.parametrize(
    ("column", "text", "clean"),
    [
        ("email", "a" * 64 + "@x.io", True),
        ("email", "a" * 65 + "@x.io", False),
        ("email", "a@" + "b" * 60 + ".io", True),
        ("email", "a@" + "b" * 61 + ".io", False),
        ("text1", "x" * 255, True),
        ("text1", "x" * 256, False),
        ("text1", " x", False),
        ("text1", "x ", False),
        ("text1", "x\ty", False),
        ("text1", "x\x7f", False),
        ("gender", "9999", True),
        ("gender", "99999", False),
        ("boolean1", "true", True),
        ("boolean1", "True", False),
        ("birthDate", "2024-02-28T00:00:00Z", False),
    ],
)
def test_bounds_of_clean_values(column: str, text: str, clean: bool) -> None:
    feed = a_feed({"account": {"from": "id"}, column: {"from": "x"}})
    layout = Layout(("account", column))
    for field in (text, f'"{text}"'):
        line = f"C1,{field}\n".encode()
        assert bool(CleanLines(layout, feed, Dialect.of(feed.file), "").end_of_run(line, 0)) is clean


@pytest.mark.parametrize(
    ("case", "clean", "not_clean"), [("lower", "ann1", "aNn"), ("upper", "ANN1", "ANn"), ("lower", "-", "é")]
)
def test_only_text_that_a_change_of_case_leaves_alone_is_clean(case: str, clean: str, not_clean: str) -> None:
    feed = a_feed({"account": {"from": "id"}, "text1": {"from": "x", "case": case}})
    lines = CleanLines(Layout(("account", "text1")), feed, Dialect.of(feed.file), "")
    assert lines.end_of_run(f"C1,{clean}\n".encode(), 0) > 0
    assert lines.end_of_run(f"C1,{not_clean}\n".encode(), 0) == 0


@pytest.mark.parametrize(
    ("rules", "token", "taken"),
    [
        ({}, "n", False),
        ({}, "na", False),
        ({}, "nat", True),
        ({}, "nil", True),
        ({"required": True}, "nil", False),
        ({"default": "x"}, "nil", False),
    ],
)
def test_null_tokens_that_copy_is_not_told_are_left_to_the_validator(
    rules: dict[str, Any], token: str, taken: bool
) -> None:
    feed = a_feed({"account": {"from": "id"}, "text1": {"from": "x"} | rules}, file={"null_tokens": ("n", "na", "nil")})
    lines = CleanLines(Layout(("account", "text1")), feed, Dialect.of(feed.file), "nil")
    for field in (token, f'"{token}"'):
        assert bool(lines.end_of_run(f"C1,{field}\n".encode(), 0)) is taken


@pytest.mark.parametrize("column", ["gender", "boolean1", "birthDate", "email"])
def test_null_tokens_may_look_like_values_of_the_column(column: str) -> None:
    token = {"gender": "0", "boolean1": "0", "birthDate": "1900-01-01", "email": "none@x.io"}[column]
    feed = a_feed({"account": {"from": "id"}, column: {"from": "x"}}, file={"null_tokens": (token,)})
    lines = CleanLines(Layout(("account", column)), feed, Dialect.of(feed.file), "")
    assert lines.end_of_run(f"C1,{token}\n".encode(), 0) == 0
    assert lines.end_of_run(f'C1,"{token}"\n'.encode(), 0) == 0


def test_a_run_ends_before_the_first_line_that_is_not_clean() -> None:
    good = "C1,ann@x.io,Ann\n" * 3
    assert _run(good + "C2,broken,Bob\n" + good, end="") == len(good)


def _run(text: str, end: str = "\n") -> int:
    feed = a_feed()
    layout = Layout(("account", "email", "firstName"))
    return CleanLines(layout, feed, Dialect.of(feed.file), "null").end_of_run((text + end).encode(), 0)
