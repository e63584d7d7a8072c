"""Values of one column each; where several stand in one file, all of them are treated alike."""

from __future__ import annotations

from tests.corpus.lines import HEADER, line, part


def each(column: str, *values: str) -> bytes:
    """A part with a line per value, keyed S1, S2, ..."""
    return part(*(line(f"S{n}", **{column: value}) for n, value in enumerate(values, start=1)))


DATES: dict[str, bytes] = {
    "leap_day.csv": each("born", "2024-02-29"),
    "no_such_day.csv": each("born", "2023-02-29", "1990-02-30", "1990-04-31", "1990-13-01", "1990-00-10", "1990-01-00"),
    "two_digit_year.csv": each("born", "90-05-17"),
    "other_formats.csv": each("born", "17/05/1990", "17.05.1990", "05/17/1990", "19900517", "17 May 1990"),
    "of_the_feeds_format.csv": each("born", "17/05/1990")
    .replace(b"1980-01-02", b"02/01/1980")
    .replace(b"1981-03-04", b"04/03/1981"),
    "not_of_the_feeds_format.csv": each("born", "1990-05-17")
    .replace(b"1980-01-02", b"02/01/1980")
    .replace(b"1981-03-04", b"04/03/1981"),
    "with_a_time.csv": each("born", "1990-05-17T10:00:00Z"),
    "with_a_zone_near_midnight.csv": each("born", "1990-05-17T23:30:00-05:00"),
    "before_the_year_1000.csv": each("born", "0001-01-01", "0999-12-31"),
    "year_9999.csv": each("born", "9999-12-31"),
    "year_out_of_range.csv": each("born", "10000-01-01", "-1990-05-17", "0000-01-01"),
    "full_width_digits.csv": each("born", "１９９０-05-17"),
    "as_a_number.csv": each("born", "642902400000", "33010", "1.99e3"),
    "week_and_ordinal.csv": each("born", "1990-W20-4", "1990-137"),
    "odd_times.csv": each("born", "1990-05-17T25:00:00", "1990-05-17T23:59:60", "1990-05-17T10:00:00+99:99"),
    "too_many_digits.csv": each("born", "1990-05-17T10:00:00." + "1" * 5000),
    "spark_null_spellings.csv": each("born", "null", "NULL", '""', ""),
    "bad_in_lenient_feed.csv": each("born", "17/05/1990"),
}
NUMBERS: dict[str, bytes] = {
    "smallest.csv": each("gender", "-32768"),
    "largest.csv": each("gender", "32767"),
    "out_of_range.csv": each("gender", "32768", "-32769", "99999", "2147483648", "9" * 400),
    "negative_zero.csv": each("gender", "-0"),
    "plus_sign.csv": each("gender", "+1"),
    "leading_zeros.csv": each("gender", "0002"),
    "decimals.csv": each("gender", "1.0", '"1,5"', "1.", ".5"),
    "exponent.csv": each("gender", "1e2", "1E0"),
    "thousands.csv": each("gender", '"1,000"', "1.000", "1 000", "1'000", "1_000"),
    "other_digits.csv": each("gender", "１", "١", "²", "Ⅳ"),
    "other_minus.csv": each("gender", "\u22121"),
    "not_finite.csv": each("gender", "inf", "-Infinity", "nan", "NaN"),
    "other_bases.csv": each("gender", "0x10", "0b1", "0o7"),
    "with_a_unit.csv": each("gender", "1€", "50%", "1st"),
}
EMAILS: dict[str, bytes] = {
    "upper_case.csv": each("email", "SAM@Mail.Example"),
    "tag_and_signs.csv": each("email", "o'neil+tag_{1}@mail.example"),
    "international_domain.csv": each("email", "sam@müller.mail.example"),
    "international_name.csv": each("email", "søren@mail.example"),
    "none.csv": each("email", "unknown", "n/a", "-", "sam", "@", "sam@", "@mail.example"),
    "two_signs.csv": each("email", "sam@home@mail.example"),
    "one_label.csv": each("email", "sam@mailexample"),
    "odd_dots.csv": each("email", "sam@mail..example", "sam@.mail.example", "sam@mail.example."),
    "odd_hyphens.csv": each("email", "sam@-mail.example", "sam@mail-.example"),
    "blank_inside.csv": each("email", "sam smith@mail.example", "sam@ mail.example", "sam\u00a0x@mail.example"),
    "with_a_name.csv": each("email", "Sam <sam@mail.example>", "<sam@mail.example>", "mailto:sam@mail.example"),
    "two_addresses.csv": each("email", '"sam@mail.example,sue@mail.example"', "sam@mail.example;sue@mail.example"),
    "quoted_name.csv": each("email", '"""sam smith""@mail.example"'),
    "number_as_domain.csv": each("email", "sam@[192.0.2.1]"),
    "line_end_inside.csv": each("email", '"sam@mail.example\nBcc: sue@mail.example"', '"sam@mail.example\n"'),
    "invisible_characters.csv": each(
        "email", "sa\u200bm@mail.example", "sam@mail.example\u200b", "\u202esam@mail.example", "sam@mail\u00ad.example"
    ),
    "longest_name.csv": each("email", "s" * 64 + "@mail.example"),
    "name_too_long.csv": each("email", "s" * 65 + "@mail.example"),
    "longest.csv": each("email", "s" * 15 + "@" + "d" * 50 + "." + "e" * 48 + ".mail.example"),
    "too_long.csv": each("email", "s" * 16 + "@" + "d" * 50 + "." + "e" * 48 + ".mail.example"),
    "empty.csv": each("email", "null"),
}
WORDS: dict[str, bytes] = {
    "status_existing.csv": each("status", "existing"),
    "status_exited.csv": each("status", "exited"),
    "status_other_case.csv": each("status", "Realized", "EXISTING"),
    "status_unknown.csv": each("status", "Active", "gone", "realized!", "1"),
    "status_empty.csv": each("status", "null", "", '""'),
    "status_blank_behind.csv": each("status", "realized "),
    "exited_then_realized.csv": part(line(status="exited"), line()),
    "realized_then_exited.csv": part(line(), line(status="exited")),
    "boolean_true.csv": each("vip", "true", "TRUE", "1", "yes", "Y", "on", "t"),
    "boolean_false.csv": each("vip", "false", "False", "0", "no", "N", "off", "f"),
    "boolean_unknown.csv": each("vip", "maybe", "2", "-1", "wahr", "truee", "ja", "✓"),
    "boolean_blanks.csv": each("vip", " true\t"),
    "boolean_null.csv": each("vip", "null"),
}
LENGTHS: dict[str, bytes] = {
    "at_the_limit.csv": each("first", "Q" * 30),
    "over_the_limit.csv": each("first", "Q" * 31),
    "at_the_limit_with_surrogates.csv": each("first", "𝄞" * 30),
    "over_the_limit_with_surrogates.csv": each("first", "𝄞" * 31),
    "at_the_limit_in_three_bytes.csv": each("note", "漢" * 255),
    "over_the_limit_in_three_bytes.csv": each("note", "漢" * 256),
    "over_the_limit_by_combining.csv": each("first", "e\u0308" * 16),
    "blanks_do_not_count.csv": each("first", "  " + "Q" * 30 + "   "),
    "quotes_do_not_count.csv": each("first", '"' + "Q" * 30 + '"'),
    "longest_key.csv": part(line("K" * 255)),
    "key_too_long.csv": part(line("K" * 256)),
    "key_empty.csv": part(line("null"), line(""), line('""'), line("   ")),
    "key_twice.csv": part(line(note="first"), line(note="second")),
    "very_long_value.csv": each("note", "x" * 60_000),
    "over_the_limit_in_lenient_feed.csv": each("first", "Q" * 31),
}
SIZES: dict[str, bytes] = {
    "no_bytes.csv": b"",
    "one_byte.csv": b"a",
    "one_newline.csv": b"\n",
    "one_crlf.csv": b"\r\n",
    "blank_lines.csv": b"\n" * 100,
    "blanks.csv": b"   \n\t\n",
    "only_a_mark.csv": b"\xef\xbb\xbf",
    "only_nul.csv": bytes(64),
    "one_quote.csv": b'"',
    "only_delimiters.csv": b",,,,,,,\n,,,,,,,\n",
}
INJECTION: dict[str, bytes] = {
    "sql_in_a_value.csv": each("note", "'); DROP TABLE nmsrecipient; --"),
    "sql_in_the_key.csv": part(line("S1' OR '1'='1")),
    "sql_in_an_address.csv": each("email", "'or'1'='1@mail.example"),
    "sql_in_a_column_name.csv": part(line() + ",1", header=HEADER + ',"x); DROP TABLE nmsrecipient; --"').replace(
        b"realized\n", b"realized,1\n"
    ),
    "sql_in_a_refused_value.csv": each("gender", "1); DELETE FROM cdp.reject; --"),
    "placeholders.csv": each("note", "%s %(x)s {x} {0} $1 :x ?"),
    "spreadsheet_formula.csv": each("note", "=cmd|' /C calc'!A0"),
    "terminal_escape.csv": each("gender", "\x1b[31m\x1b]0;x\x07"),
    "template.csv": each("note", "{{ conn.campaign_db.password }} ${PATH} <%= 1 %>"),
}
