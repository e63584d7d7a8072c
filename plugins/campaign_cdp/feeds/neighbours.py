"""Rules between feeds: two feeds must not take each other's files or undo each other's lists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product

from campaign_cdp.feeds.directions import Feed
from campaign_cdp.feeds.rules import FeedRuleError, folders, overlap


def clashes(feed: Feed, others: Iterable[Feed]) -> Iterator[FeedRuleError]:
    """Yield what in ``feed`` collides with a feed read before it."""
    for other in others:
        if feed.id == other.id:
            yield FeedRuleError(("id",), f"{feed.id!r} is taken by another feed file")
            continue
        yield from _folders(feed, other)
        if _share_list(feed, other):
            yield FeedRuleError(
                ("list", "name"),
                f"feed {other.id!r} writes the same list; mirror would remove the members that the other adds",
            )


def _folders(feed: Feed, other: Feed) -> Iterator[FeedRuleError]:
    for (key, mine), (their_key, theirs) in product(folders(feed).items(), folders(other).items()):
        may_share = key == their_key == ("rejects", "prefix")
        if overlap(_place(feed, mine), _place(other, theirs)) and not may_share:
            yield FeedRuleError(
                key,
                f"{mine!r} overlaps {theirs!r}, which is {'.'.join(their_key)} of feed {other.id!r}; separate them",
            )


def _place(feed: Feed, folder: str) -> str:
    """A folder with all that it lies in: a server's paths may lie in each other."""
    zone = feed.landing_zone
    return f"{zone.type}:{zone.connection}:{zone.root.rstrip('/')}/{folder}"


def _share_list(feed: Feed, other: Feed) -> bool:
    if feed.direction == "event_export" or other.direction == "event_export":
        return False
    if not feed.list or not other.list or feed.campaign != other.campaign:
        return False
    return feed.list.name == other.list.name and "mirror" in {feed.list.mode, other.list.mode}
