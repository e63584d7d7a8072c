"""What each limit is called, what it counts, and what a person can do when it is reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

BYTES: Final = "bytes"
SECONDS: Final = "seconds"
_UNITS: Final = ("bytes", "KB", "MB", "GB", "TB", "PB")


@dataclass(frozen=True, slots=True)
class LimitKind:
    """One limit in words.

    :param unit: what is counted.
    :param remedy: what to do about it, besides changing the file.
    :param word: what an amount is.
    """

    label: str
    unit: str
    remedy: str
    word: str = "used"


KINDS: Final[Mapping[str, LimitKind]] = MappingProxyType(
    {
        "sftp_storage": LimitKind(
            "SFTP storage",
            BYTES,
            "Remove old files from the landing zone (historise in the feed keeps N days), or ask Adobe for more space",
        ),
        "database_storage": LimitKind(
            "Database storage",
            BYTES,
            "Shorten the retention of Campaign's logs, drop old lists and recipients and VACUUM, or ask Adobe for more",
        ),
        "active_profiles": LimitKind(
            "Active profiles",
            "profiles",
            "Make the audience in AEP smaller, or ask Adobe for more active profiles",
        ),
        "exports_per_day": LimitKind(
            "Exports per day",
            "exports",
            "Wait, for the next export takes these events as well; export less often, or several logs in one feed",
        ),
        "batches_per_day": LimitKind(
            "AEP batches per day",
            "batches",
            "Wait, for the next export takes these events as well; export less often",
        ),
        "rows_per_file": LimitKind(
            "Rows per file",
            "rows",
            "Let AEP split the file (rows per file of the destination), or lower parts.max_rows of the event feed",
            word="so far",
        ),
        "sftp_file_age": LimitKind(
            "Age of the oldest file",
            SECONDS,
            "Remove files that were taken (historise in the feed does); Adobe's hosted SFTP is no archive",
            word="old",
        ),
    }
)


def amount(name: str, value: int) -> str:
    """Write an amount of a limit as people say it, e.g. ``4.2 GB`` or ``1,234 profiles``."""
    unit = KINDS[name].unit
    if unit == SECONDS:
        return f"{value / 86_400:,.1f} days"
    return in_bytes(value) if unit == BYTES else f"{value:,} {unit}"


def in_bytes(value: int) -> str:
    """Write bytes in decimal units, as storage is sold."""
    size, unit = float(value), 0
    while abs(size) >= 999.95 and unit < len(_UNITS) - 1:  # 999.95 would be rounded to 1000.0
        size, unit = size / 1000, unit + 1
    return f"{size:,.1f} {_UNITS[unit]}" if unit else f"{value:,} bytes"
