"""Servers whose disks are small enough to be filled. They need a mount of their own, which not every machine allows."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
from psycopg import sql

from campaign_cdp.sandbox.postgres import PostgresServer
from campaign_cdp.sandbox.storages.sftp import SftpStorage
from tests.hooks.landing_zone.sftp_servers import SmallServer

__all__ = ["SmallPostgres", "SmallServer"]
_MEGABYTES = 192
_NOBODY = 65534


class SmallPostgres(PostgresServer):
    """Has a tablespace ``small`` on a file system of its own, in memory; the rest is as always."""

    def command(self) -> list[str]:
        mount = f'mount -t tmpfs -o size={_MEGABYTES}m tmpfs "$0" && exec "$@"'
        # PostgreSQL refuses root, which a user is in the namespace that it may mount in.
        as_nobody = ["unshare", "-U", f"--map-user={_NOBODY}", f"--map-group={_NOBODY}", "--"]
        postgres = super().command()
        postgres = postgres[len(self._prefix()) :]
        return ["unshare", "-Urm", "sh", "-c", mount, str(self.small), *as_nobody, *postgres]

    def prepare(self) -> None:
        super().prepare()
        self.small.mkdir(exist_ok=True)

    @property
    def small(self) -> Path:
        return self.folder / "small"

    def use_small(self, *databases: str) -> None:
        """Move databases there; their copies will be there too."""
        with psycopg.connect(self.dsn(), autocommit=True) as conn:
            if not conn.execute("SELECT 1 FROM pg_tablespace WHERE spcname = 'small'").fetchone():
                conn.execute(sql.SQL("CREATE TABLESPACE small LOCATION {}").format(sql.Literal(str(self.small))))
            for name in databases:
                conn.execute(sql.SQL("ALTER DATABASE {} SET TABLESPACE small").format(sql.Identifier(name)))

    @contextmanager
    def filled(self) -> Iterator[None]:
        """Leave not a page free."""
        with psycopg.connect(self.dsn(), autocommit=True) as conn:
            conn.execute("CREATE UNLOGGED TABLE ballast (filler text STORAGE PLAIN) TABLESPACE small")
            try:
                for rows in (10_000, 1_000, 100, 1):
                    with suppress(psycopg.errors.DiskFull):
                        while True:
                            conn.execute(
                                "INSERT INTO ballast SELECT repeat('x', 8000) FROM generate_series(1, %s)", (rows,)
                            )
                yield
            finally:
                conn.execute("DROP TABLE ballast")


@contextmanager
def filled_storage(storage: SftpStorage) -> Iterator[None]:
    """Fill the disk of an SFTP server to its last page."""
    with tempfile.NamedTemporaryFile() as file:
        file.truncate(8 * 1024 * 1024)
        with suppress(OSError):
            storage.put("ballast", Path(file.name))
        try:
            yield
        finally:
            storage.remove("ballast")
