from __future__ import annotations

from dataclasses import replace

import pytest

from campaign_cdp.exceptions import LimitError
from campaign_cdp.limits.kinds import KINDS, amount, in_bytes
from campaign_cdp.limits.model import Limits
from campaign_cdp.limits.reading import Reading, Verdict, check

GB = 1_000_000_000
DATABASE = Reading("database_storage", "campaign_db", 480 * GB, 492 * GB, 500 * GB, 80, 95)


@pytest.mark.parametrize(
    ("projected", "verdict"),
    [(0, "ok"), (80, "ok"), (81, "warn"), (95, "warn"), (96, "stop"), (120, "stop")],
)
def test_verdict_is_by_what_will_be_used_and_a_limit_may_be_reached(projected: int, verdict: str) -> None:
    reading = replace(DATABASE, used=0, projected=projected * GB, contract=100 * GB)

    assert reading.verdict.value == verdict


def test_without_a_contract_a_limit_is_only_recorded() -> None:
    reading = replace(DATABASE, contract=None)

    assert (reading.verdict, reading.projected_pct) == (Verdict.OK, None)
    assert (
        reading.describe() == "Database storage of campaign_db: 480.0 GB used, 492.0 GB with this run, contract not set"
    )


@pytest.mark.parametrize(("pcts", "verdict"), [((80, None), "warn"), ((None, 95), "stop"), ((None, None), "ok")])
def test_a_percentage_left_empty_never_applies(pcts: tuple[float | None, float | None], verdict: str) -> None:
    assert replace(DATABASE, warn_pct=pcts[0], stop_pct=pcts[1]).verdict.value == verdict


def test_run_that_adds_nothing_goes_on_even_above_the_limit() -> None:
    reading = replace(DATABASE, used=600 * GB, projected=600 * GB)

    assert reading.verdict is Verdict.STOP
    check([reading], subject="gold")


@pytest.mark.parametrize(("stop_pct", "verdict"), [(95, "stop"), (None, "warn")])
def test_what_does_not_fit_into_the_free_space_is_refused_whatever_the_contract(
    stop_pct: float | None, verdict: str
) -> None:
    reading = Reading("sftp_storage", "sftp:/in", 10 * GB, 14 * GB, None, 80, stop_pct, free=3 * GB)

    assert reading.verdict.value == verdict
    assert "only 3.0 GB free" in reading.describe()


def test_error_names_every_limit_with_its_numbers_and_what_to_do() -> None:
    profiles = Reading("active_profiles", "campaign_db", 1_990_000, 2_010_000, 2_000_000, 90, 100)
    fine = Reading("exports_per_day", "campaign_db", 1, 2, 6, 80, 100)

    with pytest.raises(LimitError) as caught:
        check([DATABASE, profiles, fine], subject="gold")

    assert str(caught.value).splitlines() == [
        "ACR-400 gold: this run would pass 2 limits of the contract. Nothing was written.",
        "  Database storage of campaign_db: 480.0 GB used, 492.0 GB with this run, contract 500.0 GB: 98.4 % (warn at 80 "
        f"%, stop at 95 %). {KINDS['database_storage'].remedy}; the limit itself is database_storage in "
        "include/limits.yaml.",
        "  Active profiles of campaign_db: 1,990,000 profiles used, 2,010,000 profiles with this run, contract 2,000,000 "
        f"profiles: 100.5 % (warn at 90 %, stop at 100 %). {KINDS['active_profiles'].remedy}; the limit itself is "
        "active_profiles in include/limits.yaml.",
        "Then clear this task; a retry before that cannot help.",
    ]


def test_every_limit_has_its_words() -> None:
    assert set(KINDS) == set(Limits.model_fields) - {"notify", "repeat_after"}


@pytest.mark.parametrize(
    ("size", "text"),
    [(999, "999 bytes"), (1_000, "1.0 KB"), (999_949, "999.9 KB"), (999_950, "1.0 MB"), (2 * 10**12, "2.0 TB")],
)
def test_bytes_are_written_in_the_unit_that_fits(size: int, text: str) -> None:
    assert in_bytes(size) == text


def test_amounts_are_written_in_the_unit_of_their_limit() -> None:
    assert amount("sftp_file_age", 15 * 86_400 + 8_640) == "15.1 days"
    assert amount("rows_per_file", 5_000_000) == "5,000,000 rows"
