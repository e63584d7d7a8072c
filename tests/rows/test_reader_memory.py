"""Memory must not grow with the part: a source that is made up as it is read stands for a file of any size."""

from __future__ import annotations

import gzip
import io
import tracemalloc

import pytest

from campaign_cdp.exceptions import FileFormatError
from campaign_cdp.rows.reader import PartReader
from tests.rows.parts import a_feed

_HEADER = b"id,mail,first\n"
_GOOD = b"C123456789,anna.smith@mail.example.com,Anna\n"
_LONG_KEY = b"K" * 250
_MOST_MB = 20


class Endless(io.BytesIO):
    """``head``, then ``block`` over and over until ``size`` bytes are given out; never held together."""

    def __init__(self, head: bytes, block: bytes, size: int) -> None:
        super().__init__()
        self._rest, self._block, self._left = head, block, size

    def read(self, size: int | None = -1, /) -> bytes:
        if not self._rest and self._left > 0:
            self._rest = self._block * max(1, 200_000 // len(self._block))
            self._left -= len(self._rest)
        data, self._rest = self._rest[:size], self._rest[size:]
        return data


def _packed(data: bytes) -> bytes:
    return gzip.compress(data, 1, mtime=0)


@pytest.mark.parametrize(
    ("head", "block", "megabytes", "accepted"),
    [
        (_HEADER, _GOOD * 5_000, 100, True),
        (_packed(_HEADER), _packed(_GOOD * 200_000), 1, True),
        (_HEADER, _LONG_KEY + b"," + b"Z" * 2_000 + b",Anna\n", 40, False),
        (_HEADER, _LONG_KEY + b",broken,Anna\n", 5, False),
        (_HEADER, _LONG_KEY + b",zo\xeb@x.io,Anna\n", 5, False),
        (_HEADER, _LONG_KEY + b',a@x.io,"Anna\n', 5, False),
        (_HEADER, b'C1,a@x.io,"' + _GOOD * 5_000, 20, True),
        (_HEADER + b'C1,a@x.io,"', _GOOD * 5_000, 30, True),
    ],
    ids=["clean", "gzip", "too long", "bad values", "bad bytes", "stray quotes", "open quotes", "one open quote"],
)
def test_memory_stays_below_a_bound(head: bytes, block: bytes, megabytes: int, accepted: bool) -> None:
    rejects = 0

    def count(_: object) -> None:
        nonlocal rejects
        rejects += 1

    reader = PartReader(Endless(head, block, megabytes * 1_000_000), a_feed(file={"max_ratio": 10_000}), count)
    tracemalloc.start()
    reader.open()
    for _ in reader.lines():
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < _MOST_MB * 1_000_000
    assert reader.stream.bytes_out >= megabytes * 1_000_000
    assert rejects == reader.counts.rejected
    assert (reader.counts.rows > rejects) is accepted


def test_a_part_without_line_ends_is_given_up() -> None:
    reader = PartReader(Endless(_HEADER, b"x" * 100_000, 200_000_000), a_feed(), lambda reject: None)
    reader.open()
    with pytest.raises(FileFormatError, match="more than 16,000,000 bytes"):
        list(reader.lines())
    assert reader.stream.bytes_in < 20_000_000
