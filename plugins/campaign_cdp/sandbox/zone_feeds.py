"""The feeds of the project on another kind of storage: nothing but their ``landing_zone`` block changes."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

from campaign_cdp.feeds.loader import feed_files
from campaign_cdp.sandbox.hosts import Zone
from campaign_cdp.settings import feeds_dir

_ROOTS: Final = {"s3": "bucket", "azure_blob": "container", "sftp": "path", "local": "path"}
_SCHEMAS: Final = re.compile(r"^# yaml-language-server:.*\n", re.MULTILINE)
_BLOCK: Final = re.compile(r"type: s3\b(.*?)connection: landing_zone_s3\b(.*?)bucket:", re.DOTALL)


def use_feeds_on(zone: Zone, folder: Path) -> None:
    """Make this process and its children use copies of the project's feeds with their files in ``zone``.

    :param folder: of the sandbox; the copies go into its folder ``feeds``.
    """
    if zone == "s3":
        return
    copies = folder / "feeds"
    copies.mkdir(parents=True, exist_ok=True)
    for path in feed_files(feeds_dir()):
        (copies / path.name).write_text(on_zone(path.read_text(encoding="utf-8"), zone), encoding="utf-8")
    os.environ["CDP_FEEDS_DIR"] = str(copies)


def on_zone(text: str, zone: Zone) -> str:
    """Return a feed's text with its landing zone in another kind of storage."""
    block = rf"type: {zone}\1connection: landing_zone_{zone}\2{_ROOTS[zone]}:"
    return _BLOCK.sub(block, _SCHEMAS.sub("", text))
