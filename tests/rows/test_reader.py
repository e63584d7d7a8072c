"""One part from its stored bytes to lines for COPY: the rules that several modules keep together."""

from __future__ import annotations

import gzip
import io
from typing import Any

import pytest

from campaign_cdp.exceptions import (
    CompressionError,
    DecompressionLimitError,
    EmptyFileError,
    EncodingError,
    FileFormatError,
    HeaderError,
    SyncError,
)
from campaign_cdp.rows import decompress
from campaign_cdp.rows.reader import PartReader
from tests.rows.parts import a_feed, read_part

H = "id,mail,first\n"
ANN, BOB = "C1,ann@x.io,Ann\n", "C2,bob@x.io,Bob\n"
ANN_ROW, BOB_ROW = ("C1", "ann@x.io", "Ann"), ("C2", "bob@x.io", "Bob")


@pytest.mark.parametrize(
    ("part", "error", "message"),
    [
        (b"", EmptyFileError, "empty, it has no header"),
        (gzip.compress(b"", mtime=0), EmptyFileError, "empty"),
        (b" \r\n\t\n\n", EmptyFileError, "empty"),
        (b"\xef\xbb\xbf", EmptyFileError, "empty"),
        (b"\n" + H.encode(), HeaderError, "Has the part a header"),
        (b"\0\0\0", EncodingError, "Line 1 holds a NUL byte"),
        (H.encode() + ANN.encode() * 2 + b"C3,\0Smith, John\0,x\n", EncodingError, "Line 4 holds a NUL byte"),
        (H.encode() + ANN.encode() * 60_000 + b"\0", EncodingError, "Line 60,002 holds a NUL byte"),
        (b'"id,mail,first\nC1,a@x.io,A\n', FileFormatError, "quotes do not match"),
        (b'"id"x,mail,first\nC1,a@x.io,A\n', FileFormatError, "quotes do not match"),
        ((H + ANN).replace("\n", "\r").encode(), FileFormatError, "carriage return.*LF or CRLF"),
        ((H + ANN).replace("\n", "\r\r\n").encode(), FileFormatError, "carriage return"),
        (b"id,m\xe4il,first\n", EncodingError, "header is not utf-8"),
        (b"id;mail;first\nC1;a@x.io;A\n", HeaderError, "lacks 3 of 3 .*id;mail;first.*file.delimiter"),
        ((H + ANN).encode("utf-16"), EncodingError, "mark of utf-16"),
        ((H + ANN).encode("utf-16-le"), EncodingError, "Line 1 holds a NUL byte"),
        (gzip.compress((H + ANN).encode(), mtime=0)[:-9], CompressionError, "ends early"),
    ],
)
def test_parts_that_cannot_be_read_at_all(part: bytes, error: type[SyncError], message: str) -> None:
    with pytest.raises(error, match=message) as caught:
        read_part(part)
    assert type(caught.value) is error


def test_a_nul_byte_behind_an_open_quote_has_its_own_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decompress, "_BLOCK_BYTES", 20)
    with pytest.raises(EncodingError, match="Line 6 holds a NUL byte"):
        read_part(H + 'C1,,"a\nb\nc\n' + "x" * 40 + '\n\0"\n')


def test_an_error_late_in_a_part_still_comes() -> None:
    part = bytearray(gzip.compress((H + ANN * 100_000).encode(), mtime=0))
    part[-5] ^= 1
    with pytest.raises(CompressionError):
        read_part(bytes(part))
    with pytest.raises(DecompressionLimitError):
        read_part((H + ANN * 100_000), a_feed(file={"max_uncompressed": 1_000_000}))


@pytest.mark.parametrize(
    "part", [H, H.strip(), H + "\n\n", H.replace("\n", "\r\n"), "\ufeff" + H, '"id","mail","first"\n']
)
def test_a_header_alone_is_a_valid_empty_part(part: str) -> None:
    outcome = read_part(part)
    assert (outcome.output, outcome.codes) == (b"", [])
    assert outcome.reader.layout.loaded == ("account", "email", "firstName")


@pytest.mark.parametrize("block", [524_288, 5])
def test_a_header_may_span_lines_and_blocks(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decompress, "_BLOCK_BYTES", block)
    outcome = read_part('"a\nnote",id,mail,first\nx,' + ANN + "bad\n")
    assert (outcome.rows, outcome.codes) == ([ANN_ROW], [(4, "ragged_line", None)])


@pytest.mark.parametrize(
    "text",
    [
        H + ANN + BOB,
        H + ANN + BOB.strip(),
        (H + ANN + BOB).replace("\n", "\r\n"),
        (H + ANN + BOB).replace("\n", "\r\n").rstrip("\n"),
        "\ufeff" + H + ANN + BOB,
        H + "\n" + ANN + "\r\n\n" + BOB + "\n\n",
        H + ANN.replace("ann@x.io", " Ann@X.IO\t") + BOB,
        H + '"C1","ann@x.io","Ann"\n' + BOB,
        "first,id,other,mail\nAnn,C1,secret,ann@x.io\nBob,C2,,bob@x.io\n",
    ],
    ids=[
        "plain",
        "no newline at the end",
        "CRLF",
        "cut after CR",
        "BOM",
        "blank lines",
        "blanks, case",
        "quoted",
        "order",
    ],
)
def test_good_lines_are_loaded(text: str) -> None:
    outcome = read_part(text)
    loaded = outcome.reader.layout.loaded
    rows = [
        tuple(dict(zip(loaded, row, strict=True))[name] for name in ("account", "email", "firstName"))
        for row in outcome.rows
    ]
    if text.endswith("\r"):  # a lone CR is data: nobody can tell it from the start of a line end
        rows[-1] = (*rows[-1][:2], (rows[-1][2] or "").rstrip("\r"))
    assert (rows, outcome.codes) == ([ANN_ROW, BOB_ROW], [])


def test_carriage_return_and_newline_may_fall_into_two_blocks() -> None:
    fill = (H + ANN).replace("\n", "\r\n")
    fill += "C9,,".ljust(524_288 - len(fill) - len("\r"), "x") + "\r"
    assert len(fill) == 524_288
    outcome = read_part(fill + "\n" + BOB.replace("\n", "\r\n"))
    assert (outcome.rows, outcome.codes) == ([ANN_ROW, BOB_ROW], [(3, "too_long", "firstName")])


@pytest.mark.parametrize("column", ["first", "ignored"])
def test_undeclared_columns_never_reach_the_output(column: str) -> None:
    text = f"id,secret,mail,{column},secret2\n"
    lines = 'C1,clear-1,ann@x.io,Ann,\nC2,"clear, 2",Bob@x.io,"Bob","clear ""3"""\nC3,clear\\,c@x.io,Ann\xfc,clear\n'
    columns = {"account": {"from": "id"}, "email": {"from": "mail"}}
    feed = a_feed(columns | ({"firstName": {"from": "first"}} if column == "first" else {}))
    outcome = read_part(text + lines, feed)
    assert b"clear" not in outcome.output
    assert [row[:2] for row in outcome.rows] == [("C1", "ann@x.io"), ("C2", "bob@x.io"), ("C3", "c@x.io")]


ONE = {"account": {"from": "id"}}


@pytest.mark.parametrize("header", ["id", "x,id", "id,x"])
def test_a_single_loaded_column(header: str) -> None:
    lines = ["C1", '"C,2"', "\\.", '"C""3"']
    text = "\n".join([header, *(header.replace("id", line).replace("x", "y") for line in lines)]) + "\n"
    outcome = read_part(text, a_feed(ONE))
    assert (outcome.rows, outcome.codes) == ([("C1",), ("C,2",), ("\\.",), ('C"3',)], [])


def test_a_blank_line_of_a_single_column_has_no_key() -> None:
    outcome = read_part("id\nC1\n\nC2\n", a_feed(ONE))
    assert (outcome.rows, outcome.codes) == ([("C1",), ("C2",)], [(3, "missing_value", "account")])


@pytest.mark.parametrize("encoding", ["utf-16", "iso-8859-1", "windows-1252"])
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_declared_encodings_are_read(encoding: str, packed: bool) -> None:
    part = (H + ANN + "C3,,Zoë\nbad\n").replace("\n", "\r\n").encode(encoding)
    outcome = read_part(gzip.compress(part, mtime=0) if packed else part, a_feed(file={"encoding": encoding}))
    assert outcome.rows == [ANN_ROW, ("C3", None, "Zoë")]
    assert outcome.codes == [(4, "ragged_line", None)]


def test_a_byte_without_meaning_in_the_declared_encoding_is_refused() -> None:
    with pytest.raises(EncodingError, match="not windows-1252"):
        read_part(b"id,mail,first\nC1,,\x81\n", a_feed(file={"encoding": "windows-1252"}))


def test_latin_1_lines_of_a_utf_8_part_are_rejected_one_by_one() -> None:
    part = (H + ANN).encode() + b"C3,,Zo\xeb\n" + BOB.encode() + b"C4,,M\xfcller\n" + "C5,,Zoë\n".encode()
    outcome = read_part(part)
    assert outcome.codes == [(3, "bad_encoding", "firstName"), (5, "bad_encoding", "firstName")]
    assert outcome.rows == [ANN_ROW, BOB_ROW, ("C5", None, "Zoë")]
    assert outcome.rejects[0].value == "byte 0xeb is not UTF-8"


@pytest.mark.parametrize("common", ["", "null", "NULL", '""', "n/a"])
@pytest.mark.parametrize("other", ["", "null", '"NULL"', '"n/a"'])
def test_every_spelling_of_no_value_is_read_whichever_is_common(common: str, other: str) -> None:
    columns = {
        "account": {"from": "id"},
        "firstName": {"from": "first"},
        "birthDate": {"from": "born"},
        "gender": {"from": "g"},
    }
    text = "id,first,born,g\n" + f"C1,{common},{common},7\n" * 9 + f"C2,{other},{other},{other}\n"
    outcome = read_part(text, a_feed(columns, file={"null_tokens": ("null", "NULL", "n/a")}))
    assert outcome.rows == [("C1", None, None, "7")] * 9 + [("C2", None, None, None)]


def test_a_default_is_not_lost_to_copys_null_token() -> None:
    columns = {"account": {"from": "id"}, "text1": {"from": "tier", "default": "n/a"}, "text2": {"from": "x"}}
    outcome = read_part("id,x,tier\n" + "C1,n/a,n/a\n" * 5, a_feed(columns, file={"null_tokens": ("n/a",)}))
    assert outcome.rows == [("C1", None, "n/a")] * 5


def test_rejects_come_in_line_order_with_masked_values() -> None:
    feed = a_feed({"account": {"from": "id"}, "email": {"from": "mail"}, "gender": {"from": "g"}})
    outcome = read_part("id,mail,g\nC1,Ann.Smith,1\nC2,ann@x.io,many\n,bob@x.io,1\nC4,a@x.io\nC5,a@x.io,1\n", feed)
    shown: list[tuple[Any, ...]] = [(r.line_no, str(r.code), r.column, r.value) for r in outcome.rejects]
    assert shown == [
        (2, "bad_email", "email", "Xxx.Xxxxx"),
        (3, "bad_integer", "gender", "many"),
        (4, "missing_value", "account", ""),
        (5, "ragged_line", None, "2 fields, 3 expected"),
    ]
    assert outcome.reader.counts.by_code == {"bad_email": 1, "bad_integer": 1, "missing_value": 1, "ragged_line": 1}


def test_records_are_given_out_as_they_are_with_their_lines() -> None:
    reader = PartReader(
        io.BytesIO((H + 'C1,ann@x.io,"A\nB"\n\n"C2,x,y\nshort\n').encode()), a_feed(), lambda reject: None
    )
    reader.open()
    assert [(line_no, record.fields) for line_no, record in reader.records()] == [
        (2, [b"C1", b"ann@x.io", b"A\nB"]),
        (6, [b"short"]),
    ]
    assert reader.counts.by_code == {"unbalanced_quote": 1}
