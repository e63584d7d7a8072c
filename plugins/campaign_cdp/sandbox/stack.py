"""The sandbox as a whole: every server in one folder, started and stopped together."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psycopg

from campaign_cdp.exceptions import SandboxError
from campaign_cdp.sandbox.campaign_database import DATABASE, create_database, create_tables
from campaign_cdp.sandbox.endpoints import Endpoints
from campaign_cdp.sandbox.postgres import PostgresServer
from campaign_cdp.sandbox.s3 import S3Server
from campaign_cdp.sandbox.server import EmbeddedServer, ServerRecord
from campaign_cdp.sandbox.state import StateFile, sandbox_dir

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """What may be shown of a server."""

    name: str
    running: bool
    pid: int | None
    ports: Mapping[str, int]

    def to_json(self) -> dict[str, Any]:
        return {"name": self.name, "running": self.running, "pid": self.pid, "ports": dict(self.ports)}


def _silent(_: str) -> None:
    pass


class Sandbox:
    """PostgreSQL with a Campaign database, and an S3 server.

    Further servers, such as Airflow, take part through :meth:`remember`: :meth:`down` stops them first.

    :param folder: holds everything; ``None`` is :func:`~campaign_cdp.sandbox.state.sandbox_dir`.
    :param postgres_settings: for its next start.
    """

    def __init__(self, folder: Path | None = None, *, postgres_settings: Mapping[str, str] | None = None) -> None:
        self.folder = (folder or sandbox_dir()).absolute()
        self._state = StateFile(self.folder)
        self._postgres_settings = postgres_settings

    def up(self, progress: Progress = _silent) -> Endpoints:
        """Start what does not run yet; doing it again changes nothing.

        :param progress: is told in words what happens.
        :raises SandboxError: if a server does not start; the others keep running.
        """
        with self._state.locked():
            for server in (self.postgres(), self.s3()):
                known = " (it runs already)" if server.record.is_running else ""
                progress(f"{server.name}: starting{known}")
                server.launched = partial(self._state.remember, server.name)
                server.start()
                self._state.remember(server.name, server.record)
            progress(f"postgres: database {DATABASE}")
            create_database(self.postgres().dsn())
            with psycopg.connect(self.postgres().dsn(DATABASE)) as conn:
                create_tables(conn)
        return self.endpoints()

    def down(self, *, purge: bool = False, progress: Progress = _silent) -> list[str]:
        """Stop every server of the sandbox, the last one first, and return the names of those that ran.

        :param purge: also remove their data and the generated passwords.
        """
        stopped: list[str] = []
        if not self.folder.exists():
            return stopped
        with self._state.locked():
            servers = self._state.load()
            for name, record in reversed(servers.items()):
                progress(f"{name}: stopping")
                if self._server(name, record).stop() if name in _KINDS else _stop(record):
                    stopped.append(name)
                self._state.remember(name, ServerRecord(record.ports, record.secrets))
            if purge:
                # Only what is ours: somebody may have pointed the sandbox at a folder that holds more.
                for name in servers:
                    shutil.rmtree(self.folder / name, ignore_errors=True)
                self._state.path.unlink(missing_ok=True)
        return stopped

    def status(self) -> list[ServerStatus]:
        """Return what runs, without secrets."""
        return [
            ServerStatus(name, record.is_running, record.process.pid if record.process else None, record.ports)
            for name, record in self._state.load().items()
        ]

    def endpoints(self) -> Endpoints:
        """Return how to reach the servers.

        :raises SandboxError: if they are not all up.
        """
        postgres, s3 = self.postgres(), self.s3()
        down = [server.name for server in (postgres, s3) if not server.record.is_running]
        if down:
            raise SandboxError(f"{' and '.join(down)} of the sandbox {self.folder} not running. Run: cdp sandbox up")
        return Endpoints(postgres.dsn(DATABASE), postgres.dsn(), s3.endpoint_url, s3.access_key, s3.secret_key)

    def postgres(self) -> PostgresServer:
        """The PostgreSQL server as it was recorded, running or not."""
        return PostgresServer(
            self.folder / PostgresServer.name, self.record(PostgresServer.name), settings=self._postgres_settings
        )

    def s3(self) -> S3Server:
        """The S3 server as it was recorded, running or not."""
        return S3Server(self.folder / S3Server.name, self.record(S3Server.name))

    def record(self, name: str) -> ServerRecord | None:
        """What is remembered of a server."""
        return self._state.load().get(name)

    def remember(self, name: str, record: ServerRecord) -> None:
        """Make another server part of the sandbox; its data belongs into the folder of that name."""
        self._state.remember(name, record)

    def _server(self, name: str, record: ServerRecord) -> EmbeddedServer:
        return _KINDS[name](self.folder / name, record)


_KINDS: Mapping[str, type[EmbeddedServer]] = {kind.name: kind for kind in (PostgresServer, S3Server)}


def _stop(record: ServerRecord) -> bool:
    return record.process.stop() if record.process else False
