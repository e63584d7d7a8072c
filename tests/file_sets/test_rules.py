from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest

from campaign_cdp.file_sets import FileSet, StoredObject
from campaign_cdp.file_sets.rules import Candidate, Finding, Problem, Series, Standing, next_file_set, stable_candidate

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
BROKEN = Problem("ACR-301", "unreadable")
BOTH = pytest.mark.parametrize("export", ["full", "incremental"])
Export = Literal["full", "incremental"]


def candidate(hour: int, *missing: str, standing: Standing = Standing.NEW, problem: Problem | None = None) -> Candidate:
    at = NOON.replace(hour=hour)
    manifest = StoredObject(f"in/manifest-{hour}.json", 1, "m", at)
    return Candidate(FileSet(f"set-{hour}", at, (), manifest), missing, standing, problem)


def ids(file_sets: tuple[FileSet, ...]) -> list[str]:
    return [file_set.id for file_set in file_sets]


def taken(finding: Finding) -> str | None:
    return finding.file_set.id if finding.file_set else None


def assert_says(problem: Problem | None, code: str, words: str = "") -> None:
    assert problem is not None
    assert problem.code == code
    assert words in problem.message


@BOTH
def test_takes_the_oldest_complete_set(export: Export) -> None:
    finding = next_file_set(export, [candidate(3), candidate(1), candidate(2)], None)
    assert taken(finding) == "set-1"


@BOTH
def test_nothing_there_is_waiting_and_merely_late(export: Export) -> None:
    finding = next_file_set(export, [], NOON)
    assert (finding.file_set, finding.problem, finding.overdue, finding.waiting_for) == (None, None, None, ())


@BOTH
def test_sets_of_the_same_time_as_the_newest_applied_are_not_stale(export: Export) -> None:
    finding = next_file_set(export, [candidate(3)], NOON.replace(hour=3))
    assert taken(finding) == "set-3"


@BOTH
def test_an_incomplete_revision_of_a_settled_set_is_nobodys_business(export: Export) -> None:
    revised = candidate(1, "a.csv", standing=Standing.REVISED)
    finding = next_file_set(export, [revised, candidate(2)], NOON.replace(hour=1))
    assert taken(finding) == "set-2"
    assert finding.superseded == ()


@BOTH
def test_a_complete_revision_of_the_newest_applied_set_is_taken(export: Export) -> None:
    finding = next_file_set(export, [candidate(1, standing=Standing.REVISED)], NOON.replace(hour=1))
    assert taken(finding) == "set-1"


@BOTH
def test_an_unreadable_manifest_alone_is_a_problem_now(export: Export) -> None:
    assert next_file_set(export, [candidate(1, problem=BROKEN)], None).problem == BROKEN


class TestFull:
    def test_incomplete_and_unreadable_sets_never_block(self) -> None:
        finding = next_file_set("full", [candidate(1, "a.csv"), candidate(2, problem=BROKEN), candidate(3)], None)
        assert taken(finding) == "set-3"

    def test_reports_what_the_newest_applied_set_made_pointless(self) -> None:
        candidates = [candidate(1), candidate(2, "a.csv"), candidate(3, problem=BROKEN), candidate(5)]
        finding = next_file_set("full", candidates, NOON.replace(hour=4))
        assert ids(finding.superseded) == ["set-1", "set-2", "set-3"]
        assert taken(finding) == "set-5"

    def test_says_what_an_incomplete_set_lacks(self) -> None:
        finding = next_file_set("full", [candidate(1, *"abcdefg")], None)
        assert finding.waiting_for == ("in/manifest-1.json: a, b, c, d, e and 2 more",)
        assert finding.overdue is None


class TestIncremental:
    def test_an_older_incomplete_set_holds_newer_ones_back_until_the_deadline(self) -> None:
        finding = next_file_set("incremental", [candidate(2), candidate(1, "a.csv (10 bytes)")], None)
        assert finding.file_set is None
        assert finding.problem is None
        assert_says(finding.overdue, "ACR-321", "in/manifest-1.json lacks a.csv (10 bytes). 1 later")

    def test_an_incomplete_set_with_nothing_behind_it_is_merely_late(self) -> None:
        finding = next_file_set("incremental", [candidate(1, "a.csv")], None)
        assert (finding.problem, finding.overdue) == (None, None)
        assert finding.waiting_for

    def test_a_quarantined_set_blocks_later_ones_at_once(self) -> None:
        finding = next_file_set("incremental", [candidate(1, standing=Standing.QUARANTINED), candidate(2)], None)
        assert_says(finding.problem, "ACR-321", "in/manifest-1.json is quarantined")

    def test_a_quarantined_set_alone_waits_for_its_new_version(self) -> None:
        finding = next_file_set("incremental", [candidate(1, standing=Standing.QUARANTINED)], None)
        assert finding.problem is None
        assert_says(finding.overdue, "ACR-321")

    def test_a_quarantined_set_that_was_passed_over_blocks_nothing(self) -> None:
        candidates = [candidate(1, standing=Standing.QUARANTINED), candidate(3)]
        finding = next_file_set("incremental", candidates, NOON.replace(hour=2))
        assert taken(finding) == "set-3"

    @pytest.mark.parametrize("missing", [(), ("a.csv",)])
    def test_a_set_older_than_the_newest_applied_is_stale(self, missing: tuple[str, ...]) -> None:
        finding = next_file_set("incremental", [candidate(1, *missing), candidate(3)], NOON.replace(hour=2))
        assert_says(finding.problem, "ACR-320", "in/manifest-1.json")

    def test_a_revision_of_an_older_applied_set_is_stale(self) -> None:
        finding = next_file_set("incremental", [candidate(1, standing=Standing.REVISED)], NOON.replace(hour=2))
        assert_says(finding.problem, "ACR-320")

    def test_a_complete_set_before_a_quarantined_one_is_taken(self) -> None:
        finding = next_file_set("incremental", [candidate(2, standing=Standing.QUARANTINED), candidate(1)], None)
        assert taken(finding) == "set-1"


class TestStable:
    WINDOW = timedelta(minutes=2)

    def judge(self, series: dict[int, str | None], *, age: int = 300) -> Candidate:
        found: Series = {
            n: (StoredObject(f"in/g{'' if n == 1 else f'_{n}'}.csv", 10, "e", NOON - timedelta(seconds=age + n)), state)
            for n, state in series.items()
        }
        return stable_candidate(found, self.WINDOW, NOON)

    def test_parts_come_in_numeric_order_and_order_is_that_of_the_newest(self) -> None:
        found = self.judge(dict.fromkeys([10, 2, 1, *range(3, 10)]))
        assert [part.name for part in found.file_set.parts] == ["g.csv", *(f"g_{n}.csv" for n in range(2, 11))]
        assert found.is_complete
        assert found.file_set.ordered_at == NOON - timedelta(seconds=301)

    @pytest.mark.parametrize(("age", "complete"), [(118, False), (119, True)])
    def test_is_complete_when_nothing_changed_for_the_window(self, age: int, complete: bool) -> None:
        found = self.judge({1: None}, age=age)
        assert found.is_complete is complete
        assert bool(found.missing) is not complete

    def test_a_gap_in_the_numbers_or_a_missing_first_part_is_waited_for(self) -> None:
        assert self.judge({1: None, 4: None}).missing == ("g_2.csv", "g_3.csv")
        assert self.judge({2: None}).missing == ("g.csv",)

    def test_a_part_left_from_an_earlier_run_is_not_guessed_about(self) -> None:
        found = self.judge({1: None, 2: "applied"})
        assert_says(found.problem, "ACR-300", "in/g_2.csv")

    def test_a_quarantined_series_with_a_replaced_part_is_a_new_version(self) -> None:
        assert self.judge({1: "quarantined", 2: "quarantined"}).standing is Standing.QUARANTINED
        again = self.judge({1: "quarantined", 2: None})
        assert again.is_complete
        assert len(again.file_set.parts) == 2

    def test_parts_of_a_run_that_did_not_finish_are_taken_again(self) -> None:
        assert self.judge({1: "loaded", 2: "seen"}).is_complete

    def test_the_id_depends_on_names_only(self) -> None:
        assert self.judge({1: None}).file_set.id == self.judge({1: "seen"}, age=900).file_set.id
        assert self.judge({1: None}).file_set.id != self.judge({1: None, 2: None}).file_set.id
