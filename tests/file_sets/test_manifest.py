from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from campaign_cdp.exceptions import ManifestError
from campaign_cdp.file_sets import StoredObject
from campaign_cdp.file_sets.manifest import Manifest, is_manifest, match_parts, read_manifest

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MANIFEST = StoredObject("in/gold/manifest-d-r.json", 1, "m", NOON)


def manifest(*entries: dict[str, Any], **more: Any) -> Manifest:
    doc = {"flowRunId": "r-1", "scheduledTime": "2026-03-01T01:00:00Z", "exportResults": list(entries), **more}
    return read_manifest(json.dumps(doc).encode(), "s3://b/m.json")


def entry(name: str, size: int = 10, sink: str = "/out") -> dict[str, Any]:
    return {"sinkPath": sink, "name": name, "size": size}


def stored(key: str, size: int = 10) -> StoredObject:
    return StoredObject(key, size, f"etag of {key}", NOON)


def match(found: Manifest, *objects: StoredObject) -> tuple[list[str], tuple[str, ...]]:
    named: dict[str, list[StoredObject]] = {}
    for obj in objects:
        named.setdefault(obj.name, []).append(obj)
    parts, missing = match_parts(found, MANIFEST, named)
    return [part.key for part in parts], missing


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("manifest-d0420d72-756c-0ac8f3c0.json", True),
        ("manifest.json", False),
        ("a-manifest-1.json", False),
        ("manifest-1.csv", False),
    ],
)
def test_knows_a_manifest_by_its_name(name: str, expected: bool) -> None:
    assert is_manifest(name) is expected


def test_reads_size_in_each_entry_and_flat_for_a_single_file() -> None:
    assert manifest(entry("a.csv", 7)).export_results[0].size == 7
    flat = manifest({"sinkPath": "/out", "name": "a.csv"}, size=8)
    assert flat.export_results[0].size == 8


def test_a_byte_order_mark_is_dropped() -> None:
    assert read_manifest(b'\xef\xbb\xbf{"flowRunId": "r"}', "m").flow_run_id == "r"


@pytest.mark.parametrize("results", [{"exportResults": []}, {"exportResults": None}, {}])
def test_a_manifest_without_files_is_legal(results: dict[str, Any]) -> None:
    found = read_manifest(json.dumps({"flowRunId": "r", **results}).encode(), "m")
    assert match(found) == ([], ())


@pytest.mark.parametrize(
    ("scheduled", "expected"),
    [
        ("2026-03-01T01:00:00Z", datetime(2026, 3, 1, 1, tzinfo=UTC)),
        ("2026-03-01T01:00:00+02:00", datetime(2026, 2, 28, 23, tzinfo=UTC)),
        ("2026-03-01T01:00:00", datetime(2026, 3, 1, 1, tzinfo=UTC)),
        (None, NOON),
    ],
)
def test_is_ordered_by_scheduled_time_in_utc(scheduled: str | None, expected: datetime) -> None:
    assert manifest(scheduledTime=scheduled).ordered_at(NOON) == expected


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b"\xff\xfe",
        b'{"exportResults": []}',
        b'{"flowRunId": ""}',
        b'{"flowRunId": "../../etc"}',
        b'{"flowRunId": "r", "scheduledTime": "soon"}',
        b'{"flowRunId": "r", "exportResults": [{"name": "a.csv"}]}',
        b'{"flowRunId": "r", "exportResults": [{"size": 1}]}',
        b'{"flowRunId": "r", "exportResults": [{"name": "", "size": 1}]}',
        b'{"flowRunId": "r", "exportResults": [{"name": "a.csv", "size": -1}]}',
        b'{"flowRunId": "r", "exportResults": [7]}',
        b'{"flowRunId": "r", "flowRunId": "s"}',
        b'{"flowRunId": "r", "exportResults": [{"name": "a.csv", "name": "b.csv", "size": 1}]}',
        b'{"flowRunId": "r", "exportResults": [{"name": "a\\u0000.csv", "size": 1}]}',
        b'{"flowRunId": "r", "exportResults": [{"name": "a\\ud800.csv", "size": 1}]}',
        b'{"flowRunId": "r", "scheduledTime": "0001-01-01T00:00:00+14:00"}',
        b'{"a":' + b"[" * 100_000,
        b'{"flowRunId": "r", "size": ' + b"9" * 5_000 + b"}",
        '{"flowRunId": "r"}'.encode("utf-16"),
        b'{"flowRunId": "r", "exportResults": [7], "size": 1}',
        b'{"flowRunId": "r", "exportResults": [{"name": "a.csv"}, {"name": "b.csv"}], "size": 9}',
    ],
)
def test_an_unreadable_manifest_says_where_and_why(body: bytes) -> None:
    with pytest.raises(ManifestError, match=r"s3://b/m\.json \([\d,]+ bytes\) is not a manifest"):
        read_manifest(body, "s3://b/m.json")


def test_finds_parts_by_name_anywhere_in_numeric_order() -> None:
    numbers = ["", *(f"_{n}" for n in range(2, 12))]
    found = manifest(*(entry(f"gold{n}.csv") for n in reversed(numbers)))
    keys, missing = match(found, *(stored(f"in/gold/deep/gold{n}.csv") for n in sorted(numbers)))
    assert keys == [f"in/gold/deep/gold{n}.csv" for n in numbers]
    assert missing == ()


def test_a_part_of_another_size_is_not_there_yet() -> None:
    found = manifest(entry("gold.csv", 1000), entry("gold_2.csv", 10))
    keys, missing = match(found, stored("in/gold/gold.csv", 999))
    assert keys == []
    assert missing == ("gold.csv (1,000 bytes, found 999)", "gold_2.csv (10 bytes)")


@pytest.mark.parametrize(
    ("sink", "keys", "expected"),
    [
        ("/x/b", ["in/gold/a/g.csv", "in/gold/x/b/g.csv"], "in/gold/x/b/g.csv"),
        ("/out", ["in/gold/g.csv", "in/gold/copy/g.csv"], "in/gold/g.csv"),
        ("/out", ["in/gold/sub/g.csv", "in/gold/sub/copy/g.csv"], "in/gold/sub/g.csv"),
        ("/out/b", ["in/gold/g.csv", "in/gold/out/b/g.csv"], "in/gold/out/b/g.csv"),
    ],
)
def test_takes_the_file_in_the_nearest_folder(sink: str, keys: list[str], expected: str) -> None:
    assert match(manifest(entry("g.csv", sink=sink)), *map(stored, keys)) == ([expected], ())


def test_a_nearer_file_of_another_size_does_not_count() -> None:
    objects = stored("in/gold/g.csv", 3), stored("in/gold/sub/g.csv", 10)
    assert match(manifest(entry("g.csv")), *objects) == (["in/gold/sub/g.csv"], ())


def test_two_files_that_fit_equally_well_are_an_error() -> None:
    with pytest.raises(ManifestError, match=r"could be in/gold/a/g\.csv and in/gold/b/g\.csv"):
        match(manifest(entry("g.csv")), stored("in/gold/a/g.csv"), stored("in/gold/b/g.csv"))


def test_two_entries_for_one_file_are_an_error() -> None:
    with pytest.raises(ManifestError, match=r"lists g\.csv twice"):
        match(manifest(entry("g.csv"), entry("g.csv", sink="/other")), stored("in/gold/g.csv"))


def test_same_name_in_two_listed_folders_gives_two_parts() -> None:
    found = manifest(entry("g.csv", sink="/a"), entry("g.csv", sink="/b"))
    assert match(found, stored("in/gold/a/g.csv"), stored("in/gold/b/g.csv"))[0] == [
        "in/gold/a/g.csv",
        "in/gold/b/g.csv",
    ]
