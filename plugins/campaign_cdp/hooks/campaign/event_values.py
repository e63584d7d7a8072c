"""SQL expressions for the values of an event, over the aliases ``k`` (keys), ``b`` (log) and one per link."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from psycopg.sql import SQL, Composable, Identifier, Literal

from campaign_cdp.attributes import ValueType
from campaign_cdp.events.layout import EVENT_ID, EVENT_TIME, EVENT_TYPE, IDENTITY
from campaign_cdp.events.log_attributes import Link
from campaign_cdp.events.mapping import EventColumn, EventRule, Kind, LogMapping

_TIME = SQL("""to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')""")
_COMPUTED = {EVENT_ID.path, EVENT_TIME.path}
_TEXTS = {ValueType.STRING, ValueType.EMAIL}
NULL = SQL("NULL")


class EventValues:
    """Expressions of one log.

    :param instance: name of the Campaign instance, part of every event's id.
    """

    def __init__(self, mapping: LogMapping, instance: str) -> None:
        self._mapping = mapping
        self._prefix = f"{instance}|{mapping.log}|"
        self.rules = [rule for rule in mapping.events if rule.state in mapping.exported]
        self.used_links: dict[str, Link] = {}

    def column(self, attribute: str) -> Composable:
        """Return the column of an attribute; its link is noted as used."""
        source = self._mapping.source
        ref = source.resolve(attribute)
        if ref.link is None:
            return SQL("b.{}").format(Identifier(ref.column.lower()))
        self.used_links[ref.link] = source.links[ref.link]
        return SQL("{}.{}").format(Identifier(ref.link.lower()), Identifier(ref.column.lower()))

    def joins(self) -> Composable:
        """Join the links used so far; every link of Campaign leads to one row or none."""
        return SQL(" ").join(
            SQL("LEFT JOIN {table} AS {alias} ON b.{local} = {alias}.{remote}").format(
                table=Identifier(link.table.lower()),
                alias=Identifier(name.lower()),
                local=Identifier(link.local_column.lower()),
                remote=Identifier(link.remote_column.lower()),
            )
            for name, link in self.used_links.items()
        )

    def by_state(self, value: Callable[[EventRule], Any]) -> Composable | None:
        """Return ``CASE`` over the state of an event, ``None`` where it is empty for all."""
        cases = [(rule.code, value(rule)) for rule in self.rules]
        whens = [SQL("WHEN {} THEN {}").format(*map(Literal, case)) for case in cases if case[1] is not None]
        return SQL("CASE k.state {} END").format(SQL(" ").join(whens)) if whens else None

    def text(self, column: EventColumn) -> Composable | None:
        """Return a column's value as it is written, ``None`` where this log has nothing for it."""
        if column.path == EVENT_ID.path:
            state = self.by_state(lambda rule: f"|{rule.state}") or NULL
            template = "encode(sha256(convert_to({} || k.log_id || {}, 'UTF8')), 'hex')"
            return SQL(template).format(Literal(self._prefix), state)
        if column.path == EVENT_TIME.path:
            times = dict.fromkeys((self._mapping.time, self._mapping.changed))
            return _TIME.format(SQL("coalesce({})").format(SQL(", ").join(map(self.column, times))))
        constant = self.constant(column)
        if constant is not None:
            return self.by_state(constant.get)
        return self._stored(column)

    def constant(self, column: EventColumn) -> Mapping[EventRule, Any] | None:
        """Return a column's value for each rule, ``None`` where it differs from row to row.

        What a rule tests for one value has that value, even if the row changed since its state was frozen.
        """
        if column.path == EVENT_TYPE.path:
            return {rule: rule.event_type for rule in self.rules}
        if column.counter:
            return {rule: 1 if rule.counter == column.counter else None for rule in self.rules}
        own = self.own(column)
        if own is None:
            return None if column.path in _COMPUTED else {}
        tested = {rule: dict(rule.when).get(own.attribute or "", ()) for rule in self.rules}
        if own.kind is not Kind.STRING or any(len(values) != 1 for values in tested.values()):
            return None
        words = dict(own.words)
        return {rule: words.get(values[0], str(values[0])) for rule, values in tested.items()}

    def is_always_there(self, column: EventColumn) -> bool:
        """True where every event has a value."""
        own = self.own(column)
        return column.path in _COMPUTED or bool(
            own and not own.words and own.attribute in {self._mapping.id, *self._mapping.not_zero}
        )

    def own(self, column: EventColumn) -> EventColumn | None:
        """Return this log's column of the same header."""
        return column if column.header == IDENTITY.header else self._mapping.column(column.header)

    def is_text(self, column: EventColumn) -> bool:
        """True where the value comes as text from Campaign, so anything may be in it."""
        own = self.own(column)
        return bool(own and own.attribute and self._mapping.source.resolve(own.attribute).type in _TEXTS)

    def _stored(self, column: EventColumn) -> Composable | None:
        own = self.own(column)
        if own is None or own.attribute is None:
            return None
        value = self.column(own.attribute)
        if own.kind is Kind.TIMESTAMP:
            return _TIME.format(value)
        if own.kind is Kind.BOOLEAN:
            return SQL("CASE WHEN {0} <> 0 THEN 'true' WHEN {0} = 0 THEN 'false' END").format(value)
        if self.is_text(column):  # Campaign does not tell '' from NULL; a line of the file must stay one line
            return SQL("nullif(translate({}, E'\\r\\n', '  '), '')").format(value)
        if not own.words:
            return SQL("{}::text").format(value)
        whens = SQL(" ").join(SQL("WHEN {} THEN {}").format(Literal(n), Literal(word)) for n, word in own.words)
        return SQL("CASE {0} {1} ELSE {0}::text END").format(value, whens)
