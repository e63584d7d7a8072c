from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Kind(StrEnum):
    """What happened; the value is what ``kinds:`` of a channel and the webhook's JSON say."""

    FAILED = "failed"
    LATE = "late"
    REJECTS = "rejects"
    SHRANK = "shrank"
    LIMIT_WARN = "limit_warn"
    LIMIT_STOP = "limit_stop"


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


#: Kinds that end with the next good run of a feed.
OF_A_RUN: Final = (Kind.FAILED, Kind.LATE, Kind.REJECTS, Kind.SHRANK)
_SEVERITY: Final = MappingProxyType({Kind.FAILED: Severity.ERROR, Kind.LIMIT_STOP: Severity.ERROR})
#: First of a key; whoever gathers alerts of many systems can tell ours.
_PREFIX: Final = "campaign-cdp"


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing to tell.

    :param subject: the feed, or what a limit was read of.
    :param code: page in ``docs/errors`` to read about it.
    :param what: one line, without a full stop.
    :param details: the message; no personal data.
    :param numbers: names and values, as they are compared with a limit.
    :param feed: ``None`` for a limit of the contract.
    :param aspect: what tells apart alerts of one kind about one subject.
    :param path: of its view on the *Sync runs* page.
    """

    kind: Kind
    subject: str
    code: str
    what: str
    details: str
    next_step: str
    numbers: Mapping[str, int | float | str] = field(default_factory=dict)
    feed: str | None = None
    aspect: str = ""
    severity: Severity = Severity.WARNING
    path: str = ""
    dag_id: str | None = None
    dag_run_id: str | None = None

    @property
    def dedup_key(self) -> str:
        """The same for what is the same to a person: kind, feed or limit, and what distinguishes two of them."""
        return "/".join(part for part in (_PREFIX, self.kind, self.subject, self.aspect) if part)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """An alert as it is sent: with its history.

    :param first_at: when it began; ``None`` where the ledger could not be asked.
    :param count: how often it happened since.
    :param resolved: it is over.
    """

    alert: Alert
    at: datetime
    first_at: datetime | None = None
    count: int = 1
    resolved: bool = False

    @property
    def severity(self) -> Severity:
        return Severity.INFO if self.resolved else self.alert.severity


def severity_of(kind: Kind) -> Severity:
    return _SEVERITY.get(kind, Severity.WARNING)


def resolved_alert(kind: Kind, subject: str, code: str, aspect: str, feed: str | None) -> Alert:
    """Return what there is to say about an alert that is over, of which only the ledger knows."""
    what = f"{subject}: {kind.replace('_', ' ')} ({code}) is over"
    text = "A later reading is below it again." if feed is None else "A later run ended well."
    return Alert(kind, subject, code, what, text, "Nothing is left to do.", feed=feed, aspect=aspect)


def placed(alert: Alert, *, path: str, dag_id: str | None, dag_run_id: str | None) -> Alert:
    """Return the alert with where it can be looked at."""
    return replace(alert, path=path, dag_id=dag_id, dag_run_id=dag_run_id)
