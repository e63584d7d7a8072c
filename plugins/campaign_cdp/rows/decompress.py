"""Gunzips a stream in constant memory and refuses what cannot be an honest export."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import BinaryIO

from isal import igzip_lib, isal_zlib

from campaign_cdp.exceptions import CompressionError, DecompressionLimitError
from campaign_cdp.feeds.model import FileFormat

_READ_BYTES = 256 * 1024
_BLOCK_BYTES = 512 * 1024
_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_WBITS = 31
#: A ratio says nothing about the first few kilobytes, where a repeated header compresses well.
_RATIO_FROM_BYTES = 10_000_000


class PartStream:
    """Uncompressed bytes of one part. Content decides whether it is gzip, not the name.

    :param source: the part as stored, opened for reading.
    :param limits: the feed's ``file`` block: ``max_uncompressed`` bytes and ``max_ratio``.
    """

    def __init__(self, source: BinaryIO, limits: FileFormat) -> None:
        self._source, self._limits = source, limits
        self._digest = hashlib.sha256()
        self.bytes_in = self.bytes_out = 0

    @property
    def sha256(self) -> str:
        """Hex digest of the stored bytes read so far."""
        return self._digest.hexdigest()

    def chunks(self) -> Iterator[bytes]:
        """Yield the content in blocks of 512 KiB; only the last may be shorter.

        Equal blocks however the storage hands out its bytes, so that nothing decided per block depends on the storage.

        :raises CompressionError: if the gzip data is damaged or ends early.
        :raises DecompressionLimitError: if it grows beyond the limits.
        """
        held: list[bytes] = []
        size = 0
        for piece in self._pieces():
            held.append(piece)
            size += len(piece)
            while size >= _BLOCK_BYTES:
                data = b"".join(held)
                yield data[:_BLOCK_BYTES]
                held, size = [data[_BLOCK_BYTES:]], size - _BLOCK_BYTES
        if size:
            yield b"".join(held)

    def _pieces(self) -> Iterator[bytes]:
        first = self._read()
        if len(first) < len(_GZIP_MAGIC):
            first += self._read()
        compressed = first.startswith(_GZIP_MAGIC)
        for piece in self._gunzip(first) if compressed else self._plain(first):
            self.bytes_out += len(piece)
            self._check_limits(compressed)
            yield piece

    def _read(self) -> bytes:
        data = self._source.read(_READ_BYTES)
        self._digest.update(data)
        self.bytes_in += len(data)
        return data

    def _plain(self, data: bytes) -> Iterator[bytes]:
        while data:
            yield data
            data = self._read()

    def _gunzip(self, data: bytes) -> Iterator[bytes]:
        """A gzip file may hold several members one after the other."""
        member = isal_zlib.decompressobj(_GZIP_WBITS)
        while True:
            try:
                chunk = member.decompress(data, _BLOCK_BYTES)
            except igzip_lib.IsalError as err:  # type: ignore[misc]  # its stub declares an instance
                raise CompressionError(f"The gzip data is damaged after {self.bytes_out:,} bytes: {err}.") from err
            if chunk:
                yield chunk
            if member.eof:
                data = self._behind_padding(member.unused_data)
                if not data:
                    return
                member = isal_zlib.decompressobj(_GZIP_WBITS)
                continue
            data = member.unconsumed_tail or self._read()
            if not data and not chunk:
                raise CompressionError(
                    f"The gzip data ends early, after {self.bytes_in:,} stored and {self.bytes_out:,} content bytes: "
                    f"the upload was cut off. Nothing was loaded. AEP retries under the same name; that will be taken."
                )

    def _behind_padding(self, data: bytes) -> bytes:
        """Some writers fill the file up with NUL bytes."""
        data = data.lstrip(b"\0")
        while not data and (more := self._read()):
            data = more.lstrip(b"\0")
        return data

    def _check_limits(self, compressed: bool) -> None:
        if self.bytes_out > self._limits.max_uncompressed:
            raise DecompressionLimitError(
                f"The part holds more than {self._limits.max_uncompressed:,} bytes. Nothing was loaded. If that is "
                f"expected, raise file.max_uncompressed in the feed."
            )
        ratio = self.bytes_out / max(self.bytes_in, 1)
        if compressed and self.bytes_out > _RATIO_FROM_BYTES and ratio > self._limits.max_ratio:
            raise DecompressionLimitError(
                f"The part grows {ratio:,.0f}-fold when decompressed, at most {self._limits.max_ratio:,} is allowed. "
                f"Nothing was loaded. If that is expected, raise file.max_ratio in the feed."
            )
