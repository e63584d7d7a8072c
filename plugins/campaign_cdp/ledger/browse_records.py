"""Rows of the lists that people page through. Sizes are in bytes as stored, times are aware UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Filter:
    """Which runs or windows of a feed.

    :param since: opened at or after it.
    :param until: opened before it.
    """

    feed: str
    states: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """The last row of a page; the next one begins behind it."""

    opened_at: datetime
    id: int


@dataclass(frozen=True, slots=True)
class RejectPlace:
    """The last rejected line of a page.

    :param line_no: ``None`` where no single line is at fault.
    :param tid: where PostgreSQL keeps the row, to tell those apart that share a line.
    """

    part_no: int
    line_no: int | None
    tid: str


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run in a list.

    :param parts: how many files, the manifest left out.
    :param replay_of: id of the run whose rejected lines it applied again.
    """

    run_id: int
    feed: str
    dag_run_id: str
    state: str
    preview: bool
    replay_of: int | None
    file_set_id: str
    ordered_at: datetime
    opened_at: datetime
    updated_at: datetime
    parts: int
    counts: dict[str, int]
    error_code: str | None
    error_message: str | None


@dataclass(frozen=True, slots=True)
class RunFile:
    """One file of a run; the manifest is part 0."""

    part_no: int
    key: str
    size: int
    modified: datetime
    state: str
    rows: int | None
    rejected: int | None
    sha256: str | None
    historised_key: str | None


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step that is done."""

    step: str
    counts: dict[str, int]
    finished_at: datetime


@dataclass(frozen=True, slots=True)
class RejectRow:
    """One rejected line; ``value`` is masked already.

    :param replayed_by: id of the run that applied the line after all.
    """

    part_no: int
    line_no: int | None
    column: str | None
    code: str
    value: str | None
    replayed_by: int | None
    tid: str


@dataclass(frozen=True, slots=True)
class AuditRow:
    """Who did what."""

    at: datetime
    actor: str
    action: str
    subject: str
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class WindowCore:
    """One export window.

    :param bounds: log, lower, upper and rows of each log.
    :param rows: events of all logs.
    """

    window_id: int
    feed: str
    dag_run_id: str
    state: str
    preview: bool
    backfill: bool
    opened_at: datetime
    updated_at: datetime
    bounds: list[dict[str, Any]]
    counts: dict[str, int]
    rows: int | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class WindowRow(WindowCore):
    """One export window in a list, with the number of its files and their bytes."""

    files: int
    bytes: int


@dataclass(frozen=True, slots=True)
class WindowFile:
    """One file of an export window."""

    partition_no: int
    file_no: int
    log: str
    key: str
    size: int
    rows: int
    state: str
    sha256: str | None
    published_at: datetime | None
    historised_key: str | None


@dataclass(frozen=True, slots=True)
class WatermarkRow:
    """How far a log is exported."""

    log: str
    value: datetime
    floor: datetime | None
    window_id: int
    updated_at: datetime
