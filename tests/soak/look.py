"""One look of a sensor in a process of its own, measured; a program, because memory is that of a process.

Reads ``{"feed": {...}}`` from standard input and writes what it measured as JSON.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from campaign_cdp.feeds.model import AudienceFeed
from campaign_cdp.file_sets import FileSet, KnownFile, StoredObject
from campaign_cdp.file_sets.search import find_next_file_set
from campaign_cdp.hooks.campaign.sql import connect
from campaign_cdp.hooks.landing_zone.base import LandingZone
from campaign_cdp.hooks.landing_zone.factory import landing_zone_for
from campaign_cdp.ledger.store import Ledger


class Counted:
    """A landing zone and a ledger that count what is asked of them."""

    def __init__(self, zone: LandingZone, ledger: Ledger) -> None:
        self._zone, self._ledger, self.url = zone, ledger, zone.url
        self.counts = {"listings": 0, "pages": 0, "keys": 0, "reads": 0, "ledger_calls": 0}

    def iter_pages(self, prefix: str) -> Iterator[list[StoredObject]]:
        self.counts["listings"] += 1
        for page in self._zone.iter_pages(prefix):
            self.counts["pages"] += 1
            self.counts["keys"] += len(page)
            yield page

    def read_small(self, obj: StoredObject, *, max_bytes: int = 10_000_000) -> bytes:
        self.counts["reads"] += 1
        return self._zone.read_small(obj, max_bytes=max_bytes)

    def known(self, feed: str, objects: Sequence[StoredObject]) -> dict[str, KnownFile]:
        self.counts["ledger_calls"] += 1
        return self._ledger.known(feed, objects)

    def is_applied(self, feed: str, file_set: FileSet) -> bool:
        self.counts["ledger_calls"] += 1
        return self._ledger.is_applied(feed, file_set)

    def last_applied(self, feed: str) -> datetime | None:
        return self._ledger.last_applied(feed)


def look(feed: AudienceFeed) -> dict[str, Any]:
    """Look once as the trigger does; returns seconds, processor seconds and counts."""
    started, used = time.perf_counter(), time.process_time()
    with connect(feed.campaign) as conn, landing_zone_for(feed.landing_zone) as zone:
        counted = Counted(zone, Ledger(conn))
        finding = find_next_file_set(counted, feed, counted, datetime.now(UTC))
    return {
        "seconds": round(time.perf_counter() - started, 2),
        "cpu_s": round(time.process_time() - used, 2),
        "found": finding.file_set.id if finding.file_set else None,
        **counted.counts,
    }


def memory_mb(mark: str) -> float:
    """Resident memory: ``VmRSS`` now, ``VmHWM`` at most."""
    text = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    return int(text.partition(f"{mark}:")[2].split(maxsplit=1)[0]) / 1024


def main() -> None:
    asked = json.load(sys.stdin)
    feed = AudienceFeed.model_validate(asked["feed"])
    nowhere = feed.landing_zone.model_copy(update={"prefix": "nothing/here/"})
    # Imports, and what the clients keep for themselves, are no cost of a look.
    idle = [look(feed.model_copy(update={"landing_zone": nowhere})) for _ in range(3)][-1]
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the high-water mark starts anew
    before = memory_mb("VmRSS")
    result = look(feed)
    over = round(max(memory_mb("VmHWM") - before, 0.0), 1)
    report = {**result, "over_idle_mb": over, "empty_look_cpu_s": idle["cpu_s"]}
    sys.stdout.write(json.dumps(report))


if __name__ == "__main__":
    main()
