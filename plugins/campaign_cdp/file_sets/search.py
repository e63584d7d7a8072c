"""Look for a feed's next file set in a landing zone of any size.

The listing is streamed and the ledger is asked once a page; only a short list of file sets stays in memory. Which
objects belong to those is found by listing again, and only when there are any.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from fnmatch import fnmatchcase
from heapq import nlargest, nsmallest
from typing import Final, Generic, Protocol, TypeVar

from campaign_cdp.exceptions import FileReplacedError, ManifestError
from campaign_cdp.feeds.model import AudienceFeed, StableFor
from campaign_cdp.file_sets import FileSet, KnownFile, Seen, StoredObject
from campaign_cdp.file_sets.manifest import Manifest, is_manifest, match_parts, read_manifest
from campaign_cdp.file_sets.part_names import split_part_name
from campaign_cdp.file_sets.rules import (
    QUARANTINED,
    SETTLED,
    Candidate,
    Finding,
    Problem,
    Series,
    Standing,
    next_file_set,
    stable_candidate,
)

#: File sets that one look judges: the oldest of an incremental feed, the newest of a full one.
MAX_WAITING: Final = 100
MAX_MANIFEST_BYTES: Final = 10_000_000
#: How far a manifest's time may be in the future: clocks and time zones differ.
_MOST_AHEAD: Final = timedelta(days=1)

_NEVER_SEEN = KnownFile(None)
T = TypeVar("T")


class Listing(Protocol):
    """What the search needs of a landing zone."""

    url: str

    def iter_pages(self, prefix: str) -> Iterator[list[StoredObject]]: ...

    def read_small(self, obj: StoredObject, *, max_bytes: int = ...) -> bytes: ...


def find_next_file_set(zone: Listing, feed: AudienceFeed, seen: Seen, now: datetime) -> Finding:
    """Look once. Blocks; costs at most two listings, one ledger call a page and one read a waiting manifest.

    :param now: aware time that stability windows and the times of manifests are measured against.
    :raises SyncError: if the storage or the ledger cannot be read.
    """
    search = _Search(zone, feed, seen, now)
    rule = feed.complete_when
    candidates = search.by_series(rule) if isinstance(rule, StableFor) else search.by_manifest()
    last_applied = seen.last_applied(feed.id)
    while True:
        finding = next_file_set(feed.export, candidates, last_applied)
        if finding.file_set is None or not seen.is_applied(feed.id, finding.file_set):
            return finding
        # Two manifests tell of the same export. The second must not fail every run from now on.
        repeated = finding.file_set
        candidates = [replace(c, standing=Standing.REPEATED) if c.file_set == repeated else c for c in candidates]


class _Shortlist(Generic[T]):
    """The oldest, or newest, :data:`MAX_WAITING` of any number of entries.

    Newest for a full feed: whatever is older, a newer export replaces, so dead manifests can never crowd out a new one.
    """

    def __init__(self, *, newest: bool) -> None:
        self._pick = nlargest if newest else nsmallest
        self._entries: dict[T, tuple[datetime, str]] = {}

    def add(self, entry: T, obj: StoredObject) -> None:
        order = (obj.modified, obj.key)
        self._entries[entry] = min(order, self._entries.get(entry, order))
        if len(self._entries) >= 2 * MAX_WAITING:
            self._entries = {kept: self._entries[kept] for kept in self.kept()}

    def kept(self) -> list[T]:
        return self._pick(MAX_WAITING, self._entries, key=self._entries.__getitem__)


class _Search:
    def __init__(self, zone: Listing, feed: AudienceFeed, seen: Seen, now: datetime) -> None:
        self.zone, self.feed, self.seen, self.now = zone, feed, seen, now
        day = feed.landing_zone.ignore_before
        self._ignore_before = datetime.combine(day, time(), UTC) if day else datetime.min.replace(tzinfo=UTC)

    # -- With manifests -------------------------------------------------------------------------------------------

    def by_manifest(self) -> list[Candidate]:
        waiting = self._waiting_manifests()
        read = {obj: manifest for obj in waiting if (manifest := self._read(obj))}
        names = {e.name for m in read.values() if isinstance(m, Manifest) for e in m.export_results}
        named: dict[str, list[StoredObject]] = defaultdict(list)
        for page in self._pages() if names else ():
            for obj in page:
                if obj.name in names:
                    named[obj.name].append(obj)
        return [self._judge(obj, manifest, waiting[obj], named) for obj, manifest in read.items()]

    def _waiting_manifests(self) -> dict[StoredObject, Standing]:
        """Manifests with work to do: not settled themselves, or with a file that was replaced since."""
        listed: _Shortlist[StoredObject] = self._shortlist()
        revised: _Shortlist[StoredObject] = self._shortlist()
        for page in self._pages():
            for obj, known in self._with_known(o for o in page if is_manifest(o.name) or self._is_data(o)):
                if is_manifest(obj.name):
                    if self._is_open(known.state):
                        listed.add(obj, obj)
                elif known.state is None and known.manifest is not None:
                    revised.add(known.manifest, known.manifest)
        replaced = {obj.key: obj for obj in revised.kept()}
        waiting = {**replaced, **{obj.key: obj for obj in listed.kept()}}
        known_now = self._with_known(waiting.values())
        standings = {obj: _standing(obj, known, revised=obj.key in replaced) for obj, known in known_now}
        return {obj: standing for obj, standing in standings.items() if standing}

    def _read(self, obj: StoredObject) -> Manifest | ManifestError | None:
        """Return the manifest, what is wrong with it, or ``None`` if it was replaced or removed meanwhile."""
        where = f"{self.zone.url}/{obj.key}"
        if obj.size > MAX_MANIFEST_BYTES:
            return ManifestError(
                f"{where} has {obj.size:,} bytes, a manifest at most {MAX_MANIFEST_BYTES:,}. "
                "Its export is not loaded. Remove it."
            )
        try:
            return read_manifest(self.zone.read_small(obj), where)
        except FileReplacedError:
            return None
        except ManifestError as err:
            return err

    def _judge(
        self,
        obj: StoredObject,
        manifest: Manifest | ManifestError,
        standing: Standing,
        named: Mapping[str, Sequence[StoredObject]],
    ) -> Candidate:
        if isinstance(manifest, ManifestError):
            return self._broken(FileSet(obj.name, obj.modified, (), obj), standing, manifest)
        ordered_at = manifest.ordered_at(obj.modified)
        try:
            self._check_time(obj, ordered_at)
            self._check_names(obj, manifest)
            parts, missing = match_parts(manifest, obj, named)
        except ManifestError as err:
            return self._broken(FileSet(manifest.flow_run_id, ordered_at, (), obj), standing, err)
        if standing is Standing.REPEATED and (missing or self._has_news(parts)):
            standing = Standing.NEW
        return Candidate(FileSet(manifest.flow_run_id, ordered_at, parts, obj), missing, standing)

    def _broken(self, file_set: FileSet, standing: Standing, err: ManifestError) -> Candidate:
        new = Standing.NEW if standing is Standing.REPEATED else standing
        return Candidate(file_set, standing=new, problem=Problem.of(err))

    def _has_news(self, parts: Sequence[StoredObject]) -> bool:
        """A manifest that is only written again, perhaps with another ETag, must not load its files twice."""
        return any(known.state not in SETTLED for _, known in self._with_known(parts))

    def _check_time(self, obj: StoredObject, ordered_at: datetime) -> None:
        """Once a set is applied, those before it are stale: one of the year 9999 would be the last for ever."""
        if ordered_at > self.now + _MOST_AHEAD:
            raise ManifestError(
                f"{self.zone.url}/{obj.key} has the scheduledTime {ordered_at:%Y-%m-%d %H:%M} UTC, and it is "
                f"{self.now:%Y-%m-%d %H:%M} UTC. The file set is not loaded: all later ones would look older. "
                "Correct the time, or remove the manifest."
            )

    def _check_names(self, obj: StoredObject, manifest: Manifest) -> None:
        pattern = self.feed.landing_zone.name_pattern
        for entry in manifest.export_results:
            if not fnmatchcase(entry.name, pattern):
                raise ManifestError(
                    f"{self.zone.url}/{obj.key} lists {entry.name}, which is no data file of feed {self.feed.id}: "
                    f"landing_zone.name_pattern is {pattern!r}. The file set is not loaded. Correct the pattern, or "
                    "give every feed its own folder."
                )

    # -- Without manifests ----------------------------------------------------------------------------------------

    def by_series(self, rule: StableFor) -> list[Candidate]:
        shortlist: _Shortlist[tuple[str, str]] = self._shortlist()
        for page in self._pages():
            for obj, known in self._with_known(o for o in page if self._is_data(o)):
                if self._is_open(known.state):
                    shortlist.add(split_part_name(obj.key).series, obj)
        chosen = set(shortlist.kept())
        found: dict[tuple[str, str], Series] = defaultdict(dict)
        for page in self._pages() if chosen else ():
            ours = (o for o in page if self._is_data(o) and split_part_name(o.key).series in chosen)
            for obj, known in self._with_known(ours):
                part = split_part_name(obj.key)
                found[part.series][part.number] = obj, known.state
        opened = (s for s in found.values() if any(self._is_open(state) for _, state in s.values()))
        return [stable_candidate(series, rule.stable, self.now) for series in opened]

    # -- Both -----------------------------------------------------------------------------------------------------

    def _shortlist(self) -> _Shortlist[T]:
        return _Shortlist(newest=self.feed.export == "full")

    def _pages(self) -> Iterator[list[StoredObject]]:
        for page in self.zone.iter_pages(self.feed.landing_zone.prefix):
            yield [obj for obj in page if obj.modified >= self._ignore_before]

    def _with_known(self, objects: Iterable[StoredObject]) -> list[tuple[StoredObject, KnownFile]]:
        asked = list(objects)
        known = self.seen.known(self.feed.id, asked) if asked else {}
        return [(obj, known.get(obj.key, _NEVER_SEEN)) for obj in asked]

    def _is_data(self, obj: StoredObject) -> bool:
        return fnmatchcase(obj.name, self.feed.landing_zone.name_pattern) and not is_manifest(obj.name)

    def _is_open(self, state: str | None) -> bool:
        """Only an incremental feed cares for what is quarantined: it must not overtake it."""
        return state not in SETTLED and (state != QUARANTINED or self.feed.export == "incremental")


def _standing(obj: StoredObject, known: KnownFile, *, revised: bool) -> Standing | None:
    if known.state in SETTLED:
        return Standing.REVISED if revised else None
    if known.state == QUARANTINED and not revised:
        return Standing.QUARANTINED
    is_rewritten = known.manifest is not None and known.manifest.identity != obj.identity
    return Standing.REPEATED if is_rewritten and not revised else Standing.NEW
