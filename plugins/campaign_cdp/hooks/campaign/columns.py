"""SQL fragments that a feed's columns come to: what matches, what differs, what is written."""

from __future__ import annotations

from collections.abc import Iterable

from psycopg import sql
from psycopg.sql import SQL, Composable, Identifier

from campaign_cdp.attributes import Attribute, ValueType
from campaign_cdp.feeds.model import AudienceFeed

_NUMERIC = {ValueType.INTEGER, ValueType.BOOLEAN}


class AudienceColumns:
    """Fragments over the aliases ``w`` (work table) and ``r`` (NmsRecipient)."""

    def __init__(self, feed: AudienceFeed) -> None:
        self._feed = feed
        self._clear = feed.profiles.empty_values == "clear"
        self._key = [feed.attribute(name) for name in feed.key]
        self._all = [feed.attribute(name) for name in feed.columns]
        self._written = [] if feed.profiles.mode == "none" else [a for a in self._all if a not in self._key]

    def key(self, alias: str | None = None) -> Composable:
        return _commas(Identifier(*([alias] if alias else []), a.sql_name) for a in self._key)

    def same_key(self, left: str, right: str) -> Composable:
        pairs = [(Identifier(left, a.sql_name), Identifier(right, a.sql_name)) for a in self._key]
        return SQL(" AND ").join(SQL("{} = {}").format(*pair) for pair in pairs)

    @property
    def key_match(self) -> Composable:
        """E-mails in a work table are lower-case; Campaign's may not be."""
        return SQL(" AND ").join(
            SQL("lower(r.{0}) = w.{0}" if a.type is ValueType.EMAIL else "r.{0} = w.{0}").format(Identifier(a.sql_name))
            for a in self._key
        )

    @property
    def changed(self) -> Composable:
        """True where the recipient would differ after the update."""
        if not self._written:
            return SQL("FALSE")
        return SQL(" OR ").join(self._differs(a) for a in self._written)

    @property
    def assignments(self) -> Composable:
        return _commas(SQL("{} = {}").format(Identifier(a.sql_name), self._new_value(a)) for a in self._written)

    @property
    def inserted(self) -> Composable:
        return _commas(Identifier(a.sql_name) for a in self._all)

    @property
    def inserted_values(self) -> Composable:
        return _commas(SQL("coalesce({}, 0)").format(_value(a)) if a.type in _NUMERIC else _value(a) for a in self._all)

    @property
    def writes_profiles(self) -> bool:
        return bool(self._written)

    def _differs(self, a: Attribute) -> Composable:
        name, value = Identifier(a.sql_name), _value(a)
        if a.one_way:
            return SQL("(w.{0} AND r.{0} = 0)").format(name)
        if not self._clear:
            return SQL("({1} IS NOT NULL AND r.{0} IS DISTINCT FROM {1})").format(name, value)
        if a.type in _NUMERIC:
            return SQL("(r.{0} <> coalesce({1}, 0))").format(name, value)
        if a.type in {ValueType.STRING, ValueType.EMAIL}:  # Campaign does not tell '' from NULL
            return SQL("(coalesce(r.{0}, '') <> coalesce({1}, ''))").format(name, value)
        return SQL("(r.{0} IS DISTINCT FROM {1})").format(name, value)

    def _new_value(self, a: Attribute) -> Composable:
        name, value = Identifier(a.sql_name), _value(a)
        if a.one_way:
            return SQL("CASE WHEN w.{0} THEN 1 ELSE r.{0} END").format(name)
        if not self._clear:
            return SQL("coalesce({1}, r.{0})").format(name, value)
        return SQL("coalesce({0}, 0)").format(value) if a.type in _NUMERIC else value


def _value(a: Attribute) -> Composable:
    column = SQL("w.{}").format(Identifier(a.sql_name))
    return SQL("{}::integer::smallint").format(column) if a.type is ValueType.BOOLEAN else column


def _commas(items: Iterable[Composable]) -> sql.Composed:
    return SQL(", ").join(items)
