from __future__ import annotations

import gzip
import tracemalloc

import pytest

from campaign_cdp.events.files import Block, gzipped, split, with_header


def blocks(count: int, rows: int = 2) -> list[Block]:
    return [Block(b"".join(b"%d-%d,,\n" % (n, row) for row in range(rows)), rows) for n in range(count)]


@pytest.mark.parametrize(
    ("max_rows", "max_bytes", "expected"),
    [
        pytest.param(4, 10**9, [4, 4, 2], id="by rows"),
        pytest.param(10**9, 30, [4, 4, 2], id="by bytes"),
        pytest.param(10**9, 1, [2, 2, 2, 2, 2], id="a block larger than a file is a file"),
        pytest.param(10**9, 10**9, [10], id="no limit reached"),
    ],
)
def test_files_keep_their_limits_and_lose_no_row(max_rows, max_bytes, expected):
    files, rows = [], []
    for file in split(blocks(5), max_rows=max_rows, max_bytes=max_bytes):
        files.append(b"".join(file))
        rows.append(file.rows)

    assert rows == expected
    assert b"".join(files) == b"".join(block.data for block in blocks(5))


def test_no_rows_make_no_file():
    assert list(split([], max_rows=1, max_bytes=1)) == []


def test_every_csv_file_has_the_header():
    bodies = [b"".join(with_header(b"h\n")(file)) for file in split(blocks(2), max_rows=2, max_bytes=10**9)]

    assert bodies == [b"h\n0-0,,\n0-1,,\n", b"h\n1-0,,\n1-1,,\n"]


def test_gzip_is_read_by_others():
    assert gzip.decompress(b"".join(gzipped([b"a" * 100_000, b"b"]))) == b"a" * 100_000 + b"b"


def test_memory_does_not_grow_with_the_rows():
    block = Block(b"".join(b"%d,2026-01-02T10:15:30.000Z,%s\n" % (n, b"x" * 80) for n in range(1000)), 1000)
    tracemalloc.start()
    try:
        for file in split((block for _ in range(300)), max_rows=10**9, max_bytes=10**12):
            for _ in gzipped(with_header(b"h\n")(file)):
                pass
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 5_000_000
