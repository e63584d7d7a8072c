"""How the files of an event feed are named, encoded and finally placed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from campaign_cdp.events.files import Encoder, gzipped, with_header
from campaign_cdp.events.mapping import EventColumn
from campaign_cdp.feeds.event_feed import EventFeed

_ENDINGS = {"csv": ".csv", "jsonl": ".json", "parquet": ".parquet"}


def file_name(feed: EventFeed, log: str, upper: datetime, window_id: int, partition_no: int, file_no: int) -> str:
    """Name of a published file: unique for ever, sorted by time, and nothing in it but ``[A-Za-z0-9_.-]``."""
    ending = _ENDINGS[feed.format] + (".gz" if feed.compression == "gzip" else "") + (".gpg" if feed.pgp else "")
    return f"{feed.id}_{log}_{upper:%Y%m%dT%H%M%SZ}_{window_id}_{partition_no}_{file_no}{ending}"


def encoder(feed: EventFeed, columns: tuple[EventColumn, ...], encrypt: Encoder = iter) -> Encoder:
    """Return what turns the rows of one file into its bytes.

    :param encrypt: comes last, since encrypted bytes cannot be compressed.
    """
    encode = _unencrypted(feed, columns)

    def encrypted(chunks: Iterable[bytes]) -> Iterator[bytes]:
        return encrypt(encode(chunks))

    return encrypted


def _unencrypted(feed: EventFeed, columns: tuple[EventColumn, ...]) -> Encoder:
    if feed.format == "parquet":
        from campaign_cdp.events.parquet import as_parquet  # pyarrow is heavy, and only this format needs it

        return as_parquet(columns)
    encode = with_header(",".join(c.header for c in columns).encode() + b"\n") if feed.format == "csv" else iter
    if feed.compression == "none":
        return encode

    def compressed(chunks: Iterable[bytes]) -> Iterator[bytes]:
        return gzipped(encode(chunks))

    return compressed
