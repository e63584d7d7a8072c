"""Processes that strike side by side, on servers that they share."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Self

from campaign_cdp.sandbox.hosts import SERVED, storage_server
from campaign_cdp.sandbox.local_folder import LocalFolder
from campaign_cdp.sandbox.postgres import NOT_DURABLE, PostgresServer
from campaign_cdp.sandbox.server import ServerRecord
from campaign_cdp.sandbox.storages import StorageHost
from tests.chaos.child import be_quiet
from tests.chaos.disturb import disturb_full, disturb_zone
from tests.chaos.matrix import Row, strike
from tests.chaos.stand import Prepared, Stand
from tests.chaos.walk import Kill

_SETTINGS = {**NOT_DURABLE, "shared_buffers": "128MB"}


@dataclass(frozen=True, slots=True)
class Shared:
    """What a job needs to find the servers.

    :param records: of the servers by name; a local folder needs none.
    """

    folder: Path
    zones: tuple[str, ...]
    records: Mapping[str, ServerRecord]

    def stand(self) -> Stand:
        postgres = PostgresServer(self.folder / "postgres", self.records["postgres"])
        return Stand(postgres, {zone: self._host(zone) for zone in self.zones})

    def _host(self, zone: str) -> StorageHost:
        if zone not in SERVED:
            return LocalFolder(self.folder / zone)
        return storage_server(zone, self.folder, self.records[zone])


_stand: list[Stand] = []


class Jobs:
    """Servers, and a pool of processes that use them.

    :param folder: for all data; its owner removes it.
    """

    def __init__(self, folder: Path, zones: tuple[str, ...], size: int) -> None:
        self.folder, self.zones, self.size = folder, zones, size
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            postgres = stack.enter_context(PostgresServer(self.folder / "postgres", settings=_SETTINGS))
            servers: dict[str, Any] = {"postgres": postgres}
            for zone in self.zones:
                if zone in SERVED:
                    servers[zone] = storage_server(zone, self.folder, None).start()
                    stack.callback(servers[zone].stop, timeout=0)
            shared = Shared(self.folder, self.zones, {name: server.record for name, server in servers.items()})
            shared.stand().prepare_databases()
            # Not forked from this process, whose progress bar is a thread.
            pool = ProcessPoolExecutor(self.size, get_context("spawn"), _start, (shared,))
            self._pool = stack.enter_context(pool)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exc: object) -> None:
        self._pool.shutdown(cancel_futures=True)
        self._stack.close()

    def prepare(self, directions: tuple[str, ...], zones: tuple[str, ...]) -> tuple[Prepared, ...]:
        futures = [self._pool.submit(_prepare, direction, zone) for direction in directions for zone in zones]
        return tuple(future.result() for future in futures)

    def strike(self, number: int, prepared: Prepared, kill: Kill) -> Future[Row]:
        return self._pool.submit(_strike, number, prepared, kill)

    def disturb(self, seed: int, prepared: tuple[Prepared, ...]) -> list[Future[list[Row]]]:
        """Disturb servers of their own, since all others would be disturbed with them."""
        directions = tuple(sorted({each.direction for each in prepared}, reverse=True))
        full = [zone for zone in ("local", "sftp") if zone == "local" or zone in self.zones]
        folders = iter(range(len(self.zones) + len(full)))
        return [
            *(self._pool.submit(disturb_zone, self._own(next(folders)), seed, directions, zone) for zone in self.zones),
            *(self._pool.submit(disturb_full, self._own(next(folders)), directions, zone) for zone in full),
        ]

    def _own(self, number: int) -> Path:
        folder = self.folder / f"own_{number}"
        folder.mkdir()
        return folder


def _start(shared: Shared) -> None:
    from tests.chaos.preload import preload

    be_quiet()
    preload(*shared.zones)
    _stand.append(shared.stand())


def _prepare(direction: str, zone: str) -> Prepared:
    return _stand[0].prepare(direction, zone)


def _strike(number: int, prepared: Prepared, kill: Kill) -> Row:
    return strike(_stand[0], number, prepared, kill)
