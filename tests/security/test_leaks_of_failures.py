"""What fails tells most. Each failure with DEBUG logs of all libraries on: no secret, and nobody, is in what it says."""

from __future__ import annotations

import json
import logging
import shutil
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import StringIO
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import psycopg
import pytest

from campaign_cdp.exceptions import SyncError
from campaign_cdp.hooks.landing_zone.factory import landing_zone_for
from campaign_cdp.notifiers.feed import TaskFailedNotifier
from campaign_cdp.sandbox.endpoints import campaign_connection
from campaign_cdp.sandbox.ports import free_ports
from tests.operators.importing import Import
from tests.places import Place
from tests.security.leaks import find_leaks_in, told
from tests.security.rehearsal import COLUMNS, PEOPLE, Secrets, audience, bad_lines, good_line, zipped

LINES = [good_line(), *bad_lines()]
BODY = audience(LINES)
TRIGGER = """
CREATE FUNCTION {0}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN {1}; RETURN NEW; END $$;
CREATE TRIGGER {0} BEFORE INSERT OR UPDATE ON nmsrecipient FOR EACH ROW EXECUTE FUNCTION {0}();
"""


class Said:
    """Everything that was logged, with the tracebacks of a task that fails."""

    def __init__(self) -> None:
        self._text = StringIO()
        self.handler = logging.StreamHandler(self._text)
        self.handler.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s"))

    @property
    def text(self) -> str:
        return self._text.getvalue()

    def fails(self, err: BaseException) -> None:
        self._text.write("".join(traceback.format_exception(err)) + repr(err) + repr(getattr(err, "__notes__", "")))


@pytest.fixture
def said() -> Iterator[Said]:
    found, root = Said(), logging.getLogger()
    levels = {logger: logger.level for logger in map(logging.getLogger, [None, *logging.root.manager.loggerDict])}
    for logger in levels:
        logger.setLevel(logging.DEBUG)
    root.addHandler(found.handler)
    yield found
    root.removeHandler(found.handler)
    for logger, level in levels.items():
        logger.setLevel(level)


@pytest.fixture
def secrets(postgres_server) -> Secrets:
    found = Secrets()
    found.known["password of Campaign"] = postgres_server.password
    return found


@contextmanager
def failing(said: Said) -> Iterator[None]:
    with pytest.raises(SyncError) as caught:
        yield
    said.fails(caught.value)


def in_ledger(dsn: str) -> str:
    with psycopg.connect(dsn) as conn:
        rows = conn.execute(
            "SELECT error_code, error_message, counts::text, manifest::text FROM cdp.sync_run"
        ).fetchall()
        rows += conn.execute("SELECT subject, detail::text, NULL, NULL FROM cdp.audit").fetchall()
    return repr(rows)


def assert_silent(said: Said, secrets: Secrets, dsn: str) -> None:
    assert "DEBUG" in said.text
    leaks = find_leaks_in({"log": said.text, "ledger": in_ledger(dsn)}, secrets.known, PEOPLE)
    assert leaks == [], told(leaks)


BROKEN_FILES: dict[str, bytes] = {
    "no header": "\n".join(LINES).encode(),
    "cut off": zipped(BODY * 50)[:-20],
    "NUL": BODY + b"\0" + BODY,
    "another encoding": BODY.decode().encode("utf-16"),
    "a quote that never ends": audience(['"' + line for line in LINES * 3]),
    "a line without end": BODY.replace(b"\n", b" "),
}


@pytest.mark.parametrize("body", BROKEN_FILES.values(), ids=BROKEN_FILES)
def test_a_broken_file(body: bytes, said: Said, secrets: Secrets, target: str, folder: Place) -> None:
    imports = Import(folder, target, id="broken", columns=COLUMNS, rejects={"max_pct": 0})
    imports.export(body)
    with failing(said):
        imports.run(f"broken {hash(body)}")
    assert_silent(said, secrets, target)


def test_a_manifest_that_is_none(said: Said, secrets: Secrets, target: str, folder: Place) -> None:
    imports = Import(folder, target, id="no_manifest", columns=COLUMNS)
    imports.put(
        "manifest-d-1.json",
        json.dumps({"flowRunId": good_line(), "exportResults": [{"name": 1, "size": LINES}]}).encode(),
    )
    with failing(said):
        imports.run("no manifest")
    assert_silent(said, secrets, target)


OF_THE_DATABASE = {
    "trigger": TRIGGER.format("tells", "RAISE EXCEPTION 'row % is refused', NEW"),
    "failing row": "ALTER TABLE nmsrecipient ADD CONSTRAINT marker CHECK (semail NOT LIKE '%marker%')",
    "unique key": "CREATE UNIQUE INDEX marker ON nmsrecipient (smobilephone, saddress1) WHERE semail LIKE '%marker%';"
    "INSERT INTO nmsrecipient (irecipientid, semail, smobilephone, saddress1) SELECT 77, 'other@marker.example', %s, %s",
    "notice": TRIGGER.format("notices", "RAISE WARNING 'row % is strange', NEW; PERFORM 1 / 0"),
}


@pytest.mark.parametrize("change", OF_THE_DATABASE.values(), ids=OF_THE_DATABASE)
def test_a_database_that_quotes_rows(
    change: str, said: Said, secrets: Secrets, attacked_copy: str, folder: Place
) -> None:
    with psycopg.connect(attacked_copy) as conn:
        values = (PEOPLE["phone of a good line"], PEOPLE["street of a good line"]) if "%s" in change else ()
        conn.execute(change if not values else _filled(change, values))
    imports = Import(folder, attacked_copy, id="quoting", columns=COLUMNS)
    imports.export(BODY)
    with failing(said):
        imports.run("quoting")
    assert_silent(said, secrets, attacked_copy)


def _filled(change: str, values: tuple[str, ...]) -> str:
    for value in values:
        change = change.replace("%s", f"'{value}'", 1)
    return change


@pytest.fixture
def attacked_copy(postgres_server, target_dsn: str, monkeypatch) -> Iterator[str]:
    from campaign_cdp.sandbox.campaign_database import create_database, drop_database

    create_database(postgres_server.dsn(), "attacked_copy", template="under_attack")
    dsn = postgres_server.dsn("attacked_copy")
    monkeypatch.setenv("AIRFLOW_CONN_CAMPAIGN_DB", campaign_connection(dsn))
    yield dsn
    drop_database(postgres_server.dsn(), "attacked_copy")


def wrong(connection: str, **changes: Any) -> str:
    return json.dumps(json.loads(connection) | changes)


def test_a_refused_database(said: Said, secrets: Secrets, target: str, folder: Place, monkeypatch) -> None:
    monkeypatch.setenv(
        "AIRFLOW_CONN_CAMPAIGN_DB", wrong(campaign_connection(target), password=secrets.new("wrong password"))
    )
    with failing(said):
        Import(folder, target, id="refused", columns=COLUMNS).run("refused")
    assert_silent(said, secrets, target)


def test_refused_storages(said: Said, secrets: Secrets, target: str, s3_server, sftp_server, monkeypatch) -> None:
    monkeypatch.setattr("azure.storage.blob._shared.policies.StorageRetryPolicy.sleep", lambda *_: None)
    closed = free_ports(["azure"])["azure"]
    s3, sftp = s3_server.connections(), sftp_server.connections()
    secrets.of_connections(s3 | sftp)
    zones = {
        "s3": wrong(s3["AIRFLOW_CONN_LANDING_ZONE_S3"], password=secrets.new("wrong S3 key")),
        "sftp": wrong(sftp["AIRFLOW_CONN_LANDING_ZONE_SFTP"], password=secrets.new("wrong SFTP password")),
        "azure_blob": json.dumps(
            {"conn_type": "wasb", "extra": {"connection_string": _azure(closed, secrets.new("SAS"))}}
        ),
    }
    roots = {"s3": {"bucket": "nowhere"}, "sftp": {"path": "x"}, "azure_blob": {"container": "nowhere"}}
    for kind, connection in zones.items():
        monkeypatch.setenv(f"AIRFLOW_CONN_LANDING_ZONE_{kind.upper()}", connection)
        zone = {"type": kind, "connection": f"landing_zone_{kind}", **roots[kind]}
        feed = Import(Place(zone, None), target, id=f"refused_{kind}", columns=COLUMNS).feed
        with failing(said), landing_zone_for(feed.landing_zone) as storage:
            list(storage.iter_pages(feed.landing_zone.prefix))
    assert_silent(said, secrets, target)


def _azure(port: int, signature: str) -> str:
    sas = f"sv=2024-11-04&ss=b&srt=sco&sp=rl&se=2099-01-01T00:00:00Z&sig={quote(signature, safe='')}"
    return f"BlobEndpoint=http://127.0.0.1:{port}/account;SharedAccessSignature={sas}"


@pytest.mark.skipif(not shutil.which("gpg"), reason="the program gpg is not installed (apt-get install gpg)")
def test_files_that_cannot_be_decrypted(
    said: Said, secrets: Secrets, target: str, folder: Place, monkeypatch, tmp_path
) -> None:
    from campaign_cdp.sandbox.pgp import new_key_pair
    from tests.pgp import encrypted

    keys = new_key_pair(secrets.plain("passphrase"), algorithm="curve25519")
    secrets.known["private key"] = keys.private_key
    (tmp_path / "gpg").mkdir()
    good = encrypted(keys, BODY * 40, tmp_path / "gpg")
    [(name, connection)] = keys.connections().items()
    given = json.loads(connection)
    attempts = {
        "wrong passphrase": (wrong(connection, password=secrets.plain("wrong passphrase")), good),
        "no key": (
            wrong(connection, extra={"private_key": "-----BEGIN NONSENSE-----\n" + secrets.plain("half a key")}),
            good,
        ),
        "tampered": (connection, good[:-30] + b"\0" * 30),
    }
    assert given["password"] == secrets.known["passphrase"]
    for n, (value, body) in enumerate(attempts.values()):
        monkeypatch.setenv(name, value)
        imports = Import(folder, target, id=f"pgp{n}", columns=COLUMNS, pgp=name.removeprefix("AIRFLOW_CONN_").lower())
        imports.export(body)
        with failing(said):
            imports.run(f"pgp {n}")
    assert_silent(said, secrets, target)


def test_alerts_that_cannot_be_sent(said: Said, secrets: Secrets, target: str, folder: Place, monkeypatch) -> None:
    closed = free_ports(["closed"])["closed"]
    web, mail = f"http://127.0.0.1:{closed}", {"host": "127.0.0.1", "port": closed}
    slack, sender = secrets.plain("Slack token"), secrets.new("mail password")
    for name, value in {
        "HOOK": {
            "conn_type": "http",
            "host": f"{web}/{secrets.plain('path')}",
            "password": secrets.new("hook password"),
            "login": "u",
            "extra": {"Authorization": f"Bearer {secrets.plain('bearer')}"},
        },
        "SLACK": {"conn_type": "slackwebhook", "host": f"{web}/services", "password": f"T0/B0/{slack}"},
        "MAIL": {
            "conn_type": "smtp",
            **mail,
            "login": "u",
            "password": sender,
            "extra": {"disable_ssl": True, "from_email": "a@b.example", "retry_limit": 0},
        },
    }.items():
        monkeypatch.setenv(f"AIRFLOW_CONN_{name}", json.dumps(value))
    notify = [
        {"type": "webhook", "connection": "hook"},
        {"type": "slack", "connection": "slack"},
        {"type": "email", "connection": "mail", "to": ["ops@example.com"]},
    ]
    feed = Import(folder, target, id="alerting", columns=COLUMNS, alerts={"notify": notify}).feed
    _notify(feed, ValueError(good_line()))
    assert said.text.count("ACR-260") == 3
    assert_silent(said, secrets, target)


def _notify(feed: Any, error: Exception) -> None:
    context = {
        "exception": error,
        "task": SimpleNamespace(),
        "ti": SimpleNamespace(task_id="data_loading"),
        "dag": SimpleNamespace(dag_id="audience_import__alerting"),
        "dag_run": SimpleNamespace(run_id="r"),
    }
    notifier: Callable[[Any], None] = TaskFailedNotifier(feed).notify
    with suppress(KeyError):
        notifier(context)
