"""Brings the bytes of a part to UTF-8 with ``\\n`` line ends, whatever it was written with."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from itertools import chain

from campaign_cdp.exceptions import EncodingError, FileFormatError

_MAX_LINE_BYTES = 16_000_000
_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def to_utf8(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """Re-encode unless it is UTF-8 already; drop a byte order mark.

    :param encoding: as the feed declares it.
    :raises EncodingError: if a byte order mark or the bytes contradict ``encoding``.
    """
    rest = iter(chunks)
    first = next(rest, b"")
    marked = next((name for mark, name in _MARKS.items() if first.startswith(mark)), encoding)
    if marked != encoding:
        raise EncodingError(
            f"The part starts with the mark of {marked}, the feed says {encoding}. Nothing was loaded; "
            f"set file.encoding: {marked}."
        )
    if encoding == "utf-8":
        yield first.removeprefix(codecs.BOM_UTF8)
        yield from rest
    else:
        yield from _reencoded(chain((first,), rest), encoding, _codec(encoding, first))


def _codec(encoding: str, first: bytes) -> str:
    """UTF-16 that does not say its byte order is little endian, as Windows and Java's own writers have it."""
    is_marked = first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return encoding if encoding != "utf-16" or is_marked else "utf-16-le"


def _reencoded(chunks: Iterable[bytes], encoding: str, codec: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(codec)()
    read = 0
    try:
        for chunk in chunks:
            yield decoder.decode(chunk).encode()
            read += len(chunk)
        yield decoder.decode(b"", final=True).encode()
    except UnicodeDecodeError as err:
        raise EncodingError(
            f"The part is not {encoding}: at about byte {read + err.start + 1:,}, {err.reason}. Nothing was loaded; "
            f"correct file.encoding."
        ) from err


def unix_lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Turn ``\\r\\n`` into ``\\n``, also where a chunk ends between the two."""
    held = b""
    for chunk in chunks:
        chunk = held + chunk
        held = b"\r" if chunk.endswith(b"\r") else b""
        if held:
            chunk = chunk[:-1]
        yield chunk.replace(b"\r\n", b"\n") if b"\r" in chunk else chunk
    if held:
        yield held


def whole_lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Cut chunks at newlines; the last line gets one if it has none.

    :raises FileFormatError: if a line is longer than 16 MB, since it would have to be held in memory.
    """
    rest = b""
    for chunk in chunks:
        cut = chunk.rfind(b"\n") + 1
        if not cut:
            rest += chunk
            if len(rest) > _MAX_LINE_BYTES:
                raise FileFormatError(
                    f"A line has more than {_MAX_LINE_BYTES:,} bytes; this is no CSV. Nothing was loaded."
                )
            continue
        yield rest + chunk[:cut]
        rest = chunk[cut:]
    if rest:
        yield rest + b"\n"


def refuse_nul(buffer: bytes, line_no: int) -> None:
    """:raises EncodingError: if ``buffer``, whose first line is ``line_no``, holds a NUL byte."""
    at = buffer.find(b"\0")
    if at >= 0:
        line = line_no + buffer.count(b"\n", 0, at)
        raise EncodingError(
            f"Line {line:,} holds a NUL byte. AEP writes them as quotes when the "
            f"destination's quote option was left at its default. Nothing was loaded; choose 'Double quotes' in the "
            f"destination's file options."
        )
