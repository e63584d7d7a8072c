"""What the ledger gives back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from campaign_cdp.file_sets import FileSet, StoredObject
from campaign_cdp.ledger.states import IN_CAMPAIGN, RunState

#: Number of the manifest among the files of a run; parts count from 1.
MANIFEST_NO = 0


@dataclass(frozen=True)
class Run:
    """One attempt at one file set.

    :param preview: the run stops after the counts.
    :param counts: what it did; empty before it is applied or previewed.
    :param replay_of: run whose rejected lines it applies; ``None`` for a file set of AEP's.
    :param accept_stale: of a replay: somebody takes it that it may overwrite newer values.
    """

    run_id: int
    feed: str
    dag_run_id: str
    file_set: FileSet
    config_hash: str
    preview: bool
    state: RunState
    counts: dict[str, int]
    error_code: str | None
    error_message: str | None
    opened_at: datetime
    updated_at: datetime
    replay_of: int | None = None
    accept_stale: bool = False

    @property
    def is_open(self) -> bool:
        return self.state is RunState.OPEN

    @property
    def is_in_campaign(self) -> bool:
        return self.state in IN_CAMPAIGN

    def files(self) -> list[tuple[int, StoredObject]]:
        """Return numbered files, parts from 1; the manifest is number 0 and comes last."""
        numbered = list(enumerate(self.file_set.parts, start=1))
        return numbered + ([(MANIFEST_NO, self.file_set.manifest)] if self.file_set.manifest else [])

    def to_json(self) -> dict[str, Any]:
        return {
            "run_id": self.run_id,
            "feed": self.feed,
            "dag_run_id": self.dag_run_id,
            "state": self.state.value,
            "preview": self.preview,
            "replay_of": self.replay_of,
            "file_set": self.file_set.to_json(),
            "fingerprint": self.file_set.fingerprint,
            "config_hash": self.config_hash,
            "counts": self.counts,
            "error_code": self.error_code,
            "error_message": self.error_message,
            "opened_at": self.opened_at.isoformat(),
            "updated_at": self.updated_at.isoformat(),
        }

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> Run:
        file_set = FileSet.from_json(
            {
                "id": row.pop("file_set_id"),
                "ordered_at": row.pop("ordered_at").isoformat(),
                "parts": row.pop("parts"),
                "manifest": row.pop("manifest"),
            }
        )
        return cls(file_set=file_set, **{**row, "state": RunState(row["state"])})


@dataclass(frozen=True, slots=True)
class Opened:
    """A run to work for, and what it displaced.

    :param displaced: runs whose work tables are to be dropped.
    """

    run: Run
    displaced: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class LoadedPart:
    """A part that is in the run's work table."""

    rows: int
    rejected: int


@dataclass(frozen=True, slots=True)
class FileRecord:
    """One file of a run, as people look at it. ``size`` is in bytes as stored."""

    part_no: int
    key: str
    size: int
    state: str
    rows: int | None
    rejected: int | None
    reject_counts: dict[str, int]
    sha256: str | None
    historised_key: str | None


class RejectRecord(NamedTuple):
    """One rejected line.

    ``value`` is masked already, ``line_no`` is ``None`` where no single line is at fault, ``replayed_by`` is the run
    that applied it later.
    """

    part_no: int
    line_no: int | None
    column: str | None
    code: str
    value: str | None
    replayed_by: int | None = None
