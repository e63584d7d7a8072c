from __future__ import annotations

import codecs

import pytest

from campaign_cdp.exceptions import EncodingError, FileFormatError
from campaign_cdp.rows import decode
from campaign_cdp.rows.decode import refuse_nul, to_utf8, unix_lines, whole_lines


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1", "windows-1252"])
def test_declared_encodings_become_utf_8(encoding: str) -> None:
    text = "id,name\nC1,Zoë Müller-Øre\n"
    stored = text.encode(encoding)
    assert b"".join(to_utf8([stored], encoding)) == text.encode()
    assert b"".join(to_utf8([stored[:9], stored[9:20], stored[20:]], encoding)) == text.encode()


def test_windows_1252_has_its_own_signs() -> None:
    assert b"".join(to_utf8([b"\x80\x84\x93"], "windows-1252")).decode() == "€„“"


@pytest.mark.parametrize("mark", [codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE])
def test_utf_16_reads_both_byte_orders(mark: bytes) -> None:
    name = "utf-16-le" if mark == codecs.BOM_UTF16_LE else "utf-16-be"
    assert b"".join(to_utf8([mark + "Ж𝄞".encode(name)], "utf-16")).decode() == "Ж𝄞"


def test_utf_16_without_a_mark_is_little_endian() -> None:
    assert b"".join(to_utf8(["Ж𝄞\n".encode("utf-16-le")], "utf-16")).decode() == "Ж𝄞\n"


def test_a_utf_8_mark_is_dropped_once() -> None:
    assert b"".join(to_utf8([codecs.BOM_UTF8 + b"id\n", codecs.BOM_UTF8], "utf-8")) == b"id\n" + codecs.BOM_UTF8


@pytest.mark.parametrize(
    ("stored", "declared", "real"),
    [
        ("id\n".encode("utf-16"), "utf-8", "utf-16"),
        (codecs.BOM_UTF16_BE + b"\0i\0d", "utf-8", "utf-16"),
        (codecs.BOM_UTF8 + b"id\n", "iso-8859-1", "utf-8"),
        (codecs.BOM_UTF8 + b"id\n", "utf-16", "utf-8"),
        ("id\n".encode("utf-16"), "windows-1252", "utf-16"),
    ],
)
def test_a_mark_that_contradicts_the_feed_is_refused(stored: bytes, declared: str, real: str) -> None:
    with pytest.raises(EncodingError, match=f"mark of {real}, the feed says {declared}.*file.encoding: {real}"):
        b"".join(to_utf8([stored], declared))


@pytest.mark.parametrize(
    ("stored", "encoding"),
    [
        (b"id\nC\x81\n", "windows-1252"),
        ("id\n".encode("utf-16")[:-1], "utf-16"),
        (b"\xff\xfe\x00\xd8\x41\x00", "utf-16"),
    ],
    ids=["undefined byte", "half a character", "lone surrogate"],
)
def test_bytes_without_a_meaning_are_refused(stored: bytes, encoding: str) -> None:
    with pytest.raises(EncodingError, match=rf"not {encoding}: at about byte \d+.*correct file.encoding"):
        b"".join(to_utf8([stored], encoding))


def test_carriage_returns_go_only_before_newlines() -> None:
    text = b"a\r\nb\rc\r\r\nd\n\r\n\re\r"
    expected = b"a\nb\rc\r\nd\n\n\re\r"
    for cut in range(len(text) + 1):
        assert b"".join(unix_lines([text[:cut], text[cut:]])) == expected, cut


def test_chunks_end_at_newlines_and_the_last_line_gets_one() -> None:
    chunks = list(whole_lines([b"a\nb", b"", b"b\nc\nd", b"d"]))
    assert chunks == [b"a\n", b"bb\nc\n", b"dd\n"]
    assert list(whole_lines([b"a\n"])) == [b"a\n"]
    assert list(whole_lines([])) == []


def test_a_line_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decode, "_MAX_LINE_BYTES", 100)
    with pytest.raises(FileFormatError, match="more than 100 bytes"):
        list(whole_lines([b"x" * 30] * 4))


def test_a_nul_byte_is_refused_with_its_line() -> None:
    refuse_nul(b"a\nb\n", 7)
    with pytest.raises(EncodingError, match=r"Line 1,009 holds a NUL byte.*'Double quotes'"):
        refuse_nul(b"a\nb\nc\0\n\0", 1_007)
