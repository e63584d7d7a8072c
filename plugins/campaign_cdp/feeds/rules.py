"""Rules between the keys of a feed, and the errors that say which key breaks one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import combinations
from typing import TYPE_CHECKING

from campaign_cdp.attributes import RECIPIENT, ValueType
from campaign_cdp.rows.values import PARSERS, BadValueError

if TYPE_CHECKING:
    from campaign_cdp.feeds.directions import Feed
    from campaign_cdp.feeds.model import AudienceFeed, Column

#: Types that a feed may give a column, by the type of its attribute.
_FITTING = {ValueType.STRING: {ValueType.STRING, ValueType.EMAIL}}


class FeedRuleError(ValueError):
    """A rule is broken; ``loc`` is the key to point at."""

    def __init__(self, loc: tuple[str | int, ...], message: str) -> None:
        self.loc, self.detail = loc, message
        super().__init__(message)


class UnknownNameError(FeedRuleError):
    """A name is not one of the known ones; the loader adds a did-you-mean."""

    def __init__(self, loc: tuple[str | int, ...], kind: str, known: tuple[str, ...], name: str | None = None) -> None:
        self.known, self.name = known, name or str(loc[-1])
        article = "an" if kind[0] in "aeiou" else "a"
        super().__init__(loc, f"{self.name!r} is not {article} {kind}")


class BrokenRulesError(ValueError):
    """All rules that a feed breaks, so that its author sees them at once."""

    def __init__(self, errors: tuple[FeedRuleError, ...]) -> None:
        self.errors = errors
        super().__init__("; ".join(str(error) for error in errors))


def known_attribute(name: str) -> str:
    """Refuse what is not an attribute of nms:recipient."""
    if name not in RECIPIENT:
        raise UnknownNameError(("columns", name), "attribute of nms:recipient", tuple(RECIPIENT))
    return name


def cron(value: str) -> str:
    """Refuse what Airflow could not schedule: the error would cost every feed its Dag."""
    from croniter import croniter  # type: ignore[import-untyped]  # slow, and most callers check no schedule

    if len(value.split()) != 5 or not croniter.is_valid(value):
        raise ValueError(f"{value!r} is not a cron expression; write five fields in UTC, like '20 4 * * *'")
    return value


def broken_rules(feed: AudienceFeed) -> Iterator[FeedRuleError]:
    """Yield every rule between keys that ``feed`` breaks."""
    yield from _reconciliation_key(feed)
    for name, column in feed.columns.items():
        yield from _column(feed, name, column)
    yield from _headers(feed)
    yield from broken_folders(feed)
    yield from _modes(feed)


def folders(feed: Feed) -> dict[tuple[str, str], str]:
    """Return the folders that a feed reads or writes, by the key that names them."""
    own = {("landing_zone", "prefix"): feed.landing_zone.prefix}
    if feed.historise:
        own["historise", "prefix"] = feed.historise.prefix
    if feed.direction == "event_export":
        return own | {("landing_zone", "staging"): feed.landing_zone.staging}
    return own | {("rejects", "prefix"): feed.rejects.prefix}


def overlap(one: str, other: str) -> bool:
    """Tell whether a listing of one folder shows files of the other."""
    return one.startswith(other) or other.startswith(one)


def _reconciliation_key(feed: AudienceFeed) -> Iterator[FeedRuleError]:
    loc: tuple[str | int, ...] = ("reconciliation_key",)
    if not 1 <= len(feed.key) <= 2:
        yield FeedRuleError(loc, "takes one or two columns, as AEP's deduplication key does")
    if len(set(feed.key)) < len(feed.key):
        yield FeedRuleError(loc, "names the same column twice")
    for index, name in enumerate(feed.key):
        if name not in feed.columns:
            at = loc if isinstance(feed.reconciliation_key, str) else (*loc, index)
            yield UnknownNameError(at, "column of this feed", tuple(feed.columns), name)


def _column(feed: AudienceFeed, name: str, column: Column) -> Iterator[FeedRuleError]:
    native, kind = RECIPIENT[name].type, feed.type_of(name)
    if kind not in _FITTING.get(native, {native}):
        yield FeedRuleError(("columns", name, "type"), f"{name} is {native} in Campaign; leave type out")
        return
    if column.format and kind not in {ValueType.DATE, ValueType.TIMESTAMP}:
        yield FeedRuleError(("columns", name, "format"), f"{name} is {kind}; only dates and timestamps have a format")
    if column.on_error == "default" and column.default is None:
        yield FeedRuleError(("columns", name, "on_error"), "default needs the key default too")
    if column.default is not None:
        yield from _default(feed, name, column.default)


def _default(feed: AudienceFeed, name: str, default: str) -> Iterator[FeedRuleError]:
    loc, kind, length = ("columns", name, "default"), feed.type_of(name), feed.length_of(name)
    try:
        stored = PARSERS[kind](default)
    except BadValueError:
        yield FeedRuleError(loc, f"{default!r} is not a valid {kind}")
        return
    if stored != default:
        yield FeedRuleError(loc, f"must be written as it is stored: {stored!r}")
    if length and len(default) > length:
        yield FeedRuleError(loc, f"has {len(default)} characters, {name} takes {length}")


def _headers(feed: AudienceFeed) -> Iterator[FeedRuleError]:
    taken: dict[str, str] = {}
    for name, column in feed.columns.items():
        for loc, header in _spellings(name, column):
            first = taken.setdefault(header.replace(".", "_"), name)
            if first != name:
                yield FeedRuleError(
                    loc, f"the header {header!r} is already read into {first}; a header feeds one column"
                )


def _spellings(name: str, column: Column) -> Iterator[tuple[tuple[str | int, ...], str]]:
    yield ("columns", name, "from"), column.source
    for index, alias in enumerate(column.aliases):
        yield ("columns", name, "aliases", index), alias


def broken_folders(feed: Feed) -> Iterator[FeedRuleError]:
    """What is historised is purged by age, and whatever lies in the feed's folder is taken."""
    for (first, mine), (second, other) in combinations(folders(feed).items(), 2):
        if overlap(mine, other):
            text = f"{other!r} must neither hold nor lie in {mine!r}, which is {'.'.join(first)}"
            yield FeedRuleError(second, text)


def _modes(feed: AudienceFeed) -> Iterator[FeedRuleError]:
    if feed.list and feed.list.mode == "mirror" and feed.export == "incremental":
        yield FeedRuleError(
            ("list", "mode"),
            "mirror needs export: full. An incremental file holds only changes, so mirroring it would empty the list",
        )
    if feed.list is None and feed.profiles.mode == "none":
        yield FeedRuleError(("profiles", "mode"), "none needs a list, else the feed does nothing")
    if feed.poll_interval < timedelta(seconds=5):
        yield FeedRuleError(("poll_interval",), "must be at least 5s")
