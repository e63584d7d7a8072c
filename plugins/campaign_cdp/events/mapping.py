"""What a Campaign log becomes: which rows are events, of which type, with which columns.

Loaded from ``include/mappings/<log>.yaml``. A mapping names Campaign attributes (``delivery/internalName``), never
columns or SQL; :mod:`campaign_cdp.events.log_attributes` knows the columns behind them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """How a value is written: ids are strings, times are UTC with milliseconds, counters are numbers."""

    STRING = "string"
    TIMESTAMP = "timestamp"
    INTEGER = "integer"
    BOOLEAN = "boolean"


@dataclass(frozen=True, slots=True)
class EventRule:
    """Rows that are one kind of event.

    :param state: short name, part of the event's ``_id``; once published it must never change.
    :param code: the same as a small number, for the memory of exported keys.
    :param event_type: XDM ``eventType``, or ``None`` where XDM has none (mirror page, complaint, exclusion).
    :param counter: the counter of ``directMarketing`` that is 1 for such an event, e.g. ``sends``.
    :param when: attribute of the log -> values that it has; all must hold.
    """

    state: str
    code: int
    event_type: str | None
    counter: str | None
    when: tuple[tuple[str, tuple[int, ...]], ...]


@dataclass(frozen=True, slots=True)
class EventColumn:
    """One column of the flat file, and its place in XDM.

    :param header: CSV header, ``^[a-z][a-z0-9_]*$``.
    :param path: XDM path, dotted, e.g. ``_experience.campaign.deliveryID``.
    :param attribute: Campaign attribute, or ``None`` for what is computed: ``_id``, ``timestamp``, ``eventType``, counters.
    """

    header: str
    path: str
    kind: Kind
    attribute: str | None = None


@dataclass(frozen=True)
class LogMapping:
    """Everything an export has to know about one log.

    :param log: ``delivery``, ``exclusion``, ``tracking`` or ``subscription``; part of the event's ``_id``.
    :param schema: Campaign schema, e.g. ``nms:broadLogRcp``; another one for custom target mappings.
    :param id: attribute that identifies a row.
    :param time: attribute of the event's time.
    :param changed: attribute that the window is on: ``lastModified`` for logs that mutate, else the event's time.
    :param mutable: rows change their state later (Sent to Failed).
    :param only: attribute -> values that rows must have to be exported at all (no models, no proofs).
    """

    log: str
    schema: str
    id: str
    time: str
    changed: str
    mutable: bool
    only: tuple[tuple[str, tuple[int, ...]], ...]
    events: tuple[EventRule, ...]
    columns: tuple[EventColumn, ...]
