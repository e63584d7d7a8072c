"""Folders without a manifest, for feeds that wait until nothing changes any more."""

from __future__ import annotations

from tests.corpus.lines import HEADER, line, part

_PART, _SECOND = part(), part(line("S2"))
FILES: dict[str, bytes] = {
    "one_part/export.csv": _PART,
    "two_parts/export.csv": _PART,
    "two_parts/export_2.csv": _SECOND,
    "first_part_missing/export_2.csv": _SECOND,
    "second_part_missing/export.csv": _PART,
    "second_part_missing/export_3.csv": _SECOND,
    "parts_with_other_headers/export.csv": _PART,
    "parts_with_other_headers/export_2.csv": part(header=HEADER.replace(".", "_")),
    "second_part_broken/export.csv": _PART,
    "second_part_broken/export_2.csv": b"",
    "second_part_in_latin1/export.csv": _PART,
    "second_part_in_latin1/export_2.csv": part(line("S2", note="ë")).decode().encode("latin-1"),
    "other_files_beside/export.csv": _PART,
    "other_files_beside/README.txt": b"sam@mail.example\n",
    "other_files_beside/_SUCCESS": b"",
    "only_other_files/export.txt": _PART,
    "only_other_files/_SUCCESS": b"",
    "number_too_large/export_1000.csv": _PART,
    "no_file_at_all/.keep": b"",
}
