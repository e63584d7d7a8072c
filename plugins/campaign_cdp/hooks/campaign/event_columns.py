"""What a line of an event file is made of, and which rows are events, as SQL."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from psycopg.sql import SQL, Composable, Literal

from campaign_cdp.events.layout import IDENTITY, Tree, xdm_tree
from campaign_cdp.events.mapping import EventColumn, EventRule, Kind, LogMapping
from campaign_cdp.hooks.campaign.event_values import NULL, EventValues
from campaign_cdp.windows import LogWindow

_TRUE = SQL("TRUE")


class EventFilter:
    """Which rows of a log are events, over the alias ``b``."""

    def __init__(self, mapping: LogMapping) -> None:
        self._mapping = mapping
        self.values = EventValues(mapping, "")

    def state(self) -> Composable:
        """Return the number of the first rule that holds; NULL where none does or the state is not exported."""
        whens = [
            SQL("WHEN {} THEN {}").format(self._all(rule.when), Literal(self._code(rule)))
            for rule in self._mapping.events
        ]
        return SQL("CASE {} END").format(SQL(" ").join(whens))

    def wanted(self, window: LogWindow) -> Composable:
        """Return the condition that a row is of the window and is to be exported at all."""
        changed = self.values.column(self._mapping.changed)
        bounds = [SQL("{} < {}").format(changed, _time(window.upper))]
        if window.lower:
            bounds.append(SQL("{} >= {}").format(changed, _time(window.lower)))
        zeros = [SQL("{} <> 0").format(self.values.column(name)) for name in self._mapping.not_zero]
        return SQL(" AND ").join([*bounds, *zeros, self._all(self._mapping.only)])

    def _code(self, rule: EventRule) -> int | None:
        return rule.code if rule.state in self._mapping.exported else None

    def _all(self, conditions: Iterable[tuple[str, tuple[int, ...]]]) -> Composable:
        tests = [
            SQL("{} IN ({})").format(self.values.column(name), SQL(", ").join(map(Literal, allowed)))
            for name, allowed in conditions
        ]
        return SQL(" AND ").join(tests) if tests else _TRUE


class CsvRow:
    """A line of the flat file: all columns of the feed, empty where this log has none."""

    options = SQL("FORMAT csv, ENCODING 'UTF8'")

    def __init__(self, values: EventValues, columns: Sequence[EventColumn]) -> None:
        texts = (values.text(column) for column in columns)
        self.row: Composable = SQL(", ").join(NULL if text is None else text for text in texts)


class JsonRow:
    """A line with one event in XDM's shape; what has no value is absent."""

    # JSON has no raw control characters, so nothing is ever quoted.
    options = SQL("FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02', ENCODING 'UTF8'")

    def __init__(self, values: EventValues, columns: Sequence[EventColumn], namespace: str) -> None:
        self._values = values
        members = self._object(xdm_tree(columns)) or []
        identity = self._identity_map(columns, namespace)
        self.row: Composable = _concat([Literal("{"), *members, *([identity] if identity else []), Literal("}")])

    def _object(self, tree: Tree) -> list[Composable] | None:
        """Return the members of an object as arguments of ``concat``, ``None`` where no row has any.

        The first member is one that is always there, so that each other one can bring its comma.
        """
        first = next((name for name, node in tree.items() if self._always(node)), None)
        names = sorted(tree, key=lambda name: name != first)
        parts = [part for name in names for part in self._member(name, tree[name], "" if name == first else ",")]
        if parts and first is None:
            return [SQL("substr({}, 2)").format(_concat(parts))]
        return parts or None

    def _member(self, name: str, node: EventColumn | Tree, comma: str) -> list[Composable]:
        """Return ``,"name":value`` as arguments of ``concat``, which skips what is NULL."""
        head = f"{comma}{json.dumps(name)}:"
        if self._is_constant(node):
            text = self._values.by_state(lambda rule: _prefixed(head, self._constant(node, rule)))
            return [text] if text else []
        if isinstance(node, EventColumn):
            return self._leaf(head, node)
        inner = self._object(node)
        if inner is None:
            return []
        if self._always(node):
            return [Literal(head + "{"), *inner, Literal("}")]
        return [SQL("{} || nullif({}, '') || '}}'").format(Literal(head + "{"), _concat(inner))]

    def _leaf(self, head: str, column: EventColumn) -> list[Composable]:
        text = self._values.text(column)
        if text is None:
            return []
        own = self._values.own(column)
        if own and own.kind in {Kind.INTEGER, Kind.BOOLEAN}:
            return [SQL("{} || {}").format(Literal(head), text)]
        if self._values.is_text(column):
            return [SQL("{} || to_json({})::text").format(Literal(head), text)]
        if self._always(column):
            return [Literal(f'{head}"'), text, Literal('"')]
        return [SQL("{} || {} || '\"'").format(Literal(f'{head}"'), text)]

    def _always(self, node: EventColumn | Tree) -> bool:
        if isinstance(node, EventColumn):
            return self._values.is_always_there(node)
        return any(self._always(below) for below in node.values())

    def _is_constant(self, node: EventColumn | Tree) -> bool:
        if isinstance(node, EventColumn):
            return self._values.constant(node) is not None
        return all(self._is_constant(below) for below in node.values())

    def _constant(self, node: EventColumn | Tree, rule: EventRule) -> Any:
        if isinstance(node, EventColumn):
            return (self._values.constant(node) or {}).get(rule)
        inner = {name: self._constant(below, rule) for name, below in node.items()}
        return {name: value for name, value in inner.items() if value is not None} or None

    def _identity_map(self, columns: Sequence[EventColumn], namespace: str) -> Composable | None:
        identity = next((column for column in columns if column.header == IDENTITY.header), None)
        text = self._values.text(identity) if identity else None
        if text is None:
            return None
        before = f',"identityMap":{{{json.dumps(namespace)}:[{{"id":'
        after = ',"primary":true,"authenticatedState":"ambiguous"}]}'
        return SQL("{} || to_json({})::text || {}").format(Literal(before), text, Literal(after))


def _prefixed(head: str, value: Any) -> str | None:
    return None if value is None else head + json.dumps(value, separators=(",", ":"))


def _concat(parts: Iterable[Composable]) -> Composable:
    return SQL("concat({})").format(SQL(", ").join(parts))


def _time(at: datetime) -> Composable:
    return SQL("{}::timestamptz").format(Literal(at.isoformat()))
