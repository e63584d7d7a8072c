"""Both directions as real Dag runs with DEBUG logs, metrics and lineage on: no secret and nobody is in what they write."""

from __future__ import annotations

import gzip
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from psycopg import sql

from campaign_cdp.ledger.migrate import upgrade
from campaign_cdp.sandbox.campaign_database import create_database, create_tables, drop_database, seed
from campaign_cdp.sandbox.deliveries import simulate
from campaign_cdp.sandbox.endpoints import campaign_connection
from tests.conftest import REPO
from tests.notifiers.sinks import HttpSink, MailSink, serving
from tests.security.leaks import find_leaks, find_leaks_in, told
from tests.security.rehearsal import COLUMNS, PEOPLE, Secrets, audience, bad_lines, good_line, manifest, zipped

DATABASE, BUCKET = "rehearsal", "rehearsal"
#: Airflow renders templates; whoever names files must not write any.
NAME = "{{{{ conn.campaign_db.password }}}}{{{{ 7 * 191 }}}} {}.csv.gz"
#: Where people are meant to be: Campaign's own tables, and what the ledger has masked.
LEDGER_BUT: dict[str, str] = {"reject": "run_id, part_no, line_no, column_name, code, replayed_by"}


class StatsdSink(threading.Thread):
    """Keeps every line of metrics."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.lines: list[bytes] = []

    @property
    def port(self) -> int:
        return self.socket.getsockname()[1]

    def run(self) -> None:
        while True:
            self.lines.append(self.socket.recv(65_535))


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What a run of all Dags has left.

    :param folder: everything that Airflow wrote: logs, metadata database, lineage.
    :param texts: what it sent or stored elsewhere.
    """

    folder: Path
    states: dict[str, str]
    secrets: dict[str, str]
    texts: dict[str, bytes]
    dsn: str


def feeds(notify: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    zone = {"type": "s3", "connection": "landing_zone_s3", "bucket": BUCKET}
    alerts = {"notify": notify, "rejects_pct": 0}
    imported = {
        "direction": "audience_import", "owner": "o", "export": "full", "columns": COLUMNS, "rejects": {"max_pct": 100},
        "reconciliation_key": "email", "profiles": {"mode": "insert_or_update"}, "alerts": {"late_after": "5s", **alerts},
        "volume_guard": {"max_removed_pct": 100},
    }  # fmt: skip
    return {
        "in_good": {**imported, "landing_zone": {**zone, "prefix": "in/good/"}, "list": {"name": "GOOD", "mode": "mirror"}},
        "in_transformed": {
            **imported,
            "landing_zone": {**zone, "prefix": "in/transformed/"},
            "transform": "rehearsed_transform:raises",
        },
        "out_events": {
            "direction": "event_export", "owner": "o", "instance": "prod", "format": "jsonl", "logs": {"delivery": {}},
            "landing_zone": {**zone, "prefix": "out/events/", "staging": "staging/events/"},
            "window": {"first_run": "all"}, "alerts": {"notify": notify},
        },
    }  # fmt: skip


@pytest.fixture(scope="module")
def sinks() -> Iterator[tuple[MailSink, HttpSink]]:
    with serving(MailSink()) as mail, serving(HttpSink()) as web:
        yield mail, web


@pytest.fixture(scope="module")
def rehearsal(postgres_server, s3_server, sinks, tmp_path_factory) -> Iterator[Rehearsal]:
    home, secrets = tmp_path_factory.mktemp("rehearsal"), Secrets()
    mail, web = sinks
    create_database(postgres_server.dsn(), DATABASE)
    dsn = postgres_server.dsn(DATABASE)
    _fill(dsn, s3_server.client())
    _feeds(home)
    connections = {
        "AIRFLOW_CONN_CAMPAIGN_DB": campaign_connection(dsn),
        **s3_server.connections(),
        "AIRFLOW_CONN_MAIL": mail.connection(),
        "AIRFLOW_CONN_HOOK": web.connection(
            f"/hook/{secrets.plain('path of the webhook')}", **{"X-Secret": secrets.plain("header of the webhook")}
        ),
        "AIRFLOW_CONN_SLACK": web.slack().replace("T0/B0/slack-secret", f"T0/B0/{secrets.plain('Slack token')}"),
    }
    secrets.of_connections(connections)
    statsd = StatsdSink()
    statsd.start()
    airflow = {name: secrets.plain(name) * 2 for name in ("jwt", "secret key")}
    secrets.known["fernet"] = "c2FuZGJveC1mZXJuZXQta2V5LWZvci10ZXN0cy1vbmw="
    environment = _environment(home, statsd.port, airflow) | connections
    dags = [*(f"audience_import__{name}" for name in ("in_good", "in_transformed")), "event_export__out_events"]
    with (home / "component.log").open("wb") as log:
        command = [sys.executable, "-m", "tests.security.rehearse", *dags]
        subprocess.run(command, env=environment, cwd=REPO, stdout=log, stderr=log, check=True, timeout=280)
    written = _without_the_test_supervisor(home / "component.log")
    states = dict(line.split()[1:3] for line in written.splitlines() if line.startswith("REHEARSED "))
    texts = {
        "metrics": b"\n".join(statsd.lines),
        "alerts": repr((mail.mails, [post[2] for post in web.posts])).encode(),
    }
    yield Rehearsal(home, states, secrets.known, texts | _ledger(dsn), dsn)
    drop_database(postgres_server.dsn(), DATABASE)


def _without_the_test_supervisor(log: Path) -> str:
    """`dag.test()` stands in for Airflow's supervisor, and logs the secrets that it is told to mask; that one does not."""
    lines = log.read_text(errors="replace").splitlines(keepends=True)
    text = "".join(line for line in lines if "msg=MaskSecret(" not in line)
    log.write_text(text)
    return text


def _fill(dsn: str, client: Any) -> None:
    with psycopg.connect(dsn) as conn:
        create_tables(conn)
        seed(conn, recipients=5)
        conn.execute(
            "UPDATE nmsrecipient SET semail = %s, saccount = %s WHERE semail = (SELECT min(semail) FROM nmsrecipient "
            "WHERE irecipientid > 0)",
            (PEOPLE["email of a good line"], PEOPLE["account of a good line"]),
        )
        simulate(conn, deliveries=2, recipients=5, at=datetime.now(UTC) - timedelta(hours=1))
    upgrade(dsn)
    client.create_bucket(Bucket=BUCKET)
    for folder in ("good", "transformed"):
        body = zipped(audience([good_line(), *bad_lines()]))
        name = NAME.format(folder)
        for key, content in ((name, body), manifest(name, body)):
            client.put_object(Bucket=BUCKET, Key=f"in/{folder}/{key}", Body=content)


def _feeds(home: Path) -> None:
    notify = [
        {"type": "webhook", "connection": "hook"},
        {"type": "slack", "connection": "slack"},
        {"type": "email", "connection": "mail", "to": ["ops@example.com"]},
    ]
    (home / "feeds").mkdir()
    for name, feed in feeds(notify).items():
        (home / "feeds" / f"{name}.yaml").write_text(yaml.safe_dump({"id": name, **feed}, sort_keys=False))
    (home / "modules").mkdir()
    (home / "modules" / "rehearsed_transform.py").write_text(
        "def raises(frame):\n    raise ValueError(f'cannot do with {frame.to_dict()}')\n"
    )


def _environment(home: Path, statsd: int, airflow: dict[str, str]) -> dict[str, str]:
    lineage = {"type": "file", "log_file_path": str(home / "lineage.json"), "append": True}
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "CDP_"))},
        "PYTHONPATH": os.pathsep.join([str(home / "modules"), str(REPO / "plugins"), str(REPO)]),
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(REPO / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(REPO / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__FERNET_KEY": "c2FuZGJveC1mZXJuZXQta2V5LWZvci10ZXN0cy1vbmw=",
        "AIRFLOW__API__SECRET_KEY": airflow["secret key"],
        "AIRFLOW__API_AUTH__JWT_SECRET": airflow["jwt"],
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "DEBUG",
        "AIRFLOW__METRICS__STATSD_ON": "True",
        "AIRFLOW__METRICS__STATSD_HOST": "127.0.0.1",
        "AIRFLOW__METRICS__STATSD_PORT": str(statsd),
        "AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps(lineage),
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "CDP_FEEDS_DIR": str(home / "feeds"),
    }


def _ledger(dsn: str) -> dict[str, bytes]:
    """Return all tables of the ledger as text."""
    found = {}
    with psycopg.connect(dsn) as conn:
        names = conn.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'cdp'").fetchall()
        for (name,) in names:
            columns = sql.SQL(LEDGER_BUT.get(name, "*"))
            query = sql.SQL("COPY (SELECT {} FROM {}) TO STDOUT").format(columns, sql.Identifier("cdp", name))
            with conn.cursor().copy(query) as copy:
                found[f"ledger {name}"] = b"".join(copy)
    return found


def test_the_rehearsal_did_what_it_should(rehearsal: Rehearsal) -> None:
    assert rehearsal.states == {
        "audience_import__in_good": "success",
        "audience_import__in_transformed": "failed",
        "event_export__out_events": "success",
    }, (rehearsal.folder / "component.log").read_text()[-3000:]
    assert b"{{ 7 * 191 }} good.csv.gz" in rehearsal.texts["ledger sync_file"]
    assert (rehearsal.folder / "lineage.json").stat().st_size > 1000
    assert b"campaign_cdp.data_loading.in_good.rejected" in rehearsal.texts["metrics"]
    assert b"in_transformed" in rehearsal.texts["alerts"]
    assert rehearsal.texts["ledger reject"].count(b"\n") == 5
    assert b"DEBUG" in (rehearsal.folder / "component.log").read_bytes().upper()


def test_the_person_was_in_both_directions(rehearsal: Rehearsal, s3_server) -> None:
    """Else nothing could leak."""
    with psycopg.connect(rehearsal.dsn) as conn:
        found = conn.execute(
            "SELECT slastname, smobilephone FROM nmsrecipient WHERE semail = %s", (PEOPLE["email of a good line"],)
        )
        assert found.fetchall() == [(PEOPLE["last name of a good line"], PEOPLE["phone of a good line"])]
    client = s3_server.client()
    keys = [one["Key"] for one in client.list_objects_v2(Bucket=BUCKET, Prefix="out/")["Contents"]]
    events = [gzip.decompress(client.get_object(Bucket=BUCKET, Key=key)["Body"].read()) for key in keys]
    assert PEOPLE["account of a good line"].encode() in b"".join(events)
    rejects = [one["Key"] for one in client.list_objects_v2(Bucket=BUCKET, Prefix="rejects/")["Contents"]]
    bodies = {key: client.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in rejects}
    assert b"bad_email" in b"".join(bodies.values())
    leaks = find_leaks_in(bodies, rehearsal.secrets, PEOPLE)  # masked, as documented
    assert leaks == [], told(leaks)


def test_nobody_and_no_secret_is_in_what_airflow_wrote(rehearsal: Rehearsal) -> None:
    leaks = find_leaks([rehearsal.folder], rehearsal.secrets, PEOPLE)
    assert leaks == [], told(leaks)


def test_nobody_and_no_secret_is_in_metrics_alerts_and_ledger(rehearsal: Rehearsal) -> None:
    leaks = find_leaks_in(rehearsal.texts, rehearsal.secrets, PEOPLE)
    assert leaks == [], told(leaks)
