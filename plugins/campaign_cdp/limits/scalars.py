"""Single values of ``limits.yaml``: sizes and percentages."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

_SIZE = re.compile(r"^(\d+(?:\.\d+)?) ?(B|KB|MB|GB|TB|PB|KiB|MiB|GiB|TiB|PiB)$")
_POWERS = {"B": 0, "K": 1, "M": 2, "G": 3, "T": 4, "P": 5}
#: What a bigint of the ledger holds, with room for what comes on top.
_LARGEST = 10**18


def _read_size(value: object) -> object:
    match = _SIZE.match(value) if isinstance(value, str) else None
    if match:
        base = 1024 if match[2].endswith("iB") else 1000
        value = int(float(match[1]) * base ** _POWERS[match[2][0]])
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _LARGEST:
        return value
    raise ValueError(f"{value!r} is not a size; write bytes, or a number and a unit, like 500GB or 2TB")


_Written: Any = Annotated[int, Field(gt=0)] | Annotated[str, Field(pattern=_SIZE.pattern)]
#: Bytes.
Size = Annotated[int, BeforeValidator(_read_size, json_schema_input_type=_Written)]
Count = Annotated[int, Field(gt=0, le=_LARGEST)]
#: Of the contract's figure; more than 100 tolerates going beyond it.
LimitPercent = Annotated[float, Field(gt=0, le=1000)]
