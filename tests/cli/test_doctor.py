from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from campaign_cdp.ledger.migrate import upgrade
from campaign_cdp.ledger.version import REQUIRED
from campaign_cdp.sandbox.pgp import PgpKeyPair, new_key_pair
from campaign_cdp.sandbox.sftp import SftpServer
from tests.cli.conftest import Run
from tests.conftest import REPO, Bucket
from tests.pgp import key_pair, needs_gpg, other_pair, temp

EVENTS_DAG = "event_export__cli_delivery_events"
__all__ = ["key_pair", "other_pair", "temp"]
Found = dict[tuple[str, str], tuple[str, str | None, str]]


@pytest.fixture
def folder(
    tmp_path: Path, bucket: Bucket, campaign_dsn: str, airflow_connections: dict[str, str], monkeypatch: Any
) -> Path:
    """One feed of each direction on the test's own bucket and database, with all in order."""
    upgrade(campaign_dsn)
    monkeypatch.setenv("CDP_FEEDS_DIR", str(tmp_path))
    change(tmp_path, "loyalty_gold", landing_zone={"bucket": bucket.name})
    change(tmp_path, "delivery_events", landing_zone={"bucket": bucket.name})
    return tmp_path


def change(folder: Path, name: str, landing_zone: dict[str, str] | None = None, **keys: Any) -> None:
    """Write a feed of the project with other values."""
    source = folder / f"{name}.yaml"
    text = (source if source.exists() else REPO / "include" / "feeds" / f"{name}.yaml").read_text()
    feed = yaml.safe_load(text)
    feed["landing_zone"] |= landing_zone or {}
    source.write_text(yaml.safe_dump(feed | keys))


def connection(monkeypatch: pytest.MonkeyPatch, name: str, **fields: Any) -> None:
    """Change an Airflow connection of the environment."""
    variable = f"AIRFLOW_CONN_{name.upper()}"
    monkeypatch.setenv(variable, json.dumps(json.loads(os.environ[variable]) | fields))


@pytest.fixture
def doctor(run: Run) -> Callable[..., Found]:
    """Run it; returns status, code and text by subject and check, without what it says of Airflow."""

    def ask(*args: str) -> Found:
        result = run("doctor", "--json", "--timeout", "60", *args)  # gpg is slow beside other tests
        assert result.exit_code in {0, 1}, result.output
        findings = json.loads(result.stdout)["findings"]
        return {
            (one["subject"].split(" (")[0], one["check"]): (one["status"], one["code"], one["text"])
            for one in findings
            if one["subject"] != "airflow"
        }

    return ask


@pytest.fixture
def alive(started_feeds: Path) -> Iterator[Path]:
    """Airflow with pools for the feeds that it has Dags of, a scheduler and a triggerer."""
    from airflow.jobs.job import Job
    from airflow.models import DagModel
    from airflow.models.pool import Pool
    from airflow.utils.session import create_session
    from airflow.utils.state import JobState
    from sqlalchemy import delete, update

    now = datetime.now(UTC)
    with create_session() as session:
        for name in ("campaign_db", "landing_zone_s3"):
            session.add(Pool(pool=name, slots=8, include_deferred=False))
        for kind in ("SchedulerJob", "TriggererJob"):
            session.add(Job(job_type=kind, state=JobState.RUNNING, latest_heartbeat=now, start_date=now))
        session.execute(update(DagModel).where(DagModel.dag_id == EVENTS_DAG).values(is_paused=False))
    yield started_feeds
    with create_session() as session:
        session.execute(update(DagModel).where(DagModel.dag_id == EVENTS_DAG).values(is_paused=True))
        session.execute(delete(Pool).where(Pool.pool.in_(["campaign_db", "landing_zone_s3"])))
        session.execute(delete(Job).where(Job.job_type.in_(["SchedulerJob", "TriggererJob"])))


def test_all_is_well_and_nothing_is_left(run: Run, folder: Path, bucket: Bucket, alive: Path) -> None:
    for name in ("loyalty_gold", "delivery_events"):
        (folder / f"{name}.yaml").rename(folder / f"cli_{name}.yaml")
        change(folder, f"cli_{name}", id=f"cli_{name}")

    result = run("doctor", "--strict")

    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert lines[-1] == "0 problems, 0 warnings"
    assert {line[0] for line in lines[:-1]} == {"✓"}
    assert sum("A probe was written, read and deleted." in line for line in lines) == 2
    assert "log delivery nms:broadLogRcp: Export of nms:broadLogRcp is possible." in result.output
    assert bucket.client.list_objects_v2(Bucket=bucket.name)["KeyCount"] == 0


def test_wrong_password_is_told_without_it(
    doctor: Callable[..., Found], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection(monkeypatch, "campaign_db", password="not-the-password")

    status, code, text = doctor()["campaign_db", "connect"]

    assert (status, code) == ("problem", "ACR-120")
    assert "Check its login, password and rights" in text
    assert "not-the-password" not in text


def test_ledger_of_another_version_is_told(doctor: Callable[..., Found], folder: Path, campaign_dsn: str) -> None:
    with psycopg.connect(campaign_dsn) as conn:
        conn.execute("UPDATE cdp.alembic_version SET version_num = '0001'")

    found = doctor()

    status, code, text = found["campaign_db", "ledger"]
    assert (status, code) == ("problem", "ACR-110")
    assert f"is at version 0001, this package needs {REQUIRED}" in text
    assert found["campaign_db", "imports"][0] == "ok", "the rest is looked at all the same"


def test_time_limit_that_breaks_off_a_copy_is_told(
    doctor: Callable[..., Found], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection(monkeypatch, "campaign_db", extra={"options": "-c statement_timeout=60000"})

    status, _, text = doctor()["campaign_db", "time limits"]

    assert status == "warning"
    assert "statement_timeout is 60 s" in text


def test_only_what_the_feeds_export_is_asked_for(doctor: Callable[..., Found], folder: Path) -> None:
    change(folder, "delivery_events", logs={"tracking": {}})

    everything, one = doctor(), doctor("loyalty_gold")

    assert [check for subject, check in everything if check.startswith("log ")] == ["log tracking nms:trackingLogRcp"]
    assert not [check for subject, check in one if check.startswith("log ")]
    assert ("landing_zone_s3", "write rejects/") in one
    assert ("landing_zone_s3", "write events_staging/") not in one


def test_missing_bucket_and_wrong_key_are_told(
    doctor: Callable[..., Found], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(folder, "loyalty_gold", landing_zone={"bucket": "no-such-bucket"})
    missing = doctor("loyalty_gold")
    connection(monkeypatch, "landing_zone_s3", password="wrong")
    refused = doctor("delivery_events")

    ((_, (status, code, text)),) = [item for item in missing.items() if item[0][0] == "landing_zone_s3"]
    assert (status, code) == ("problem", "ACR-100")
    assert "NoSuchBucket" in text
    ((_, (status, code, text)),) = [item for item in refused.items() if item[0][0] == "landing_zone_s3"]
    assert (status, code) == ("problem", "ACR-120")


def test_wrong_host_key_is_told(
    doctor: Callable[..., Found], folder: Path, sftp_server: SftpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    sftp = {"type": "sftp", "connection": "landing_zone_sftp", "path": "", "prefix": "audiences/gold/"}
    change(folder, "loyalty_gold")
    feed = yaml.safe_load((folder / "loyalty_gold.yaml").read_text()) | {"landing_zone": sftp}
    (folder / "loyalty_gold.yaml").write_text(yaml.safe_dump(feed))
    monkeypatch.setenv("AIRFLOW_CONN_LANDING_ZONE_SFTP", sftp_server.connection(password=sftp_server.password))
    good = doctor("loyalty_gold")
    other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDHI8ceZkgoKyTVphVRbRqEJ2eVIkZTvEIFgBqFGTeyH"
    connection(monkeypatch, "landing_zone_sftp", extra={"host_key": other})
    bad = doctor("loyalty_gold")

    assert good["landing_zone_sftp", "write rejects/"][0] == "ok"
    assert not list(sftp_server.data.rglob(".cdp-doctor*"))
    status, code, text = bad["landing_zone_sftp", "list audiences/gold/"]
    assert (status, code) == ("problem", "ACR-120")
    assert "host key is not the expected one" in text


def test_missing_gpg_is_told(doctor: Callable[..., Found], folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    change(folder, "loyalty_gold", pgp="pgp_test")
    monkeypatch.setenv("AIRFLOW_CONN_PGP_TEST", json.dumps({"conn_type": "pgp", "extra": {"private_key": "x"}}))
    monkeypatch.setenv("PATH", str(folder))

    status, code, text = doctor("loyalty_gold")["pgp_test", "private key"]

    assert (status, code) == ("problem", "ACR-130")
    assert "apt-get install gpg" in text


@needs_gpg
def test_keys_are_tried(
    doctor: Callable[..., Found], folder: Path, temp: Path, key_pair: PgpKeyPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("loyalty_gold", "delivery_events"):
        change(folder, name, pgp="pgp_test")
    keys = json.loads(key_pair.connections("pgp_test")["AIRFLOW_CONN_PGP_TEST"])
    monkeypatch.setenv("AIRFLOW_CONN_PGP_TEST", json.dumps(keys))

    good = doctor()
    connection(monkeypatch, "pgp_test", password="wrong")
    locked = doctor("loyalty_gold")

    assert (good["pgp_test", "private key"][0], good["pgp_test", "public key"][0]) == ("ok", "ok")
    assert locked["pgp_test", "private key"][:2] == ("problem", "ACR-120")


@needs_gpg
def test_expired_keys_are_told(
    doctor: Callable[..., Found], folder: Path, temp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("loyalty_gold", "delivery_events"):
        change(folder, name, pgp="pgp_test")
    expired = new_key_pair(algorithm="curve25519", expired=True)
    monkeypatch.setenv("AIRFLOW_CONN_PGP_TEST", expired.connections("pgp_test")["AIRFLOW_CONN_PGP_TEST"])

    found = doctor()

    assert found["pgp_test", "private key"][0] == "warning"
    assert "because it expired on 2020-01-0" in found["pgp_test", "private key"][2], (
        "one of its parts was a day earlier"
    )
    assert found["pgp_test", "public key"][:2] == ("problem", "ACR-100")


def test_broken_feed_file_costs_only_itself(run: Run, folder: Path) -> None:
    change(folder, "delivery_events", schedule="often")

    everything, other, unknown = run("doctor"), run("doctor", "loyalty_gold", "--json"), run("doctor", "gold")

    assert "✗ feed files" in everything.output
    assert "✓ campaign_db" in everything.output
    assert all(one["status"] == "ok" for one in json.loads(other.stdout)["findings"] if one["subject"] == "feed files")
    assert (unknown.exit_code, unknown.stderr[:7]) == (1, "ACR-100")


def test_no_feeds_is_a_warning_and_strict_makes_it_fail(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CDP_FEEDS_DIR", str(tmp_path))

    assert (run("doctor").exit_code, run("doctor", "--strict").exit_code) == (0, 1)
    assert "cdp feeds new" in run("doctor").output


def test_dead_airflow_is_told(run: Run, startable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = json.loads(run("doctor", "cli_loyalty_gold", "--json").stdout)["findings"]

    by_check = {one["check"]: one for one in found if one["subject"] == "airflow"}
    assert (by_check["triggerer"]["status"], by_check["scheduler"]["status"]) == ("problem", "problem")
    assert by_check["triggerer"]["text"].endswith("Start it with: airflow triggerer")
    assert by_check["pools"]["status"] == "warning"


def test_airflow_that_cannot_be_reached_is_skipped(
    run: Run, startable: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from airflow import settings
    from sqlalchemy import create_engine

    missing = tmp_path / "airflow.db"
    monkeypatch.setattr(settings, "engine", create_engine(f"sqlite:///{missing}"))

    found = json.loads(run("doctor", "cli_loyalty_gold", "--json").stdout)["findings"]

    assert [one["status"] for one in found if one["subject"] == "airflow"] == ["skipped"]
    assert not missing.exists()
