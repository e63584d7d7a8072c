"""What is plainly clean, and what only the validator may judge."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from campaign_cdp.rows.clean_lines import CleanLines
from campaign_cdp.rows.dialect import Dialect
from campaign_cdp.rows.header import Layout
from tests.rows.parts import a_feed

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
