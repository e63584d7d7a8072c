"""Which historised files are to be deleted: the oldest beyond a feed's days, files or bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from math import inf
from typing import Final, Protocol

from campaign_cdp.file_sets import StoredObject

_NEVER: Final = (datetime.min.replace(tzinfo=UTC), "")


class Limits(Protocol):
    """The keys of a feed's ``historise`` block that say how much is kept."""

    @property
    def days(self) -> int: ...

    @property
    def max_files(self) -> int | None: ...

    @property
    def max_bytes(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class HistorisedFile:
    """A file of a feed's history.

    :param at: aware time at which it was moved there. Its age counts from this, not from when the storage or whoever
        wrote it says that it was modified.
    """

    obj: StoredObject
    at: datetime


def expired(
    files: Iterable[HistorisedFile], *, days: int, max_files: int | None, max_bytes: int | None, now: datetime
) -> Iterator[HistorisedFile]:
    """Yield what to delete, in no order: each file as soon as it is certain, so that ``files`` may be a listing.

    What is kept is always newer than what is not. Memory grows with what is kept, and not at all without ``max_files``
    and ``max_bytes``.

    :param files: each key once.
    :param now: aware time that ``days`` are counted back from.
    """
    oldest = now - timedelta(days=days)
    most_files, most_bytes = (inf if limit is None else limit for limit in (max_files, max_bytes))
    # A heap with the oldest first, and the newest file that did not fit: whatever is older does not fit either.
    kept: list[tuple[datetime, str, HistorisedFile]] = []
    newest_expired, total = _NEVER, 0
    for file in files:
        order = (file.at, file.obj.key)
        if file.at < oldest or order <= newest_expired:
            yield file
        elif (most_files, most_bytes) != (inf, inf):
            heappush(kept, (*order, file))
            total += file.obj.size
            while len(kept) > most_files or total > most_bytes:
                at, key, surplus = heappop(kept)
                newest_expired = at, key
                total -= surplus.obj.size
                yield surplus
