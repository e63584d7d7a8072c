from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from campaign_cdp import metrics
from campaign_cdp.events.files import Encoder, FileRows, split
from campaign_cdp.events.layout import feed_mappings, flat_columns
from campaign_cdp.feeds.event_feed import EventFeed
from campaign_cdp.hooks.campaign.events import EventDatabase, Partition
from campaign_cdp.hooks.campaign.sql import connect
from campaign_cdp.hooks.landing_zone.factory import landing_zone_for
from campaign_cdp.hooks.pgp.optional import encryption_for
from campaign_cdp.ledger.store import Ledger, StagedFile, Window
from campaign_cdp.links import ExportWindowLink
from campaign_cdp.operators.export_files import encoder, file_name

if TYPE_CHECKING:
    from airflow.sdk import Context

_BLOCK_ROWS = 10_000


def extraction_step(part: Partition) -> str:
    """Name of the step row of a partition."""
    return f"data_extraction {part.partition_no}"


class ExtractPartitionOperator(BaseOperator):
    """Write one partition of the window's events into files outside the folder that AEP watches.

    Campaign's *Data extraction (file)*, mapped: one task per log and partition. COPY, compression, encryption and
    upload are one pass in constant memory. Each attempt stages in a folder of its own, and the first that gets to write
    its files down is the one that counts: a worker that was thought dead cannot replace what its retry has staged.

    :param feed: the validated feed.
    :param partition: one of those that ``IncrementalQueryOperator`` returned. (templated)
    :raises WindowAbandonedError: if another Dag run took over the feed.
    """

    template_fields: Sequence[str] = ("partition",)
    ui_color = "#e6f4ea"
    operator_extra_links = (ExportWindowLink(),)
    window_id: int | None = None

    partition: dict[str, Any]

    def __init__(self, *, feed: EventFeed, partition: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.feed, self.partition = feed, partition

    def execute(self, context: Context) -> dict[str, int]:
        part, started = Partition(**self.partition), time.monotonic()
        context["partition_name"] = f"{part.log} {part.partition_no}"  # type: ignore[typeddict-unknown-key]
        step = extraction_step(part)
        with connect(self.feed.campaign) as conn:
            ledger = Ledger(conn)
            window = ledger.window_of(self.feed.id, context["dag_run"].run_id)
            self.window_id = window.window_id
            ledger.lock_window(window.window_id, step)
            done = ledger.window_step(window.window_id, step)
            if done is not None:
                self.log.info("%s was done before: %s", step, done)
                return done
            window = ledger.guard_window(window.window_id)
        folder = f"{self.feed.landing_zone.staging}{window.window_id}/{uuid.uuid4().hex[:12]}/"
        with connect(self.feed.campaign) as conn:
            database = EventDatabase(conn, self.feed, feed_mappings(self.feed))
            files = list(self._write(database, window, part, folder))
        counts = {"rows": sum(file.rows for file in files), "bytes": sum(file.size for file in files)}
        if done := self._record(window, part, files, counts):
            return self._came_late(folder, done)
        self._report(files, counts, time.monotonic() - started)
        return counts

    def _record(
        self, window: Window, part: Partition, files: list[StagedFile], counts: dict[str, int]
    ) -> dict[str, int] | None:
        """Write down what was staged, unless another attempt did it before; returns what that one wrote down."""
        step = extraction_step(part)
        with connect(self.feed.campaign) as conn:
            ledger = Ledger(conn)
            ledger.lock_window(window.window_id, step)
            done = ledger.window_step(window.window_id, step)
            if done is None:
                ledger.record_files(window.window_id, part.partition_no, files)
                ledger.record_window_step(window.window_id, step, counts)
        return done

    def _came_late(self, folder: str, done: dict[str, int]) -> dict[str, int]:
        """Another attempt was first; nobody will use these files."""
        self.log.warning("Another attempt has written this partition meanwhile: %s. Its files count", done)
        with landing_zone_for(self.feed.landing_zone) as zone:
            zone.clear(folder)
        return done

    def _write(self, database: EventDatabase, window: Window, part: Partition, folder: str) -> Iterator[StagedFile]:
        limits, columns = self.feed.parts, flat_columns(feed_mappings(self.feed), self.feed)
        rows = database.copy_rows(window.window_id, part, min(limits.max_rows, _BLOCK_ROWS))
        # Closed on an error too: the connection cannot roll back, and waits for ever, while rows are under way.
        with closing(rows) as blocks, encryption_for(self.feed.pgp) as encrypt:
            files = split(blocks, max_rows=limits.max_rows, max_bytes=limits.max_bytes)
            encode = encoder(self.feed, columns, encrypt)
            for file_no, file in enumerate(files, start=1):
                yield self._stage(window, part, folder, file_no, file, encode)

    def _stage(
        self, window: Window, part: Partition, folder: str, file_no: int, file: FileRows, encode: Encoder
    ) -> StagedFile:
        name = file_name(self.feed, part.log, window.upper, window.window_id, part.partition_no, file_no)
        with landing_zone_for(self.feed.landing_zone) as zone:
            staged = zone.stage(f"{folder}{name}", encode(file))
        self.log.info("%s: %s rows, %s bytes", name, f"{file.rows:,}", f"{staged.size:,}")
        return StagedFile(
            file_no=file_no,
            log=part.log,
            staged_key=staged.key,
            key=f"{self.feed.landing_zone.prefix}{name}",
            size=staged.size,
            etag=staged.etag,
            rows=file.rows,
        )

    def _report(self, files: list[StagedFile], counts: dict[str, int], duration: float) -> None:
        self.log.info("%d files, %s rows in %.1f s", len(files), f"{counts['rows']:,}", duration)
        metrics.count("data_extraction", self.feed.id, counts)
        metrics.seconds("data_extraction", self.feed.id, duration)
