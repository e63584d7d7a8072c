"""The one file in a zip archive, as a stream: nothing is sought, nothing is spooled, everything is verified.

A zip archive is read from its end, which a stream does not have yet. So the file is unpacked by its local header, and
the directory that follows must say the same about it.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from isal import igzip_lib, isal_zlib

from campaign_cdp.exceptions import CompressionError, FileFormatError
from campaign_cdp.rows.inflate import PIECE_BYTES, cut_off, damaged
from campaign_cdp.rows.stored import Lookahead
from campaign_cdp.rows.zip_headers import MAX_32, STORED, Entry, listed_entry, local_entry

_LOCAL, _CENTRAL, _END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_END_64, _LOCATOR_64, _DESCRIPTOR = b"PK\x06\x06", b"PK\x06\x07", b"PK\x07\x08"
_RAW_DEFLATE = -15
_MAX_ENTRIES = 100
_MOST_IGNORED = 1_000_000


class _Archive:
    def __init__(self, source: Lookahead) -> None:
        self._source, self._entries, self._data_file = source, list[Entry](), ""
        self.size = 0

    def content(self) -> Iterator[bytes]:
        while (mark := self._take(4)) == _LOCAL:
            entry = local_entry(self._take)
            self._refuse_others(entry)
            pieces = self._unpacked(entry)
            if entry.is_data:
                yield from pieces
            else:
                _pass_over(pieces, entry)
            self._entries.append(entry)
        self._directory(mark)
        if not self._data_file:
            raise FileFormatError("The zip archive holds no file. Nothing was loaded. Have it made with exactly one.")

    def _refuse_others(self, entry: Entry) -> None:
        if len(self._entries) >= _MAX_ENTRIES:
            raise FileFormatError(f"The zip archive has more than {_MAX_ENTRIES} entries. Nothing was loaded.")
        if entry.is_data and self._data_file:
            raise FileFormatError(
                f"The zip archive holds several files, {self._data_file!r} and {entry.name!r} among them. Nothing was "
                "loaded; each part has to be an archive, or a gzip file, of its own."
            )
        if entry.is_data:
            self._data_file = entry.name

    def _unpacked(self, entry: Entry) -> Iterator[bytes]:
        """Yield the content of an entry, then verify it."""
        before, crc, size = self._source.position, 0, 0
        for piece in self._stored(entry) if entry.method == STORED else self._deflated(entry):
            crc, size = zlib.crc32(piece, crc), size + len(piece)
            self.size += len(piece)
            yield piece
        packed = self._source.position - before
        if entry.crc is None:
            self._descriptor(entry, packed, size)
        if (entry.crc, entry.packed, entry.size) != (crc, packed, size):
            raise damaged("zip", self.size, f"checksum or size of {entry.name!r} is wrong")

    def _stored(self, entry: Entry) -> Iterator[bytes]:
        left = entry.packed or 0
        if entry.crc is None and not left and entry.is_data:
            raise FileFormatError(
                f"{entry.name!r} in the zip archive is stored without its size, so its end cannot be told in a stream. "
                "Nothing was loaded; write it compressed."
            )
        while left:
            piece = self._source.read(min(left, PIECE_BYTES))
            if not piece:
                raise self._cut_off()
            left -= len(piece)
            yield piece

    def _deflated(self, entry: Entry) -> Iterator[bytes]:
        inflater = isal_zlib.decompressobj(_RAW_DEFLATE)
        data = self._source.read()
        while True:
            try:
                piece = inflater.decompress(data, PIECE_BYTES)
            except igzip_lib.IsalError as err:  # type: ignore[misc]  # its stub declares an instance
                raise damaged("zip", self.size, err) from err
            if piece:
                yield piece
            if inflater.eof:
                self._source.unread(inflater.unused_data)
                return
            data = inflater.unconsumed_tail or self._source.read()
            if not data and not piece:
                raise self._cut_off()

    def _descriptor(self, entry: Entry, packed: int, size: int) -> None:
        """Checksum and sizes behind the data. Its mark is optional, and nothing tells how wide the sizes are."""
        wide = entry.wide or packed > MAX_32 or size > MAX_32
        layout = "<IQQ" if wide else "<III"
        head = self._take(4)
        rest = self._take(struct.calcsize(layout) - (0 if head == _DESCRIPTOR else 4))
        entry.crc, entry.packed, entry.size = struct.unpack(layout, rest if head == _DESCRIPTOR else head + rest)

    # -- What follows the files ---------------------------------------------------------------------------------------

    def _directory(self, mark: bytes) -> None:
        listed = []
        while mark == _CENTRAL:
            listed.append(listed_entry(self._take))
            if len(listed) > len(self._entries):
                raise damaged("zip", self.size, "its directory lists more files than there are")
            mark = self._take(4)
        self._end(mark)
        if {entry.facts() for entry in listed} != {entry.facts() for entry in self._entries}:
            raise damaged("zip", self.size, "its directory says otherwise")
        while more := self._source.read():
            if more.strip(b"\0"):
                raise damaged("zip", self.size, "there is something behind its end")

    def _end(self, mark: bytes) -> None:
        if mark == _END_64:
            self._take(min(struct.unpack("<Q", self._take(8))[0], PIECE_BYTES))
            mark = self._take(4)
        if mark == _LOCATOR_64:
            self._take(16)
            mark = self._take(4)
        if mark != _END:
            raise damaged("zip", self.size, "something else is where its directory should be")
        self._take(struct.unpack("<16xH", self._take(18))[0])

    def _take(self, size: int) -> bytes:
        data = self._source.exactly(size)
        if len(data) < size:
            raise self._cut_off()
        return data

    def _cut_off(self) -> CompressionError:
        return cut_off("zip", self._source.count, self.size)


def unzipped(source: Lookahead) -> Iterator[bytes]:
    """Yield the content of the only file; folders and what macOS adds are passed over.

    :raises CompressionError: if the archive is damaged or ends early.
    :raises FileFormatError: if it holds no file or several, is encrypted, or is packed in an unknown way.
    """
    return _Archive(source).content()


def _pass_over(pieces: Iterator[bytes], entry: Entry) -> None:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > _MOST_IGNORED:
            raise FileFormatError(
                f"{entry.name!r} in the zip archive has more than {_MOST_IGNORED:,} bytes, and is none of the files to "
                "read. Nothing was loaded."
            )
