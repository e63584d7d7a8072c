from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign_cdp.file_sets import StoredObject
from campaign_cdp.retention import HistorisedFile, expired

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=4000)


def aged(key: str, days: float, size: int = 10) -> HistorisedFile:
    """A file that was historised so many days ago, whatever the storage says about it."""
    return HistorisedFile(StoredObject(key, size, "e", LONG_AGO), NOW - timedelta(days=days))


def gone(
    files: list[HistorisedFile], days: int = 1000, max_files: int | None = None, max_bytes: int | None = None
) -> list[str]:
    return sorted(file.obj.key for file in expired(files, days=days, max_files=max_files, max_bytes=max_bytes, now=NOW))


FILES = [aged("c", 3), aged("a", 1), aged("e", 5), aged("d", 4), aged("b", 2)]


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        pytest.param({}, [], id="none"),
        pytest.param({"days": 3}, ["d", "e"], id="days-exactly-is-kept"),
        pytest.param({"max_files": 5}, [], id="as-many-files"),
        pytest.param({"max_files": 2}, ["c", "d", "e"], id="files"),
        pytest.param({"max_bytes": 50}, [], id="as-many-bytes"),
        pytest.param({"max_bytes": 49}, ["e"], id="bytes"),
        pytest.param({"days": 4, "max_files": 3, "max_bytes": 20}, ["c", "d", "e"], id="the-strictest-counts"),
    ],
)
def test_the_oldest_beyond_any_limit_are_deleted(limits: dict[str, int], expected: list[str]) -> None:
    assert gone(FILES, **limits) == expected


def test_what_is_older_than_a_file_that_does_not_fit_is_not_kept_in_its_place() -> None:
    files = [aged("old-small", 3, 1), aged("big", 2, 100), aged("new", 1, 10)]

    assert gone(files, max_bytes=50) == ["big", "old-small"]
    assert gone(files[::-1], max_bytes=50) == ["big", "old-small"]


def test_a_file_larger_than_the_limit_is_deleted_itself() -> None:
    assert gone([aged("big", 1, 100)], max_bytes=50) == ["big"]


def test_files_of_one_moment_are_told_apart_by_their_key() -> None:
    files = [aged("b", 1), aged("a", 1), aged("c", 1)]

    assert gone(files, max_files=1) == gone(files[::-1], max_files=1) == ["a", "b"]


def test_nothing_historised_is_nothing_to_delete() -> None:
    assert gone([], days=1, max_files=1, max_bytes=1) == []


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 30)), max_size=30),
    st.integers(1, 9),
    st.none() | st.integers(1, 10),
    st.none() | st.integers(1, 100),
)
def test_agrees_with_sorting_everything(
    made: list[tuple[int, int]], days: int, max_files: int | None, max_bytes: int | None
) -> None:
    files = [aged(f"k{n}", age, size) for n, (age, size) in enumerate(made)]
    kept, total = set(), 0
    for count, file in enumerate(sorted(files, key=lambda f: (f.at, f.obj.key), reverse=True), start=1):
        total += file.obj.size
        if count > (max_files or 99) or total > (max_bytes or 9999) or file.at < NOW - timedelta(days=days):
            break
        kept.add(file.obj.key)

    assert set(gone(files, days, max_files, max_bytes)) == {file.obj.key for file in files} - kept


@pytest.mark.parametrize(("max_files", "most"), [(None, 200_000), (1000, 2_000_000), (100_000, 80_000_000)])
def test_memory_grows_with_what_is_kept_not_with_what_is_there(max_files: int | None, most: int) -> None:
    def listing() -> Iterator[HistorisedFile]:
        for n in range(100_000):
            yield aged(f"historised/gold/run_{n}/0123456789abcdef.csv.gz", (n * 7919) % 100_000 / 100_000)

    tracemalloc.start()
    try:
        deleted = sum(1 for _ in expired(listing(), days=1, max_files=max_files, max_bytes=None, now=NOW))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert deleted == (100_000 - max_files if max_files else 0)
    assert peak < most
