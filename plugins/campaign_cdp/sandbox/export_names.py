"""How AEP names files and folders: templates of ``%MACRO%`` parts, and a number for the second part and later ones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from campaign_cdp.exceptions import SandboxError

#: AEP's default, e.g. ``amazon-s3_segment12341e18-abcd-49c2-836d-123c88e76c39_20200408061804``.
DEFAULT_NAME = "%DESTINATION%_segment%SEGMENT_ID%_%DATETIME(yyyyMMddHHmmss)%"

_MACRO = re.compile(r"%(?P<name>[A-Z_]+)(?:\((?P<pattern>[^)]*)\))?%")
_DATE_PARTS = {"yyyy": "%Y", "YYYY": "%Y", "MM": "%m", "dd": "%d", "DD": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}
_DATE_PART = re.compile("|".join(_DATE_PARTS))
_DEFAULT_DATE = "yyyyMMdd_HHmmss"


def expand(template: str, values: Mapping[str, str], at: datetime) -> str:
    """Fill in a template.

    :param values: by macro name; ``DATETIME``, ``DATETIME(pattern)`` and ``TIMESTAMP`` come from ``at``.
    :raises SandboxError: for an unknown macro.
    """

    def value_of(macro: re.Match[str]) -> str:
        name = macro["name"]
        if name == "TIMESTAMP":
            return str(int(at.timestamp()))
        if name == "DATETIME":
            pattern = _DATE_PART.sub(lambda part: _DATE_PARTS[part[0]], macro["pattern"] or _DEFAULT_DATE)
            return at.astimezone(UTC).strftime(pattern)
        if name not in values:
            known = ", ".join(sorted({*values, "DATETIME", "TIMESTAMP"}))
            raise SandboxError(f"%{name}% in {template} is not one of AEP's macros ({known}). Nothing was written.")
        return values[name]

    return _MACRO.sub(value_of, template)


def part_name(base: str, ending: str, number: int) -> str:
    """Return the name of a part; the first one has no number."""
    return f"{base}{'' if number == 1 else f'_{number}'}{ending}"
