"""Filters and pages of the lists, as a URL has them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import Depends, Query

from campaign_cdp.ledger.browse_records import Filter, Place
from campaign_cdp.ops_page.cursors import read_place

#: Nobody pages through more, and counting more takes longer than the page may.
COUNTED: Final = 10_000
_MOST_ROWS: Final = 500

Limit = Annotated[int, Query(ge=1, le=_MOST_ROWS, description="Rows of a page.")]
After = Annotated[str | None, Query(max_length=60, description="Where the last page ended.")]


@dataclass(frozen=True, slots=True)
class Page:
    """What a list is asked for.

    :param limit: rows.
    """

    states: tuple[str, ...]
    since: datetime | None
    until: datetime | None
    after: Place | None
    limit: int

    def filter(self, feed: str) -> Filter:
        return Filter(feed, self.states, self.since, self.until)


def _page(
    state: Annotated[list[str] | None, Query(max_length=20)] = None,
    since: datetime | None = None,
    until: datetime | None = None,
    after: After = None,
    limit: Limit = 50,
) -> Page:
    """Commas and repetition both name several states; a time without a zone is UTC."""
    states = tuple(name.strip() for one in state or () for name in one.split(",") if name.strip())
    return Page(states, _aware(since), _aware(until), read_place(after), limit)


PageDep = Annotated[Page, Depends(_page)]


def _aware(at: datetime | None) -> datetime | None:
    return at.replace(tzinfo=UTC) if at and at.tzinfo is None else at
