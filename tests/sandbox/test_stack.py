from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner

from campaign_cdp.exceptions import SandboxError
from campaign_cdp.sandbox.commands import sandbox as commands
from campaign_cdp.sandbox.process import launch
from campaign_cdp.sandbox.server import ServerRecord
from campaign_cdp.sandbox.stack import Sandbox
from tests.pgp import needs_gpg


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    box = Sandbox(tmp_path_factory.mktemp("sandbox"), postgres_settings={"fsync": "off"})
    box.up()
    yield box
    box.down()


@pytest.fixture
def cli(running: Sandbox, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("CDP_SANDBOX_DIR", str(running.folder))
    return CliRunner()


def _listening(pid: int) -> set[str]:
    """Addresses (hexadecimal) on which a process accepts connections."""
    targets = {link.readlink().name for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()}
    inodes = {match[1] for target in targets if (match := re.fullmatch(r"socket:\[(\d+)\]", target))}
    rows = [
        line.split()
        for name in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{name}").read_text(encoding="ascii").splitlines()[1:]
    ]
    return {row[1].split(":")[0] for row in rows if row[3] == "0A" and row[9] in inodes}


def test_up_again_changes_nothing(running: Sandbox) -> None:
    before = running.status()

    endpoints = running.up()

    assert running.status() == before
    assert [(server.name, server.running) for server in before] == [("postgres", True), ("s3", True)]
    with psycopg.connect(endpoints.campaign_dsn) as conn:
        assert conn.execute("SELECT count(*) FROM nmsrecipient").fetchone() == (1,)


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="needs Linux's /proc")
def test_nothing_listens_outside_loopback(running: Sandbox) -> None:
    for server in running.status():
        assert server.pid
        assert _listening(server.pid) == {"0100007F"}, server.name


def test_state_is_private(running: Sandbox) -> None:
    assert (running.folder / "state.json").stat().st_mode & 0o777 == 0o600


def test_status_shows_no_secret(running: Sandbox, cli: CliRunner) -> None:
    secrets = [value for name in ("postgres", "s3") if (r := running.record(name)) for value in r.secrets.values()]

    shown = [cli.invoke(commands, ["status", *arguments]) for arguments in ([], ["--json"])]

    assert len(secrets) == 3
    assert [result.exit_code for result in shown] == [0, 0]
    assert not any(secret in result.output for secret in secrets for result in shown)
    assert [server["running"] for server in json.loads(shown[1].stdout)["servers"]] == [True, True]


def test_connections_are_airflows(running: Sandbox) -> None:
    connections = {name: json.loads(value) for name, value in running.endpoints().connections().items()}

    campaign, zone = connections["AIRFLOW_CONN_CAMPAIGN_DB"], connections["AIRFLOW_CONN_LANDING_ZONE_S3"]
    assert (campaign["conn_type"], campaign["schema"]) == ("postgres", "campaign")
    assert (zone["conn_type"], zone["extra"]["endpoint_url"]) == ("aws", running.storage_server("s3").endpoint_url)


def test_seed_and_export_fill_the_servers(running: Sandbox, cli: CliRunner) -> None:
    seeded = cli.invoke(commands, ["seed", "--recipients", "300"])
    exported = cli.invoke(commands, ["export", "cart_abandoners", "--lines", "200", "--max-rows", "150", "--json"])

    assert seeded.output == "300 recipients\n"
    report = json.loads(exported.stdout)
    listed = running.storage_server("s3").client().list_objects_v2(Bucket="aep-exports")["Contents"]
    sizes = {entry["Key"]: entry["Size"] for entry in listed}
    assert {part["key"]: part["size"] for part in report["parts"]}.items() <= sizes.items()
    assert sizes.keys() - {part["key"] for part in report["parts"]} == {report["manifest_key"]}


@needs_gpg
def test_an_encrypted_export_brings_its_key_along(running: Sandbox, cli: CliRunner) -> None:
    assert cli.invoke(commands, ["seed", "--recipients", "300"]).exit_code == 0
    assert "AIRFLOW_CONN_PGP=" not in cli.invoke(commands, ["env"]).output

    exported = cli.invoke(commands, ["export", "loyalty_gold", "--lines", "20", "--pgp", "--json"])

    assert [part["key"].partition(".")[2] for part in json.loads(exported.stdout)["parts"]] == ["csv.gz.gpg"]
    assert "AIRFLOW_CONN_PGP=" in cli.invoke(commands, ["env"]).output


def test_what_is_delivered_is_counted_and_an_empty_folder_is_fine(running: Sandbox, cli: CliRunner) -> None:
    assert cli.invoke(commands, ["seed", "--recipients", "300"]).exit_code == 0

    sent = cli.invoke(commands, ["deliver", "--deliveries", "2", "--recipients", "50", "--json"])
    later = cli.invoke(commands, ["deliver", "--deliveries", "0", "--bounces", "9", "--late", "5", "--json"])
    taken = [cli.invoke(commands, ["ingest", "delivery_events", "--json"]) for _ in range(2)]

    logs = [{line["log"] for line in json.loads(result.stdout)["events"]} for result in (sent, later)]
    assert logs == [{"delivery", "exclusion", "subscription", "tracking"}, {"delivery", "tracking"}]
    runs = [json.loads(result.stdout) for result in taken]
    assert [(run["status"], run["accepted"], run["files"]) for run in runs] == [("success", 0, [])] * 2
    assert runs[1]["window"][0] == runs[0]["window"][1]


def test_a_bad_event_file_is_told_by_the_exit_code(running: Sandbox, cli: CliRunner) -> None:
    key = "events/delivery_events_json/bad.json.gz"
    running.storage_server("s3").client().put_object(Bucket="aep-sources", Key=key, Body=gzip.compress(b"{}"))

    result = cli.invoke(commands, ["ingest", "delivery_events_json"])

    assert result.exit_code == 1
    assert result.output.startswith("failed: 0 events accepted, 1 rows rejected, 1 files\n  missing_id")


def test_down_stops_everything_and_keeps_the_data(tmp_path: Path) -> None:
    box = Sandbox(tmp_path, postgres_settings={"fsync": "off"})
    endpoints = box.up()
    with psycopg.connect(endpoints.campaign_dsn) as conn:
        conn.execute("CREATE TABLE kept ()")
    helper = launch(["sleep", "60"], cwd=tmp_path, log=tmp_path / "log")
    box.remember("helper", ServerRecord(process=helper))

    assert box.down() == ["helper", "s3", "postgres"]
    assert box.down() == []
    assert not any(server.running for server in box.status())
    with pytest.raises(SandboxError, match=r"postgres and s3 of the sandbox .* not running"):
        box.endpoints()

    with psycopg.connect(box.up().campaign_dsn) as conn:
        conn.execute("TABLE kept")
    (tmp_path / "mine").touch()
    box.down(purge=True)
    assert {path.name for path in tmp_path.iterdir()} == {"lock", "log", "mine"}


def test_down_leaves_a_process_alone_that_got_the_pid_later(tmp_path: Path) -> None:
    stranger = launch(["sleep", "60"], cwd=tmp_path, log=tmp_path / "log")
    box = Sandbox(tmp_path)
    (tmp_path / "postgres").mkdir()
    box.remember("postgres", ServerRecord({"main": 1}, {"password": "x"}, replace(stranger, started="earlier/1")))

    assert box.down() == []
    assert stranger.is_running
    stranger.stop()


def test_a_damaged_state_is_told(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text("{", encoding="utf-8")

    with pytest.raises(SandboxError, match="is not a sandbox's state"):
        Sandbox(tmp_path).status()


def test_status_of_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDP_SANDBOX_DIR", str(tmp_path / "none"))

    result = CliRunner().invoke(commands, ["status"])

    assert (result.exit_code, result.output) == (1, "Nothing was started yet. Run: cdp sandbox up\n")
    assert not (tmp_path / "none").exists()


def test_a_stopped_server_without_keys_is_forgotten(tmp_path: Path) -> None:
    """Such as a worker: next time there may be fewer of them."""
    box = Sandbox(tmp_path)
    process = launch(["sleep", "60"], cwd=tmp_path, log=tmp_path / "log")
    box.remember("airflow-worker-1", ServerRecord(process=process))
    box.remember("airflow", ServerRecord({"api": 1}, {"jwt": "x"}))

    assert box.down() == ["airflow-worker-1"]

    assert not process.is_running
    assert [server.name for server in box.status()] == ["airflow"]
