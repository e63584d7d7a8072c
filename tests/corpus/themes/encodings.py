from __future__ import annotations

import codecs

from tests.corpus.lines import HEADER, line, part, raw, text

_ACCENTS = part(line(first="Quillë Ж"))

FILES: dict[str, bytes] = {
    "utf8.csv": _ACCENTS,
    "utf8_mark.csv": codecs.BOM_UTF8 + _ACCENTS,
    "utf8_two_marks.csv": codecs.BOM_UTF8 * 2 + _ACCENTS,
    "mark_in_a_value.csv": part(line(note="a\ufeffb")),
    # -- UTF-16
    "utf16_le.csv": codecs.BOM_UTF16_LE + text(line(first="Quillë Ж")).encode("utf-16-le"),
    "utf16_be.csv": codecs.BOM_UTF16_BE + text(line(first="Quillë Ж")).encode("utf-16-be"),
    "utf16_le_no_mark.csv": text(line(first="Quillë Ж")).encode("utf-16-le"),
    "utf16_be_no_mark.csv": text().encode("utf-16-be"),
    "utf16_in_utf8_feed.csv": codecs.BOM_UTF16_LE + text().encode("utf-16-le"),
    "utf16_no_mark_in_utf8_feed.csv": text().encode("utf-16-le"),
    "utf16_cut_in_a_character.csv": codecs.BOM_UTF16_LE + text().encode("utf-16-le")[:-1],
    "utf16_lone_surrogate.csv": codecs.BOM_UTF16_LE + text(line(note="a\ud800b")).encode("utf-16-le", "surrogatepass"),
    "utf16_surrogate_pair.csv": codecs.BOM_UTF16_LE + text(line(note="𝄞")).encode("utf-16-le"),
    "utf32_mark.csv": codecs.BOM_UTF32_LE + text().encode("utf-32-le"),
    # -- Of one byte
    "latin1.csv": part(line(first="Quillë")).decode().encode("latin-1"),
    "latin1_in_utf8_feed.csv": part(line(first="Quillë")).decode().encode("latin-1"),
    "windows1252.csv": part(line(note="“5 €”")).decode().encode("windows-1252"),
    "windows1252_undefined_byte.csv": raw(b"a\x81b"),
    "utf8_in_latin1_feed.csv": part(line(first="Quillë")),
    "latin1_and_utf8_mixed.csv": part(line(), line("S2", note="ë"), line("S3", note="@@")).replace(b"@@", b"\xeb"),
    # -- Not text
    "invalid_byte.csv": raw(b"a\xffb"),
    "overlong.csv": raw(b"a\xc0\xafb"),
    "surrogate_in_utf8.csv": raw(b"a\xed\xa0\x80b"),
    "beyond_unicode.csv": raw(b"a\xf4\x90\x80\x80b"),
    "cut_character.csv": raw(b"a\xe2\x82"),
    "invalid_byte_in_header.csv": part(line() + ",x", header=HEADER + ",@@").replace(b"@@", b"ext\xffra"),
    "invalid_byte_in_unknown_column.csv": part(line() + ",@@", header=HEADER + ",extra")
    .replace(b"@@", b"\xff")
    .replace(b"realized\n", b"realized,x\n"),
    "nul_in_a_value.csv": raw(b"a\0b"),
    "nul_as_quote.csv": raw(b"\0a, b\0"),
    # -- Text that is easily taken for something else
    "c1_controls.csv": part(line(note="a\x85b\x9fc")),
    "control_characters.csv": part(line(note="a\x01b\x1bc\x7fd")),
    "combining_characters.csv": part(line(first="Quille\u0308")),
    "right_to_left.csv": part(line(note="שלום \u202eabc")),
    "emoji.csv": part(line(note="👩‍👩‍👧 🇩🇪")),
    "line_separators.csv": part(line(note="a\u2028b\u2029c\x0bd\x0ce")),
    "no_break_spaces.csv": part(line(note="\u00a0a\u00a0")),
}
