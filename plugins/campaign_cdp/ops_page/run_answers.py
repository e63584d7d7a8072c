"""What the routes about runs and windows answer with: rows of the ledger, and what the page needs besides."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, TypeVar

from campaign_cdp.ledger.browse_records import (
    AuditRow,
    RejectRow,
    RunFile,
    RunRow,
    StepRow,
    WindowCore,
    WindowFile,
    WindowRow,
)

Answer = TypeVar("Answer")


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
class FileAnswer(RunFile):
    """:param url: where the file is now."""

    url: str


@dataclass(frozen=True, slots=True)
class RunAnswer(RunRow):
    dag_id: str
    can_edit: bool
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
class WindowFileAnswer(WindowFile):
    """:param url: where the file is now, or will be once it is published."""

    url: str


@dataclass(frozen=True, slots=True)
class WindowAnswer(WindowCore):
    dag_id: str
    can_edit: bool
    files: list[WindowFileAnswer]
    steps: list[StepRow]
    audit: list[AuditRow]


def extended(answer: type[Answer], row: Any, **more: Any) -> Answer:
    """Return an answer with what it shares with a row of the ledger, and more."""
    names = {field.name for field in fields(answer)} - more.keys()  # type: ignore[arg-type]
    return answer(**{name: getattr(row, name) for name in names}, **more)
