from __future__ import annotations

import pytest

from campaign_cdp.feeds.model import FileFormat
from campaign_cdp.rows.dialect import Dialect

COMMA = Dialect.of(FileFormat())
UNQUOTED = Dialect.of(FileFormat(quote=""))


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        (b"a,b\n", [b"a", b"b"]),
        (b",\n", [b"", b""]),
        (b"\n", [b""]),
        (b'"a,b","c\nd",""\n', [b"a,b", b"c\nd", b""]),
        (b'"a ""b""",""""\n', [b'a "b"', b'"']),
        (b'"a \\"b\\"","\\\\","c\\\\\\"d"\n', [b'a "b"', b"\\", b'c\\"d']),
        (b'"C:\\temp\\new",\\n\n', [b"C:\\temp\\new", b"\\n"]),
        (b'a"b,c""d\n', [b'a"b', b'c""d']),
        (b'5\\",x\n', [b'5\\"', b"x"]),
    ],
)
def test_fields_are_cut_and_unescaped(line: bytes, fields: list[bytes]) -> None:
    record = COMMA.read(b"skipped\n" + line + b"next\n", 8)
    assert record is not None
    assert (record.fields, record.end) == (fields, 8 + len(line))


@pytest.mark.parametrize("line", [b'"a\n', b'"a"b,c\n', b'a,"b" \n', b'"a\\"\n', b'"a""\n', b'"a"",b\n'])
def test_quotes_that_do_not_match_are_no_record(line: bytes) -> None:
    assert COMMA.read(line, 0) is None


@pytest.mark.parametrize(
    ("line", "is_open"),
    [
        (b'a,"b\n', True),
        (b'a,"b\\"\n', True),
        (b'"a""\n', True),
        (b'"a"b\n', False),
        (b'x,"a"b,"c\n', False),
        (b"a,b\n", False),
    ],
)
def test_only_an_open_quote_waits_for_more(line: bytes, is_open: bool) -> None:
    assert COMMA.is_open(line, 0) is is_open


def test_a_single_quote_can_be_the_escape() -> None:
    dialect = Dialect.of(FileFormat(escape="'"))
    record = dialect.read(b"\"say '\"hi'\"\",O'Neil,\"O'Neil, it''s \\\"\n", 0)
    assert record is not None
    assert record.fields == [b'say "hi"', b"O'Neil", b"O'Neil, it's \\"]


def test_without_quoting_a_quote_is_a_character() -> None:
    record = UNQUOTED.read(b'"a,b"\n', 0)
    assert record is not None
    assert record.fields == [b'"a', b'b"']
    assert UNQUOTED.is_open(b'"a\n', 0) is False


@pytest.mark.parametrize("delimiter", list(",\t;|:"))
def test_every_delimiter_cuts_and_is_quoted_on_the_way_out(delimiter: str) -> None:
    dialect = Dialect.of(FileFormat(delimiter=delimiter))
    line = f'a{delimiter}"b{delimiter}c"\n'.encode()
    record = dialect.read(line, 0)
    assert record is not None
    assert record.fields == [b"a", f"b{delimiter}c".encode()]
    assert dialect.write(["a", f"b{delimiter}c"], b"null") == line


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, b"null"),
        ("Zoë", "Zoë".encode()),
        ('a"b', b'"a""b"'),
        ("a\nb", b'"a\nb"'),
        ("a\rb", b'"a\rb"'),
        ("a,b", b'"a,b"'),
        ("a\\b", b"a\\b"),
        ("\\.", b'"\\."'),
        ("", b'""'),
    ],
)
def test_values_are_written_as_copy_reads_them(value: str | None, written: bytes) -> None:
    assert COMMA.write([value], b"null") == written + b"\n"


def test_without_quoting_copy_gets_a_quote_that_data_does_not_have() -> None:
    assert UNQUOTED.copy_quote == b"\x01"
    assert UNQUOTED.write(['a"b', "c\x01d,"], b"") == b'a"b,\x01c\x01\x01d,\x01\n'


def test_copy_is_told_no_token_that_it_refuses_or_that_a_value_can_be() -> None:
    tokens = ("NULL", '""', "a,b", "0", "true", "1900-01-01", "none@x.io", "n/a", " NIL ", "\\N")
    dialect = Dialect.of(FileFormat(null_tokens=tokens))
    assert dialect.copy_null_tokens({"n/a"}) == ("NULL", "NIL", "\\N")
    assert Dialect.of(FileFormat(null_tokens=())).copy_null_tokens(set()) == ("",)
