"""The dataflow of AEP Sources that takes the files of an event feed."""

from __future__ import annotations

from pathlib import Path

from campaign_cdp.events.data_prep import mapping_set
from campaign_cdp.feeds.event_feed import EventFeed
from campaign_cdp.sandbox.pgp import PgpKeyPair
from campaign_cdp.sandbox.source_memory import SourcesMemory
from campaign_cdp.sandbox.sources import SourcesDataflow
from campaign_cdp.sandbox.storages import OutsideStorage


def dataflow_for(
    feed: EventFeed, storage: OutsideStorage, folder: Path | None = None, *, pgp: PgpKeyPair | None = None
) -> SourcesDataflow:
    """Return the dataflow that watches the feed's folder.

    :param pgp: key pair whose private half it decrypts with, if the feed encrypts.
    :param folder: where it keeps what it took, so that the next command goes on from there; by default nowhere.
    """
    return SourcesDataflow(
        storage,
        feed.landing_zone.prefix,
        feed.format,
        feed.compression,
        mapping=mapping_set(feed) if feed.format == "csv" else (),
        pgp=pgp if feed.pgp else None,
        memory=SourcesMemory(folder / feed.id if folder else None),
    )
