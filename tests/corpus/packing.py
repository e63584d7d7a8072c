"""Archives byte by byte: what a compression library writes differs between its versions, these bytes do not."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterable

_LENGTH_258, _DISTANCE_1, _END = ("11000101", "00000", "0000000")


def deflated(data: bytes) -> bytes:
    """One block that is stored as it is; ``data`` has less than 64 KiB."""
    return b"\x01" + struct.pack("<HH", len(data), len(data) ^ 0xFFFF) + data


def run_of(start: bytes, repeats: int) -> tuple[bytes, bytes]:
    """ASCII text, its last byte repeated 258 times ``repeats`` times over: content, and deflated 160-fold."""
    literals = "".join(f"{0x30 + byte:08b}" for byte in start)
    bits = "110" + literals + (_LENGTH_258 + _DISTANCE_1) * repeats + _END
    bits += "0" * (-len(bits) % 8)
    packed = bytes(int(bits[n : n + 8][::-1], 2) for n in range(0, len(bits), 8))
    return start + start[-1:] * (258 * repeats), packed


def gz(data: bytes, *, packed: bytes | None = None, head: bytes = b"\0\0\0\0\0\0\xff", name: bytes = b"") -> bytes:
    """One gzip member.

    :param packed: ``data`` as deflated otherwise.
    :param head: flags, time, and system.
    :param name: fields that the flags announce.
    """
    body = deflated(data) if packed is None else packed
    return b"\x1f\x8b\x08" + head + name + body + struct.pack("<II", zlib.crc32(data), len(data))


def archive(*files: tuple[str, bytes]) -> bytes:
    """A zip archive of stored files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name, data in files:
            info = zipfile.ZipInfo(name, (2026, 3, 1, 0, 0, 0))
            info.create_system, info.external_attr = 3, 0o644 << 16
            made.writestr(info, data)
    return out.getvalue()


def deflated_archive(name: str, data: bytes) -> bytes:
    """A zip archive whose only file is deflated."""
    body, crc = deflated(data), zlib.crc32(data)
    facts = struct.pack("<HHHIII", 8, 0, 0x5C61, crc, len(body), len(data))
    names = struct.pack("<HH", len(name), 0) + name.encode()
    local = b"PK\x03\x04" + struct.pack("<HH", 20, 0) + facts + names + body
    listed = struct.pack("<HH", len(name), 0) + struct.pack("<HHHII", 0, 0, 0, 0, 0) + name.encode()
    directory = b"PK\x01\x02" + struct.pack("<HHH", 20, 20, 0) + facts + listed
    return local + directory + b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(directory), len(local), 0)


def changed(data: bytes, *at: int, by: int = 0x01) -> bytes:
    """Flip bits of some bytes; negative positions count from the end."""
    out = bytearray(data)
    for position in at:
        out[position] ^= by
    return bytes(out)


def with_flag(zipped: bytes, flag: int) -> bytes:
    """Set a flag in every header of a zip archive."""
    out = bytearray(zipped)
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        for start in _starts(zipped, mark):
            out[start + offset] |= flag
    return bytes(out)


def _starts(data: bytes, mark: bytes) -> Iterable[int]:
    at = data.find(mark)
    while at >= 0:
        yield at
        at = data.find(mark, at + 1)
