from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from campaign_cdp.exceptions import FileReplacedError
from campaign_cdp.feeds.model import AudienceFeed
from campaign_cdp.file_sets import FileSet, KnownFile, StoredObject
from campaign_cdp.file_sets.search import MAX_WAITING, find_next_file_set

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def feed(export: str = "full", complete_when: Any = "manifest", **landing_zone: Any) -> AudienceFeed:
    return AudienceFeed.model_validate(
        {
            "id": "gold",
            "direction": "audience_import",
            "owner": "crm",
            "landing_zone": {"type": "s3", "connection": "lz", "bucket": "b", "prefix": "in/", **landing_zone},
            "complete_when": complete_when,
            "export": export,
            "columns": {"email": {"from": "email"}},
            "reconciliation_key": "email",
            "list": {"name": "GOLD", "mode": "add"},
        }
    )


@dataclass
class Shelf:
    """A landing zone in memory that counts what it is asked for."""

    url: str = "s3://b"
    objects: dict[str, tuple[StoredObject, bytes]] = field(default_factory=dict)
    listings: int = 0
    reads: list[str] = field(default_factory=list)

    def put(self, key: str, body: bytes = b"0123456789", at: datetime = NOON - timedelta(hours=1)) -> StoredObject:
        obj = StoredObject(key, len(body), f"etag-{key}-{body[:20]!r}-{len(body)}", at)
        self.objects[key] = obj, body
        return obj

    def put_manifest(self, run: str, *names: str, hour: int = 1, folder: str = "in/") -> StoredObject:
        at = NOON.replace(hour=hour)
        results = [{"sinkPath": "/", "name": name, "size": 10} for name in names]
        doc = {"flowRunId": run, "scheduledTime": at.isoformat(), "exportResults": results}
        return self.put(f"{folder}manifest-d-{run}.json", json.dumps(doc).encode(), at)

    def iter_pages(self, prefix: str) -> Iterator[list[StoredObject]]:
        self.listings += 1
        keys = sorted(key for key in self.objects if key.startswith(prefix))
        for start in range(0, len(keys), 3):
            yield [self.objects[key][0] for key in keys[start : start + 3]]

    def read_small(self, obj: StoredObject, *, max_bytes: int = 10_000_000) -> bytes:
        self.reads.append(obj.key)
        current, body = self.objects.get(obj.key, (None, b""))
        if current != obj:
            raise FileReplacedError("replaced")
        return body


@dataclass
class Memory:
    """What earlier runs did, as the ledger would tell it."""

    states: dict[tuple[str, int, str], tuple[str, StoredObject | None]] = field(default_factory=dict)
    applied_until: datetime | None = None
    applied: set[tuple[str, str]] = field(default_factory=set)
    calls: int = 0

    def remember(self, state: str, *objects: StoredObject, manifest: StoredObject | None = None) -> None:
        self.states.update({obj.identity: (state, manifest) for obj in objects})

    def known(self, feed: str, objects: Sequence[StoredObject]) -> dict[str, KnownFile]:
        assert feed == "gold"
        self.calls += 1
        found = {}
        for obj in objects:
            state, manifest = self.states.get(obj.identity, (None, None))
            seen_in = [m for identity, (_, m) in self.states.items() if identity[0] == obj.key]
            if seen_in:
                found[obj.key] = KnownFile(state, manifest or seen_in[-1])
        return found

    def is_applied(self, feed: str, file_set: FileSet) -> bool:
        return (file_set.id, file_set.fingerprint) in self.applied

    def last_applied(self, feed: str) -> datetime | None:
        return self.applied_until


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def memory() -> Memory:
    return Memory()


def keys(finding: Any) -> list[str] | None:
    return [part.key for part in finding.file_set.parts] if finding.file_set else None


class TestWithManifest:
    def test_finds_the_parts_wherever_they_are(self, shelf: Shelf, memory: Memory) -> None:
        manifest = shelf.put_manifest("r1", "g.csv", "g_2.csv")
        shelf.put("in/deep/er/g_2.csv")
        shelf.put("in/g.csv")
        finding = find_next_file_set(shelf, feed(), memory, NOON)
        assert keys(finding) == ["in/g.csv", "in/deep/er/g_2.csv"]
        assert finding.file_set
        assert (finding.file_set.id, finding.file_set.manifest) == ("r1", manifest)
        assert finding.file_set.ordered_at == NOON.replace(hour=1)

    @pytest.mark.parametrize("manifest_first", [True, False])
    def test_order_of_arrival_does_not_matter(self, shelf: Shelf, memory: Memory, manifest_first: bool) -> None:
        if manifest_first:
            shelf.put_manifest("r1", "g.csv")
        else:
            shelf.put("in/g.csv")
        assert keys(find_next_file_set(shelf, feed(), memory, NOON)) is None
        shelf.put("in/g.csv")
        shelf.put_manifest("r1", "g.csv")
        assert keys(find_next_file_set(shelf, feed(), memory, NOON)) == ["in/g.csv"]

    def test_a_manifest_without_files_is_a_complete_set(self, shelf: Shelf, memory: Memory) -> None:
        shelf.put_manifest("r1")
        assert keys(find_next_file_set(shelf, feed(), memory, NOON)) == []
        assert shelf.listings == 1

    @pytest.mark.parametrize("state", ["applied", "superseded", "historised", "quarantined"])
    def test_a_settled_set_is_not_taken_again(self, shelf: Shelf, memory: Memory, state: str) -> None:
        manifest, part = shelf.put_manifest("r1", "g.csv"), shelf.put("in/g.csv")
        memory.remember(state, manifest, part, manifest=manifest)
        finding = find_next_file_set(shelf, feed(), memory, NOON)
        assert (finding.file_set, finding.problem, finding.waiting_for) == (None, None, ())
        assert (shelf.listings, shelf.reads) == (1, [])

    @pytest.mark.parametrize("state", ["seen", "loading", "loaded"])
    def test_a_set_whose_run_did_not_finish_is_taken_again(self, shelf: Shelf, memory: Memory, state: str) -> None:
        manifest, part = shelf.put_manifest("r1", "g.csv"), shelf.put("in/g.csv")
        memory.remember(state, manifest, part, manifest=manifest)
        assert keys(find_next_file_set(shelf, feed(), memory, NOON)) == ["in/g.csv"]

    @pytest.mark.parametrize("state", ["applied", "quarantined"])
    @pytest.mark.parametrize("export", ["full", "incremental"])
    def test_a_replaced_part_makes_a_new_version(self, shelf: Shelf, memory: Memory, state: str, export: str) -> None:
        manifest, one = shelf.put_manifest("r1", "g.csv", "g_2.csv"), shelf.put("in/g.csv")
        memory.remember(state, manifest, one, shelf.put("in/g_2.csv"), manifest=manifest)
        shelf.put("in/g_2.csv", b"9876543210")
        assert keys(find_next_file_set(shelf, feed(export), memory, NOON)) == ["in/g.csv", "in/g_2.csv"]

    def test_an_overwritten_part_of_another_export_waits_for_its_manifest(self, shelf: Shelf, memory: Memory) -> None:
        manifest = shelf.put_manifest("r1", "g.csv")
        memory.remember("applied", manifest, shelf.put("in/g.csv"), manifest=manifest)
        shelf.put("in/g.csv", b"the next export under the same name")
        finding = find_next_file_set(shelf, feed("incremental"), memory, NOON)
        assert (finding.file_set, finding.problem, finding.waiting_for) == (None, None, ())

    def test_a_historised_manifest_that_a_part_points_to_is_passed_over(self, shelf: Shelf, memory: Memory) -> None:
        manifest = shelf.put_manifest("r1", "g.csv")
        memory.remember("historised", manifest, shelf.put("in/g.csv"), manifest=manifest)
        del shelf.objects[manifest.key]
        shelf.put("in/g.csv", b"9876543210")
        assert keys(find_next_file_set(shelf, feed(), memory, NOON)) is None

    def test_a_replaced_manifest_is_read_in_its_new_version(self, shelf: Shelf, memory: Memory) -> None:
        manifest = shelf.put_manifest("r1", "g.csv")
        memory.remember("applied", manifest, shelf.put("in/g.csv"), manifest=manifest)
        shelf.put("in/g.csv", b"9876543210")
        shelf.put_manifest("r1", "g.csv", "g_2.csv")
        finding = find_next_file_set(shelf, feed(), memory, NOON)
        assert finding.waiting_for == ("in/manifest-d-r1.json: g_2.csv (10 bytes)",)

    @pytest.mark.parametrize("names", [(), ("g.csv",)])
    @pytest.mark.parametrize("export", ["full", "incremental"])
    def test_a_manifest_that_is_only_written_again_loads_nothing_twice(
        self, shelf: Shelf, memory: Memory, names: tuple[str, ...], export: str
    ) -> None:
        manifest = shelf.put_manifest("r1", *names)
        memory.remember("applied", manifest, *(shelf.put(f"in/{name}") for name in names), manifest=manifest)
        memory.applied_until = NOON.replace(hour=1)
        again = shelf.put(manifest.key, shelf.objects[manifest.key][1] + b" ")
        finding = find_next_file_set(shelf, feed(export), memory, NOON)
        assert (finding.file_set, finding.problem) == (None, None)
        assert [file_set.manifest for file_set in finding.superseded] == [again]

    def test_a_manifest_written_again_while_its_run_was_unfinished_is_taken(self, shelf: Shelf, memory: Memory) -> None:
        manifest = shelf.put_manifest("r1", "g.csv")
        memory.remember("loading", manifest, shelf.put("in/g.csv"), manifest=manifest)
        shelf.put(manifest.key, shelf.objects[manifest.key][1] + b" ")
        assert keys(find_next_file_set(shelf, feed(), memory, NOON)) == ["in/g.csv"]

    def test_the_same_files_under_a_new_manifest_are_a_new_set(self, shelf: Shelf, memory: Memory) -> None:
        manifest = shelf.put_manifest("r1", "g.csv")
        memory.remember("applied", manifest, shelf.put("in/g.csv"), manifest=manifest)
        shelf.put_manifest("r2", "g.csv", hour=2)
        finding = find_next_file_set(shelf, feed(), memory, NOON)
        assert finding.file_set
        assert finding.file_set.id == "r2"

    def test_an_incremental_feed_does_not_overtake_a_quarantined_set(self, shelf: Shelf, memory: Memory) -> None:
        manifest = shelf.put_manifest("r1", "g.csv")
        memory.remember("quarantined", manifest, shelf.put("in/g.csv"), manifest=manifest)
        shelf.put_manifest("r2", "h.csv", hour=2)
        shelf.put("in/h.csv")
        finding = find_next_file_set(shelf, feed("incremental"), memory, NOON)
        assert finding.problem
        assert finding.problem.code == "ACR-321"
        assert keys(find_next_file_set(shelf, feed("full"), memory, NOON)) == ["in/h.csv"]

    def test_sets_apply_in_order_of_scheduled_time_not_of_names(self, shelf: Shelf, memory: Memory) -> None:
        for run, hour in (("b", 1), ("a", 2), ("c", 3)):
            shelf.put_manifest(run, f"{run}.csv", hour=hour)
            shelf.put(f"in/{run}.csv")
        assert keys(find_next_file_set(shelf, feed(), memory, NOON)) == ["in/b.csv"]
        memory.applied_until = NOON.replace(hour=2)
        finding = find_next_file_set(shelf, feed(), memory, NOON)
        assert [file_set.id for file_set in finding.superseded] == ["b"]

    def test_an_unreadable_manifest_is_a_problem_that_names_it(self, shelf: Shelf, memory: Memory) -> None:
        shelf.put("in/manifest-d-x.json", b"{")
        finding = find_next_file_set(shelf, feed(), memory, NOON)
        assert finding.problem
        assert finding.problem.code == "ACR-301"
        assert "s3://b/in/manifest-d-x.json" in finding.problem.message

    def test_a_huge_manifest_is_not_read(self, shelf: Shelf, memory: Memory) -> None:
        shelf.put("in/manifest-d-x.json", b"{" * 10_000_001)
        finding = find_next_file_set(shelf, feed(), memory, NOON)
        assert finding.problem
        assert (finding.problem.code, shelf.reads) == ("ACR-301", [])

    def test_a_time_in_the_future_is_a_problem(self, shelf: Shelf, memory: Memory) -> None:
        for hours, taken in ((24, ["in/g.csv"]), (25, None)):
            shelf.put("in/g.csv")
            at = NOON + timedelta(hours=hours)
            doc = {
                "flowRunId": "r",
                "scheduledTime": f"{at:%Y-%m-%dT%H:%M:%SZ}",
                "exportResults": [{"name": "g.csv", "size": 10}],
            }
            shelf.put("in/manifest-d-r.json", json.dumps(doc).encode(), NOON)
            finding = find_next_file_set(shelf, feed(), memory, NOON)
            assert keys(finding) == taken
        assert finding.problem
        assert finding.problem.code == "ACR-301"
        assert "all later ones would look older" in finding.problem.message

    @pytest.mark.parametrize("export", ["full", "incremental"])
    def test_a_second_manifest_of_an_applied_run_is_superseded(self, shelf: Shelf, memory: Memory, export: str) -> None:
        part, first = shelf.put("in/g.csv"), shelf.put_manifest("r1", "g.csv")
        shelf.put_manifest("r1", "g.csv", folder="in/copy/")
        found = find_next_file_set(shelf, feed(export), memory, NOON).file_set
        assert found
        memory.remember("applied", part, first, manifest=first)
        memory.applied.add((found.id, found.fingerprint))
        memory.applied_until = found.ordered_at

        finding = find_next_file_set(shelf, feed(export), memory, NOON)

        assert (finding.file_set, finding.problem, finding.waiting_for) == (None, None, ())
        assert [file_set.id for file_set in finding.superseded] == ["r1"]

    def test_a_listed_file_outside_the_name_pattern_is_a_problem(self, shelf: Shelf, memory: Memory) -> None:
        shelf.put_manifest("r1", "g.json")
        finding = find_next_file_set(shelf, feed(), memory, NOON)
        assert finding.problem
        assert "name_pattern is '*.csv*'" in finding.problem.message

    def test_files_before_the_first_day_are_ignored(self, shelf: Shelf, memory: Memory) -> None:
        shelf.put_manifest("r1", "g.csv", hour=0)
        shelf.put("in/g.csv")
        assert keys(find_next_file_set(shelf, feed(ignore_before="2026-03-01"), memory, NOON)) == ["in/g.csv"]
        finding = find_next_file_set(shelf, feed(ignore_before="2026-03-02"), memory, NOON)
        assert (finding.file_set, finding.waiting_for) == (None, ())

    def test_other_files_below_the_prefix_do_not_matter(self, shelf: Shelf, memory: Memory) -> None:
        for key in ("in/", "in/_SUCCESS", "in/readme.txt", "inside/manifest-d-x.json"):
            shelf.put(key, b"")
        assert find_next_file_set(shelf, feed(), memory, NOON).problem is None
        assert memory.calls == 0


STABLE = {"stable": "2m"}


class TestWithoutManifest:
    def test_takes_a_series_once_it_is_quiet(self, shelf: Shelf, memory: Memory) -> None:
        shelf.put("in/g.csv", at=NOON - timedelta(minutes=5))
        shelf.put("in/g_2.csv", at=NOON - timedelta(minutes=1))
        finding = find_next_file_set(shelf, feed(complete_when=STABLE), memory, NOON)
        assert "unchanged for 120 s" in finding.waiting_for[0]
        later = find_next_file_set(shelf, feed(complete_when=STABLE), memory, NOON + timedelta(minutes=2))
        assert keys(later) == ["in/g.csv", "in/g_2.csv"]

    def test_takes_the_oldest_series_first(self, shelf: Shelf, memory: Memory) -> None:
        shelf.put("in/a.csv", at=NOON - timedelta(hours=1))
        shelf.put("in/b.csv", at=NOON - timedelta(hours=2))
        assert keys(find_next_file_set(shelf, feed(complete_when=STABLE), memory, NOON)) == ["in/b.csv"]

    def test_manifests_are_no_data(self, shelf: Shelf, memory: Memory) -> None:
        shelf.put_manifest("r1")
        finding = find_next_file_set(shelf, feed(complete_when=STABLE, name_pattern="*"), memory, NOON)
        assert finding.file_set is None

    def test_same_names_in_two_folders_are_two_sets(self, shelf: Shelf, memory: Memory) -> None:
        shelf.put("in/1/g.csv")
        shelf.put("in/2/g.csv")
        assert keys(find_next_file_set(shelf, feed(complete_when=STABLE), memory, NOON)) == ["in/1/g.csv"]

    def test_an_applied_series_is_not_taken_again_and_a_new_version_is(self, shelf: Shelf, memory: Memory) -> None:
        memory.remember("applied", shelf.put("in/g.csv"))
        assert keys(find_next_file_set(shelf, feed(complete_when=STABLE), memory, NOON)) is None
        shelf.put("in/g.csv", b"new")
        assert keys(find_next_file_set(shelf, feed(complete_when=STABLE), memory, NOON)) == ["in/g.csv"]

    def test_a_quarantined_series_blocks_an_incremental_feed_only(self, shelf: Shelf, memory: Memory) -> None:
        memory.remember("quarantined", shelf.put("in/a.csv", at=NOON - timedelta(hours=2)))
        shelf.put("in/b.csv")
        full, incremental = (feed(export, STABLE) for export in ("full", "incremental"))
        assert keys(find_next_file_set(shelf, full, memory, NOON)) == ["in/b.csv"]
        blocked = find_next_file_set(shelf, incremental, memory, NOON)
        assert blocked.problem
        assert blocked.problem.code == "ACR-321"


# -- Size ------------------------------------------------------------------------------------------------------------


@dataclass
class Crowd(Memory):
    """Everything below ``until`` was applied."""

    until: int = 0

    def known(self, feed: str, objects: Sequence[StoredObject]) -> dict[str, KnownFile]:
        self.calls += 1
        return {obj.key: KnownFile("applied") for obj in objects if int(obj.etag) < self.until}


class Warehouse:
    """A landing zone of any size whose objects exist only while they are listed."""

    url = "s3://b"

    def __init__(self, total: int, *, every: int) -> None:
        self.total, self.every, self.requests, self.reads = total, every, 0, 0

    def iter_pages(self, prefix: str) -> Iterator[list[StoredObject]]:
        for start in range(0, self.total, 1000):
            self.requests += 1
            yield [self._object(prefix, n) for n in range(start, min(start + 1000, self.total))]

    def _object(self, prefix: str, n: int) -> StoredObject:
        is_manifest = n % self.every == 0
        name = f"manifest-d-{n:06}.json" if is_manifest else f"audience-{n:06}.csv"
        return StoredObject(f"{prefix}{name}", 10, str(n), NOON - timedelta(seconds=self.total + 600 - n))

    def read_small(self, obj: StoredObject, *, max_bytes: int = 10_000_000) -> bytes:
        self.reads += 1
        n = int(obj.etag)
        entry = {"name": f"audience-{n + 1:06}.csv", "size": 10}
        return json.dumps({"flowRunId": f"r{n}", "exportResults": [entry]}).encode()


@pytest.mark.parametrize(("complete_when", "applied"), [("manifest", 99_990), (STABLE, 0)])
def test_100_000_keys_do_not_cost_a_request_each(complete_when: Any, applied: int) -> None:
    zone, memory = Warehouse(100_000, every=10), Crowd(until=applied)
    finding = find_next_file_set(zone, feed("incremental", complete_when), memory, NOON)
    assert finding.file_set
    assert zone.requests <= 200
    assert memory.calls <= 202
    assert zone.reads <= MAX_WAITING


@pytest.mark.parametrize(("complete_when", "total"), [("manifest", 50_000), (STABLE, 25_000)])
def test_waiting_keys_are_not_held_in_memory(complete_when: Any, total: int) -> None:
    some_feed = feed("incremental", complete_when)
    find_next_file_set(Warehouse(2_000, every=10), some_feed, Crowd(), NOON)
    tracemalloc.start()
    try:
        find_next_file_set(Warehouse(total, every=10), some_feed, Crowd(), NOON)
        peak_mb = tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()
    assert peak_mb < 3


def test_dead_manifests_never_crowd_out_the_newest_set_of_a_full_feed() -> None:
    shelf = Shelf()
    for n in range(3 * MAX_WAITING):
        shelf.put_manifest(f"dead-{n}", f"gone-{n}.csv", hour=1)
    shelf.put_manifest("new", "g.csv", hour=2)
    shelf.put("in/g.csv")
    assert keys(find_next_file_set(shelf, feed("full"), Memory(), NOON)) == ["in/g.csv"]
