"""Files of an AEP Sources dataflow: which ones a run takes, and their rows as events."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any, BinaryIO, Literal, cast

from isal import igzip, igzip_lib

from campaign_cdp.exceptions import SandboxError
from campaign_cdp.sandbox.data_prep import Row, RowMapper, header_reason
from campaign_cdp.sandbox.pgp import PgpKeyPair
from campaign_cdp.sandbox.storages import OutsideObject, OutsideStorage

Format = Literal["csv", "jsonl", "parquet"]
Compression = Literal["gzip", "none"]

_GZIP_MAGIC = b"\x1f\x8b"
_MAX_NAME = 255
# Of Adobe's connectors: these characters, and the names of DOS devices.
_BAD_CHARACTER = re.compile(r'["\\:|<>*?\x00-\x1f]')
_DEVICE = re.compile(r"(CON|PRN|AUX|NUL|(COM|LPT)[0-9])(\..*)?", re.IGNORECASE)
_PARQUET_ROWS = 10_000


class BadFileError(SandboxError):
    """AEP cannot take a file at all.

    :param reason: short code.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class SourceFormat:
    """How the files of a folder are read.

    :param mapping: Data Prep mapping set; without one, rows are XDM-shaped already.
    :param pgp: of its private key, for which all files are encrypted.
    """

    name: Format
    compression: Compression
    mapping: Sequence[Mapping[str, str]] = ()
    pgp: PgpKeyPair | None = None


def check_object(obj: OutsideObject, prefix: str) -> None:
    """Refuse what AEP refuses before it reads.

    :raises BadFileError: if the file has no bytes or an illegal name.
    """
    for name in obj.key.removeprefix(prefix).split("/"):
        if len(name) > _MAX_NAME or name in {".", ".."} or _BAD_CHARACTER.search(name) or _DEVICE.fullmatch(name):
            raise BadFileError("bad_name", f"{name!r} is no legal file name")
    if not obj.size:
        raise BadFileError("empty_file", "the file has no bytes")


class SourceReader:
    """Reads objects of one folder.

    :param columns: columns of its earlier files, once known.
    """

    def __init__(self, storage: OutsideStorage, how: SourceFormat, columns: tuple[str, ...] | None) -> None:
        self._storage, self._how = storage, how
        self.columns = columns

    def rows(self, obj: OutsideObject) -> Iterator[Row]:
        """Yield every row of a file.

        :raises BadFileError: if the file as a whole cannot be read; rows yielded before do not count.
        """
        with self._content(obj) as content:
            try:
                yield from {"csv": self._csv, "jsonl": _json_lines, "parquet": self._parquet}[self._how.name](content)
            except UnicodeDecodeError as err:
                raise BadFileError("not_utf8", f"the file is not UTF-8: {err.reason} at {err.start:,}") from err
            except (igzip_lib.IsalError, EOFError, igzip.BadGzipFile) as err:  # type: ignore[misc]
                raise BadFileError("damaged", f"the gzip data is damaged: {err}") from err

    @contextmanager
    def _content(self, obj: OutsideObject) -> Iterator[BinaryIO]:
        with self._decrypted(obj) as stored, io.BufferedReader(cast("io.RawIOBase", stored)) as content:
            packed = content.peek(2).startswith(_GZIP_MAGIC)
            if packed != (self._how.compression == "gzip" and self._how.name != "parquet"):
                raise BadFileError("bad_compression", f"compression is {self._how.compression}, the file's is not")
            yield cast("BinaryIO", igzip.GzipFile(fileobj=content)) if packed else cast("BinaryIO", content)

    @contextmanager
    def _decrypted(self, obj: OutsideObject) -> Iterator[BinaryIO]:
        with self._storage.open(obj.key) as stored:
            if self._how.pgp is None:
                yield stored
                return
            with tempfile.TemporaryDirectory(prefix="cdp-source-") as folder:
                encrypted, plain = Path(folder) / "encrypted", Path(folder) / "plain"
                with encrypted.open("wb") as local:
                    shutil.copyfileobj(stored, local)
                try:
                    self._how.pgp.decrypt(encrypted, plain)
                except SandboxError as err:
                    raise BadFileError("bad_encryption", err.message) from err
                with plain.open("rb") as content:
                    yield content

    def _csv(self, content: BinaryIO) -> Iterator[Row]:
        lines = csv.reader(io.TextIOWrapper(content, encoding="utf-8", newline=""), strict=True)
        try:
            header = next(lines, [])
            self._check_columns(header)
            mapper = RowMapper(header, self._how.mapping)
            for fields in lines:
                yield mapper.row(fields)
        except csv.Error as err:
            raise BadFileError("damaged", f"line {lines.line_num:,} is no RFC 4180 CSV: {err}") from err

    def _parquet(self, content: BinaryIO) -> Iterator[Row]:
        import pyarrow as pa
        import pyarrow.parquet as pq

        with tempfile.TemporaryFile() as local:
            while block := content.read(1 << 20):
                local.write(block)
            try:
                file = pq.ParquetFile(cast("IO[bytes]", local))
            except pa.ArrowInvalid as err:
                raise BadFileError("damaged", f"the file is no Parquet: {err}") from err
            self._check_same(file.schema_arrow.names)
            for batch in file.iter_batches(_PARQUET_ROWS):
                yield from (Row(_without_nulls(event)) for event in batch.to_pylist())

    def _check_columns(self, header: list[str]) -> None:
        problem = header_reason(header, self._how.mapping)
        if problem:
            raise BadFileError("bad_header", problem)
        self._check_same(header)

    def _check_same(self, columns: Sequence[str]) -> None:
        """The mapping is made from the first file, so all others must look like it."""
        if self.columns is None:
            self.columns = tuple(columns)
        if tuple(columns) != self.columns:
            different = sorted(set(columns) ^ set(self.columns)) or "their order"
            raise BadFileError("other_columns", f"other columns than the first file of the folder: {different}")


def _json_lines(content: BinaryIO) -> Iterator[Row]:
    for line in content:
        try:
            event = json.loads(line)
        except UnicodeDecodeError:
            raise
        except ValueError as err:
            yield Row(None, "bad_json", str(err))
            continue
        yield Row(event) if isinstance(event, dict) else Row(None, "bad_json", "not an object")


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: clean for name, item in value.items() if (clean := _without_nulls(item)) is not None} or None
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return value
