"""A log of Campaign: its table, and how names of attributes lead to columns, its own or those of linked tables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from campaign_cdp.attributes import ValueType

#: What a table or column may be called; PostgreSQL folds it to lower case.
IDENTIFIER: Final = re.compile(r"^[A-Za-z][A-Za-z0-9_]*$")


@dataclass(frozen=True, slots=True)
class LogColumn:
    """Physical column of an attribute."""

    column: str
    type: ValueType


@dataclass(frozen=True, slots=True)
class Link:
    """A link of Campaign: ``local_column`` of the log holds ``remote_column`` of ``table``; 0 leads nowhere.

    :param attributes: of the linked schema.
    """

    name: str
    table: str
    local_column: str
    remote_column: str
    attributes: Mapping[str, LogColumn]


@dataclass(frozen=True, slots=True)
class ColumnRef:
    """Where the values of an attribute are stored.

    :param link: name of the link to join, ``None`` for the log's own columns.
    """

    link: str | None
    table: str
    column: str
    type: ValueType


@dataclass(frozen=True, slots=True)
class LogSchema:
    """One log and what it links to."""

    name: str
    table: str
    attributes: Mapping[str, LogColumn]
    links: Mapping[str, Link]

    def resolve(self, attribute: str) -> ColumnRef:
        """Find the column of ``status`` or, through a link, of ``delivery/internalName``.

        :raises KeyError: if the schema has no such attribute.
        """
        if attribute in self.attributes:
            own = self.attributes[attribute]
            return ColumnRef(None, self.table, own.column, own.type)
        name, _, rest = attribute.partition("/")
        link = self.links[name]
        return ColumnRef(name, link.table, link.attributes[rest].column, link.attributes[rest].type)

    def names(self) -> tuple[str, ...]:
        """Return every attribute that :meth:`resolve` finds."""
        linked = (f"{link.name}/{name}" for link in self.links.values() for name in link.attributes)
        return (*self.attributes, *linked)


@dataclass(frozen=True, slots=True)
class LinkChange:
    """How a link of a custom target mapping differs from the standard one; ``None`` keeps it."""

    table: str | None
    local_column: str | None
    remote_column: str | None
    columns: Mapping[str, str]


def customised(
    schema: LogSchema, name: str, table: str | None, columns: Mapping[str, str], links: Mapping[str, LinkChange]
) -> LogSchema:
    """Return ``schema`` under another name, table and columns.

    :param columns: attribute -> column; attributes that the standard log lacks become text.
    """
    changed = {key: _changed(link, links[key]) if key in links else link for key, link in schema.links.items()}
    return LogSchema(name, table or schema.table, _renamed(schema.attributes, columns), MappingProxyType(changed))


def _changed(link: Link, change: LinkChange) -> Link:
    return replace(
        link,
        table=change.table or link.table,
        local_column=change.local_column or link.local_column,
        remote_column=change.remote_column or link.remote_column,
        attributes=_renamed(link.attributes, change.columns),
    )


def _renamed(attributes: Mapping[str, LogColumn], columns: Mapping[str, str]) -> Mapping[str, LogColumn]:
    types = {name: attribute.type for name, attribute in attributes.items()}
    new = {name: LogColumn(column, types.get(name, ValueType.STRING)) for name, column in columns.items()}
    return MappingProxyType({**attributes, **new})
