from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import suppress

import psycopg
import pytest
from click.testing import CliRunner
from psycopg import sql

from campaign_cdp.cli.main import cdp
from campaign_cdp.exceptions import (
    AccessDeniedError,
    FeedConfigError,
    RetriableSyncError,
    SyncDataError,
    SyncError,
)
from campaign_cdp.hooks.campaign.errors import mapped_errors

EMAIL = "zyx.marker@people.example"
SECRET = "Sekret-81%2F"
TABLES = f"""
CREATE TABLE person (id integer PRIMARY KEY, email text UNIQUE, name text NOT NULL, age smallint CHECK (age < 150));
INSERT INTO person VALUES (1, '{EMAIL}', 'Zyx', 30);
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN IF NEW.age = 77 THEN RAISE EXCEPTION 'row of % is refused', NEW.email; END IF; RETURN NEW; END $$;
CREATE TRIGGER refuse BEFORE INSERT ON person FOR EACH ROW EXECUTE FUNCTION refuse();
"""
CASES = {
    "a unique key's DETAIL": (RetriableSyncError, f"INSERT INTO person VALUES (2, '{EMAIL}', 'Zyx', 30)"),
    "a failing row's DETAIL": (RetriableSyncError, f"INSERT INTO person VALUES (2, '{EMAIL}2', NULL, 30)"),
    "a check's DETAIL": (RetriableSyncError, f"INSERT INTO person VALUES (2, '{EMAIL}2', 'Zyx', 200)"),
    "a trigger's words": (SyncDataError, f"INSERT INTO person VALUES (2, '{EMAIL}2', 'Zyx', 77)"),
    "a conversion": (SyncDataError, f"SELECT '{EMAIL}'::integer"),
    "the statement itself": (FeedConfigError, f"SELECT '{EMAIL}' FROM nobody"),
    "an operation called off": (RetriableSyncError, f"SET statement_timeout = 1; SELECT '{EMAIL}', pg_sleep(5)"),
}


@pytest.fixture(scope="module")
def people_dsn(postgres_server, campaign_template) -> str:
    with psycopg.connect(postgres_server.dsn(), autocommit=True) as conn:
        conn.execute("CREATE DATABASE errors_of_people")
    with psycopg.connect(postgres_server.dsn("errors_of_people")) as conn:
        conn.execute(TABLES)
    return postgres_server.dsn("errors_of_people")


@pytest.fixture
def conn(people_dsn: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(people_dsn) as conn, suppress(psycopg.Error):
        yield conn
        conn.rollback()


@pytest.mark.parametrize(("expected", "query"), CASES.values(), ids=CASES)
def test_no_error_of_the_database_shows_a_row(expected: type[SyncError], query: str, conn) -> None:
    with pytest.raises(SyncError) as caught, mapped_errors("campaign_db"):
        conn.execute(sql.SQL(query))
    assert type(caught.value) is expected
    shown = "".join(traceback.format_exception(caught.value))
    assert "zyx" not in shown.lower().replace(f'"{query}"'.lower(), "").replace("test_errors", "")
    assert "test_errors.py" in shown  # where it arose is still told


@pytest.mark.parametrize("row", [f"2\t{EMAIL}\tZyx\tthirty\n", f"2\t{EMAIL}\tZyx\t77\n", f"2\t{EMAIL}2\n"])
def test_no_error_of_copy_shows_its_line(row: str, conn) -> None:
    with pytest.raises(SyncDataError) as caught, mapped_errors("campaign_db"), conn.cursor() as cur:
        _copy(cur, row)
    assert "zyx" not in "".join(traceback.format_exception(caught.value)).lower()


def test_the_names_of_what_refused_are_told(conn) -> None:
    words = r"person_email_key.*SQLSTATE 23505.*table person"
    with pytest.raises(RetriableSyncError, match=words), mapped_errors("campaign_db"):
        conn.execute("INSERT INTO person VALUES (2, %s, 'Zyx', 30)", (EMAIL,))


def test_a_refused_login_is_told_without_its_password(postgres_server) -> None:
    with pytest.raises(AccessDeniedError) as caught, mapped_errors("campaign_db"):
        psycopg.connect(postgres_server.dsn(), password=SECRET)
    assert SECRET not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql//u:{SECRET}@h/d",  # the driver quotes what it cannot read
        "postgresql://u:Sekret-81%zz@h/d",
        f"postgresql://u:{SECRET}@127.0.0.1:1/d?connect_timeout=3",
        f"password={SECRET} nonsense",
    ],
)
def test_a_connection_string_is_never_repeated(url: str) -> None:
    result = CliRunner().invoke(cdp, ["runs", "list", "--url", url])
    assert result.exit_code == 1
    assert "cannot be opened" in result.stderr
    assert "Sekret" not in result.output + str(result.exception)


def _copy(cursor: psycopg.Cursor, row: str) -> None:
    with cursor.copy("COPY person FROM STDIN") as copy:
        copy.write(row)
