"""When something is worth an alert."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Final

from campaign_cdp.alerts.alert import Alert, Kind, Severity, severity_of
from campaign_cdp.exceptions import (
    FileSetLateError,
    LimitError,
    RejectLimitError,
    RunOverdueError,
    SyncError,
    VolumeGuardError,
)
from campaign_cdp.feeds.directions import Feed
from campaign_cdp.feeds.model import AudienceFeed
from campaign_cdp.feeds.scalars import write_duration
from campaign_cdp.limits.kinds import KINDS
from campaign_cdp.limits.reading import Reading, Verdict

_LIMIT_KINDS: Final = {Verdict.WARN: Kind.LIMIT_WARN, Verdict.STOP: Kind.LIMIT_STOP}
_LATE: Final = (FileSetLateError, RunOverdueError)
#: Messages of this package hold no personal data; a file name that somebody chose may.
_ADDRESS: Final = re.compile(r"[\w.+%-]+@[\w-]+(\.[\w-]+)+")
_LONGEST: Final = 1_500


def failed(subject: str, error: object, next_step: str, *, task: str, feed: str | None = None) -> Alert:
    """Say that a task failed for good.

    :param subject: the feed, or the Dag where there is no feed.
    :param error: what it raised. Of errors that are not this package's only the class is told, for their text may
        quote a row.
    """
    code = error.code if isinstance(error, SyncError) else SyncError.code
    kind = Kind.LATE if isinstance(error, _LATE) else Kind.FAILED
    what = f"{subject} is late" if kind is Kind.LATE else f"{subject} failed in {task}"
    return Alert(
        kind, subject, code, what, _told(error), next_step, {"task": task}, feed, aspect=code, severity=Severity.ERROR
    )


def nothing_arrived(feed: AudienceFeed) -> Alert:
    """Say that a run saw no file by its deadline, and ended as skipped because the feed says so."""
    code, after = FileSetLateError.code, write_duration(feed.alerts.late_after)
    text = f"No file arrived within {after} of the run's start. The run was skipped, as alerts.late_is says."
    step = "Nothing on a quiet day. If AEP should have written: look whether the destination is active."
    return Alert(
        Kind.LATE, feed.id, code, f"{feed.id} got no files", text, step, {"late_after": after}, feed.id,
        aspect=code, severity=Severity.INFO,
    )  # fmt: skip


def overdue(feed: str, dag_run_id: str, within: timedelta) -> RunOverdueError:
    """Return the error of a Dag run that has not ended by its deadline."""
    return RunOverdueError(
        f"{feed}: Dag run {dag_run_id} has not ended {write_duration(within)} after it was queued "
        f"(alerts.done_within). It was not stopped. Look whether it waits for a slot, a file or another run."
    )


def of_counts(feed: Feed, counts: Mapping[str, int]) -> Iterator[Alert]:
    """Yield what is unusual about a run that was applied all the same.

    :param counts: of the step ``reconciliation``.
    """
    if not isinstance(feed, AudienceFeed):
        return
    yield from _rejects(feed, counts.get("rejected", 0), counts.get("lines", 0))
    yield from _shrank(feed, counts.get("list_removed", 0), counts.get("list_before", 0))


def of_readings(readings: Iterable[Reading]) -> Iterator[Alert]:
    """Yield an alert for each limit of the contract that is near or passed."""
    for reading in readings:
        if reading.verdict is Verdict.OK:
            continue
        kind, label = _LIMIT_KINDS[reading.verdict], KINDS[reading.limit].label
        verb = "has passed its stop mark" if kind is Kind.LIMIT_STOP else "is near its limit"
        yield Alert(
            kind,
            f"{reading.limit} {reading.scope}",
            LimitError.code,
            f"{label} of {reading.scope} {verb}",
            reading.describe() + ".",
            f"{KINDS[reading.limit].remedy}; the limit itself is {reading.limit} in include/limits.yaml.",
            _figures(reading),
            severity=severity_of(kind),
        )


def limits_over(readings: Iterable[Reading]) -> list[str]:
    """Return the keys of the alerts that these readings end."""
    over = []
    for reading in readings:
        ended = {Verdict.OK: (Kind.LIMIT_WARN, Kind.LIMIT_STOP), Verdict.WARN: (Kind.LIMIT_STOP,)}
        subject = f"{reading.limit} {reading.scope}"
        over += [Alert(kind, subject, "", "", "", "").dedup_key for kind in ended.get(reading.verdict, ())]
    return over


def _rejects(feed: AudienceFeed, rejected: int, lines: int) -> Iterator[Alert]:
    limit, pct = feed.alerts.rejects_pct, 100 * rejected / max(lines, 1)
    if limit is None or pct <= limit:
        return
    text = (
        f"{rejected:,} of {lines:,} lines were rejected ({pct:.2f} %, alert above {limit:g} %). The rest was applied."
    )
    yield Alert(
        Kind.REJECTS, feed.id, RejectLimitError.code, f"{feed.id} rejected {pct:.2f} % of its lines", text,
        "Look at the rejects by code on the Sync runs page, and have the export corrected in AEP.",
        {"rejected": rejected, "lines": lines, "pct": round(pct, 4), "alert_pct": limit}, feed.id,
    )  # fmt: skip


def _shrank(feed: AudienceFeed, removed: int, before: int) -> Iterator[Alert]:
    limit, pct = feed.alerts.shrank_pct, 100 * removed / max(before, 1)
    if limit is None or feed.list is None or pct <= limit:
        return
    text = (
        f"List {feed.list.name} lost {removed:,} of {before:,} members ({pct:.1f} %, alert above {limit:g} %, "
        f"refused above {feed.volume_guard.max_removed_pct:g} %). The run was applied."
    )
    yield Alert(
        Kind.SHRANK, feed.id, VolumeGuardError.code, f"{feed.id} lost {pct:.1f} % of its list", text,
        "Compare with the audience's size in AEP before the list is messaged.",
        {"removed": removed, "before": before, "pct": round(pct, 4), "alert_pct": limit}, feed.id,
    )  # fmt: skip


def _figures(reading: Reading) -> dict[str, int | float | str]:
    found = {
        "used": reading.used,
        "projected": reading.projected,
        "contract": reading.contract,
        "projected_pct": None if reading.projected_pct is None else round(reading.projected_pct, 2),
        "warn_pct": reading.warn_pct,
        "stop_pct": reading.stop_pct,
    }
    return {name: value for name, value in found.items() if value is not None}


def _told(error: object) -> str:
    if isinstance(error, SyncError):
        text = _ADDRESS.sub("***", error.message)
        return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    if isinstance(error, BaseException):
        return f"It raised {type(error).__name__}. The log of the task has the rest."
    return "It ended without a word, as a killed worker does. The log of the task may say more."
