"""Which databases and landing zones there are to read, each once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from campaign_cdp.feeds.directions import Feed
from campaign_cdp.feeds.zones import AnyStorage
from campaign_cdp.hooks.limits.storage import is_limited, scope_of


@dataclass(frozen=True, slots=True)
class StorageScope:
    """A landing zone that several feeds may share.

    :param campaigns: connections of the databases whose ledgers get its readings.
    """

    name: str
    storage: AnyStorage
    campaigns: tuple[str, ...]


def campaigns(feeds: Iterable[Feed]) -> list[str]:
    """Return the connections of all Campaign databases."""
    return sorted({feed.campaign for feed in feeds})


def storages(feeds: Iterable[Feed]) -> list[StorageScope]:
    """Return all landing zones that a contract limits."""
    found: dict[str, StorageScope] = {}
    for feed in feeds:
        if is_limited(feed.landing_zone):
            name = scope_of(feed.landing_zone)
            known = found[name].campaigns if name in found else ()
            found[name] = StorageScope(name, feed.landing_zone, tuple(sorted({*known, feed.campaign})))
    return [found[name] for name in sorted(found)]
