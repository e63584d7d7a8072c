from __future__ import annotations

import io
import random
import tracemalloc
from itertools import chain, repeat
from typing import Any, BinaryIO, cast

import pytest

from campaign_cdp.rows.picker import RecordPicker
from campaign_cdp.rows.rejects import Reject
from tests.rows.parts import Drip, a_feed

HEADER = b"id,mail,first\n"


def pick(
    content: bytes, wanted: list[int], *, sizes: tuple[int, ...] = (7, 1, 30), **feed: Any
) -> list[tuple[int, bytes, bool]]:
    picker = RecordPicker(Drip(content, sizes), a_feed(**feed), lambda _: None)
    picker.open()
    return [(line, record, whole) for line, record, whole in picker.picked(iter(wanted))]


def test_records_come_back_as_they_were_written() -> None:
    multi, escaped = b'A2,"no\naddress","two\n\nlines"\n', b'A3,bad,"a ""b"", \\"c\\""\n'
    content = HEADER + b"A1,a@x.io,Ann\n" + multi + b"A4,b@x.io,Bob\n\n\n" + escaped + b"A5,c@x.io,Cid\n"

    assert pick(content, [3, 10]) == [(3, multi, True), (10, escaped, True)]


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
def test_last_record_needs_no_line_end_and_line_ends_are_made_one(line_end: bytes) -> None:
    content = line_end.join([HEADER.strip(), b"A1,a@x.io,Ann", b"A2,bad,Bob"])

    assert pick(content, [3]) == [(3, b"A2,bad,Bob\n", True)]


def test_clean_lines_are_picked_too() -> None:
    content = HEADER + b"".join(b"A%d,a%d@x.io,Ann\n" % (n, n) for n in range(100))

    assert [record for _, record, _ in pick(content, [2, 50, 101])] == [
        b"A0,a0@x.io,Ann\n",
        b"A48,a48@x.io,Ann\n",
        b"A99,a99@x.io,Ann\n",
    ]


def test_line_on_which_no_record_starts_is_passed_over() -> None:
    content = HEADER + b'A1,bad,"two\nlines"\nA2,bad,Bob\n'

    assert pick(content, [3, 4, 9]) == [(4, b"A2,bad,Bob\n", True)]


def test_open_quote_is_told_apart() -> None:
    """Beside another rejected line it could become a record that nobody wrote."""
    content = HEADER + b'A1,a@x.io,"Ann\nA2,b@x.io,"Bob"\nA3,bad,Cid"\n'

    assert pick(content, [2, 4]) == [(2, b'A1,a@x.io,"Ann\n', False), (4, b'A3,bad,Cid"\n', True)]


def test_other_encoding_is_read_as_utf8_and_broken_bytes_stay() -> None:
    latin = HEADER + "A1,bad,Zoë\n".encode("iso-8859-1")

    assert pick(latin, [2], file={"encoding": "iso-8859-1"})[0][1] == "A1,bad,Zoë\n".encode()
    assert pick(latin, [2])[0][1] == b"A1,bad,Zo\xeb\n"


def test_whatever_was_rejected_is_found_on_its_line() -> None:
    chance = random.Random(7)
    values = ["a@x.io", "bad", '"two\nlines"', '"q""q"', "", "null", "Ann"]
    records = [",".join([f"A{n}", *(chance.choice(values) for _ in "ab")]).encode() + b"\n" for n in range(2_000)]
    content = HEADER + b"".join(records)
    rejects: list[Reject] = []
    reader = RecordPicker(Drip(content, (1000, 13)), a_feed(), rejects.append)
    reader.open()
    for _ in reader.lines():
        pass
    starts = {}
    line = 2
    for record in records:
        starts[line] = record
        line += record.count(b"\n")

    picked = pick(content, [reject.line_no for reject in rejects], sizes=(977, 3))

    assert len(picked) == len(rejects) > 200
    assert [record for _, record, _ in picked] == [starts[reject.line_no] for reject in rejects]


def test_memory_does_not_grow_with_the_part() -> None:
    block = b"".join(b"A%d,a%d@x.io,Ann\n" % (n, n) for n in range(20_000))

    class Long(io.RawIOBase):
        """The header, then the block forty times."""

        pieces = chain([HEADER], repeat(block, 40))

        def read(self, size: int = -1, /) -> bytes:
            return next(self.pieces, b"")

    source = Long()
    picker = RecordPicker(cast("BinaryIO", source), a_feed(), lambda _: None)
    picker.open()
    tracemalloc.start()
    picked = list(picker.picked(iter([2, 500_000])))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert len(picked) == 2
    assert peak < 8_000_000
