from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from campaign_cdp.feeds.zones import LocalStorage, S3Storage, SftpStorage
from campaign_cdp.hooks.limits.scopes import campaigns, storages
from campaign_cdp.hooks.limits.storage import read_storage, scope_of, storage_readings
from campaign_cdp.limits.model import Limits

S3 = S3Storage(type="s3", connection="s3", bucket="b")
SFTP = SftpStorage(type="sftp", connection="sftp", path="/in")


def feed(campaign: str, zone: Any) -> Any:
    return SimpleNamespace(campaign=campaign, landing_zone=zone)


def test_each_database_and_landing_zone_is_read_once() -> None:
    elsewhere = SFTP.model_copy(update={"path": ""})
    feeds = [feed("b", S3), feed("a", SFTP), feed("b", SFTP), feed("b", elsewhere)]

    assert campaigns(feeds) == ["a", "b"]
    assert [(scope.name, scope.campaigns) for scope in storages(feeds)] == [("sftp", ("b",)), ("sftp:/in", ("a", "b"))]


@pytest.fixture
def local(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalStorage:
    monkeypatch.setenv("AIRFLOW_CONN_LOCAL", f'{{"conn_type": "fs", "extra": {{"path": "{tmp_path}"}}}}')
    return LocalStorage(type="local", connection="local")


def test_everything_below_the_root_is_added_up(local: LocalStorage, tmp_path: Path) -> None:
    for n in range(3):
        (tmp_path / f"in{n}").mkdir()
        (tmp_path / f"in{n}" / "part.csv").write_bytes(b"x" * 1000 * (n + 1))
    old = datetime.now(UTC) - timedelta(days=16)
    os.utime(tmp_path / "in1" / "part.csv", (old.timestamp(), old.timestamp()))

    use = read_storage(local)

    assert (use.used, use.files) == (6_000, 3)
    assert use.oldest is not None
    assert abs(use.oldest - old) < timedelta(seconds=1)
    assert use.free is not None
    status = os.statvfs(tmp_path)
    assert use.free == pytest.approx(status.f_bavail * status.f_frsize, rel=0.1)


def test_files_older_than_15_days_are_warned_of_and_nothing_else(local: LocalStorage, tmp_path: Path) -> None:
    limits = Limits.model_validate({"sftp_file_age": {"contract": "15d"}})
    (tmp_path / "a").write_bytes(b"x")
    fresh = storage_readings(limits, local, read_storage(local))
    old = (datetime.now(UTC) - timedelta(days=15, hours=1)).timestamp()
    os.utime(tmp_path / "a", (old, old))

    stale = storage_readings(limits, local, read_storage(local))

    assert [reading.verdict.value for reading in fresh] == ["ok", "ok"]
    assert [reading.verdict.value for reading in stale] == ["ok", "warn"]
    assert (
        stale[1].describe()
        == "Age of the oldest file of local: 15.0 days old, contract 15.0 days: 100.3 % (warn at 100 %)"
    )


def test_empty_storage_uses_nothing(local: LocalStorage) -> None:
    use = read_storage(local)

    assert (use.used, use.files, use.oldest) == (0, 0, None)
    assert [reading.used for reading in storage_readings(Limits.none(), local, use)] == [0, 0]


def test_scope_is_told_apart_by_its_root() -> None:
    assert [scope_of(SFTP), scope_of(S3), scope_of(SFTP.model_copy(update={"path": ""}))] == [
        "sftp:/in",
        "s3:b",
        "sftp",
    ]
