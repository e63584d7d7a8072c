"""Rejected lines, corrected in the feed or in a file, go through the same pipeline exactly once."""

from __future__ import annotations

import gzip
from dataclasses import replace

import pytest

from campaign_cdp.exceptions import (
    FileSetBlockedError,
    HeaderError,
    RejectLimitError,
    StaleFileSetError,
    SyncDataError,
    VolumeGuardError,
)
from campaign_cdp.feeds.model import AudienceFeed
from campaign_cdp.hooks.campaign.sql import connect
from campaign_cdp.hooks.landing_zone.factory import landing_zone_for
from campaign_cdp.ledger.store import Ledger
from campaign_cdp.replay import picked_records, replay_folder
from tests.chaos.child import in_child
from tests.operators.importing import HEADER, Import, line
from tests.pgp import decrypted, encrypted, needs_gpg

LONG = "A" * 70  # firstName takes 50 characters


@pytest.fixture
def rejected(new_import) -> Import:
    """A mirrored list of two, and two rejected lines: a name too long, and no address."""
    imports = new_import("local", historise={"prefix": "done/", "days": 30})
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


def correction(imports: Import, text: str, name: str = "corrected.csv") -> str:
    key = replay_folder(imports.feed) + name
    imports.place.put(key, text.encode())
    return key


def replay_files(imports: Import) -> list[str]:
    return [key for key in imports.place.sizes() if "/replay/" in key]


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
    assert replay_files(rejected) == [], "it holds personal data"


@pytest.mark.parametrize("with_file", [False, True])
def test_the_same_replay_is_applied_once(rejected, with_file):
    corrected_feed(rejected)
    params = {"replay_of": run_id(rejected, "run1")}
    if with_file:
        params["replay_file"] = correction(rejected, CORRECTED)
    rejected.run("replay1", **params)
    before = rejected.recipients("*"), fates(rejected)
    if with_file:
        params["replay_file"] = correction(rejected, CORRECTED, "of_another_name.csv")

    with pytest.raises(SyncDataError, match="exactly this replay was applied already"):
        rejected.run("replay2", **params)
    rejected.run("replay1", **params)  # cleared

    assert (rejected.recipients("*"), fates(rejected)) == before


def test_a_killed_and_cleared_replay_ends_like_an_undisturbed_one(new_import):
    def prepared() -> tuple[Import, int]:
        imports = new_import(historise={"prefix": "done/", "days": 30})
        imports.export([line("ann@x.io", "C1", "Ann"), line("bob@x.io", "C2", LONG)])
        imports.run("run1")
        corrected_feed(imports)
        return imports, run_id(imports, "run1")

    def result(imports: Import) -> tuple[object, ...]:
        replays = "SELECT state, counts FROM cdp.sync_run WHERE replay_of IS NOT NULL"
        return imports.recipients("saccount, semail"), imports.members(), fates(imports), imports.sql(replays)

    other, replay_of = prepared()
    events = in_child(lambda: other.run("replay1", replay_of=replay_of)).events

    for moment in (0.4, 0.9):
        imports, replay_of = prepared()
        killed = in_child(lambda: imports.run("replay1", replay_of=replay_of), int(events * moment))  # noqa: B023
        again = in_child(lambda: imports.run("replay1", replay_of=replay_of))  # noqa: B023

        assert (killed.killed, again.error) == (True, "")
        assert result(imports) == result(other)


def test_a_replay_never_overwrites_newer_values_unless_somebody_accepts_it(rejected):
    corrected_feed(rejected)
    rejected.export([line("ann@x.io", "C1", "Ann"), line("bob@x.io", "C2", "Bobby")])
    rejected.run("run2")

    with pytest.raises(StaleFileSetError, match=rf"run {run_id(rejected, 'run2')} that of 2026-01-01 02:00 UTC since"):
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
    imports = new_import("local", rejects={"max_pct": 0})
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

    with connect("campaign_db") as conn, landing_zone_for(imports.feed.landing_zone) as zone:
        ledger = Ledger(conn)
        run = run_id(imports, "run1")
        found = list(picked_records(zone, imports.feed, ledger.stored_parts(run), ledger.open_rejects(run)))

    assert [(picked.reject.line_no, picked.record.decode()) for picked in found] == [
        (3002, multi + "\n"),
        (3005, quoted + "\n"),
    ]


def test_a_line_that_replaces_no_rejected_line_is_refused(rejected):
    key = correction(rejected, CORRECTED + "new@x.io,C9,New,null,null,realized,1,2,\n")

    with pytest.raises(SyncDataError, match=r"stand for no rejected line of run \d+; the first: 3"):
        rejected.run("replay1", replay_of=run_id(rejected, "run1"), replay_file=key)

    assert "new@x.io" not in rejected.members()
    assert rejected.sql("SELECT count(*) FROM cdp.sync_run WHERE replay_of IS NOT NULL") == [(0,)]


def test_what_a_replay_rejects_again_is_replayed_from_the_original(rejected):
    replay_of = run_id(rejected, "run1")
    rejected.run("replay1", replay_of=replay_of)

    with pytest.raises(SyncDataError, match=f"Replay run {replay_of}, where lines"):
        rejected.run("replay2", replay_of=run_id(rejected, "replay1"))

    assert [fate for _, _, fate in fates(rejected)] == [None, None]
    corrected_feed(rejected)
    assert rejected.run("replay3", replay_of=replay_of)["inserted"] == 1


def test_a_line_whose_key_several_recipients_have_stays_open(rejected):
    for _ in range(2):
        rejected.add_recipient("bob@x.io")
    corrected_feed(rejected)

    counts = rejected.run("replay1", replay_of=run_id(rejected, "run1"))

    assert (counts["rejected"], fates(rejected)) == (2, [(1, 3, None), (2, 2, None)])


def test_a_preview_counts_and_leaves_no_copy_of_the_lines(rejected):
    corrected_feed(rejected)
    replay_of = run_id(rejected, "run1")

    assert rejected.run("preview1", replay_of=replay_of, preview=True)["inserted"] == 1

    assert replay_files(rejected) == []
    assert [fate for _, _, fate in fates(rejected)] == [None, None]
    assert rejected.run("replay1", replay_of=replay_of)["inserted"] == 1


def test_a_preview_leaves_the_corrected_file_to_the_replay(rejected):
    params = {"replay_of": run_id(rejected, "run1"), "replay_file": correction(rejected, CORRECTED)}

    rejected.run("preview1", preview=True, **params)

    assert rejected.run("replay1", **params)["inserted"] == 1


@needs_gpg
@pytest.mark.parametrize("zone", ["s3", "sftp"])
def test_lines_of_encrypted_parts_stay_encrypted(new_import, key_pair, pgp_connection, temp, tmp_path, zone):
    private_only = replace(key_pair, public_key="")
    imports = new_import(zone, pgp=pgp_connection(private_only), historise={"prefix": "done/", "days": 30})
    part = "\n".join([HEADER, line("ann@x.io", "C1", "Ann"), line("bob@x.io", "C2", LONG)]) + "\n"
    imports.export(encrypted(key_pair, gzip.compress(part.encode()), tmp_path))
    imports.run("run1")
    corrected_feed(imports)

    context = imports.context("replay1", replay_of=run_id(imports, "run1"))
    ((staged,),) = [imports.file_transfer(context)]
    with landing_zone_for(imports.feed.landing_zone) as landing_zone:
        stored = landing_zone.read_small(landing_zone.stat(staged["key"]))
    counts = imports.run("replay1", replay_of=run_id(imports, "run1"))

    assert (staged["key"].endswith(".csv.gpg"), LONG.encode() in stored) == (True, False)
    assert LONG.encode() in decrypted(key_pair, stored, tmp_path)
    assert (counts["inserted"], counts["rejected"], fates(imports)) == (1, 0, [(1, 3, "replay1")])


def test_an_incremental_feed_goes_on_when_what_blocks_it_is_skipped(new_import):
    imports = new_import("local", export="incremental", list={"name": "GOLD", "mode": "remove_exited"})
    imports.export(b"a,b\n1,2\n")
    with pytest.raises(HeaderError):
        imports.run("run1")
    imports.export([line("ann@x.io", "C1", "Ann")])
    with pytest.raises(FileSetBlockedError):
        imports.run("run2")

    with connect("campaign_db") as conn:
        Ledger(conn).release(run_id(imports, "run1"), actor="ann")
    with pytest.raises(HeaderError):
        imports.run("run3")
    with connect("campaign_db") as conn:
        Ledger(conn).mark_superseded(run_id(imports, "run3"), actor="ann")

    assert (imports.run("run4")["inserted"], imports.members()) == (1, ["ann@x.io"])


def test_a_file_set_that_fails_again_and_again_is_skipped(new_import):
    imports = new_import(
        "local", export="incremental", list={"name": "GOLD", "mode": "remove_exited"}, rejects={"max_pct": 0}
    )
    imports.export([line("not-an-address")])
    imports.export([line("ann@x.io", "C1", "Ann")])
    for attempt in ("run1", "run2"):
        with pytest.raises(RejectLimitError):
            imports.run(attempt)

    with connect("campaign_db") as conn:
        Ledger(conn).mark_superseded(run_id(imports, "run1"), actor="ann")

    assert imports.run("run3")["inserted"] == 1


def test_a_file_set_that_a_guard_refused_is_skipped_and_the_newer_one_is_applied(new_import):
    imports = new_import(zone="local", volume_guard={"max_removed_pct": 30})
    imports.export([line(f"p{n}@x.io", f"P{n}") for n in range(10)])
    imports.run("run1")
    imports.export([line("p0@x.io", "P0")])
    imports.export([line(f"p{n}@x.io", f"P{n}") for n in range(9)])
    with pytest.raises(VolumeGuardError):
        imports.run("run2")

    with connect("campaign_db") as conn:
        Ledger(conn).mark_superseded(run_id(imports, "run2"), actor="ann")

    assert imports.run("run3")["list_removed"] == 1
    assert imports.sql("SELECT relname FROM pg_class WHERE relname ~ '^(work|plan|leavers)_'") == []
