"""What the routes about runs and windows answer with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from campaign_cdp.ledger.browse_records import AuditRow, RejectRow, RunRow, StepRow, WindowFile, WindowRow


@dataclass(frozen=True, slots=True)
class RunsAnswer:
    """A page of runs.

    :param next: for ``after`` of the next page, ``None`` on the last.
    :param total_estimate: runs that the filter has; exact unless it is the most that is counted.
    """

    runs: list[RunRow]
    next: str | None
    total_estimate: int
    total_is_exact: bool


@dataclass(frozen=True, slots=True)
class FileAnswer:
    """One file of a run; the manifest is part 0. ``url`` names where it is now."""

    part_no: int
    key: str
    url: str
    size: int
    modified: datetime
    state: str
    rows: int | None
    rejected: int | None
    sha256: str | None
    historised_key: str | None


@dataclass(frozen=True, slots=True)
class RunAnswer:
    run: RunRow
    dag_id: str
    may_edit: bool
    files: list[FileAnswer]
    steps: list[StepRow]
    rejects_by_code: dict[str, int]
    audit: list[AuditRow]


@dataclass(frozen=True, slots=True)
class RejectsAnswer:
    rejects: list[RejectRow]
    next: str | None


@dataclass(frozen=True, slots=True)
class WindowsAnswer:
    """As :class:`RunsAnswer`, of export windows."""

    windows: list[WindowRow]
    next: str | None
    total_estimate: int
    total_is_exact: bool


@dataclass(frozen=True, slots=True)
class WindowFileAnswer:
    """One file of a window. ``url`` names where it is now, once it is published."""

    file: WindowFile
    url: str


@dataclass(frozen=True, slots=True)
class WindowAnswer:
    window: WindowRow
    dag_id: str
    may_edit: bool
    files: list[WindowFileAnswer]
    steps: list[StepRow]
    audit: list[AuditRow]
