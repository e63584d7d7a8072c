"""Cuts a stream of rows into files and encodes each, in constant memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from isal import isal_zlib

_GZIP_WBITS = 31
#: The size of zlib's level 6 within a few percent, at a tenth of its time.
_GZIP_LEVEL = 2


@dataclass(frozen=True, slots=True)
class Block:
    """Some whole rows, encoded as lines.

    :param data: bytes of the lines, newlines included.
    :param rows: how many rows they are.
    """

    data: bytes
    rows: int


@dataclass
class FileRows:
    """The rows of one file; reading them counts them.

    :param blocks: to be read once, before the next file is asked for.
    """

    blocks: Iterator[Block]
    rows: int = field(default=0, init=False)

    def __iter__(self) -> Iterator[bytes]:
        for block in self.blocks:
            self.rows += block.rows
            yield block.data


def split(blocks: Iterable[Block], *, max_rows: int, max_bytes: int) -> Iterator[FileRows]:
    """Yield the rows file by file, none larger than the limits allow; no file where there are no rows.

    :param max_rows: rows of a file; a block must not be larger.
    :param max_bytes: bytes of a file before compression; a single block may exceed it.
    """
    source = iter(blocks)
    waiting = [block for block in [next(source, None)] if block]

    def one_file() -> Iterator[Block]:
        rows = size = 0
        while waiting:
            block = waiting[0]
            if rows and (rows + block.rows > max_rows or size + len(block.data) > max_bytes):
                return
            rows, size = rows + block.rows, size + len(block.data)
            yield waiting.pop()
            following = next(source, None)
            if following:
                waiting.append(following)

    while waiting:
        yield FileRows(one_file())


Encoder = Callable[[Iterable[bytes]], Iterator[bytes]]


def gzipped(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Compress a file's bytes."""
    compressor = isal_zlib.compressobj(_GZIP_LEVEL, isal_zlib.DEFLATED, _GZIP_WBITS)
    for chunk in chunks:
        if data := compressor.compress(chunk):
            yield data
    yield compressor.flush()


def with_header(header: bytes) -> Encoder:
    """CSV: each file starts with the header line."""

    def encode(chunks: Iterable[bytes]) -> Iterator[bytes]:
        yield header
        yield from chunks

    return encode
