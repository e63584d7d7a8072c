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
from campaign_cdp.feeds.zones import AnyStorage
from campaign_cdp.sandbox.campaign_database import DATABASE, create_database, create_tables
from campaign_cdp.sandbox.endpoints import Endpoints
from campaign_cdp.sandbox.hosts import SERVED, ServedZone, StorageServer, Zone, storage_server
from campaign_cdp.sandbox.local_folder import LocalFolder
from campaign_cdp.sandbox.pgp import kept_connections
from campaign_cdp.sandbox.postgres import PostgresServer
from campaign_cdp.sandbox.server import ServerRecord
from campaign_cdp.sandbox.state import StateFile, sandbox_dir
from campaign_cdp.sandbox.storages import OutsideStorage

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
    """PostgreSQL with a Campaign database, and storages for landing zones.

    Further servers, such as Airflow, take part through :meth:`remember`: :meth:`down` stops them first.

    :param folder: holds everything; ``None`` is :func:`~campaign_cdp.sandbox.state.sandbox_dir`.
    :param postgres_settings: for its next start.
    """

    def __init__(self, folder: Path | None = None, *, postgres_settings: Mapping[str, str] | None = None) -> None:
        self.folder = (folder or sandbox_dir()).absolute()
        self._state = StateFile(self.folder)
        self._postgres_settings = postgres_settings

    def up(self, progress: Progress = _silent, *, zone: Zone | None = None) -> Endpoints:
        """Start what does not run yet; doing it again changes nothing.

        :param progress: is told in words what happens.
        :param zone: storage to have beside those that were started before; S3 if there is none.
        :raises SandboxError: if a server does not start; the others keep running.
        """
        with self._state.locked():
            if zone == LocalFolder.name:
                self._local().storage("")
            for server in (self.postgres(), *map(self.storage_server, self._served(zone))):
                known = " (it runs already)" if server.record.is_running else ""
                progress(f"{server.name}: starting{known}")
                server.progress, server.launched = progress, partial(self._state.remember, server.name)
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
                if self._stop(name, record):
                    stopped.append(name)
                self._state.remember(name, ServerRecord(record.ports, record.secrets) if record.secrets else None)
            if purge:
                # Only what is ours: somebody may have pointed the sandbox at a folder that holds more.
                for name in (*servers, LocalFolder.name, self.pgp_folder.name):
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
        postgres, storages = self.postgres(), [self.storage_server(kind) for kind in self._served()]
        down = [server.name for server in (postgres, *storages) if not server.record.is_running]
        if down:
            raise SandboxError(f"{' and '.join(down)} of the sandbox {self.folder} not running. Run: cdp sandbox up")
        landing_zones = {**self._local().connections(), **kept_connections(self.pgp_folder)}
        for server in storages:
            landing_zones |= server.connections()
        return Endpoints(postgres.dsn(DATABASE), postgres.dsn(), landing_zones)

    @property
    def pgp_folder(self) -> Path:
        """Where the sandbox's PGP key pair is kept, once one was asked for."""
        return self.folder / "pgp"

    def postgres(self) -> PostgresServer:
        """The PostgreSQL server as it was recorded, running or not."""
        return PostgresServer(
            self.folder / PostgresServer.name, self.record(PostgresServer.name), settings=self._postgres_settings
        )

    def storage_server(self, kind: ServedZone) -> StorageServer:
        """A storage's server as it was recorded, running or not."""
        return storage_server(kind, self.folder, self.record(kind))

    def storage(self, zone: AnyStorage) -> OutsideStorage:
        """The storage that a feed's landing zone names, as the other side sees it; it exists afterwards.

        :raises SandboxError: if its server is not running.
        """
        if zone.type == "local":
            return self._local().storage(zone.root)
        server = self.storage_server(zone.type)
        if not server.record.is_running:
            raise SandboxError(
                f"{server.name} of the sandbox {self.folder} is not running. Run: cdp sandbox up --zone {zone.type}"
            )
        return server.storage(zone.root)

    def record(self, name: str) -> ServerRecord | None:
        """What is remembered of a server."""
        return self._state.load().get(name)

    def remember(self, name: str, record: ServerRecord) -> None:
        """Make another server part of the sandbox; its data belongs into the folder of that name."""
        self._state.remember(name, record)

    def _local(self) -> LocalFolder:
        return LocalFolder(self.folder / LocalFolder.name)

    def _served(self, wanted: Zone | None = None) -> list[ServedZone]:
        """Storages with a server that the sandbox has or gets."""
        known = self._state.load()
        served = [kind for kind in SERVED if kind in known or kind == wanted]
        return served or ([] if wanted == "local" or self._local().folder.exists() else ["s3"])

    def _stop(self, name: str, record: ServerRecord) -> bool:
        if name == PostgresServer.name:
            return PostgresServer(self.folder / name, record).stop()
        if name in SERVED:
            return storage_server(name, self.folder, record).stop()
        return record.process.stop() if record.process else False
