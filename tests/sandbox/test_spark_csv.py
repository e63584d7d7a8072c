from __future__ import annotations

import pytest

from campaign_cdp.sandbox.spark_csv import SparkDialect

_QUOTED = SparkDialect(quote='"')


@pytest.mark.parametrize(
    ("value", "written"),
    [
        pytest.param("plain", "plain", id="plain"),
        pytest.param("a,b", '"a,b"', id="delimiter"),
        pytest.param('say "hi"', r'"say \"hi\""', id="inner_quotes_are_escaped_not_doubled"),
        pytest.param("two\nlines", '"two\nlines"', id="line_break"),
        pytest.param("a\\b", "a\\b", id="escape_outside_quotes_stays"),
        pytest.param("a\\,b", '"a\\\\,b"', id="escape_inside_quotes_is_escaped"),
        pytest.param("  trimmed ", "trimmed", id="trimmed"),
        pytest.param(None, "null", id="no_value"),
        pytest.param("", "", id="empty"),
        pytest.param("Zoë", "Zoë", id="non_ascii"),
    ],
)
def test_quotes_only_what_needs_it(value: str | None, written: str) -> None:
    assert _QUOTED.line([value]) == f"{written}\n"


def test_the_default_quote_is_a_nul() -> None:
    assert SparkDialect().line(["male", "John,LastName", 'a "b"']) == 'male,\0John,LastName\0,a "b"\n'


def test_null_and_empty_spellings_are_never_quoted() -> None:
    dialect = SparkDialect(quote='"', null_value='""', empty_value="null")

    assert dialect.line([None, "", "x"]) == '"",null,x\n'


def test_other_delimiters_and_escapes() -> None:
    dialect = SparkDialect(delimiter="\t", quote='"', escape="'")

    assert dialect.line(["a,b", "a\tb", 'a"b']) == 'a,b\t"a\tb"\t"a\'"b"\n'


def test_headers_with_dots_or_underscores() -> None:
    columns = ["person.name.firstName", "crmId"]

    assert _QUOTED.header(columns) == "person.name.firstName,crmId\n"
    assert SparkDialect(underscores=True).header(columns) == "person_name_firstName,crmId\n"
