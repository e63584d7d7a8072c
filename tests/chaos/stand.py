"""Servers, and scenarios that are prepared once and copied for each kill."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg

from campaign_cdp.ledger.migrate import upgrade
from campaign_cdp.sandbox.campaign_database import create_database, create_tables, drop_database, seed
from campaign_cdp.sandbox.endpoints import campaign_connection
from campaign_cdp.sandbox.local_folder import LocalFolder
from campaign_cdp.sandbox.postgres import PostgresServer
from campaign_cdp.sandbox.s3 import S3Server
from campaign_cdp.sandbox.sftp import SftpServer
from campaign_cdp.sandbox.storages import StorageHost
from campaign_cdp.sandbox.storages.local import LocalStorage
from tests.buckets import remove_bucket
from tests.chaos.child import Ended
from tests.chaos.compare import State
from tests.chaos.scenarios import SCENARIOS, ExportScenario, ImportScenario
from tests.chaos.steps import Step
from tests.chaos.walk import finished, measured
from tests.places import Place

_PEOPLE = 100


@dataclass(frozen=True, slots=True)
class Prepared:
    """A scenario with its history, ready to be copied.

    :param template: database to copy.
    :param objects: what is in the storage.
    :param measures: how much happens in each step of the next run.
    :param expected: state after that run, and after one more.
    """

    direction: str
    zone: str
    template: str
    objects: Mapping[str, bytes] = field(repr=False)
    measures: Mapping[str, Ended] = field(repr=False, default_factory=dict)
    expected: tuple[State, State] = field(repr=False, default=({}, {}))


class Stand:
    """One PostgreSQL server, and one server for each kind of storage.

    :param hosts: storages by the kind that feeds name.
    """

    def __init__(self, postgres: PostgresServer, hosts: Mapping[str, StorageHost]) -> None:
        self.postgres, self.hosts = postgres, hosts

    @property
    def templates(self) -> dict[str, int]:
        """Empty databases by name, and how many people are in each."""
        return {ImportScenario.template: 0, ExportScenario.template: _PEOPLE}

    def prepare_databases(self) -> None:
        """Make the empty databases that scenarios start from, unless they are there."""
        finished(Step("databases", self._make_templates))

    def _make_templates(self) -> None:
        for name, count in self.templates.items():
            with psycopg.connect(self.postgres.dsn()) as conn:
                if conn.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone():
                    continue
            create_database(self.postgres.dsn(), name)
            with psycopg.connect(self.postgres.dsn(name)) as conn:
                create_tables(conn)
                if count:
                    seed(conn, recipients=count)
            upgrade(self.postgres.dsn(name))

    def prepare(self, direction: str, zone: str) -> Prepared:
        """Give a scenario its history, and see what an undisturbed run does and leads to."""
        self.prepare_databases()
        name = f"history_{direction}_{zone}_{uuid.uuid4().hex[:6]}"
        create_database(self.postgres.dsn(), name, template=SCENARIOS[direction].template)
        with self._scenario(direction, zone, name) as scenario:
            finished(Step("history", scenario.have_history))
            objects = {key: scenario.place.read(key) for key in scenario.place.sizes()}
        history = Prepared(direction, zone, name, objects)
        with self.copy(history) as scenario:
            measures = measured(scenario.steps("run1"))
            first = scenario.state()
            scenario.have_more()
            finished(Step("run2", lambda: scenario.run("run2")))
            return Prepared(direction, zone, name, objects, measures, (first, scenario.state()))

    @contextmanager
    def copy(
        self, prepared: Prepared, *, connections: Mapping[str, str] | None = None
    ) -> Iterator[ImportScenario | ExportScenario]:
        """Copy database and storage for one run, and remove both afterwards.

        :param connections: of Airflow, instead of those that name the servers.
        """
        name = f"chaos_{uuid.uuid4().hex[:12]}"
        create_database(self.postgres.dsn(), name, template=prepared.template)
        try:
            with self._scenario(prepared.direction, prepared.zone, name, connections) as scenario:
                for key, body in prepared.objects.items():
                    scenario.place.put(key, body)
                yield scenario
        finally:
            drop_database(self.postgres.dsn(), name)

    def drop(self, prepared: Prepared) -> None:
        drop_database(self.postgres.dsn(), prepared.template)

    @contextmanager
    def _scenario(
        self, direction: str, zone: str, database: str, connections: Mapping[str, str] | None = None
    ) -> Iterator[ImportScenario | ExportScenario]:
        dsn, host, root = self.postgres.dsn(database), self.hosts[zone], database.replace("_", "-")
        names = {"AIRFLOW_CONN_CAMPAIGN_DB": campaign_connection(dsn), **host.connections(), **(connections or {})}
        before = {name: os.environ.get(name) for name in names}
        os.environ.update(names)
        try:
            yield SCENARIOS[direction](_place(zone, host, root), dsn)
        finally:
            _restore(before)
            _remove(host, root)


def _place(zone: str, host: StorageHost, root: str) -> Place:
    place = Place.new(zone, host, root)
    if isinstance(host, SftpServer) and (folder := host.data / root).exists():
        # The same files, without a login for each, and with times to the nanosecond.
        return Place(place.landing_zone, LocalStorage(folder))
    return place


def _remove(host: StorageHost, root: str) -> None:
    """What adds up over hundreds of runs."""
    match host:
        case S3Server():
            remove_bucket(host.client(), root)
        case SftpServer():
            shutil.rmtree(host.data / root, ignore_errors=True)
        case LocalFolder():
            shutil.rmtree(host.folder / root, ignore_errors=True)


def _restore(variables: Mapping[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
