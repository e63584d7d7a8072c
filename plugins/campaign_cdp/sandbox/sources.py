"""A stand-in for AEP Sources: a dataflow that takes event files from a folder as Adobe documents it, and judges them.

Where AEP is silent or forgiving it is strict: a double ``_id``, which AEP's lake would simply keep twice, is a rejected
row here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from campaign_cdp.sandbox.data_prep import Row
from campaign_cdp.sandbox.pgp import PgpKeyPair
from campaign_cdp.sandbox.source_events import kind_of, what_is_wrong
from campaign_cdp.sandbox.source_files import (
    BadFileError,
    Compression,
    Format,
    SourceFormat,
    SourceReader,
    check_object,
)
from campaign_cdp.sandbox.source_memory import SourcesMemory, digest
from campaign_cdp.sandbox.storages import OutsideObject, OutsideStorage

#: Files of one batch should stay below this.
MAX_FILES = 10_000
#: Share of bad rows from which on AEP fails a batch, its default.
MAX_BAD_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class TakenFile:
    """One file of a run.

    :param problem: why it could not be read at all.
    """

    key: str
    size: int
    rows: int
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class DataflowRun:
    """What one run made of the files that it took.

    :param window: last-modified times from (inclusive, ``None``: everything) to (exclusive).
    :param status: ``failed``: too many bad rows or a bad file, so nothing of the batch was accepted.
    :param accepted: events ingested.
    :param rejected: rows not ingested; in a failed batch all of them.
    :param reasons: rows by what is wrong with them, files by what made them unreadable.
    :param files: what was taken.
    :param events: accepted events by ``eventType``; those without one by their counter.
    :param samples: one example of every reason.
    """

    window: tuple[datetime | None, datetime]
    status: Literal["success", "failed"]
    accepted: int
    rejected: int
    reasons: dict[str, int]
    files: tuple[TakenFile, ...]
    events: dict[str, int]
    samples: dict[str, str]

    def to_json(self) -> dict[str, Any]:
        return {
            "window": [at.isoformat() if at else None for at in self.window],
            **{
                name: getattr(self, name) for name in ("status", "accepted", "rejected", "reasons", "events", "samples")
            },
            "files": [{"key": file.key, "bytes": file.size, "rows": file.rows} for file in self.files],
        }


@dataclass
class _Batch:
    """Counts of a run that is under way."""

    ids: set[bytes] = field(default_factory=set)
    rows: int = 0
    bad: int = 0
    bad_files: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    samples: dict[str, str] = field(default_factory=dict)

    def note(self, reason: str, where: str, detail: str) -> None:
        self.reasons[reason] += 1
        self.samples.setdefault(reason, f"{where}: {detail}")

    @property
    def has_failed(self) -> bool:
        return bool(self.bad_files) or self.bad > MAX_BAD_SHARE * self.rows


class SourcesDataflow:
    """One dataflow on one folder.

    :param storage: bucket, container or folder.
    :param prefix: folder that is watched, with all its sub-folders.
    :param mapping: Data Prep mapping set, for CSV.
    :param pgp: of its private key, for which all files are encrypted.
    :param memory: what earlier runs left; by default nothing.
    """

    def __init__(
        self,
        storage: OutsideStorage,
        prefix: str,
        fmt: Format,
        compression: Compression,
        *,
        mapping: Sequence[Mapping[str, str]] = (),
        pgp: PgpKeyPair | None = None,
        memory: SourcesMemory | None = None,
        max_files: int = MAX_FILES,
    ) -> None:
        self._storage, self._prefix = storage, prefix
        self._format = SourceFormat(fmt, compression, mapping, pgp)
        self._memory = memory if memory is not None else SourcesMemory()
        self._max_files = max_files

    def run(self, now: datetime) -> DataflowRun:
        """Take every file that is new or was written again since the last run; the first run takes all there are.

        :param now: time of the run (aware). Storages tell times in whole seconds, so files of the second that is
            not over yet are left for the next run.
        """
        now = now.astimezone(UTC)
        window = (self._memory.until, now.replace(microsecond=0))
        objects = [obj for obj in self._storage.objects(self._prefix) if _is_in(obj, window)]
        batch = _Batch()
        if len(objects) >= self._max_files:
            batch.bad_files += 1
            batch.note(
                "too_many_files", self._prefix, f"{len(objects):,} files, AEP takes fewer than {self._max_files:,}"
            )
            objects = []
        reader = SourceReader(self._storage, self._format, self._memory.columns)
        files = tuple(self._take(obj, reader, batch, now) for obj in sorted(objects, key=lambda obj: obj.modified))
        columns, ids = (self._memory.columns, set()) if batch.has_failed else (reader.columns, batch.ids)
        self._memory.keep(window[1], columns, ids)
        return _result(window, batch, files)

    def _take(self, obj: OutsideObject, reader: SourceReader, batch: _Batch, now: datetime) -> TakenFile:
        rows = 0
        try:
            check_object(obj, self._prefix)
            for rows, row in enumerate(reader.rows(obj), start=1):
                self._judge(row, batch, now, f"{obj.key}, row {rows:,}")
        except BadFileError as err:
            batch.bad_files += 1
            batch.note(err.reason, obj.key, err.message)
            return TakenFile(obj.key, obj.size, rows, err.reason)
        finally:
            batch.rows += rows
        return TakenFile(obj.key, obj.size, rows)

    def _judge(self, row: Row, batch: _Batch, now: datetime, where: str) -> None:
        reason, detail = (row.reason, row.detail) if row.event is None else what_is_wrong(row.event, now)
        if row.event is None or reason:
            batch.bad += 1
            batch.note(reason or "unreadable", where, detail)
            return
        key = digest(row.event["_id"])
        if key in batch.ids or key in self._memory:
            batch.note("duplicate_id", where, row.event["_id"])
            return
        batch.ids.add(key)
        batch.events[kind_of(row.event)] += 1


def _is_in(obj: OutsideObject, window: tuple[datetime | None, datetime]) -> bool:
    return (window[0] is None or window[0] <= obj.modified) and obj.modified < window[1]


def _result(window: tuple[datetime | None, datetime], batch: _Batch, files: tuple[TakenFile, ...]) -> DataflowRun:
    accepted = 0 if batch.has_failed else len(batch.ids)
    return DataflowRun(
        window=window,
        status="failed" if batch.has_failed else "success",
        accepted=accepted,
        rejected=batch.rows - accepted,
        reasons=dict(batch.reasons),
        files=files,
        events={} if batch.has_failed else dict(batch.events),
        samples=batch.samples,
    )
