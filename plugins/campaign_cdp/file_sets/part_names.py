"""How AEP names the parts of one export: ``name.csv``, ``name_2.csv``, ``name_3.csv``, ..."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

# A time such as _010718 has six digits and a year four, so three digits at most make a part number.
_NUMBERED = re.compile(r"^(?P<base>.+)_(?P<number>[2-9]|[1-9]\d{1,2})(?P<ending>(?:\.[A-Za-z]\w{0,7}){1,3})$")
_FIRST = re.compile(r"^(?P<base>.+?)(?P<ending>(?:\.[A-Za-z]\w{0,7}){0,3})$")


@dataclass(frozen=True, slots=True)
class PartName:
    """A file name taken apart.

    :param series: what all parts share: folder and name without number.
    :param number: 1 for the first part, which AEP leaves without a suffix.
    """

    series: tuple[str, str]
    number: int

    def sibling(self, number: int) -> str:
        """Name of another part of the same series, without its folder."""
        base, ending = self.series
        return f"{base.rsplit('/', 1)[-1]}{'' if number == 1 else f'_{number}'}{ending}"


@lru_cache(maxsize=1024)
def split_part_name(key: str) -> PartName:
    """Take a key or a bare name apart; whatever has no part number is a first part."""
    folder, _, name = key.rpartition("/")
    match = _NUMBERED.match(name) or _FIRST.match(name)
    if match is None:
        return PartName((key, ""), 1)
    base = f"{folder}/{match['base']}" if folder else match["base"]
    return PartName((base, match["ending"]), int(match.groupdict().get("number") or 1))
