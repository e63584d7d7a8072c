"""The feeds as they are declared now. Reading them costs milliseconds per file, so it is done when a file changed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from campaign_cdp.exceptions import FeedConfigError
from campaign_cdp.feeds.directions import MODELS, Feed
from campaign_cdp.feeds.loader import load_feeds
from campaign_cdp.feeds.problems import FeedFileError
from campaign_cdp.feeds.zones import AnyStorage
from campaign_cdp.settings import feeds_dir, mappings_dir

_State = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class BrokenFeed:
    """A feed file that has errors.

    :param message: what is wrong, as ``cdp feeds lint`` says it.
    """

    feed: str
    message: str

    @property
    def dag_ids(self) -> frozenset[str]:
        """Ids that its Dag may have had; its direction may be what is wrong."""
        return frozenset(f"{direction}__{self.feed}" for direction in MODELS)


@dataclass(frozen=True, slots=True)
class DeclaredFeeds:
    """All feed files, good and broken."""

    good: dict[str, Feed]
    broken: tuple[BrokenFeed, ...]


class FeedFiles:
    """Reads the feeds folder when a file in it, or a mapping, was changed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: _State | None = None
        self._declared = DeclaredFeeds({}, ())

    def declared(self) -> DeclaredFeeds:
        with self._lock:
            state = tuple(_state())
            if state != self._seen:
                feeds, errors = load_feeds()
                self._declared = DeclaredFeeds({feed.id: feed for feed in feeds}, tuple(map(_broken, errors)))
                self._seen = state
            return self._declared


def dag_id_of(feed: Feed) -> str:
    return f"{feed.direction}__{feed.id}"


def url_of(storage: AnyStorage, key: str = "") -> str:
    """Name an object for people. The connection stands for the server, whose address is not everybody's to see."""
    if storage.type == "s3":
        return f"s3://{storage.root}/{key}"
    root = storage.root.strip("/")
    return f"{storage.type}://{storage.connection}/{root + '/' if root else ''}{key}"


def _broken(error: FeedConfigError) -> BrokenFeed:
    name = error.path.stem if isinstance(error, FeedFileError) else "feeds"
    return BrokenFeed(name, f"{error.code} {error.message}")


def _state() -> Iterator[tuple[str, int, int]]:
    for folder in (feeds_dir(), mappings_dir()):
        yield str(folder), 0, 0
        for path in sorted(folder.glob("*.y*ml")):
            yield from _file_state(path)


def _file_state(path: Path) -> Iterator[tuple[str, int, int]]:
    try:
        found = path.stat()
    except OSError:  # removed since it was listed
        return
    yield str(path), found.st_mtime_ns, found.st_size
