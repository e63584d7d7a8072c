from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

FEED = """\
id: gold
direction: audience_import
owner: team
landing_zone: {type: s3, connection: zone, bucket: exports, prefix: audiences/gold/}
export: full
columns:
  email: {from: mail}
  text1: {from: tier}
reconciliation_key: email
list: {name: GOLD, mode: mirror}
"""
WriteFeed = Callable[..., Path]


@pytest.fixture
def write_feed(tmp_path: Path) -> WriteFeed:
    """Write the sample feed with some words replaced; ``more`` is appended."""

    def write(*changes: tuple[str, str], name: str = "gold", more: str = "", suffix: str = "yaml") -> Path:
        text = FEED + more
        for old, new in (*changes, ("gold", name), ("GOLD", name.upper())):
            assert old in text or old in {"gold", "GOLD"}
            text = text.replace(old, new)
        path = tmp_path / f"{name}.{suffix}"
        path.write_text(text)
        return path

    return write
