"""What the stand-in for AEP Sources demands of a single event."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

from campaign_cdp.events.xdm import validate_event

#: Bytes of one event that the profile store takes.
MAX_EVENT_BYTES = 10_240

_ZONED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_FIRST_TIME = datetime(1970, 1, 1, tzinfo=UTC)


def what_is_wrong(event: dict[str, Any], now: datetime) -> tuple[str | None, str]:
    """Return a reason and its words; no reason for a good event."""
    if not event.get("_id"):
        return "missing_id", "_id is required"
    stamp = event.get("timestamp")
    if not stamp:
        return "missing_timestamp", "timestamp is required"
    if problem := _bad_time(stamp, now):
        return "bad_timestamp", problem
    if problems := validate_event(event):
        return "invalid_xdm", problems[0]
    size = len(json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode())
    if size > MAX_EVENT_BYTES:
        return "too_large", f"{size:,} bytes, at most {MAX_EVENT_BYTES:,} are allowed"
    return None, ""


def _bad_time(stamp: Any, now: datetime) -> str | None:
    if not isinstance(stamp, str) or not _ZONED.fullmatch(stamp):
        return f"{stamp!r} is no RFC 3339 time with a zone"
    try:
        at = datetime.fromisoformat(stamp)
    except ValueError:
        return f"{stamp!r} is no time"
    if not _FIRST_TIME <= at <= now:
        return f"{stamp!r} is before 1970 or in the future"
    return None


def kind_of(event: dict[str, Any]) -> str:
    """Return the ``eventType``, or the counter of an event that has none."""
    counters = event.get("directMarketing", {})
    return event.get("eventType") or next((f"directMarketing.{name}" for name in counters), "none")
