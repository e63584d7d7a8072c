"""Cuts a stream of rows into files and encodes each, in constant memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from isal import isal_zlib

if TYPE_CHECKING:
    import pyarrow as pa

_GZIP_WBITS = 31
#: The size of zlib's level 6 within a few percent, at a tenth of its time.
_GZIP_LEVEL = 2
_ROW_GROUP_ROWS = 128_000


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


def as_parquet(schema: pa.Schema) -> Encoder:
    """Parquet, compressed with zstd, from CSV lines without header in the order of ``schema``."""

    def encode(chunks: Iterable[bytes]) -> Iterator[bytes]:
        import pyarrow.parquet as pq

        sink = _Sink()
        with pq.ParquetWriter(sink, schema, compression="zstd") as writer:
            for group in _row_groups(chunks, schema):
                writer.write_table(group)
                yield sink.drained()
        yield sink.drained()

    return encode


def _row_groups(chunks: Iterable[bytes], schema: pa.Schema) -> Iterator[pa.Table]:
    """Small row groups make a slow file, so tables of blocks are gathered."""
    import pyarrow as pa

    tables: list[pa.Table] = []
    rows = 0
    for chunk in chunks:
        table = _table(chunk, schema)
        tables.append(table)
        rows += table.num_rows
        if rows >= _ROW_GROUP_ROWS:
            yield pa.concat_tables(tables)
            tables, rows = [], 0
    if tables:
        yield pa.concat_tables(tables)


def _table(chunk: bytes, schema: pa.Schema) -> pa.Table:
    import io

    from pyarrow import csv

    return csv.read_csv(
        io.BytesIO(chunk),
        read_options=csv.ReadOptions(column_names=schema.names, use_threads=False),
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=csv.ConvertOptions(
            column_types=schema, strings_can_be_null=True, quoted_strings_can_be_null=False, null_values=[""]
        ),
    )


class _Sink:
    """A file that is read from while it is written."""

    closed = False

    def __init__(self) -> None:
        self._chunks: list[bytes] = []
        self._written = 0

    def write(self, data: bytes) -> int:
        self._chunks.append(bytes(data))
        self._written += len(data)
        return len(data)

    def tell(self) -> int:
        return self._written

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        self.closed = True

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False

    def drained(self) -> bytes:
        data = b"".join(self._chunks)
        self._chunks.clear()
        return data
