"""Tells from the first bytes of a part how it is packed. Names and endings decide nothing."""

from __future__ import annotations

import codecs
import re
from enum import StrEnum

#: How many bytes of the content are looked at.
HEAD_BYTES = 1024

_GZIP = b"\x1f\x8b"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_BZIP2 = re.compile(rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)")
_ARMOUR = b"-----BEGIN PGP MESSAGE"
_MARKER = (b"\xa8\x03PGP", b"\xca\x03PGP")
#: What the body of a packet starts with: versions, then ids of methods. Text holds no such control characters.
_PACKET_BODIES = {
    1: re.compile(rb"\x03.{8}[\x01-\x23]|\x06[\x00\x15\x21]", re.DOTALL),  # session key, encrypted for a public key
    3: re.compile(rb"[\x04-\x06].[\x00-\x04]|\x06", re.DOTALL),  # session key, from a passphrase
    4: re.compile(rb"[\x03\x06][\x00\x01]"),  # signature to follow
    8: re.compile(rb"[\x01-\x03]"),  # compressed, not encrypted
    18: re.compile(rb"\x01|\x02[\x01-\x0d][\x01-\x03]"),  # encrypted, integrity protected
    20: re.compile(rb"\x01[\x01-\x0d][\x01-\x03]"),  # the same in GnuPG's own format
}

#: Formats that are known only to be refused by name: what a head starts with.
_UNREADABLE = {
    b"\x28\xb5\x2f\xfd": "zstd",
    b"\x04\x22\x4d\x18": "lz4",
    b"\xff\x06\x00\x00sNaPpY": "snappy",
    b"\xfd7zXZ\x00": "xz",
    b"7z\xbc\xaf\x27\x1c": "7-Zip",
    b"PAR1": "Parquet",
}
_TAR_AT, _TAR = 257, b"ustar"


class Content(StrEnum):
    """How bytes are packed."""

    PGP = "pgp"
    GZIP = "gzip"
    ZIP = "zip"
    BZIP2 = "bzip2"
    PLAIN = "plain"


def content_of(head: bytes) -> Content:
    """Return what bytes that start with ``head`` are.

    :param head: the first :data:`HEAD_BYTES`, or all there are.
    """
    if head.startswith(_GZIP):
        return Content.GZIP
    if head.startswith(_ZIP):
        return Content.ZIP
    if _BZIP2.match(head):
        return Content.BZIP2
    return Content.PGP if _is_pgp(head) else Content.PLAIN


def unreadable_format(head: bytes) -> str | None:
    """Name the format of bytes that can be told for sure, and cannot be read."""
    if head.startswith(_TAR, _TAR_AT):
        return "tar"
    return next((name for mark, name in _UNREADABLE.items() if head.startswith(mark)), None)


def _is_pgp(head: bytes) -> bool:
    if head.removeprefix(codecs.BOM_UTF8).lstrip().startswith(_ARMOUR):
        return True
    if head.startswith(_MARKER):
        return True
    return _starts_with_packet(head) and not _is_utf16(head)


def _starts_with_packet(head: bytes) -> bool:
    """Both formats of a packet's header: RFC 9580, section 4.2."""
    first = head[0] if head else 0
    if not first & 0x80:
        return False
    if first & 0x40:
        tag, start = first & 0x3F, _behind_new_length(head[1:2])
    else:
        tag, start = first >> 2 & 0x0F, (2, 3, 5, 1)[first & 0x03]
    expected = _PACKET_BODIES.get(tag)
    return expected is not None and expected.match(head, start) is not None


def _behind_new_length(octet: bytes) -> int:
    if octet == b"\xff":
        return 6
    return 3 if b"\xc0" <= octet < b"\xe0" else 2


def _is_utf16(head: bytes) -> bool:
    """Without its mark, UTF-16 may hold any byte; but cipher text is not a thousand bytes of printable characters."""
    for name in ("utf-16-le", "utf-16-be"):
        try:
            text = codecs.getincrementaldecoder(name)().decode(head)
        except UnicodeDecodeError:
            continue
        if all(char.isprintable() or char in "\t\r\n" for char in text):
            return True
    return False
