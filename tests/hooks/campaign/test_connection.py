"""The connection type Adobe Campaign and its test, on a real database with users of few rights."""

from __future__ import annotations

import json
import os
import socket
import uuid
from collections.abc import Callable, Iterator

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from campaign_cdp.hooks.campaign.connection import CampaignHook
from campaign_cdp.hooks.campaign.sql import connect, open_connection
from campaign_cdp.ledger.migrate import upgrade

NewHook = Callable[..., CampaignHook]
TABLES = "nmsrecipient, nmsgroup, nmsrcpgrprel, xtkfolder"


@pytest.fixture
def new_hook(campaign_dsn: str, monkeypatch: pytest.MonkeyPatch) -> NewHook:
    """Enter a connection of that type to the test's own database."""

    def make(conn_type: str = "adobe_campaign", **given: object) -> CampaignHook:
        part = conninfo_to_dict(campaign_dsn)
        fields = {"host": part["host"], "port": int(part["port"]), "login": part["user"], "password": part["password"]}
        text = json.dumps({"conn_type": conn_type, "schema": part["dbname"], **fields, **given})
        monkeypatch.setenv("AIRFLOW_CONN_CAMPAIGN_FORM", text)
        return CampaignHook("campaign_form")

    return make


@pytest.fixture
def user(campaign_db: psycopg.Connection) -> Iterator[str]:
    """A database user without any right, who owns schema cdp."""
    name = f"u{uuid.uuid4().hex[:8]}"
    run(campaign_db, "CREATE ROLE {user} LOGIN PASSWORD 'pw'; CREATE SCHEMA cdp AUTHORIZATION {user}", name)
    yield name
    run(campaign_db, "DROP OWNED BY {user} CASCADE; DROP ROLE {user}", name)


def run(conn: psycopg.Connection, text: str, user: str) -> None:
    conn.execute(sql.SQL(text).format(user=sql.Identifier(user)))


def as_user(campaign_dsn: str, user: str) -> str:
    return upgrade(psycopg.conninfo.make_conninfo(campaign_dsn, user=user, password="pw"))


def test_good_connection_tells_server_ledger_rights_and_logs(new_hook, campaign_dsn):
    version = upgrade(campaign_dsn)

    ok, text = new_hook().test_connection()

    lines = text.splitlines()
    assert ok, text
    assert lines[0].startswith("PostgreSQL ")
    assert conninfo_to_dict(campaign_dsn)["dbname"] in lines[0]
    assert f"Ledger: version {version}, current." in lines
    assert "Imports are possible." in lines
    assert "Export of nms:broadLogRcp is possible." in lines


def test_missing_ledger_is_the_finding(new_hook):
    ok, text = new_hook().test_connection()

    assert not ok
    assert "ACR-110 " in text
    assert "cdp ledger upgrade" in text
    assert "Imports are possible." in text, "the other findings are told all the same"


def test_missing_rights_are_named_one_by_one(new_hook, campaign_db, campaign_dsn, user):
    as_user(campaign_dsn, user)
    run(campaign_db, f"GRANT SELECT ON {TABLES} TO {{user}}; GRANT INSERT ON nmsrecipient TO {{user}}", user)

    ok, text = new_hook(login=user, password="pw").test_connection()

    assert not ok
    assert (
        "Imports are not possible: no UPDATE on nmsrecipient, no INSERT on nmsgroup, no INSERT or DELETE on nmsrcpgrprel, "
        "no USAGE on xtknewid." in text
    )
    assert (
        "Export of nms:subHisto is not possible: no SELECT on nmssubhisto, no SELECT on nmsdelivery, no SELECT on nmsservice."
        in text
    )


def test_what_is_missing_comes_first_and_what_is_there_follows(new_hook, campaign_db, campaign_dsn, user):
    as_user(campaign_dsn, user)
    run(campaign_db, "GRANT SELECT ON nmsrecipient, nmssubhisto, nmsdelivery, nmsservice TO {user}", user)

    ok, text = new_hook(login=user, password="pw").test_connection()

    assert not ok
    assert text.startswith("Imports are not possible: no INSERT or UPDATE on nmsrecipient")
    assert text.endswith("\nExport of nms:subHisto is possible.")


def test_rights_on_columns_count(new_hook, campaign_db, campaign_dsn, user):
    as_user(campaign_dsn, user)
    run(campaign_db, "GRANT SELECT, INSERT, UPDATE (semail, scity) ON nmsrecipient TO {user}", user)

    assert "on nmsrecipient" not in new_hook(login=user, password="pw").test_connection()[1].split("Export of")[0]


def test_schema_of_somebody_else_stops_work_tables(new_hook, campaign_db, campaign_dsn, user):
    as_user(campaign_dsn, user)
    run(campaign_db, "ALTER SCHEMA cdp OWNER TO CURRENT_USER; GRANT USAGE ON SCHEMA cdp TO {user}", user)

    ok, text = new_hook(login=user, password="pw").test_connection()

    assert not ok
    assert f"CREATE SCHEMA cdp AUTHORIZATION {user}" in text


def test_database_without_campaign_is_recognised(new_hook):
    ok, text = new_hook(schema="postgres").test_connection()

    assert not ok
    assert "no nmsrecipient in the search path" in text


def test_wrong_password_is_refused_without_being_repeated(new_hook):
    ok, text = new_hook(password="wrong-pw-7").test_connection()

    assert not ok
    assert text.startswith("ACR-120 ")
    assert "wrong-pw-7" not in text


def test_unreachable_server_answers_in_words(new_hook):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        ok, text = new_hook(port=unused.getsockname()[1]).test_connection()

    assert not ok
    assert text.startswith("ACR-200 ")


@pytest.mark.parametrize("conn_type", ["adobe_campaign", "postgres"])
def test_feeds_take_connections_of_both_types(new_hook, conn_type):
    new_hook(conn_type)

    with connect("campaign_form") as conn:
        assert conn.execute("SELECT count(*) FROM nmsrecipient").fetchone()


def test_form_that_is_left_empty_changes_nothing_and_a_filled_one_does(new_hook):
    empty = {"sslmode": "", "sslrootcert": None, "connect_timeout": "", "application_name": "cdp test"}
    new_hook(extra=empty)

    with connect("campaign_form") as conn:
        assert conn.execute("SHOW application_name").fetchone() == ("cdp test",)


def test_both_ends_notice_that_the_other_is_gone(new_hook):
    options = (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
    conn = open_connection(new_hook().get_conn_id())
    with conn, socket.socket(fileno=os.dup(conn.fileno())) as client:
        ours = [client.getsockopt(socket.IPPROTO_TCP, option) for option in options]
        names = ("tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count")
        servers = [int(conn.execute(f"SHOW {name}").fetchone()[0]) for name in names]

    assert ours == servers == [60, 10, 6]
