from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from campaign_cdp.exceptions import EmptyFileError
from campaign_cdp.file_sets import FileSet, KnownFile, Seen, StoredObject
from campaign_cdp.ledger.store import Ledger, Run
from tests.ledger.samples import FEED, file_set, stored

OpenRun = Callable[..., Run]
MANIFEST = stored("manifest-a.json")


def apply(ledger: Ledger, run: Run) -> None:
    ledger.finish(run.run_id, "applied", {})


def everything(found: FileSet) -> list[StoredObject]:
    return [*found.parts, *([found.manifest] if found.manifest else [])]


def known_states(ledger: Ledger, found: FileSet) -> list[str | None]:
    known = ledger.known(FEED, everything(found))
    return [known[obj.key].state for obj in everything(found)]


def test_ledger_answers_what_the_search_asks(ledger: Ledger) -> None:
    seen: Seen = ledger

    assert seen.known(FEED, []) == {}


def test_key_never_seen_is_left_out(ledger: Ledger, open_run: OpenRun) -> None:
    open_run()

    assert ledger.known(FEED, [stored("new.csv")]) == {}
    assert ledger.known("silver", everything(file_set())) == {}


def finish_as(ledger: Ledger, run: Run, state: str) -> None:
    match state:
        case "quarantined":
            ledger.quarantine(run.run_id, EmptyFileError("no bytes"))
        case "applied" | "previewed":
            ledger.finish(run.run_id, state, {})
        case "ended":
            ledger.finish(run.run_id, "applied", {})
            ledger.finish(run.run_id, "ended")


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("open", None),
        ("previewed", None),
        ("quarantined", "quarantined"),
        ("applied", "applied"),
        ("ended", "applied"),
    ],
)
def test_only_settled_runs_settle_their_files(
    ledger: Ledger, open_run: OpenRun, state: str, expected: str | None
) -> None:
    run = open_run(preview=state == "previewed")
    finish_as(ledger, run, state)

    assert known_states(ledger, file_set()) == [expected, expected, expected]


def test_abandoned_run_settles_nothing(ledger: Ledger, open_run: OpenRun) -> None:
    open_run("run1")
    open_run("run2", file_set=file_set("b"))

    assert known_states(ledger, file_set()) == [None, None, None]


def test_superseded_and_historised_files_are_settled(ledger: Ledger, open_run: OpenRun) -> None:
    ledger.supersede(FEED, file_set("b"), "run1")
    run = open_run()
    apply(ledger, run)
    ledger.historised(run.run_id, 1, stored("old/a.csv"))

    assert known_states(ledger, file_set("b")) == ["superseded"] * 3
    assert known_states(ledger, file_set()) == ["historised", "applied", "applied"]


def test_replaced_part_is_new_and_leads_to_the_manifest_of_its_set(ledger: Ledger, open_run: OpenRun) -> None:
    apply(ledger, open_run())

    known = ledger.known(FEED, everything(file_set(version="2")))

    assert known == {
        "in/a.csv": KnownFile("applied", MANIFEST),
        "in/a_2.csv": KnownFile(None, MANIFEST),
        "in/manifest-a.json": KnownFile("applied", MANIFEST),
    }


@pytest.mark.parametrize("replaced", [stored("a.csv", size=101), stored("a.csv", "9")], ids=["size", "etag"])
def test_same_name_with_other_content_is_new(ledger: Ledger, open_run: OpenRun, replaced: StoredObject) -> None:
    apply(ledger, open_run())

    assert ledger.known(FEED, [replaced])[replaced.key].state is None


def test_file_set_without_manifest_names_none(ledger: Ledger, open_run: OpenRun) -> None:
    apply(ledger, open_run(file_set=file_set(manifest=False)))

    assert ledger.known(FEED, [stored("a.csv")]) == {"in/a.csv": KnownFile("applied", None)}


def test_replaced_part_of_a_quarantined_set_is_not_settled_until_it_is_applied(
    ledger: Ledger, open_run: OpenRun
) -> None:
    ledger.quarantine(open_run().run_id, EmptyFileError("a_2.csv has no bytes"))
    assert known_states(ledger, file_set(version="2")) == ["quarantined", None, "quarantined"]

    apply(ledger, open_run("run2", file_set=file_set(version="2")))

    assert known_states(ledger, file_set(version="2")) == ["applied", "applied", "applied"]


def test_set_that_is_quarantined_after_an_applied_version_is_quarantined(ledger: Ledger, open_run: OpenRun) -> None:
    apply(ledger, open_run())
    ledger.quarantine(open_run("run2", file_set=file_set(version="2")).run_id, EmptyFileError("no bytes"))

    assert known_states(ledger, file_set(version="2")) == ["quarantined"] * 3


def test_open_attempt_does_not_hide_that_the_file_was_applied(ledger: Ledger, open_run: OpenRun) -> None:
    apply(ledger, open_run())
    open_run("run2", file_set=file_set(version="2"))

    assert known_states(ledger, file_set(version="2")) == ["applied", None, "applied"]


def test_content_that_comes_back_after_another_version_is_new(ledger: Ledger, open_run: OpenRun) -> None:
    apply(ledger, open_run(file_set=file_set(parts=1, version="1")))
    apply(ledger, open_run("run2", file_set=file_set(parts=1, version="2", hour=1)))

    assert known_states(ledger, file_set(parts=1, version="2")) == ["applied", "applied"]
    assert known_states(ledger, file_set(parts=1, version="1")) == [None, "applied"]


def test_a_page_of_thousands_is_one_statement(
    conn: psycopg.Connection, ledger: Ledger, open_run: OpenRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply(ledger, open_run(file_set=file_set(parts=500)))
    page = [*file_set(parts=500).parts, *(stored(f"new{n}.csv", size=5_000_000_000) for n in range(3000))]
    asked: list[object] = []
    monkeypatch.setattr(ledger, "_rows", lambda *args: asked.append(args) or Ledger._rows(ledger, *args))

    known = ledger.known(FEED, page)

    assert len(asked) == 1
    assert len(known) == 500
    assert {file.state for file in known.values()} == {"applied"}
