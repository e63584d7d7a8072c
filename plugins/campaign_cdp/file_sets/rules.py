"""Which file set is next: order, completeness and what blocks what, as pure functions."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Literal

from campaign_cdp.exceptions import FileSetBlockedError, StaleFileSetError, SyncDataError, SyncError
from campaign_cdp.file_sets import FileSet, StoredObject
from campaign_cdp.file_sets.part_names import split_part_name

#: States in which nothing is left to do for a file.
SETTLED = frozenset({"applied", "superseded", "historised"})
QUARANTINED = "quarantined"

#: Part number -> object and what state it is known in.
Series = dict[int, tuple[StoredObject, str | None]]


class Standing(StrEnum):
    """How a file set relates to earlier runs."""

    NEW = "new"
    REVISED = "revised"  # settled before; one of its files was replaced since
    QUARANTINED = "quarantined"  # and nothing was replaced since
    REPEATED = "repeated"  # the manifest was written anew, its files are those that were settled


@dataclass(frozen=True, slots=True)
class Problem:
    """An error as data, so that it can travel in a trigger's event."""

    code: str
    message: str

    @classmethod
    def of(cls, error: SyncError) -> Problem:
        return cls(error.code, error.message)


@dataclass(frozen=True)
class Candidate:
    """A file set that is not settled, with the parts found so far.

    :param missing: what it lacks, in words.
    :param problem: why it never can be complete.
    """

    file_set: FileSet
    missing: tuple[str, ...] = ()
    standing: Standing = Standing.NEW
    problem: Problem | None = None

    @property
    def is_complete(self) -> bool:
        return not self.missing and self.problem is None and self.standing is not Standing.QUARANTINED

    @property
    def name(self) -> str:
        """What a person would look for: the manifest, else the first part."""
        named = self.file_set.manifest or next(iter(self.file_set.parts), None)
        return named.key if named else self.file_set.id


@dataclass(frozen=True)
class Finding:
    """What one look at the landing zone showed. Without file set and problem: wait.

    :param file_set: complete and next in order.
    :param problem: why no later look can succeed.
    :param waiting_for: incomplete file sets and what they lack, in words.
    :param overdue: what is wrong if the deadline passes in this state; ``None``: merely late.
    :param superseded: file sets that an applied one has made pointless.
    """

    file_set: FileSet | None = None
    problem: Problem | None = None
    waiting_for: tuple[str, ...] = ()
    overdue: Problem | None = None
    superseded: tuple[FileSet, ...] = ()


def next_file_set(
    export: Literal["full", "incremental"], candidates: Sequence[Candidate], last_applied: datetime | None
) -> Finding:
    """Decide what a run takes.

    :param last_applied: ``ordered_at`` of the newest applied file set.
    """
    # A settled set whose file is just being overwritten by another export must not disturb anyone.
    usable = [c for c in candidates if _is_usable(c)]
    usable.sort(key=lambda c: (c.file_set.ordered_at, c.name, c.file_set.id))
    since = last_applied or datetime.min.replace(tzinfo=UTC)
    stale = [c for c in usable if c.file_set.ordered_at < since]
    current = usable[len(stale) :]
    finding = _next_full(current, stale) if export == "full" else _next_incremental(current, stale, last_applied)
    repeated = tuple(c.file_set for c in candidates if c.standing is Standing.REPEATED)
    return replace(finding, superseded=repeated + finding.superseded)


def _is_usable(candidate: Candidate) -> bool:
    if candidate.standing is Standing.REVISED:
        return candidate.is_complete
    return candidate.standing is not Standing.REPEATED


def _next_full(current: Sequence[Candidate], stale: Sequence[Candidate]) -> Finding:
    superseded = tuple(c.file_set for c in stale if c.standing is not Standing.QUARANTINED)
    for candidate in current:
        if candidate.is_complete:
            return Finding(candidate.file_set, superseded=superseded)
    for candidate in current:
        if candidate.problem:
            return Finding(problem=candidate.problem, superseded=superseded)
    return Finding(waiting_for=_lacks(current), superseded=superseded)


def _next_incremental(
    current: Sequence[Candidate], stale: Sequence[Candidate], last_applied: datetime | None
) -> Finding:
    # A quarantined set behind the newest applied one was passed over on purpose.
    for candidate in stale:
        if candidate.standing is not Standing.QUARANTINED:
            return Finding(problem=_stale(candidate, last_applied))
    if not current:
        return Finding()
    first, behind = current[0], len(current) - 1
    if first.is_complete:
        return Finding(first.file_set)
    if first.problem:
        return Finding(problem=first.problem)
    blocked = _blocked(first, behind)
    if first.standing is Standing.QUARANTINED:
        return Finding(problem=blocked) if behind else Finding(waiting_for=_lacks(current), overdue=blocked)
    return Finding(waiting_for=_lacks(current), overdue=blocked if behind else None)


def _lacks(candidates: Sequence[Candidate]) -> tuple[str, ...]:
    return tuple(f"{c.name}: {_some(c.missing) or 'quarantined'}" for c in candidates if not c.is_complete)


def _some(words: Sequence[str], limit: int = 5) -> str:
    more = f" and {len(words) - limit} more" if len(words) > limit else ""
    return ", ".join(words[:limit]) + more


def _stale(candidate: Candidate, last_applied: datetime | None) -> Problem:
    return Problem.of(
        StaleFileSetError(
            f"{candidate.name} is of {candidate.file_set.ordered_at:%Y-%m-%d %H:%M:%S} UTC, but changes up to "
            f"{last_applied:%Y-%m-%d %H:%M:%S} UTC are applied already. Applying it now would put old states over new "
            "ones. Remove it, or replay it and everything after it in order."
        )
    )


def _blocked(candidate: Candidate, behind: int) -> Problem:
    why = f"lacks {_some(candidate.missing)}" if candidate.missing else "is quarantined"
    return Problem.of(
        FileSetBlockedError(
            f"{candidate.name} {why}. {behind} later file set(s) wait, because an incremental feed applies changes in "
            "order. Have AEP export its files again, or remove them to go on without."
        )
    )


def stable_candidate(series: Series, window: timedelta, now: datetime) -> Candidate:
    """Judge a series of parts that no manifest describes.

    :param window: how long nothing may have changed.
    """
    numbers = sorted(series)
    fresh = [n for n in numbers if series[n][1] not in SETTLED]
    parts = tuple(series[n][0] for n in fresh)
    newest = max(part.modified for part in parts)
    file_set = FileSet(_hash_of_names(parts), newest, parts)
    if all(series[n][1] == QUARANTINED for n in fresh):
        return Candidate(file_set, standing=Standing.QUARANTINED)
    if now - newest < window:
        quiet = f"unchanged for {int(window.total_seconds())} s (last change {newest:%H:%M:%S} UTC)"
        return Candidate(file_set, missing=(quiet,))
    if len(fresh) < len(numbers):
        left = next(series[n][0] for n in numbers if n not in fresh)
        return Candidate(file_set, problem=_leftover(parts[0], left))
    name = split_part_name(parts[0].key)
    gaps = [name.sibling(n) for n in range(1, numbers[-1]) if n not in series]
    return Candidate(file_set, missing=tuple(gaps))


def _leftover(part: StoredObject, left: StoredObject) -> Problem:
    return Problem.of(
        SyncDataError(
            f"{part.key} is new, but {left.key}, which looks like a part of it, was taken by an earlier run. Without a "
            "manifest a part left over from then cannot be told from one of now, so neither is loaded. Remove the "
            "left-over file; historise, or a manifest, avoids this."
        )
    )


def _hash_of_names(parts: Sequence[StoredObject]) -> str:
    return hashlib.sha256("\n".join(part.key for part in parts).encode()).hexdigest()[:32]
