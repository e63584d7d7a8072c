"""Names that this package gives to files while they are written. They start with a dot, and listings leave them out."""

from __future__ import annotations

import posixpath
import re
import secrets
from typing import Final

from campaign_cdp.exceptions import FeedConfigError

_PART: Final = re.compile(r"\..*\.[0-9a-f]{8}\.cdp-part", re.DOTALL)
#: What file systems allow, in bytes.
_LONGEST: Final = 255
_ADDED: Final = len("..12345678.cdp-part")


def part_of(key: str) -> str:
    """Return a name, unique and beside ``key``, under which nobody looks for data.

    :raises FeedConfigError: if the name of ``key`` is longer than file systems allow.
    """
    folder, name = posixpath.split(key)
    raw = name.encode()
    if len(raw) > _LONGEST:
        raise FeedConfigError(
            f"The name {name!r} has {len(raw)} bytes, file systems take {_LONGEST}. Nothing was written. Use a shorter "
            "one."
        )
    shown = raw[: _LONGEST - _ADDED].decode(errors="ignore")
    return posixpath.join(folder, f".{shown}.{secrets.token_hex(4)}.cdp-part")


def is_part(name: str) -> bool:
    return _PART.fullmatch(name) is not None
