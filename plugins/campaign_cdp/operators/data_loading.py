from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from campaign_cdp import metrics
from campaign_cdp.exceptions import FileFormatError, RunAbandonedError
from campaign_cdp.feeds.model import AudienceFeed
from campaign_cdp.file_sets import StoredObject
from campaign_cdp.hooks.campaign import work_tables
from campaign_cdp.hooks.campaign.audience import AudienceDatabase
from campaign_cdp.hooks.campaign.sql import connect
from campaign_cdp.hooks.landing_zone.factory import landing_zone_for
from campaign_cdp.hooks.pgp.optional import decryption_for
from campaign_cdp.ledger.store import Ledger, Run
from campaign_cdp.links import FileSetLink, RejectsLink, SyncRunLink
from campaign_cdp.operators.reject_spool import RejectSpool
from campaign_cdp.replay import as_utf8
from campaign_cdp.rows.reader import PartReader
from campaign_cdp.rows.sniff import Content
from campaign_cdp.rows.transform import load_transform, transformed_lines

if TYPE_CHECKING:
    import psycopg
    from airflow.sdk import Context

_PROGRESS_SECONDS = 10


class LoadPartOperator(BaseOperator):
    """Stream one part of a file set into the run's work table.

    Campaign's *Data loading (file)*, mapped: one task per part. Decompress, parse, validate and COPY are one pass in
    constant memory; the lines, their rejects and the ledger's row commit together. A part that is loaded already is
    not read again.

    :param feed: the validated feed.
    :param part: one of the ``parts`` that ``FileSetSensor`` returned. (templated)
    :raises FileFormatError: if the part cannot be read as the feed says; the whole file set is then quarantined.
    :raises FeedConfigError: if an encrypted part cannot be decrypted because of the connection or the machine.
    :raises FileReplacedError: if the part is no longer the version that was found.
    """

    template_fields: Sequence[str] = ("part",)
    ui_color = "#e8f0fe"
    operator_extra_links = (SyncRunLink(), FileSetLink(), RejectsLink())
    sync_run_id: int | None = None

    part: dict[str, Any]

    def __init__(self, *, feed: AudienceFeed, part: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.feed, self.part = feed, part

    def execute(self, context: Context) -> dict[str, int]:
        part_no, obj = self.part["part_no"], StoredObject.from_json(self.part)
        context["part_name"] = f"part {part_no}: {obj.name}"  # type: ignore[typeddict-unknown-key]  # for map_index_template
        dag_run_id = context["dag_run"].run_id
        try:
            with connect(self.feed.campaign) as conn:
                return self._load_once(conn, dag_run_id, part_no, obj)
        except FileFormatError as err:
            self._quarantine(dag_run_id, obj, err)
            raise

    def _load_once(self, conn: psycopg.Connection, dag_run_id: str, part_no: int, obj: StoredObject) -> dict[str, int]:
        ledger = Ledger(conn)
        run = ledger.run_of(self.feed.id, dag_run_id)
        self.sync_run_id = run.run_id
        ledger.lock(run.run_id, f"part {part_no}")
        run = ledger.guard(run.run_id)
        loaded = ledger.part(run.run_id, part_no)
        database = AudienceDatabase(conn, self.feed, run.run_id)
        if loaded and (not run.is_open or database.has_part(part_no, loaded.rows)):
            self.log.info("%s was loaded before: %s lines", obj.name, f"{loaded.rows:,}")
            return {"rows": loaded.rows, "rejected": loaded.rejected}
        if not work_tables.exists(conn, run.run_id):
            raise RunAbandonedError(
                f"The work tables of run {run.run_id} are gone. Clear this Dag run from file_transfer on."
            )
        return self._load(database, ledger, run, part_no, obj)

    def _load(
        self, database: AudienceDatabase, ledger: Ledger, run: Run, part_no: int, obj: StoredObject
    ) -> dict[str, int]:
        started = time.monotonic()
        with (
            landing_zone_for(self.feed.landing_zone) as zone,
            zone.open(obj) as source,
            decryption_for(self.feed.pgp) as decrypt,
            RejectSpool() as rejects,
        ):
            feed = self.feed if run.replay_of is None else as_utf8(self.feed)
            reader = PartReader(source, feed, rejects.add, decrypt)
            layout = reader.open()
            lines = self._with_progress(reader, self._lines(reader))
            database.load_part(part_no, layout, reader.dialect, reader.null, lines)
            ledger.forget_steps(run.run_id)
            ledger.delete_rejects(run.run_id, part_no)
            ledger.add_rejects(run.run_id, part_no, rejects)
        counts, stream = reader.counts, reader.stream
        ledger.record_part(
            run.run_id,
            part_no,
            rows=counts.rows,
            rejected=counts.rejected,
            reject_counts=dict(counts.by_code),
            sha256=stream.sha256,
        )
        self._report(obj, reader, time.monotonic() - started)
        return {"rows": counts.rows, "rejected": counts.rejected}

    def _lines(self, reader: PartReader) -> Iterable[bytes]:
        if self.feed.transform is None:
            return reader.lines()
        return transformed_lines(reader, self.feed, load_transform(self.feed.transform))

    def _with_progress(self, reader: PartReader, lines: Iterable[bytes]) -> Iterator[bytes]:
        started = logged = time.monotonic()
        for line in lines:
            yield line
            now = time.monotonic()
            if now - logged >= _PROGRESS_SECONDS:
                logged, rows = now, reader.counts.rows
                self.log.info("%s lines so far, %s a second", f"{rows:,}", f"{rows / (now - started):,.0f}")

    def _report(self, obj: StoredObject, reader: PartReader, duration: float) -> None:
        counts, stream = reader.counts, reader.stream
        if self.feed.pgp and Content.PGP not in stream.layers:
            self.log.warning("%s is not encrypted, although the feed has pgp. It was loaded all the same", obj.name)
        self.log.info("%s: %s bytes in %.1f s", obj.name, f"{stream.bytes_out:,}", duration)
        self.log.info("%s lines loaded, %s rejected", f"{counts.rows:,}", f"{counts.rejected:,}")
        for code, count in counts.by_code.most_common():
            self.log.info("  %s: %s", code, f"{count:,}")
        metrics.count("data_loading", self.feed.id, {"rows": counts.rows, "rejected": counts.rejected})
        metrics.count("data_loading", self.feed.id, {"bytes": stream.bytes_out})
        metrics.seconds("data_loading", self.feed.id, duration)

    def _quarantine(self, dag_run_id: str, obj: StoredObject, err: FileFormatError) -> None:
        """In transactions of their own: the one that failed is rolled back, and no line of other parts stays either."""
        err.add_note(f"File: {obj.key} ({obj.size:,} bytes). The file set is quarantined until a new version arrives.")
        with connect(self.feed.campaign) as conn:
            ledger = Ledger(conn)
            run_id = ledger.run_of(self.feed.id, dag_run_id).run_id
            is_quarantined = ledger.quarantine(run_id, err)
        if is_quarantined:  # by now: a part that is being loaded is waited for, and it waits for the ledger
            with connect(self.feed.campaign) as conn:
                work_tables.drop(conn, run_id)
