"""Unpacks a part in constant memory and refuses what cannot be an honest export."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO

from campaign_cdp.exceptions import DecompressionLimitError, FileFormatError, PgpError
from campaign_cdp.feeds.model import FileFormat
from campaign_cdp.rows.inflate import bunzipped, gunzipped
from campaign_cdp.rows.sniff import HEAD_BYTES, Content, content_of, unreadable_format
from campaign_cdp.rows.stored import READ_BYTES, Lookahead, Readable, StoredBytes
from campaign_cdp.rows.unzip import unzipped

_BLOCK_BYTES = 512 * 1024
#: A ratio says nothing about the first few kilobytes, where a repeated header compresses well.
_RATIO_FROM_BYTES = 10_000_000
_UNPACKED: dict[Content, Callable[[Lookahead], Iterator[bytes]]] = {
    Content.GZIP: gunzipped,
    Content.ZIP: unzipped,
    Content.BZIP2: bunzipped,
}

#: Takes an encrypted source, gives the decrypted one. Its last read fails unless every byte before was genuine.
Decrypt = Callable[[Readable], Readable]


class PartStream:
    """Content of one part. Its bytes decide how it is packed, not the name: PGP outside, compression inside.

    :param source: the part as stored, opened for reading.
    :param limits: the feed's ``file`` block: ``max_uncompressed`` bytes and ``max_ratio``.
    :param decrypt: needed for encrypted parts only.
    :ivar layers: what the part turned out to be packed with, outermost first.
    """

    def __init__(self, source: BinaryIO, limits: FileFormat, decrypt: Decrypt | None = None) -> None:
        self._stored, self._limits, self._decrypt = StoredBytes(source), limits, decrypt
        self.layers: list[Content] = []
        self.bytes_out = 0

    @property
    def sha256(self) -> str:
        """Hex digest of the stored bytes read so far."""
        return self._stored.sha256

    @property
    def bytes_in(self) -> int:
        """Stored bytes read so far."""
        return self._stored.count

    def chunks(self) -> Iterator[bytes]:
        """Yield the content in blocks of 512 KiB; only the last may be shorter.

        Equal blocks however the storage hands out its bytes, so that nothing decided per block depends on the storage.

        :raises CompressionError: if compressed data is damaged or ends early.
        :raises DecompressionLimitError: if it grows beyond the limits.
        :raises FileFormatError: if it is packed in a format that cannot be read, or twice.
        :raises PgpError: if it is encrypted and that was not expected.
        """
        blocks = _in_blocks(self._pieces())
        for first in blocks:
            _refuse_packed(first[:HEAD_BYTES], self.layers)
            yield first
            yield from blocks

    def _pieces(self) -> Iterator[bytes]:
        source = Lookahead(self._stored)
        content = self._sniffed(source)
        if content is Content.PGP:
            source = Lookahead(self._decrypted(source))
            content = self._sniffed(source)
        if content is Content.PGP:
            raise PgpError("The part is encrypted twice. Nothing was loaded; encrypt it once.")
        for piece in _UNPACKED.get(content, _plain)(source):
            self.bytes_out += len(piece)
            self.check_limits(self.bytes_out)
            yield piece

    def _sniffed(self, source: Lookahead) -> Content:
        content = content_of(source.peek(HEAD_BYTES))
        if content is not Content.PLAIN:
            self.layers.append(content)
        return content

    def _decrypted(self, source: Lookahead) -> Readable:
        if self._decrypt is None:
            raise PgpError(
                "The part is encrypted with PGP, but its feed names no key. Nothing was loaded. Set pgp in the feed to "
                "the Airflow connection with the private key, or export without encryption."
            )
        return _Limited(self._decrypt(source), self.check_limits)

    def check_limits(self, size: int) -> None:
        """:raises DecompressionLimitError: if unpacking may not have brought ``size`` bytes by now."""
        if size > self._limits.max_uncompressed:
            raise DecompressionLimitError(
                f"The part holds more than {self._limits.max_uncompressed:,} bytes. Nothing was loaded. If that is "
                f"expected, raise file.max_uncompressed in the feed."
            )
        ratio = size / max(self.bytes_in, 1)
        if self.layers and size > _RATIO_FROM_BYTES and ratio > self._limits.max_ratio:
            raise DecompressionLimitError(
                f"The part grows {ratio:,.0f}-fold when decompressed, at most {self._limits.max_ratio:,} is allowed. "
                f"Nothing was loaded. If that is expected, raise file.max_ratio in the feed."
            )


def _in_blocks(pieces: Iterator[bytes]) -> Iterator[bytes]:
    held: list[bytes] = []
    size = 0
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        while size >= _BLOCK_BYTES:
            data = b"".join(held)
            yield data[:_BLOCK_BYTES]
            held, size = [data[_BLOCK_BYTES:]], size - _BLOCK_BYTES
    if size:
        yield b"".join(held)


def _refuse_packed(head: bytes, layers: Sequence[Content]) -> None:
    """Refuse what is no text yet. Encoding or header would be blamed for it otherwise."""
    if name := unreadable_format(head):
        raise FileFormatError(
            f"The part is a {name} file. Nothing was loaded; what can be read is CSV, plain or packed with gzip, zip "
            "or bzip2. Choose one of these in AEP's destination."
        )
    inside = content_of(head)
    if layers and inside is not Content.PLAIN:
        raise FileFormatError(f"The part is {inside} inside {layers[-1]}. Nothing was loaded; have it packed once.")


def _plain(source: Lookahead) -> Iterator[bytes]:
    while data := source.read():
        yield data


class _Limited:
    """PGP compresses by itself, so what comes out of it is checked before anything else unpacks it further."""

    def __init__(self, source: Readable, check: Callable[[int], None]) -> None:
        self._source, self._check, self._count = source, check, 0

    def read(self, size: int = READ_BYTES) -> bytes:
        data = self._source.read(size)
        self._count += len(data)
        self._check(self._count)
        return data
