from __future__ import annotations

from tests.corpus.lines import FIRST, HEADER, line, part, text

_UNCLOSED = line(note='"never closed')

FILES: dict[str, bytes] = {
    "escaped_with_backslash.csv": part(line(note=r'"say \"hi\", c:\\temp"')),
    "doubled.csv": part(line(note='"say ""hi"", Sam"')),
    "escaped_with_apostrophe.csv": part(line(note="\"say '\"hi'\", it''s\"")),
    "in_the_middle.csv": part(line(note='5" pipe')),
    "behind_the_closing_one.csv": part(line(note='"abc"def')),
    "behind_a_blank.csv": part(line(note=' "hello"')),
    "around_everything.csv": part(*(",".join(f'"{field}"' for field in line(key).split(",")) for key in ("S1", "S2"))),
    "unclosed.csv": part(_UNCLOSED),
    "unclosed_twice.csv": part(_UNCLOSED, line("S2"), line("S3", note='"nor this')),
    "unclosed_in_last_line.csv": part()[:-1] + ("\n" + line("S9", note='"open')).encode(),
    "unclosed_in_header.csv": part(header=HEADER.replace("note", '"note')),
    "escaped_closing_quote.csv": part(line(note='"ends with \\"')),
    "backslash_before_closing_quote.csv": part(line(note='"ends with \\\\"')),
    "backslash_at_the_end.csv": part(line(note="C:\\temp\\")),
    "escaped_delimiter_without_quotes.csv": part(line(note="a\\,b")),
    "nothing_in_quotes.csv": part(line(note='""')),
    "null_in_quotes.csv": part(line(note='"null"')),
    "only_a_quote.csv": part('"'),
    "typographic.csv": part(line(note="“hello”")),
    "single_quotes.csv": part(line(note="'hello'")),
    "quotes_in_feed_without.csv": part(line(note='"hello"')),
    "tab_inside.csv": part(line(note="a\tb")),
    "blanks_around.csv": part(line(note="  hello\t ")),
    "end_of_copy_as_value.csv": part(line(note="\\.")),
    "end_of_copy_as_line.csv": part("\\."),
    # -- Line ends
    "newline_inside.csv": part(line(note='"a\nb\n\nc"')),
    "crlf_inside.csv": part(line(note='"a\r\nb"'), end="\r\n"),
    "crlf.csv": part(end="\r\n"),
    "cr_only.csv": part(end="\r"),
    "cr_cr_lf.csv": part(end="\r\r\n"),
    "cr_inside_a_value.csv": part(line(note="a\rb")),
    "mixed_line_ends.csv": f"{HEADER}\r\n{FIRST}\n{line()}\r\n".encode() + part().split(b"\n")[3],
    "no_final_newline.csv": part()[:-1],
    "blank_lines.csv": text().replace("\n", "\n\n").encode() + b"\n\n",
    "lines_of_blanks.csv": part("   ", line()),
}
