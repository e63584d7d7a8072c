from __future__ import annotations

from typing import Any

import psycopg
import pytest

from campaign_cdp.attributes import RECIPIENT, Attribute, ValueType
from campaign_cdp.sandbox.campaign_database import (
    add_list,
    create_database,
    create_tables,
    drop_database,
    seed,
)
from campaign_cdp.sandbox.people import People
from campaign_cdp.sandbox.postgres import PostgresServer

Connection = psycopg.Connection[Any]

_SQL_TYPES = {
    ValueType.STRING: "character varying",
    ValueType.EMAIL: "character varying",
    ValueType.INTEGER: "smallint",
    ValueType.BOOLEAN: "smallint",
    ValueType.DATE: "date",
    ValueType.TIMESTAMP: "timestamp with time zone",
}


@pytest.mark.parametrize("attribute", RECIPIENT.values(), ids=RECIPIENT.keys())
def test_every_attribute_has_its_column(campaign_columns: dict[str, tuple[Any, ...]], attribute: Attribute) -> None:
    sql_type, length, nullable, default = campaign_columns[attribute.sql_name]

    assert (sql_type, length) == (_SQL_TYPES[attribute.type], attribute.length)
    # Campaign: numbers are never NULL, strings and dates may be.
    assert (nullable, default) == (("NO", "0") if sql_type == "smallint" else ("YES", None))


@pytest.fixture(scope="module")
def campaign_columns(postgres_server: PostgresServer, campaign_template: str) -> dict[str, tuple[Any, ...]]:
    with psycopg.connect(postgres_server.dsn(campaign_template)) as conn:
        rows = conn.execute(
            "SELECT column_name, data_type, character_maximum_length, is_nullable, column_default"
            " FROM information_schema.columns WHERE table_name = 'nmsrecipient'"
        ).fetchall()
    return {name: rest for name, *rest in rows}


def test_every_table_with_a_key_has_its_zero_id_row(campaign_db: Connection) -> None:
    keys = campaign_db.execute(
        "SELECT c.relname, a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid"
        " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]"
        " WHERE i.indisprimary AND i.indnatts = 1 AND c.relnamespace = 'public'::regnamespace"
    ).fetchall()

    assert len(keys) == 14
    for table, key in keys:
        assert campaign_db.execute(f"SELECT count(*) FROM {table} WHERE {key} = 0").fetchone() == (1,), table


def test_only_ids_are_unique_in_nmsrecipient(campaign_db: Connection) -> None:
    indexes = campaign_db.execute(
        "SELECT indexname, indexdef LIKE 'CREATE UNIQUE%' FROM pg_indexes WHERE tablename = 'nmsrecipient'"
    ).fetchall()

    assert len(indexes) == 5
    assert [name for name, unique in indexes if unique] == ["nmsrecipient_pkey"]


def test_new_ids_come_from_campaigns_sequences(campaign_db: Connection) -> None:
    (used,) = campaign_db.execute("SELECT max(irecipientid) FROM nmsrecipient").fetchone() or (0,)

    for sequence in ("XtkNewId", "NmsBroadLogId", "NmsTrackingLogId"):
        row = campaign_db.execute(f"SELECT nextval('{sequence}')").fetchone()
        assert row
        assert row[0] > (used if sequence == "XtkNewId" else 0)


def test_the_folder_of_recipients_is_there(campaign_db: Connection) -> None:
    row = campaign_db.execute("SELECT ifolderid FROM xtkfolder WHERE sname = 'nmsRootRecipient'").fetchone()

    assert campaign_db.execute("SELECT DISTINCT ifolderid FROM nmsrecipient WHERE irecipientid <> 0").fetchone() == row


def test_sql_and_python_know_the_same_people(campaign_db: Connection) -> None:
    rows = campaign_db.execute(
        "SELECT saccount, lower(semail), sfirstname, slastname, tsbirth::text, smobilephone, scity, scountrycode, stext1,"
        " CASE iblacklistemail WHEN 0 THEN 'false' ELSE 'true' END, stext2"
        " FROM nmsrecipient WHERE irecipientid <> 0 ORDER BY saccount"
    ).fetchall()

    assert rows == [tuple(People().person(n).values()) for n in range(1, 201)]


def test_some_emails_are_stored_with_capitals(campaign_db: Connection) -> None:
    rows = campaign_db.execute("SELECT saccount FROM nmsrecipient WHERE semail <> lower(semail) ORDER BY 1").fetchall()

    assert [int(account[1:]) for (account,) in rows] == [n for n in range(1, 201) if People.has_capitals(n)]


def _checksum(server: PostgresServer, name: str, *steps: tuple[int, int]) -> str:
    create_database(server.dsn(), name)
    try:
        with psycopg.connect(server.dsn(name)) as conn:
            create_tables(conn)
            for recipients, number in steps:
                seed(conn, recipients=recipients, seed=number)
            row = conn.execute(
                "SELECT md5(string_agg(r::text, '|' ORDER BY irecipientid)) FROM nmsrecipient r"
            ).fetchone()
            return str(row[0]) if row else ""
    finally:
        drop_database(server.dsn(), name)


def test_the_same_seed_gives_the_same_database_in_one_step_or_two(postgres_server: PostgresServer) -> None:
    whole = _checksum(postgres_server, "seed_whole", (500, 7))

    assert _checksum(postgres_server, "seed_steps", (200, 7), (500, 7)) == whole
    assert _checksum(postgres_server, "seed_other", (500, 8)) != whole


def test_a_list_holds_a_range_of_people(campaign_db: Connection) -> None:
    group_id = add_list(campaign_db, "GOLD", first=11, last=60)
    add_list(campaign_db, "GOLD", first=51, last=70)

    rows = campaign_db.execute(
        "SELECT min(saccount), max(saccount), count(*) FROM nmsrcpgrprel JOIN nmsrecipient USING (irecipientid)"
        " WHERE igroupid = %s",
        (group_id,),
    ).fetchone()
    assert rows == ("C0000011", "C0000070", 60)


def test_every_test_has_a_database_of_its_own(campaign_db: Connection, campaign_dsn: str) -> None:
    campaign_db.execute("DELETE FROM nmsrecipient")

    assert campaign_db.info.dbname != "campaign_template"
