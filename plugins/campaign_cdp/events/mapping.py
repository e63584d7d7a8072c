"""What a Campaign log becomes: which rows are events, of which type, with which columns.

Loaded from ``include/mappings/<log>.yaml``. A mapping names Campaign attributes (``delivery/internalName``), never
columns or SQL; :mod:`campaign_cdp.events.log_attributes` knows the columns behind them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from campaign_cdp.events.log_schema import LogSchema
from campaign_cdp.events.mapping_file import Kind, MappingFile, RuleEntry, mapping_path, read_mapping_file
from campaign_cdp.events.mapping_rules import source_of

__all__ = ["EventColumn", "EventRule", "Kind", "LogMapping", "load_mapping", "only_states"]


@dataclass(frozen=True, slots=True)
class EventRule:
    """Rows that are one kind of event.

    :param state: short name, part of the event's ``_id``; once published it must never change.
    :param code: the same as a small number, for the memory of exported keys.
    :param event_type: XDM ``eventType``, or ``None`` where XDM has none (mirror page, complaint, exclusion).
    :param counter: the counter of ``directMarketing`` that is 1 for such an event, e.g. ``sends``.
    :param when: attribute of the log -> values that it has; all must hold. Empty: every row.
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
    :param attribute: Campaign attribute; ``None`` for what is computed: id, time, type, counters.
    :param counter: the counter of ``directMarketing`` that this column is; 1 for events of its rules.
    :param words: text to write for a number, ``None`` for no value; other numbers are written as they are.
    """

    header: str
    path: str
    kind: Kind
    attribute: str | None = None
    words: tuple[tuple[int, str | None], ...] = ()
    counter: str | None = None


@dataclass(frozen=True)
class LogMapping:
    """Everything an export has to know about one log.

    :param name: the file's name; the same as ``log`` unless a feed chooses another.
    :param log: ``delivery``, ``exclusion``, ``tracking`` or ``subscription``; part of the event's ``_id``.
    :param schema: Campaign schema, e.g. ``nms:broadLogRcp``; another one for custom target mappings.
    :param source: its table, columns and links.
    :param id: attribute that identifies a row.
    :param time: attribute of the event's time.
    :param changed: attribute that the window is on: ``lastModified`` for logs that mutate, else the event's time.
    :param mutable: rows change their state later (Sent to Failed).
    :param not_zero: attributes that must not be 0, Campaign's "no row": the id and the recipient.
    :param only: attribute -> values that rows must have to be exported at all (no models, no proofs).
    :param events: tried in this order; the first that holds makes the row's state.
    :param exported: states to export; a row of another state is no event, and no other rule takes it.
    :param columns: what is read from Campaign; computed columns are not among them.
    """

    name: str
    log: str
    schema: str
    source: LogSchema
    id: str
    time: str
    changed: str
    mutable: bool
    not_zero: tuple[str, ...]
    only: tuple[tuple[str, tuple[int, ...]], ...]
    events: tuple[EventRule, ...]
    exported: tuple[str, ...]
    columns: tuple[EventColumn, ...]

    @property
    def states(self) -> tuple[str, ...]:
        """Every state of the file, exported or not."""
        return tuple(rule.state for rule in self.events)

    def column(self, header: str) -> EventColumn | None:
        """Return the column of that header, ``None`` where this log has nothing for it."""
        return next((column for column in self.columns if column.header == header), None)


def load_mapping(name: str) -> LogMapping:
    """Read ``include/mappings/<name>.yaml``.

    :raises MappingFileError: with everything that is wrong with it.
    :raises FeedConfigError: if there is no such file.
    """
    entry = read_mapping_file(mapping_path(name))
    return LogMapping(
        name=name,
        log=entry.log,
        schema=entry.schema_name,
        source=source_of(entry),
        id=entry.id,
        time=entry.time,
        changed=entry.changed or entry.time,
        mutable=entry.mutable,
        not_zero=entry.not_zero,
        only=tuple(entry.only.items()),
        events=tuple(_rule(state, rule) for state, rule in entry.events.items()),
        exported=tuple(entry.events),
        columns=_columns(entry),
    )


def only_states(mapping: LogMapping, states: tuple[str, ...] | None) -> LogMapping:
    """Return the mapping that exports these states alone; ``None`` keeps all."""
    return mapping if states is None else replace(mapping, exported=states)


def _rule(state: str, entry: RuleEntry) -> EventRule:
    return EventRule(state, entry.code, entry.event_type, entry.counter, tuple(entry.when.items()))


def _columns(entry: MappingFile) -> tuple[EventColumn, ...]:
    return tuple(
        EventColumn(header, column.path, column.kind, column.source, tuple(column.words.items()))
        for header, column in entry.columns.items()
    )
