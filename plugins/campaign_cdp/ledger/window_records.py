"""What the ledger gives back about exports."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from campaign_cdp.ledger.window_states import UNSEEN, WindowState
from campaign_cdp.windows import LogWindow


@dataclass(frozen=True)
class Window:
    """One attempt at one span of a feed's logs.

    :param bounds: per log, frozen when the window was opened.
    :param preview: the run stops after the counts.
    :param backfill: a span of the past; it does not move the watermark.
    :param counts: events by ``log/state``, empty before they are selected; later what the run did.
    """

    window_id: int
    feed: str
    dag_run_id: str
    bounds: tuple[LogWindow, ...]
    config_hash: str
    preview: bool
    backfill: bool
    state: WindowState
    counts: dict[str, int]
    reason: str | None
    opened_at: datetime
    updated_at: datetime

    @property
    def upper(self) -> datetime:
        """The newest bound of its logs; part of the names of its files."""
        return max(bound.upper for bound in self.bounds)

    @property
    def is_unseen(self) -> bool:
        """Nothing of it is where AEP can see it."""
        return self.state in UNSEEN

    def to_json(self) -> dict[str, Any]:
        return {
            "window_id": self.window_id,
            "feed": self.feed,
            "dag_run_id": self.dag_run_id,
            "state": self.state.value,
            "preview": self.preview,
            "backfill": self.backfill,
            "bounds": [bound.to_json() for bound in self.bounds],
            "config_hash": self.config_hash,
            "counts": self.counts,
            "reason": self.reason,
            "opened_at": self.opened_at.isoformat(),
            "updated_at": self.updated_at.isoformat(),
        }

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> Window:
        bounds = tuple(LogWindow.from_json(bound) for bound in row.pop("bounds"))
        return cls(bounds=bounds, **{**row, "state": WindowState(row["state"])})


@dataclass(frozen=True, slots=True)
class OpenedWindow:
    """A window to work for.

    :param is_new: its events are still to be selected, in this transaction.
    """

    window: Window
    is_new: bool


@dataclass(frozen=True, slots=True)
class StagedFile:
    """A file that is written outside the folder AEP watches.

    :param file_no: counts from 1 within the partition.
    :param key: final key, under which it will be published.
    :param size: bytes as stored.
    """

    file_no: int
    log: str
    staged_key: str
    key: str
    size: int
    etag: str
    rows: int
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class ExportFile:
    """One file of a window; size and ETag are those of the published object once there is one."""

    partition_no: int
    file_no: int
    log: str
    staged_key: str
    key: str
    size: int
    etag: str
    rows: int
    sha256: str | None
    state: str
    published_at: datetime | None

    @property
    def is_published(self) -> bool:
        """It got its final name; perhaps it has left it again since, for the history."""
        return self.state in {"published", "historised"}
