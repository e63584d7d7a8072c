"""Cutting what is uploaded into parts of one size."""

from __future__ import annotations

from collections.abc import Iterator


def rechunked(body: Iterator[bytes], size: int) -> Iterator[bytes]:
    """Cut a stream of any chunks into parts of exactly ``size`` bytes; the last may be shorter."""
    buffer = bytearray()
    for chunk in body:
        view = memoryview(chunk)
        while len(view) >= size - len(buffer):
            cut = size - len(buffer)
            buffer += view[:cut]
            view = view[cut:]
            yield bytes(buffer)
            buffer.clear()
        buffer += view
    if buffer:
        yield bytes(buffer)
