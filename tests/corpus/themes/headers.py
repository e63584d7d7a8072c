from __future__ import annotations

from tests.corpus.lines import FIRST, HEADER, LAST, line, part, text

_STATUS = HEADER.rsplit(",", 1)[1]
_AT = "segmentMembership.seg_namespace.seg_id.lastQualificationTime"
_NAMES = HEADER.split(",")


def _without(name: str) -> bytes:
    """The good part without one of its columns."""
    at = _NAMES.index(name)
    rows = [row.split(",") for row in text().splitlines()]
    return "".join(",".join(row[:at] + row[at + 1 :]) + "\n" for row in rows).encode()


def _with(name: str, value: str = "x") -> bytes:
    """The good part with one more column."""
    first, *rest = text().splitlines()
    return "".join(each + "\n" for each in (f"{first},{name}", *(f"{row},{value}" for row in rest))).encode()


def _named(old: str, new: str) -> bytes:
    return part(header=HEADER.replace(old, new))


FILES: dict[str, bytes] = {
    # -- Lines that do not fit it
    "line_too_short.csv": part(line().rsplit(",", 1)[0]),
    "line_too_long.csv": part(line() + ",more"),
    "total_line_at_the_end.csv": part() + b"Total: 3 rows\n",
    "repeated_in_the_middle.csv": part(line(), HEADER),
    # -- Columns
    "key_missing.csv": _without("crmId"),
    "column_missing.csv": _without("note"),
    "column_twice.csv": _with("note"),
    "unknown_column_twice.csv": part(header=HEADER + ",x,x"),
    "dotted_and_underscored.csv": _with("person_name_firstName"),
    "alias.csv": _named("personalEmail.address", "email"),
    "alias_and_name.csv": _with("email"),
    "underscored.csv": part(header=HEADER.replace(".", "_")),
    "other_case.csv": _named("crmId", "CRMID"),
    "other_case_besides.csv": _with("Note"),
    "other_name.csv": _named("note", "remark"),
    "other_order.csv": "".join(",".join(reversed(row.split(","))) + "\n" for row in text().splitlines()).encode(),
    "unknown_columns.csv": _with("extra,more", "1,2"),
    "many_columns.csv": _with(",".join(f"c{n}" for n in range(2000)), ",".join("1" * 2000)),
    "long_name.csv": _named("note", "n" * 20_000),
    "in_quotes.csv": part(header=",".join(f'"{name}"' for name in _NAMES)),
    "mark_and_quotes.csv": b"\xef\xbb\xbf" + part(header=",".join(f'"{name}"' for name in _NAMES)),
    "newline_in_a_name.csv": _with('"two\nlines"'),
    "blanks_around.csv": part(header=" , ".join(_NAMES)),
    # -- Membership
    "membership_missing.csv": _without(_STATUS),
    "membership_missing_in_changes.csv": _without(_STATUS),
    "membership_twice.csv": _with("segmentMembership.other.status", "realized"),
    "qualified_at.csv": "\n".join(
        [
            f"{HEADER},{_AT}",
            f"{FIRST},2026-01-01T00:00:00Z",
            f"{line(note='newer')},2026-03-02 10:00:00",
            f"{line(note='older')},2026-03-01 10:00:00",
            f"{LAST},2026-01-01T00:00:00+16:00",
        ]
    ).encode(),
    "qualified_at_unreadable.csv": "\n".join(
        [
            f"{HEADER},{_AT}",
            f"{FIRST},",
            f"{line()},0001-01-01T00:00:00+14:00",
            f"{line('S2')},yesterday",
            f"{LAST},null",
        ]
    ).encode(),
    # -- None, or nothing else
    "none.csv": text().removeprefix(HEADER + "\n").encode(),
    "alone.csv": (HEADER + "\n").encode(),
    "alone_without_newline.csv": HEADER.encode(),
    "alone_in_changes.csv": (HEADER + "\n").encode(),
    "alone_for_a_list_with_members.csv": (HEADER + "\n").encode(),
    "blank_line_before.csv": b"\n" + part(),
    "comment_before.csv": b"# exported 2026-03-01\n" + part(),
    # -- Something else altogether
    "web_page.csv": b"<!DOCTYPE html>\n<html><body><h1>503 Service Unavailable</h1></body></html>\n",
    "json_lines.csv": b'{"crmId": "S1", "personalEmail": {"address": "sam@mail.example"}}\n',
}
