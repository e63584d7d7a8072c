"""Examines a landing zone: reachable, listed, and a probe written, read and deleted where AEP never looks."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from campaign_cdp.cli.checkup import Examination, Report
from campaign_cdp.feeds.directions import Feed
from campaign_cdp.feeds.event_feed import EventFeed
from campaign_cdp.file_sets import StoredObject
from campaign_cdp.hooks.landing_zone.base import LandingZone
from campaign_cdp.hooks.landing_zone.factory import landing_zone_for

_PROBE: Final = b"cdp doctor writes, reads and deletes this.\n"
_SKEW: Final = timedelta(seconds=60)


def storage_examination(feeds: Sequence[Feed]) -> Examination:
    """Look at the landing zone that feeds share; besides the probe nothing is changed.

    :param feeds: with the same connection and bucket, container or path; at least one.
    """
    storage = feeds[0].landing_zone
    # Here and not in the thread: what is imported at once by several threads may come out half.
    zone = landing_zone_for(storage)

    def examine(report: Report) -> None:
        with zone:
            for prefix in sorted({feed.landing_zone.prefix for feed in feeds}):
                _list(report, zone, prefix)
            for folder in probe_folders(feeds):
                _probe(report, zone, folder)

    return Examination(f"{storage.connection} ({storage.type}://{storage.root})", examine)


def probe_folders(feeds: Iterable[Feed]) -> list[str]:
    """Folders that feeds write to and AEP does not watch, each once."""
    return sorted({feed.landing_zone.staging if isinstance(feed, EventFeed) else feed.rejects.prefix for feed in feeds})


def _list(report: Report, zone: LandingZone, prefix: str) -> None:
    with report.step(f"list {prefix}"):
        page = next(iter(zone.iter_pages(prefix)), [])
        report.ok(f"{len(page):,} files in the first page of it." if page else "Reachable; there are no files in it.")


def _probe(report: Report, zone: LandingZone, folder: str) -> None:
    key = f"{folder}.cdp-doctor-{uuid.uuid4().hex[:12]}"
    with report.step(f"write {folder}"):
        before = datetime.now(UTC)
        probe = zone.stage(key, iter([_PROBE]))
        after = datetime.now(UTC)
        try:
            _read(report, zone, probe)
        finally:
            if not zone.delete(probe):
                report.warn(f"The probe {key} was replaced or removed by somebody else meanwhile.")
    with report.step("clock"):
        _compare_clocks(report, probe.modified, before, after)


def _read(report: Report, zone: LandingZone, probe: StoredObject) -> None:
    with zone.open(probe) as stream:
        if stream.read() == _PROBE:
            report.ok("A probe was written, read and deleted.")
        else:
            report.problem("A probe came back with other content. Find out what stands between: a proxy, a gateway.")


def _compare_clocks(report: Report, modified: datetime, before: datetime, after: datetime) -> None:
    ahead = max(modified - after, timedelta(0)) or min(modified - before, timedelta(0))
    seconds = ahead.total_seconds()
    if abs(ahead) <= _SKEW:
        report.ok("The storage and this machine agree on the time.")
        return
    report.warn(
        f"The storage's clock is {abs(seconds):,.0f} s {'ahead of' if seconds > 0 else 'behind'} this machine's. File "
        f"sets count as complete, and feeds as late, by both: have NTP set them; S3 refuses requests from 900 s on."
    )
