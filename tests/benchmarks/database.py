"""The benchmark's PostgreSQL: templates, fresh warm copies, and checksums of what an import left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from campaign_cdp.ledger.migrate import upgrade
from campaign_cdp.sandbox.campaign_database import create_database, create_tables, drop_database, seed
from campaign_cdp.sandbox.postgres import PostgresServer
from tests.benchmarks.segment_file import CLEAN_COLUMNS, Shape

#: Settings of a small database server; everything that makes data durable stays on.
SETTINGS: Final[Mapping[str, str]] = {
    "shared_buffers": "1GB",
    "effective_cache_size": "8GB",
    "work_mem": "64MB",
    "maintenance_work_mem": "512MB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "15min",
    "wal_buffers": "16MB",
    "random_page_cost": "1.1",
}
LIST: Final = "LOYALTY_GOLD"
_PROFILE: Final = CLEAN_COLUMNS[:10]

_MEMBERS = """
INSERT INTO nmsrcpgrprel (irecipientid, igroupid)
SELECT r.irecipientid, {group} FROM nmsrecipient AS r
WHERE r.irecipientid <> 0
    AND (substr(r.saccount, 2)::bigint - 1) * {factor} % {recipients} >= {first}
    AND (substr(r.saccount, 2)::bigint - 1) * {factor} % {recipients} < {last}
ORDER BY r.irecipientid
"""
#: What other programs load into a table of their own: the columns of a clean file.
_PEOPLE = """
SELECT
    lower(semail) AS semail, saccount, sfirstname, slastname, tsbirth, smobilephone, scity, scountrycode, stext1,
    (iblacklistemail = 1)::text AS iblacklistemail, 'realized' AS membership_status,
    timestamptz '2025-01-01 00:00:00Z' AS qualified_at
FROM nmsrecipient WHERE irecipientid <> 0
"""
_PEOPLE_TABLE = """
CREATE TABLE people (
    semail text, saccount text, sfirstname text, slastname text, tsbirth date, smobilephone text, scity text,
    scountrycode text, stext1 text, iblacklistemail boolean, membership_status text, qualified_at timestamptz
)
"""
_SUM = "SELECT count(*), coalesce(sum(hashtextextended(({row})::text, 0)::numeric), 0)::text FROM {source}"
_MEMBER_SOURCE = (
    "nmsrcpgrprel AS m JOIN nmsgroup AS g ON m.igroupid = g.igroupid AND g.sname = {name} "
    "JOIN nmsrecipient AS r ON m.irecipientid = r.irecipientid"
)


@dataclass(frozen=True, slots=True)
class Databases:
    """Templates on one server, and copies of them.

    :param server: running.
    """

    server: PostgresServer

    def create_campaign(self, name: str, shape: Shape) -> None:
        """Create Campaign's tables, the ledger, recipients with five indexes (two unique) and the list's members."""
        create_database(self.server.dsn(), name)
        with psycopg.connect(self.server.dsn(name)) as conn:
            create_tables(conn)
            seed(conn, recipients=shape.recipients)
            conn.execute("DROP INDEX nmsrecipient_account")
            conn.execute("CREATE UNIQUE INDEX nmsrecipient_account ON nmsrecipient (saccount)")
            _add_members(conn, shape)
            conn.execute("CREATE EXTENSION pg_prewarm")
        upgrade(self.server.dsn(name))
        self.settle(name)

    def create_empty(self, name: str) -> None:
        create_database(self.server.dsn(), name)
        with psycopg.connect(self.server.dsn(name)) as conn:
            conn.execute("CREATE EXTENSION pg_prewarm")

    def export_people(self, campaign: str, path: Path) -> None:
        """Write the recipients of a Campaign database as a clean file."""
        query = f"COPY ({_PEOPLE}) TO STDOUT (FORMAT csv, HEADER)"
        with psycopg.connect(self.server.dsn(campaign)) as conn, path.open("wb") as out:
            conn.execute("SET timezone = 'UTC'")
            with conn.cursor().copy(query) as copy:
                for chunk in copy:
                    out.write(chunk)

    def create_people(self, name: str, campaign: str) -> None:
        """Create a template whose only table, ``people``, holds the recipients as a clean file has them."""
        self.create_empty(name)
        with (
            psycopg.connect(self.server.dsn(campaign)) as source,
            psycopg.connect(self.server.dsn(name)) as target,
        ):
            target.execute(_PEOPLE_TABLE)
            with (
                source.cursor().copy(f"COPY ({_PEOPLE}) TO STDOUT") as rows,
                target.cursor().copy("COPY people FROM STDIN") as copy,
            ):
                for chunk in rows:
                    copy.write(chunk)
            target.execute("CREATE UNIQUE INDEX people_email ON people (semail)")
        self.settle(name)

    def url(self, dsn: str) -> str:
        """Return a connection string as the URL that other programs take."""
        part = conninfo_to_dict(dsn)
        return (
            f"postgresql://{part['user']}:{part['password']}@{part['host']}:{part['port']}/{part['dbname']}"
            "?sslmode=disable"
        )

    def settle(self, name: str) -> None:
        """Leave nothing to autovacuum, then write everything out."""
        with psycopg.connect(self.server.dsn(name), autocommit=True) as conn:
            conn.execute("VACUUM (ANALYZE)")
            conn.execute("CHECKPOINT")

    @contextmanager
    def copy(self, template: str, name: str, *tables: str) -> Iterator[str]:
        """Yield the connection string of a fresh copy whose tables and indexes are in memory."""
        drop_database(self.server.dsn(), name)
        create_database(self.server.dsn(), name, template=template)
        with psycopg.connect(self.server.dsn(name), autocommit=True) as conn:
            conn.execute("CHECKPOINT")
            for table in tables:
                conn.execute(
                    "SELECT pg_prewarm(%(table)s::regclass), (SELECT sum(pg_prewarm(indexrelid::regclass)) "
                    "FROM pg_index WHERE indrelid = %(table)s::regclass)",
                    {"table": table},
                )
        try:
            yield self.server.dsn(name)
        finally:
            drop_database(self.server.dsn(), name)

    def version(self) -> str:
        with psycopg.connect(self.server.dsn()) as conn:
            return str(conn.info.server_version // 10_000) + "." + str(conn.info.server_version % 10_000)


def profiles_sum(dsn: str, table: str = "nmsrecipient") -> list[Any]:
    """Count and checksum of what every way writes: the ten columns of the file, whoever holds them."""
    values = [sql.SQL("{}::text").format(sql.Identifier(name)) for name in _PROFILE[1:-1]]
    row = sql.SQL("lower(semail), {}, iblacklistemail::integer").format(sql.SQL(", ").join(values))
    source = sql.SQL("{} WHERE semail IS NOT NULL").format(sql.Identifier(*table.split(".")))
    return _sum(dsn, row, source)


def campaign_sum(dsn: str) -> list[Any]:
    """Counts and checksums of all recipients and of the list's members, without ids and times."""
    with psycopg.connect(dsn) as conn:
        found = conn.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = 'nmsrecipient'::regclass AND attnum > 0 "
            "AND NOT attisdropped AND attname NOT IN ('irecipientid', 'tscreated', 'tslastmodified') ORDER BY 1"
        )
        columns = sql.SQL(", ").join(sql.Identifier(name) for (name,) in found)
    members = sql.SQL(_MEMBER_SOURCE).format(name=sql.Literal(LIST))
    return _sum(dsn, columns, sql.SQL("nmsrecipient")) + _sum(dsn, sql.SQL("r.saccount, r.semail"), members)


def _sum(dsn: str, row: sql.Composable, source: sql.Composable) -> list[Any]:
    with psycopg.connect(dsn) as conn:
        conn.execute("SET timezone = 'UTC'")
        found = conn.execute(sql.SQL(_SUM).format(row=sql.SQL("ROW({})").format(row), source=source)).fetchone()
        return list(found or ())


def _add_members(conn: psycopg.Connection[Any], shape: Shape) -> None:
    group = conn.execute(
        "INSERT INTO nmsgroup (igroupid, ifolderid, sname, slabel, itype, sschema) "
        "VALUES (nextval('xtknewid'), 102, %s, %s, 0, 'nms:recipient') RETURNING igroupid",
        (LIST, LIST),
    ).fetchone()
    first, last = shape.members_before
    numbers = {"group": group[0] if group else 0, "factor": shape.place_of_person, "recipients": shape.recipients}
    literals = {name: sql.Literal(value) for name, value in {**numbers, "first": first, "last": last}.items()}
    conn.execute(sql.SQL(_MEMBERS).format(**literals))
