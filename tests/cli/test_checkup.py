from __future__ import annotations

import threading

from campaign_cdp.cli.checkup import Examination, Report, Status, examined
from campaign_cdp.exceptions import RetriableSyncError


def test_each_step_has_its_own_time_and_a_hanging_one_is_given_up() -> None:
    release = threading.Event()

    def hang(report: Report) -> None:
        for name in ("one", "two"):
            with report.step(name):
                threading.Event().wait(0.2)
                report.ok("there")
        with report.step("three"):
            release.wait(10)
            report.ok("too late")

    (findings,) = examined([Examination("slow", hang)], seconds=0.3)
    release.set()

    assert [(one.check, one.status) for one in findings] == [
        ("one", Status.OK),
        ("two", Status.OK),
        ("three", Status.PROBLEM),
    ]
    assert "No answer within 0.3 s" in findings[-1].text


def test_examinations_run_at_the_same_time_and_keep_their_order() -> None:
    barrier = threading.Barrier(2, timeout=5)

    def meet(report: Report) -> None:
        barrier.wait()
        report.ok("met")

    found = list(examined([Examination("a", meet), Examination("b", meet)]))

    assert [[(one.subject, one.text) for one in findings] for findings in found] == [[("a", "met")], [("b", "met")]]


def test_an_error_ends_an_examination_with_its_code_or_its_type() -> None:
    def known(report: Report) -> None:
        with report.step("first"):
            raise RetriableSyncError("Busy.")

    def unknown(report: Report) -> None:
        report.ok("fine")
        raise KeyError("x")

    (one,), (fine, other) = examined([Examination("a", known), Examination("b", unknown)])

    assert (one.check, one.status, one.code, one.text) == ("first", Status.PROBLEM, "ACR-200", "Busy.")
    assert (fine.status, other.status, other.text) == (Status.OK, Status.PROBLEM, "Unexpected KeyError: 'x'")
