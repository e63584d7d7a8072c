"""Rules between feeds: two feeds must not take each other's files or undo each other's lists."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from campaign_cdp.feeds.directions import Feed
from campaign_cdp.feeds.rules import FeedRuleError, folders, overlap


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder of a feed.

    :param key: what names it in the feed file.
    :param place: with all that it lies in, because a server's paths may lie in each other.
    """

    key: tuple[str, str]
    name: str
    place: str


class Neighbours:
    """The good feeds so far, with their folders, so that hundreds of feeds are compared within milliseconds."""

    def __init__(self) -> None:
        self._known: list[tuple[Feed, tuple[_Folder, ...]]] = []

    def add(self, feed: Feed) -> None:
        """Take in a feed that clashes with none."""
        self._known.append((feed, _folders(feed)))

    def clashes(self, feed: Feed) -> Iterator[FeedRuleError]:
        """Yield what in ``feed`` collides with a feed that was added before."""
        mine = _folders(feed)
        for other, theirs in self._known:
            if feed.id == other.id:
                yield FeedRuleError(("id",), f"{feed.id!r} is taken by another feed file")
                continue
            yield from _overlaps(mine, other, theirs)
            if _share_list(feed, other):
                yield FeedRuleError(
                    ("list", "name"),
                    f"feed {other.id!r} writes the same list; mirror would remove the members that the other adds",
                )


def _folders(feed: Feed) -> tuple[_Folder, ...]:
    zone = feed.landing_zone
    above = f"{zone.type}:{zone.connection}:{zone.root.rstrip('/')}/"
    return tuple(_Folder(key, name, above + name) for key, name in folders(feed).items())


def _overlaps(mine: tuple[_Folder, ...], other: Feed, theirs: tuple[_Folder, ...]) -> Iterator[FeedRuleError]:
    for own, their in product(mine, theirs):
        if not overlap(own.place, their.place) or own.key == their.key == ("rejects", "prefix"):
            continue
        yield FeedRuleError(
            own.key,
            f"{own.name!r} overlaps {their.name!r}, which is {'.'.join(their.key)} of feed {other.id!r}; separate them",
        )


def _share_list(feed: Feed, other: Feed) -> bool:
    if feed.direction == "event_export" or other.direction == "event_export":
        return False
    if not feed.list or not other.list or feed.campaign != other.campaign:
        return False
    return feed.list.name == other.list.name and "mirror" in {feed.list.mode, other.list.mode}
