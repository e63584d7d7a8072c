"""Rejected lines, corrected in the feed or in a file, go through the same pipeline exactly once."""

from __future__ import annotations

import os

import pytest

from campaign_cdp.exceptions import RunAbandonedError, StaleFileSetError, SyncDataError
from campaign_cdp.feeds.model import AudienceFeed
from campaign_cdp.hooks.landing_zone.factory import landing_zone_for
from campaign_cdp.replay import correction_tag, replay_key
from tests.operators.importing import Import, line
from tests.operators.killing import in_child

LONG = "A" * 70  # firstName takes 50 characters


@pytest.fixture
def rejected(new_import) -> Import:
    """A mirrored list of two, and two rejected lines: a name too long, and no address."""
    imports = new_import(historise={"prefix": "done/", "days": 30})
    imports.export(
        [line("ann@x.io", "C1", "Ann"), line("bob@x.io", "C2", LONG), line("eve@x.io", "C3", "Eve")],
        [line("not-an-address", "C4", "Dan")],
        zipped=True,
    )
    imports.run("run1")
    return imports


def corrected_feed(imports: Import) -> None:
    """Values that are too long are left out from now on."""
    feed = imports.feed.model_dump(mode="json", by_alias=True)
    feed["columns"]["firstName"]["on_error"] = "ignore"
    imports.feed = AudienceFeed.model_validate(feed)


def run_id(imports: Import, dag_run_id: str) -> int:
    return imports.sql("SELECT run_id FROM cdp.sync_run WHERE dag_run_id = %s", dag_run_id)[0][0]


def fates(imports: Import, dag_run_id: str = "run1") -> list[tuple[int, int, str | None]]:
    return imports.sql(
        "SELECT r.part_no, r.line_no, by.dag_run_id FROM cdp.reject r LEFT JOIN cdp.sync_run by ON by.run_id = r.replayed_by "
        "WHERE r.run_id = %s ORDER BY 1, 2",
        run_id(imports, dag_run_id),
    )


def correction(imports: Import, text: str) -> str:
    key = replay_key(imports.feed, run_id(imports, "run1"), correction_tag(text.encode()))
    imports.place.put(key, text.encode())
    return key


CORRECTED = (
    "email,crmId,firstName,city,optOut,segmentMembership.seg_namespace.seg_id.status,reject_part,reject_line,reject_reason\n"
    "dan@x.io,C4,Dan,null,null,realized,2,2,bad_email\n"
)


def test_lines_that_a_changed_feed_takes_are_applied_and_the_others_stay_open(rejected):
    corrected_feed(rejected)

    counts = rejected.run("replay1", replay_of=run_id(rejected, "run1"))

    assert (counts["rows"], counts["rejected"], counts["inserted"], counts["list_removed"]) == (2, 1, 1, 0)
    assert rejected.recipients("semail, sfirstname") == [("ann@x.io", "Ann"), ("bob@x.io", None), ("eve@x.io", "Eve")]
    assert rejected.members() == ["ann@x.io", "bob@x.io", "eve@x.io"], "nobody leaves a mirrored list for a replay"
    assert fates(rejected) == [(1, 3, "replay1"), (2, 2, None)]


def test_a_corrected_file_is_applied_and_its_lines_are_settled(rejected):
    key = correction(rejected, CORRECTED)

    counts = rejected.run("replay1", replay_of=run_id(rejected, "run1"), replay_file=key)

    assert (counts["inserted"], counts["rejected"]) == (1, 0)
    assert "dan@x.io" in rejected.members()
    assert fates(rejected) == [(1, 3, None), (2, 2, "replay1")]
    assert [key for key in rejected.place.sizes() if "/replay/" in key] == [], "it holds personal data"


@pytest.mark.parametrize("with_file", [False, True])
def test_the_same_replay_is_applied_once(rejected, with_file):
    corrected_feed(rejected)
    params = {"replay_of": run_id(rejected, "run1")}
    if with_file:
        params["replay_file"] = correction(rejected, CORRECTED)
    rejected.run("replay1", **params)
    before = rejected.recipients("*"), fates(rejected)
    if with_file:
        correction(rejected, CORRECTED)

    with pytest.raises(SyncDataError, match="exactly this replay was applied already"):
        rejected.run("replay2", **params)
    rejected.run("replay1", **params)

    assert (rejected.recipients("*"), fates(rejected)) == before


@pytest.mark.parametrize("moment", [0.4, 0.9])
def test_a_killed_and_cleared_replay_ends_like_an_undisturbed_one(new_import, request, moment):
    def prepared() -> Import:
        imports = new_import(historise={"prefix": "done/", "days": 30})
        imports.export([line("ann@x.io", "C1", "Ann"), line("bob@x.io", "C2", LONG)])
        imports.run("run1")
        corrected_feed(imports)
        return imports

    other = prepared()
    replay_of = run_id(other, "run1")
    _, events = in_child(lambda: other.run("replay1", replay_of=replay_of), counting=True)
    undisturbed = other.recipients("saccount, semail"), other.members(), fates(other)
    imports = prepared()

    killed, _ = in_child(lambda: imports.run("replay1", replay_of=replay_of), int(events * moment))
    again, _ = in_child(lambda: imports.run("replay1", replay_of=replay_of))

    assert (os.WIFSIGNALED(killed), again) == (True, 0)
    assert (imports.recipients("saccount, semail"), imports.members(), fates(imports)) == undisturbed


def test_a_replay_never_overwrites_newer_values_unless_somebody_accepts_it(rejected):
    corrected_feed(rejected)
    rejected.export([line("ann@x.io", "C1", "Ann"), line("bob@x.io", "C2", "Bobby")])
    rejected.run("run2")

    with pytest.raises(StaleFileSetError, match="newer values"):
        rejected.run("replay1", replay_of=run_id(rejected, "run1"))
    assert ("bob@x.io", "Bobby") in rejected.recipients("semail, sfirstname")

    rejected.run("replay2", replay_of=run_id(rejected, "run1"), accept_stale=True)
    assert fates(rejected)[0][2] == "replay2"


def test_the_next_file_set_is_found_as_if_there_had_been_no_replay(rejected):
    corrected_feed(rejected)
    rejected.run("replay1", replay_of=run_id(rejected, "run1"))
    rejected.export([line("ann@x.io", "C1", "Anna")])

    counts = rejected.run("run2")

    assert (counts["updated"], rejected.members()) == (1, ["ann@x.io"])


def test_what_was_never_applied_cannot_be_replayed(new_import):
    imports = new_import(rejects={"max_pct": 0})
    imports.export([line("ann@x.io"), line("not-an-address")])
    with pytest.raises(Exception, match="1 of 2 lines rejected"):
        imports.run("run1")

    with pytest.raises(SyncDataError, match="only rejects of an applied run"):
        imports.run("replay1", replay_of=run_id(imports, "run1"))


def test_lines_are_taken_out_of_their_parts_as_they_were_written(new_import):
    multi = '"Broken\nLine",C9,"' + LONG + '",null,null,realized'
    quoted = f'mia@x.io,C8,"{LONG}, ""M""",null,null,realized'
    imports = new_import()
    imports.export([*(line(f"p{n}@x.io", f"P{n}", "P") for n in range(3000)), multi, line("z@x.io"), quoted])
    imports.run("run1")
    from campaign_cdp.hooks.campaign.sql import connect
    from campaign_cdp.ledger.store import Ledger
    from campaign_cdp.replay import picked_records

    with connect("campaign_db") as conn, landing_zone_for(imports.feed.landing_zone) as zone:
        ledger = Ledger(conn)
        run = run_id(imports, "run1")
        found = list(picked_records(zone, imports.feed, ledger.stored_parts(run), ledger.open_rejects(run)))

    assert [(picked.reject.line_no, picked.record.decode()) for picked in found] == [
        (3002, multi + "\n"),
        (3005, quoted + "\n"),
    ]


def test_a_released_file_set_is_taken_again_and_a_superseded_one_never(new_import):
    from campaign_cdp.hooks.campaign.sql import connect
    from campaign_cdp.ledger.store import Ledger

    imports = new_import()
    imports.export(b"a,b\n1,2\n")
    with pytest.raises(Exception, match="ACR-304"):
        imports.run("run1")
    with connect("campaign_db") as conn:
        Ledger(conn).release(run_id(imports, "run1"), actor="ann")
        Ledger(conn).release(run_id(imports, "run1"), actor="ann")
    with pytest.raises(Exception, match="ACR-304"):
        imports.run("run2")
    with connect("campaign_db") as conn:
        Ledger(conn).mark_superseded(run_id(imports, "run2"), actor="bob")
        with pytest.raises(SyncDataError, match="only a quarantined file set can be released"):
            Ledger(conn).release(run_id(imports, "run2"), actor="bob")

    with pytest.raises((Exception, RunAbandonedError), match="ACR-250"):
        imports.run("run3")
    assert imports.sql("SELECT actor, action FROM cdp.audit ORDER BY audit_id") == [
        ("ann", "mark released"),
        ("bob", "mark superseded"),
    ]
