"""gzip and bzip2 as streams: any number of members, padding behind them, nothing else, in constant memory."""

from __future__ import annotations

import bz2
from collections.abc import Iterator

from isal import igzip_lib, isal_zlib

from campaign_cdp.exceptions import CompressionError
from campaign_cdp.rows.stored import Lookahead

#: Most bytes of a piece.
PIECE_BYTES = 512 * 1024
_GZIP_WBITS = 31


def gunzipped(source: Lookahead) -> Iterator[bytes]:
    """:raises CompressionError: if the gzip data is damaged or ends early."""
    size = 0
    member = isal_zlib.decompressobj(_GZIP_WBITS)
    data = source.read()
    while True:
        try:
            piece = member.decompress(data, PIECE_BYTES)
        except igzip_lib.IsalError as err:  # type: ignore[misc]  # its stub declares an instance
            raise damaged("gzip", size, err) from err
        size += len(piece)
        if piece:
            yield piece
        if member.eof:
            data = _behind_padding(source, member.unused_data)
            if not data:
                return
            member = isal_zlib.decompressobj(_GZIP_WBITS)
            continue
        data = member.unconsumed_tail or source.read()
        if not data and not piece:
            raise cut_off("gzip", source.count, size)


def bunzipped(source: Lookahead) -> Iterator[bytes]:
    """:raises CompressionError: if the bzip2 data is damaged or ends early."""
    size = 0
    stream = bz2.BZ2Decompressor()
    data = source.read()
    while True:
        try:
            piece = stream.decompress(data, PIECE_BYTES)
        except (OSError, ValueError) as err:
            raise damaged("bzip2", size, err) from err
        size += len(piece)
        if piece:
            yield piece
        if stream.eof:
            data = _behind_padding(source, stream.unused_data)
            if not data:
                return
            stream = bz2.BZ2Decompressor()
            continue
        data = source.read() if stream.needs_input else b""
        if not data and stream.needs_input:
            raise cut_off("bzip2", source.count, size)


def damaged(kind: str, size: int, err: Exception | str) -> CompressionError:
    return CompressionError(
        f"The {kind} data is damaged after {size:,} bytes: {err}. Nothing was loaded. Have AEP export it again."
    )


def cut_off(kind: str, stored: int, size: int) -> CompressionError:
    return CompressionError(
        f"The {kind} data ends early, after {stored:,} stored and {size:,} content bytes: the upload was cut off. "
        f"Nothing was loaded. AEP retries under the same name; that will be taken."
    )


def _behind_padding(source: Lookahead, data: bytes) -> bytes:
    """Some writers fill the file up with NUL bytes."""
    data = data.lstrip(b"\0")
    while not data and (more := source.read()):
        data = more.lstrip(b"\0")
    return data
