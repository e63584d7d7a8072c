"""What an import does to Campaign, from file to table, on the real servers."""

from __future__ import annotations

import pytest

from campaign_cdp.exceptions import FeedConfigError
from tests.operators.importing import line


def test_new_people_become_recipients_and_members(imports):
    imports.export([line("ann@x.io", "C1", "Ann", "Berlin"), line("bob@x.io", "C2", "Bob")])

    counts = imports.run()

    assert imports.recipients() == [("ann@x.io", "Ann", "Berlin"), ("bob@x.io", "Bob", None)]
    assert imports.members() == ["ann@x.io", "bob@x.io"]
    assert (counts["inserted"], counts["list_added"]) == (2, 2)


def test_known_people_are_updated_where_they_differ_and_only_there(imports):
    imports.add_recipient("ann@x.io", sfirstname="Ann", scity="Bonn", tslastmodified="2020-01-01")
    imports.add_recipient("bob@x.io", sfirstname="Bob", tslastmodified="2020-01-01")
    imports.export([line("ann@x.io", name="Ann", city="Berlin"), line("bob@x.io", name="Bob")])

    counts = imports.run()

    assert (counts["updated"], counts["unchanged"], counts["inserted"]) == (1, 1, 0)
    touched = imports.recipients("semail, scity, tslastmodified > '2021-01-01'")
    assert touched == [("ann@x.io", "Berlin", True), ("bob@x.io", None, False)]


def test_second_run_of_the_same_content_changes_nothing(imports):
    rows = [line("ann@x.io", "C1", "Ann"), line("bob@x.io", "C2", "Bob")]
    imports.export(rows)
    imports.run("run1")
    before = imports.recipients("*")
    imports.export(rows)

    counts = imports.run("run2")

    assert imports.recipients("*") == before
    assert (counts["inserted"], counts["updated"], counts["list_added"], counts["list_removed"]) == (0, 0, 0, 0)
    assert counts["unchanged"] == 2


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        pytest.param("update_only", [("ann@x.io", "Ann", "Berlin")], id="update_only"),
        pytest.param("none", [("ann@x.io", None, None)], id="none"),
        pytest.param(
            "insert_or_update", [("ann@x.io", "Ann", "Berlin"), ("bob@x.io", "Bob", None)], id="insert_or_update"
        ),
    ],
)
def test_profile_mode_decides_what_may_be_written(new_import, mode, expected):
    imports = new_import(profiles={"mode": mode})
    imports.add_recipient("ann@x.io")
    imports.export([line("ann@x.io", name="Ann", city="Berlin"), line("bob@x.io", name="Bob")])

    counts = imports.run()

    assert imports.recipients() == expected
    assert "ann@x.io" in imports.members()
    assert counts["unmatched"] == (0 if mode == "insert_or_update" else 1)


def test_email_of_any_case_finds_the_recipient(imports):
    imports.add_recipient("Ann@X.io")
    imports.export([line("ANN@x.IO", name="Ann")])

    counts = imports.run()

    assert imports.recipients() == [("Ann@X.io", "Ann", None)]
    assert counts["updated"] == 1


@pytest.mark.parametrize(("empty_values", "city"), [("keep", "Bonn"), ("clear", None)])
def test_empty_value_keeps_or_clears(new_import, empty_values, city):
    imports = new_import(profiles={"mode": "update_only", "empty_values": empty_values})
    imports.add_recipient("ann@x.io", scity="Bonn")
    imports.export([line("ann@x.io")])

    imports.run()

    assert imports.recipients("scity") == [(city,)]


@pytest.mark.parametrize("empty_values", ["keep", "clear"])
@pytest.mark.parametrize(
    ("stored", "value", "expected"), [(0, "true", 1), (1, "false", 1), (1, "null", 1), (0, "false", 0), (0, "null", 0)]
)
def test_opt_out_is_set_but_never_cleared(new_import, empty_values, stored, value, expected):
    imports = new_import(profiles={"mode": "update_only", "empty_values": empty_values})
    imports.add_recipient("ann@x.io", iblacklistemail=stored)
    imports.export([line("ann@x.io", opt_out=value)])

    imports.run()

    assert imports.recipients("iblacklistemail") == [(expected,)]


def test_mirror_removes_whoever_is_missing(imports):
    imports.export([line("ann@x.io"), line("bob@x.io")])
    imports.run("run1")
    imports.export([line("bob@x.io"), line("cid@x.io")])

    counts = imports.run("run2")

    assert imports.members() == ["bob@x.io", "cid@x.io"]
    assert (counts["list_added"], counts["list_removed"]) == (1, 1)
    assert len(imports.recipients()) == 3


def test_add_never_removes(new_import):
    imports = new_import(export="incremental", list={"name": "GOLD", "mode": "add"})
    imports.export([line("ann@x.io"), line("bob@x.io")])
    imports.run("run1")
    imports.export([line("ann@x.io", status="exited"), line("cid@x.io")])

    imports.run("run2")

    assert imports.members() == ["ann@x.io", "bob@x.io", "cid@x.io"]


def test_remove_exited_removes_exactly_the_exited(new_import):
    imports = new_import(export="incremental", list={"name": "GOLD", "mode": "remove_exited"})
    imports.export([line("ann@x.io"), line("bob@x.io")])
    imports.run("run1")
    imports.export([line("ann@x.io", status="exited"), line("new@x.io", status="exited")])

    counts = imports.run("run2")

    assert imports.members() == ["bob@x.io"]
    assert counts["list_removed"] == 1
    assert "new@x.io" not in [email for (email, *_) in imports.recipients()], "someone who left is no new recipient"


def test_ambiguous_key_touches_neither_recipient_nor_list(imports):
    imports.export([line("ann@x.io"), line("bob@x.io")])
    imports.run("run1")
    first = imports.recipients("irecipientid")[0][0]
    second = imports.add_recipient("Ann@x.io")
    imports.export([line("ann@x.io", name="Ann"), line("bob@x.io")])

    counts = imports.run("run2")

    assert imports.members() == ["ann@x.io", "bob@x.io"], "the member that the key fits stays"
    assert [name for _, name, _ in imports.recipients()] == [None, None, None]
    assert counts["rejected"] == 1
    ((code, value),) = imports.sql("SELECT code, value FROM cdp.reject")
    assert (code, value) == ("ambiguous_key", f"recipients {first}, {second}")


def test_list_of_another_kind_is_refused(imports):
    imports.sql("INSERT INTO nmsgroup (igroupid, sname, itype) VALUES (77, 'GOLD', 1)")
    imports.export([line("ann@x.io")])

    with pytest.raises(FeedConfigError, match="type 1, a list with a table of its own"):
        imports.run()
    assert imports.recipients() == []


def test_unknown_folder_is_refused_and_nothing_is_applied(new_import):
    imports = new_import(profiles={"mode": "insert_or_update", "folder": "nmsNowhere"})
    imports.add_recipient("ann@x.io")
    imports.export([line("ann@x.io", name="Ann"), line("bob@x.io")])

    with pytest.raises(FeedConfigError, match="Folder nmsNowhere does not exist"):
        imports.run()
    assert imports.recipients() == [("ann@x.io", None, None)]


def test_new_recipients_go_into_the_declared_folder(new_import):
    imports = new_import(profiles={"mode": "insert_or_update", "folder": "nmsRootRecipient"})
    imports.export([line("ann@x.io")])

    imports.run()

    assert imports.recipients("ifolderid = (SELECT ifolderid FROM xtkfolder WHERE sname = 'nmsRootRecipient')") == [
        (True,)
    ]


def test_recipient_that_appears_after_the_plan_is_not_inserted_again(imports, monkeypatch):
    from campaign_cdp.operators.update_data import ApplyAudienceOperator

    imports.export([line("ann@x.io", name="Ann")])
    work = ApplyAudienceOperator.work

    def with_a_new_recipient_first(self, *args):
        imports.add_recipient("ann@x.io")
        return work(self, *args)

    monkeypatch.setattr(ApplyAudienceOperator, "work", with_a_new_recipient_first)

    counts = imports.run()

    assert len(imports.recipients()) == 1
    assert counts["inserted"] == 0


def test_composite_key_needs_both_columns_to_match(new_import):
    imports = new_import(reconciliation_key=["email", "account"])
    imports.add_recipient("ann@x.io", saccount="C1")
    imports.export([line("ann@x.io", "C1", "One"), line("ann@x.io", "C2", "Two")])

    counts = imports.run()

    assert (counts["updated"], counts["inserted"]) == (1, 1)
    assert imports.recipients("saccount, sfirstname") == [("C1", "One"), ("C2", "Two")]
