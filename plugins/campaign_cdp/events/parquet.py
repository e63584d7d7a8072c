"""Events as Parquet in XDM's shape: the columns of the CSV rows, nested by their paths. AEP maps no flat Parquet."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import csv

from campaign_cdp.events.files import Encoder
from campaign_cdp.events.layout import Tree, xdm_tree
from campaign_cdp.events.mapping import EventColumn, Kind

_ROW_GROUP_ROWS = 32_000
_TYPES = {
    Kind.STRING: pa.string(),
    Kind.TIMESTAMP: pa.timestamp("ms", "UTC"),
    Kind.INTEGER: pa.int64(),
    Kind.BOOLEAN: pa.bool_(),
}


def as_parquet(columns: Sequence[EventColumn]) -> Encoder:
    """Return what turns CSV lines without header into a Parquet file, compressed with zstd.

    :param columns: of the CSV lines, in order.
    """
    flat, tree = pa.schema([(column.header, _TYPES[column.kind]) for column in columns]), xdm_tree(columns)
    schema = pa.schema(list(_type(tree)))

    def encode(chunks: Iterable[bytes]) -> Iterator[bytes]:
        sink = _Sink()
        with pq.ParquetWriter(sink, schema, compression="zstd") as writer:
            for rows in _row_groups(chunks, flat):
                fields = [_array(rows, node) for node in tree.values()]
                writer.write_table(pa.Table.from_arrays(fields, schema=schema))
                yield sink.drained()
        yield sink.drained()

    return encode


def _row_groups(chunks: Iterable[bytes], flat: pa.Schema) -> Iterator[pa.Table]:
    """Small row groups make a slow file, so tables of chunks are gathered."""
    tables: list[pa.Table] = []
    rows = 0
    for chunk in chunks:
        tables.append(_table(chunk, flat))
        rows += tables[-1].num_rows
        if rows >= _ROW_GROUP_ROWS:
            yield pa.concat_tables(tables).combine_chunks()
            tables, rows = [], 0
    if tables:
        yield pa.concat_tables(tables).combine_chunks()


def _table(chunk: bytes, flat: pa.Schema) -> pa.Table:
    return csv.read_csv(
        io.BytesIO(chunk),
        read_options=csv.ReadOptions(column_names=flat.names, use_threads=False),
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=csv.ConvertOptions(
            column_types=flat, strings_can_be_null=True, quoted_strings_can_be_null=False, null_values=[""]
        ),
    )


def _type(tree: Tree) -> Iterator[pa.Field]:
    for name, node in tree.items():
        yield pa.field(name, _TYPES[node.kind] if isinstance(node, EventColumn) else pa.struct(list(_type(node))))


def _array(rows: pa.Table, node: EventColumn | Tree) -> pa.Array:
    """An object of which no part has a value is no value."""
    if isinstance(node, EventColumn):
        found = rows.column(node.header)
        return found.combine_chunks() if found.num_chunks != 1 else found.chunk(0)
    inner = [_array(rows, below) for below in node.values()]
    absent = reduce(pc.and_, (pc.is_null(part) for part in inner))
    return pa.StructArray.from_arrays(inner, fields=list(_type(node)), mask=absent)


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
