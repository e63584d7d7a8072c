"""The file of rejected lines that people correct."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from campaign_cdp.cli.database import use_connections
from campaign_cdp.feeds.model import AudienceFeed
from campaign_cdp.ledger.store import Ledger

if TYPE_CHECKING:
    from campaign_cdp.replay import PickedRecord


@contextmanager
def picked(book: Ledger, feed: AudienceFeed, run_id: int) -> Iterator[Iterator[PickedRecord]]:
    """Read the rejected lines of a run that are still open from its files, while the context lasts."""
    from campaign_cdp.hooks.landing_zone.factory import landing_zone_for
    from campaign_cdp.replay import picked_records

    use_connections()
    with landing_zone_for(feed.landing_zone) as zone:
        yield picked_records(zone, feed, book.stored_parts(run_id), book.open_rejects(run_id))


@contextmanager
def private_file(path: Path) -> Iterator[io.BufferedWriter]:
    """A new file that its owner alone can read, gone if it does not become whole."""
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as err:
        raise click.ClickException(
            f"{path} exists, and may hold corrections. Nothing was written. Replay or delete it, or give another -o."
        ) from err
    try:
        with os.fdopen(number, "wb") as file:
            yield file
    except BaseException:
        path.unlink()
        raise


def write_rejects(feed: AudienceFeed, records: Iterator[PickedRecord], file: io.BufferedWriter) -> int:
    """Write records as they were, with three columns more; returns how many."""
    from campaign_cdp.replay import LINE, PART, REASON

    written = 0
    for written, picked in enumerate(records, start=1):
        if written == 1:
            file.write(_with_columns(feed, picked.header, PART, LINE, REASON))
        file.write(_with_columns(feed, picked.record, *picked.reject))
    return written


def _with_columns(feed: AudienceFeed, record: bytes, *fields: object) -> bytes:
    delimiter = feed.file.delimiter.encode()
    return delimiter.join((record.removesuffix(b"\n"), *(str(field).encode() for field in fields))) + b"\n"
