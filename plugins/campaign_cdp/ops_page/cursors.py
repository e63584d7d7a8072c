"""Where a page of a list ended, as text for the URL of the next one."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

from fastapi import HTTPException, status

from campaign_cdp.ledger.browse_records import Place, RejectPlace

Row = TypeVar("Row")
_PLACE: Final = re.compile(r"(\d{1,17})-(\d{1,18})")
_REJECT: Final = re.compile(r"(\d{1,9})-(\d{1,18}|none)-(\d{1,10})\.(\d{1,5})")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def one_page(found: list[Row], limit: int, write: Callable[[Row], str]) -> tuple[list[Row], str | None]:
    """Return the rows of a page, and where the next one begins if there is one.

    :param found: one row more than ``limit``, if there are as many.
    """
    shown = found[:limit]
    return shown, write(shown[-1]) if len(found) > limit else None


def write_place(opened_at: datetime, number: int) -> str:
    return f"{(opened_at - _EPOCH) // timedelta(microseconds=1)}-{number}"


def read_place(text: str | None) -> Place | None:
    """:raises HTTPException: 400, if it is none of ours."""
    if text is None:
        return None
    match = _PLACE.fullmatch(text) or _refuse()
    return Place(_EPOCH + timedelta(microseconds=int(match[1])), int(match[2]))


def write_reject(part_no: int, line_no: int | None, tid: str) -> str:
    """:param tid: as PostgreSQL writes it, ``(block,row)``."""
    return f"{part_no}-{'none' if line_no is None else line_no}-{tid.strip('()').replace(',', '.')}"


def read_reject(text: str | None) -> RejectPlace | None:
    """:raises HTTPException: 400, if it is none of ours."""
    if text is None:
        return None
    match = _REJECT.fullmatch(text) or _refuse()
    return RejectPlace(int(match[1]), None if match[2] == "none" else int(match[2]), f"({match[3]},{match[4]})")


def _refuse() -> re.Match[str]:
    raise HTTPException(status.HTTP_400_BAD_REQUEST, "This is no place in the list. Start again at its beginning.")
