from __future__ import annotations

from tests.corpus.lines import HEADER, line, part, text, with_delimiter

FILES: dict[str, bytes] = {
    "tab.csv": with_delimiter("\t"),
    "semicolon.csv": with_delimiter(";"),
    "pipe.csv": with_delimiter("|"),
    "colon.csv": with_delimiter(":"),
    "semicolon_in_comma_feed.csv": with_delimiter(";"),
    "tab_in_comma_feed.csv": with_delimiter("\t"),
    "comma_in_pipe_feed.csv": part(),
    "two_pipes.csv": with_delimiter("||"),
    "unit_separator.csv": with_delimiter("\x1f"),
    "full_width_comma.csv": with_delimiter("，"),
    "in_a_value.csv": part(line(note="a,b")),
    "in_a_quoted_value.csv": part(line(note='"a,b"')),
    "line_that_names_it.csv": b"sep=,\n" + part(),
    "at_the_end_of_all_lines.csv": text().replace("\n", ",\n").encode(),
    "twice_at_the_end_of_all_lines.csv": text().replace("\n", ",,\n").encode(),
    "at_the_end_of_data_lines.csv": text(header="").replace("\n", ",\n").replace(",", HEADER, 1).encode(),
    "blanks_around_it.csv": part(line().replace(",", " , ")),
}
