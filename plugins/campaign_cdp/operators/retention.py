"""Deletes what a feed's history holds beyond its limits, on any storage."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from campaign_cdp.file_sets import StoredObject
from campaign_cdp.hooks.campaign.sql import connect
from campaign_cdp.hooks.landing_zone.base import LandingZone
from campaign_cdp.ledger.store import Ledger
from campaign_cdp.retention import HistorisedFile, Limits, expired

log = logging.getLogger(__name__)

#: Asks the ledger which objects of a page are ours, and since when.
HistorisedAt = Callable[[Ledger, Sequence[StoredObject]], dict[str, datetime]]


class HistoryRule(Limits, Protocol):
    """A feed's ``historise`` block."""

    @property
    def prefix(self) -> str: ...


@dataclass(slots=True)
class Tally:
    """How many files, and how many bytes."""

    files: int = 0
    size: int = 0

    def add(self, obj: StoredObject) -> None:
        self.files += 1
        self.size += obj.size

    def __str__(self) -> str:
        return f"{self.files:,} file{'' if self.files == 1 else 's'} ({self.size:,} bytes)"


def purge(zone: LandingZone, rule: HistoryRule, campaign: str, historised_at: HistorisedAt) -> Tally:
    """Delete the oldest historised files beyond the rule's limits, and tell how many.

    Only what the ledger knows as historised under exactly that key, in that version, is ever deleted; the ledger is
    asked once a page. Killed half-way, it goes on with the rest next time.

    :param campaign: Airflow connection id of the Campaign database.
    """
    ours, deleted, foreign = Tally(), Tally(), Tally()

    def history() -> Iterator[HistorisedFile]:
        for page in zone.iter_pages(rule.prefix):
            with connect(campaign) as conn:
                known = historised_at(Ledger(conn), page)
            for obj in page:
                (ours if obj.key in known else foreign).add(obj)
                if obj.key in known:
                    yield HistorisedFile(obj, known[obj.key])

    surplus = expired(
        history(), days=rule.days, max_files=rule.max_files, max_bytes=rule.max_bytes, now=datetime.now(UTC)
    )
    for file in surplus:
        if zone.delete(file.obj):
            deleted.add(file.obj)
    log.info("Deleted %s of the %s in %s/%s; %s there are not ours", deleted, ours, zone.url, rule.prefix, foreign)
    return deleted
