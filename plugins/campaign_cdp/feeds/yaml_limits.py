"""Refuses YAML that means more than it says: ten short lines of aliases can stand for billions of values.

Only events of the parser are looked at, so nothing is built before it is known to be small.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, Event, NodeEvent, ScalarEvent

from campaign_cdp.feeds.problems import Problem

MAX_BYTES: Final = 1_000_000
_MAX_DEPTH: Final = 50
_MAX_VALUES: Final = 50_000


@dataclass(slots=True)
class _Open:
    """A block that is not closed yet, and how many values it stands for so far."""

    anchor: str | None
    values: int = 1


@dataclass(slots=True)
class _Count:
    open: list[_Open] = field(default_factory=lambda: [_Open(None)])
    by_anchor: dict[str, int] = field(default_factory=dict)

    def take(self, event: Event) -> str | None:
        """Count one event; returns what is wrong with it."""
        if isinstance(event, NodeEvent) and (wrong := self._node(event)):
            return wrong
        if isinstance(event, CollectionEndEvent):
            self._add(self._closed())
        if len(self.open) > _MAX_DEPTH:
            return f"blocks are nested more than {_MAX_DEPTH} deep; is a bracket or an indentation wrong?"
        if self.open[-1].values > _MAX_VALUES:
            return f"stands for more than {_MAX_VALUES:,} values; write less, or fewer aliases of aliases"
        return None

    def _node(self, event: Any) -> str | None:
        if isinstance(event, AliasEvent):
            if any(block.anchor == event.anchor for block in self.open):
                return f"the alias *{event.anchor} stands inside of what it names; write it out"
            self._add(self.by_anchor.get(str(event.anchor), 1))
        elif event.tag is not None and not _is_own(event):
            return f"the tag {event.tag} is not for configuration; a value that starts with ! must be put in quotes"
        elif isinstance(event, CollectionStartEvent):
            self.open.append(_Open(event.anchor))
        elif isinstance(event, ScalarEvent):
            self.by_anchor.update({event.anchor: 1} if event.anchor else {})
            self._add(1)
        return None

    def _closed(self) -> int:
        block = self.open.pop()
        if block.anchor:
            self.by_anchor[block.anchor] = block.values
        return block.values

    def _add(self, values: int) -> None:
        self.open[-1].values += values


def too_much(path: Path, events: Iterator[Event]) -> Problem | None:
    """Return the first thing that makes a file too costly to read.

    :param events: of the parser, which raises its own errors.
    """
    count = _Count()
    for event in events:
        if wrong := count.take(event):
            return Problem(path, event.start_mark.line + 1 if event.start_mark else 1, "", wrong)
    return None


def _is_own(event: Any) -> bool:
    """The lone ``!`` only says that a value is text, which quotes say better, but it does no harm."""
    return bool(event.tag == "!")
