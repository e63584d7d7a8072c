"""Disturbances of each kind of storage, on servers of their own, and what comes of them."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, Final, cast

from campaign_cdp.sandbox.hosts import SERVED, StorageServer, storage_server
from campaign_cdp.sandbox.local_folder import LocalFolder
from campaign_cdp.sandbox.postgres import PostgresServer
from campaign_cdp.sandbox.server import EmbeddedServer
from campaign_cdp.sandbox.sftp import SftpServer
from tests.chaos.child import Moment
from tests.chaos.full import SmallPostgres, SmallServer, filled_storage
from tests.chaos.matrix import Row, outcome_of
from tests.chaos.stand import Prepared, Stand
from tests.chaos.troubles import Broken, Full, Restart, StallingProxy, Trouble
from tests.hooks.landing_zone.proxy import CuttingProxy

#: What survives a crash of the server, though not one of the machine.
CRASH_SAFE: Final = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "64MB"}
#: Steps that read or write files.
STORAGE_STEPS: Final = {
    "import": ("file_transfer trigger", "data_loading 2", "reconciliation", "end"),
    "export": ("data_extraction 1", "file_transfer", "landing_check trigger", "end"),
}
_PATIENCE: Final[dict[str, dict[str, Any]]] = {
    "s3": {"config_kwargs": {"s3": {"addressing_style": "path"}, "read_timeout": 1, "connect_timeout": 1}},
    "azure_blob": {"read_timeout": 1, "connection_timeout": 1, "retry_total": 2, "initial_backoff": 1},
}
_STALL: Final = 3.0
#: Kind of disturbance, the step that it hits, and what does it.
Planned = tuple[str, str, Trouble]


def disturb(stand: Stand, prepared: Prepared, planned: Planned, *, apart: bool = True) -> Row:
    """Run a copy with one step in trouble, let it be tried again, and compare."""
    kind, step, trouble = planned
    started = time.monotonic()
    with stand.copy(prepared) as scenario:
        harm = outcome_of(scenario, prepared, step, trouble, {}, apart=apart)
    outcome = "harmed" if harm else "same" if trouble.struck else "missed"
    return Row(
        *(0, prepared.direction, prepared.zone, step, kind, outcome, harm.lost, harm.doubled, harm.stuck),
        *(round(time.monotonic() - started, 2), "; ".join((*harm.detail[:12], *trouble.notes)), kind),
    )


def disturb_zone(folder: Path, seed: int, directions: tuple[str, ...], zone: str) -> list[Row]:
    """Restarts, resets and hanging connections of one kind of storage and its database."""
    random, rows = Random(f"{seed} {zone}"), []
    with ExitStack() as stack:
        postgres = stack.enter_context(PostgresServer(folder / "postgres", settings=CRASH_SAFE))
        host = stack.enter_context(storage_server(zone, folder, None)) if zone in SERVED else LocalFolder(folder / zone)  # type: ignore[arg-type]
        stand = Stand(postgres, {zone: host})
        for direction in directions:
            prepared = stand.prepare(direction, zone)
            rows += [disturb(stand, prepared, planned) for planned in _planned(stand, prepared, random)]
    return rows


def disturb_full(folder: Path, directions: tuple[str, ...], zone: str) -> list[Row]:
    """Full disks: of an SFTP server, and of the database where ``zone`` is ``local``."""
    kind = "database full" if zone == "local" else "storage full"
    if reason := SmallServer.why_not():
        return [skipped(kind, direction, zone, f"no mount of its own: {reason}") for direction in directions]
    rows = []
    with ExitStack() as stack:
        stand = small_stand(stack, folder, zone)
        for direction in directions:
            prepared = stand.prepare(direction, zone)
            rows += [disturb(stand, prepared, planned) for planned in _full(stand, prepared, kind)]
    return rows


def small_stand(stack: ExitStack, folder: Path, zone: str) -> Stand:
    """Servers of which one has a small disk: the database where ``zone`` is ``local``, else the storage."""
    if zone == "local":
        small = stack.enter_context(SmallPostgres(folder / "postgres", settings=CRASH_SAFE))
        stand = Stand(small, {zone: LocalFolder(folder / zone)})
        stand.prepare_databases()
        small.use_small(*stand.templates)
        return stand
    postgres = stack.enter_context(PostgresServer(folder / "postgres", settings=CRASH_SAFE))
    return Stand(postgres, {zone: stack.enter_context(SmallServer(folder / zone))})


def skipped(kind: str, direction: str, zone: str, reason: str) -> Row:
    return Row(0, direction, zone, "", kind, "skipped", 0, 0, 0, 0.0, reason, kind)


def _planned(stand: Stand, prepared: Prepared, random: Random) -> Iterator[Planned]:
    steps = [name for name, measure in prepared.measures.items() if measure.commits]
    yield from (database_restart(stand, prepared, name, random.random()) for name in random.sample(steps, 3))
    yield from (
        broken(stand, prepared, name, "database", random.randint(300, 5000)) for name in random.sample(steps, 4)
    )
    yield from (broken(stand, prepared, name, "database", 1500, _STALL) for name in random.sample(steps, 2))
    if prepared.zone in SERVED:
        for name in STORAGE_STEPS[prepared.direction]:
            yield storage_restart(stand, prepared, name, random.random())
            yield broken(stand, prepared, name, "storage", random.randint(50, 2500))
        for name in random.sample(STORAGE_STEPS[prepared.direction], 2):
            yield broken(stand, prepared, name, "storage", random.randint(50, 1000), _STALL)


def database_restart(stand: Stand, prepared: Prepared, step: str, part: float) -> Planned:
    """An immediate shutdown: no session is ended, no checkpoint written, unlogged tables are empty afterwards."""
    moment = _moment(prepared, step, part)
    restart = Restart(may_clear=True, server=stand.postgres, moment=moment, how=signal.SIGQUIT)
    return "database restart", step, restart


def storage_restart(stand: Stand, prepared: Prepared, step: str, part: float) -> Planned:
    server = cast("EmbeddedServer", stand.hosts[prepared.zone])
    return "storage restart", step, Restart(server=server, moment=_moment(prepared, step, part), how=signal.SIGTERM)


def broken(stand: Stand, prepared: Prepared, step: str, what: str, cut_after: int, stall: float = 0) -> Planned:
    """Reset connections after so many bytes of answers, or let them hang first.

    :param what: ``database`` or ``storage``.
    """
    host = stand.hosts[prepared.zone]
    server = stand.postgres if what == "database" else cast("StorageServer", host)
    (port, *_) = server.record.ports.values()
    name = "AIRFLOW_CONN_CAMPAIGN_DB" if what == "database" else f"AIRFLOW_CONN_LANDING_ZONE_{prepared.zone.upper()}"
    proxy: Callable[[], CuttingProxy] = partial(CuttingProxy, port, cut_after=cut_after, reset=True)
    if stall:
        proxy = partial(StallingProxy, port, cut_after=cut_after, stall=stall)
    patience = _PATIENCE.get(prepared.zone, {}) if stall and what == "storage" else {}
    trouble = Broken(proxy=proxy, variable=name, old_port=port, patience=patience)
    return f"{what} {'hangs' if stall else 'reset'}", step, trouble


def _full(stand: Stand, prepared: Prepared, kind: str) -> Iterator[Planned]:
    steps = STORAGE_STEPS[prepared.direction]
    if kind == "database full":
        steps = (
            ("data_loading 1", "reconciliation", "update_data")
            if prepared.direction == "import"
            else ("incremental_query",)
        )
    for step in steps:
        yield full(stand, kind, step)


def full(stand: Stand, kind: str, step: str) -> Planned:
    if kind == "database full":
        return kind, step, Full(filled=cast("SmallPostgres", stand.postgres).filled)
    server = cast("SftpServer", stand.hosts["sftp"])
    return kind, step, Full(filled=lambda: filled_storage(server.storage("")))


def _moment(prepared: Prepared, step: str, part: float) -> Moment:
    return Moment("event", 1 + int(part * (prepared.measures[step].events - 1)))
