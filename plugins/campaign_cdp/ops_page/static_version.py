"""Names the page's code by what is in it, so that browsers may keep it for good and still never keep an old one."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Final

STATIC: Final = Path(__file__).parent / "static"


@cache
def version() -> str:
    """Return the folder below which the present code is served: ``v-`` and a digest of all its files."""
    digest = hashlib.sha256()
    for path in sorted(STATIC.rglob("*.js")):
        digest.update(str(path.relative_to(STATIC)).encode())
        digest.update(path.read_bytes())
    return f"v-{digest.hexdigest()[:12]}"
