"""The checks behind every case do see what they are there for."""

from __future__ import annotations

from typing import Any
from unittest import mock

import pytest

from campaign_cdp.exceptions import EmptyFileError
from campaign_cdp.hooks.campaign.audience import AudienceDatabase
from campaign_cdp.sandbox.local_folder import LocalFolder
from tests.corpus.cases import Case, cases
from tests.corpus.desk import Desk, is_as_expected

_CASES = {case.name: case for case in cases()}


@pytest.fixture(scope="module")
def desk(new_desk, tmp_path_factory) -> Desk:
    return new_desk("local", LocalFolder(tmp_path_factory.mktemp("corpus")))


def wrong_with(desk: Desk, name: str) -> str:
    return "; ".join(desk.run(_CASES[name])[1])


def test_lines_of_a_quarantined_set_are_seen(desk: Desk) -> None:
    with mock.patch("campaign_cdp.operators.data_loading.work_tables.drop"):
        assert "rows are left in work tables" in wrong_with(desk, "sets/second_part_broken")
    assert wrong_with(desk, "sets/second_part_broken") == ""


def test_personal_values_in_rejects_are_seen(desk: Desk) -> None:
    with mock.patch("campaign_cdp.rows.validator.mask", str):
        assert "a reject shows a personal value" in wrong_with(desk, "emails/with_a_name.csv")


def test_personal_values_and_missing_advice_in_messages_are_seen(desk: Desk) -> None:
    with mock.patch("campaign_cdp.rows.reader.EmptyFileError", return_value=EmptyFileError("quill")):
        wrong = wrong_with(desk, "sizes/no_bytes.csv")
    assert "a message shows a personal value" in wrong
    assert "no next step" in wrong


def test_touched_neighbours_and_lost_values_are_seen(desk: Desk) -> None:
    apply = AudienceDatabase.apply

    def careless(self: AudienceDatabase) -> dict[str, int]:
        done = apply(self)
        self._conn.execute("UPDATE nmsrecipient SET stext1 = 'gone' WHERE irecipientid <> 0")
        return done

    with mock.patch.object(AudienceDatabase, "apply", careless):
        wrong = wrong_with(desk, "encodings/utf8.csv")
    desk._conn.execute("UPDATE nmsrecipient SET stext1 = '' WHERE irecipientid <> 0")
    assert "other people were touched" in wrong
    assert "is not what a good line says" in wrong


def test_an_error_without_a_code_is_seen(desk: Desk) -> None:
    def broken(*_: Any) -> None:
        raise KeyError("x")

    case: Case = _CASES["encodings/utf8.csv"]
    with mock.patch("campaign_cdp.operators.data_loading.PartReader.open", broken):
        outcome, _ = desk.run(case)
    assert outcome.outcome == "crash"
    assert not is_as_expected(case, outcome)
