"""Headers of a zip archive: what it says about the files in it."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

from campaign_cdp.exceptions import FileFormatError

STORED, DEFLATED = 0, 8
#: Largest size that a 32-bit field holds; there it stands for "see the 64-bit one".
MAX_32 = 0xFFFFFFFF
_ENCRYPTED, _SIZES_FOLLOW, _UTF8 = 0x2041, 0x0008, 0x0800
#: Resource forks and folder views of macOS.
_IGNORED = ("__MACOSX/", ".DS_Store")

#: Returns exactly as many bytes as asked for.
Take = Callable[[int], bytes]


@dataclass
class Entry:
    """What is said about a file; sizes in bytes, ``None`` where they follow behind the data."""

    name: str
    method: int
    crc: int | None
    packed: int | None
    size: int | None
    wide: bool

    @property
    def is_data(self) -> bool:
        return not self.name.endswith(("/", ".DS_Store")) and not self.name.startswith(_IGNORED)

    def facts(self) -> tuple[object, ...]:
        return self.name, self.crc, self.packed, self.size


def local_entry(take: Take) -> Entry:
    """Read a local header behind its mark.

    :raises FileFormatError: if the file cannot be unpacked.
    """
    fields = struct.unpack("<HHHHHIIIHH", take(26))
    flags, method, (crc, packed, size, name_length, extra_length) = fields[1], fields[2], fields[5:]
    name = _name(take(name_length), flags)
    extra = take(extra_length)
    if flags & _ENCRYPTED:
        raise FileFormatError(
            f"{name!r} in the zip archive is protected with a password. Nothing was loaded; encrypt with PGP."
        )
    if method not in {STORED, DEFLATED}:
        raise FileFormatError(
            f"{name!r} in the zip archive is packed with method {method}. Nothing was loaded; known are 0 (stored) "
            "and 8 (deflate)."
        )
    wide = _extra_64(extra)
    packed, size = _wide_sizes(wide, size, packed)
    if flags & _SIZES_FOLLOW:
        return Entry(name, method, None, packed if method == STORED else None, None, wide is not None)
    return Entry(name, method, crc, packed, size, wide is not None)


def listed_entry(take: Take) -> Entry:
    """Read an entry of the directory behind its mark."""
    fields = struct.unpack("<HHHHHHIIIHHHHHII", take(42))
    flags, method, (crc, packed, size, name_length, extra_length, note_length) = fields[2], fields[3], fields[6:12]
    name = _name(take(name_length), flags)
    wide = _extra_64(take(extra_length))
    take(note_length)
    packed, size = _wide_sizes(wide, size, packed)
    return Entry(name, method, crc, packed, size, wide is not None)


def _name(name: bytes, flags: int) -> str:
    return name.decode("utf-8" if flags & _UTF8 else "cp437", "replace")


def _extra_64(extra: bytes) -> bytes | None:
    """The 64-bit sizes of a header."""
    while len(extra) >= 4:
        kind, length = struct.unpack_from("<HH", extra)
        if kind == 1:
            return extra[4 : 4 + length]
        extra = extra[4 + length :]
    return None


def _wide_sizes(wide: bytes | None, size: int, packed: int) -> tuple[int, int]:
    """Packed and unpacked size; a 32-bit field that is all ones stands for the next one of ``wide``."""
    rest = wide or b""
    if size == MAX_32 and len(rest) >= 8:
        (size,), rest = struct.unpack_from("<Q", rest), rest[8:]
    if packed == MAX_32 and len(rest) >= 8:
        (packed,) = struct.unpack_from("<Q", rest)
    return packed, size
