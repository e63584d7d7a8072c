from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path

import jsonschema
import pytest

from campaign_cdp.exceptions import FeedConfigError
from campaign_cdp.feeds.schema import limits_schema
from campaign_cdp.feeds.yaml_source import read_source
from campaign_cdp.limits.kinds import KINDS
from campaign_cdp.limits.loader import limits_path, load_limits
from campaign_cdp.limits.model import Limits


def load(folder: Path, text: str) -> Limits:
    path = folder / "limits.yaml"
    path.write_text(text)
    return load_limits(path)


def problem(folder: Path, text: str) -> str:
    with pytest.raises(FeedConfigError) as caught:
        load(folder, text)
    assert str(caught.value).startswith("ACR-100 1 problem in limits.yaml. No run goes on until the file is corrected")
    return str(caught.value).splitlines()[1].strip()


def test_shipped_limits_hold_what_is_public_and_leave_the_contract_open() -> None:
    limits = load_limits()

    contracts = {name: getattr(limits, name).contract for name in KINDS}
    assert contracts == {
        "sftp_storage": None,
        "database_storage": None,
        "active_profiles": None,
        "exports_per_day": 6,
        "batches_per_day": 90,
        "rows_per_file": 5_000_000,
        "sftp_file_age": timedelta(days=15),
    }


def test_shipped_limits_fit_the_schema_that_their_first_line_names() -> None:
    jsonschema.validate(read_source(limits_path()).data, limits_schema())
    name = limits_path().read_text().splitlines()[0].rpartition("=")[2]
    assert (limits_path().parent / name).is_file()


@pytest.mark.parametrize(
    ("written", "size"),
    [("500GB", 500 * 10**9), ("2TB", 2 * 10**12), ("1.5 MB", 1_500_000), ("1GiB", 2**30), ("1000", 1000)],
)
def test_sizes_are_read_as_people_write_them(tmp_path: Path, written: str, size: int) -> None:
    text = f"database_storage: {{contract: {written}}}\n"

    assert load(tmp_path, text).database_storage.contract == size
    jsonschema.validate(read_source(tmp_path / "limits.yaml").data, limits_schema())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "sftp_storage:\n  contract: 5 bananas\n",
            "limits.yaml:2: sftp_storage.contract: '5 bananas' is not a size; write bytes, or a number and a unit, like "
            "500GB or 2TB",
        ),
        (
            "sftp_storage:\n  contract: 0\n",
            "limits.yaml:2: sftp_storage.contract: 0 is not a size; write bytes, or a number and a unit, like 500GB or 2TB",
        ),
        (
            "active_profiles: {contract: many}\n",
            "limits.yaml:1: active_profiles.contract: must be a whole number, 'many' is not",
        ),
        (
            "sftp_storage:\n  warn_pc: 80\n",
            "limits.yaml:2: sftp_storage.warn_pc: unknown key. Did you mean 'warn_pct'?",
        ),
        (
            "\ndatabase_storge: {contract: 1TB}\n",
            "limits.yaml:2: database_storge: unknown key. Did you mean 'database_storage'?",
        ),
        (
            "sftp_storage:\n  warn_pct: 90\n  stop_pct: 80\n",
            "limits.yaml:3: sftp_storage.stop_pct: 80 is below warn_pct (90), so there would never be a warning",
        ),
        (
            "sftp_file_age: {contract: 15}\n",
            "limits.yaml:1: sftp_file_age.contract: 15 is not a duration; write a number and a unit, like 30s, 2m, 4h or 7d",
        ),
        ("# nothing\n", "limits.yaml:1: is empty; name at least one limit, or delete the file"),
    ],
)
def test_mistake_is_told_with_line_and_key(tmp_path: Path, text: str, expected: str) -> None:
    assert problem(tmp_path, text) == expected


def test_key_that_stands_twice_is_a_mistake(tmp_path: Path) -> None:
    assert problem(tmp_path, "rows_per_file: {contract: 1}\nrows_per_file: {contract: 2}\n").startswith(
        "limits.yaml:2: "
    )


def test_missing_file_means_no_limits_and_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        limits = load_limits(tmp_path / "limits.yaml")

    assert "no limit of the contract is checked" in caplog.text
    reading = limits.reading("sftp_storage", "sftp:/in", 10, 20, free=1)
    assert not reading.refuses


def test_limit_that_is_left_out_is_only_recorded(tmp_path: Path) -> None:
    limits = load(tmp_path, "sftp_file_age: {contract: 15d}\n")

    assert not limits.is_set("exports_per_day")
    assert limits.reading("exports_per_day", "campaign_db", 99, 100).verdict.value == "ok"


def test_age_is_compared_in_seconds_and_never_stops(tmp_path: Path) -> None:
    limits = load(tmp_path, "sftp_file_age: {contract: 15d}\n")

    verdicts = [limits.reading("sftp_file_age", "s", days * 86_400).verdict.value for days in (15, 16, 500)]
    assert verdicts == ["ok", "warn", "warn"]
