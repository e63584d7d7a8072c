"""The servers of a soak run: Campaign's database, S3 and a local folder, with people and events in them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import psycopg

from campaign_cdp.feeds.model import AudienceFeed
from campaign_cdp.feeds.zones import AnyStorage
from campaign_cdp.ledger.migrate import upgrade
from campaign_cdp.sandbox.campaign_database import DATABASE, create_database, create_tables, seed
from campaign_cdp.sandbox.deliveries import late, simulate
from campaign_cdp.sandbox.endpoints import campaign_connection
from campaign_cdp.sandbox.local_folder import LocalFolder
from campaign_cdp.sandbox.postgres import PostgresServer
from campaign_cdp.sandbox.s3 import S3Server
from campaign_cdp.sandbox.storages import OutsideStorage
from tests.soak.environment import REPO

_SETTINGS: Final = {
    "shared_buffers": "512MB",
    "max_wal_size": "4GB",
    "max_connections": "200",
    "track_commit_timestamp": "on",  # tells when a file set was applied, to the millisecond
}
_EVENTS_EVERY: Final = 10
_LATE_ROWS: Final = 100
_DELIVERIES: Final = 2
_DELIVERED_TO: Final = 100


@dataclass(frozen=True, slots=True)
class Stand:
    """All that stands around Airflow.

    :param folder: holds their data, the feed files and temporary files.
    """

    folder: Path
    postgres: PostgresServer
    s3: S3Server
    local: LocalFolder

    @property
    def dsn(self) -> str:
        return self.postgres.dsn(DATABASE)

    @property
    def feeds(self) -> Path:
        return self.folder / "feeds"

    @property
    def scratch(self) -> Path:
        return self.folder / "tmp"

    def variables(self) -> dict[str, str]:
        """Return what Airflow's processes need to know."""
        return {
            "AIRFLOW_CONN_CAMPAIGN_DB": campaign_connection(self.dsn),
            **self.s3.connections(),
            **self.local.connections(),
            "CDP_INCLUDE_DIR": str(self.folder / "include"),
            "CDP_FEEDS_DIR": str(self.feeds),
            "TMPDIR": str(self.scratch),
        }

    def storage(self, zone: AnyStorage) -> OutsideStorage:
        host = self.local if zone.type == "local" else self.s3
        return host.storage(zone.root)

    def storage_of(self) -> Callable[[AudienceFeed], OutsideStorage]:
        """Return what finds a feed's storage; clients are made once."""
        storages: dict[str, OutsideStorage] = {}

        def find(feed: AudienceFeed) -> OutsideStorage:
            kind = feed.landing_zone.type
            return storages.get(kind) or storages.setdefault(kind, self.storage(feed.landing_zone))

        return find


@contextmanager
def started(folder: Path, *, settings: dict[str, str] | None = None) -> Iterator[Stand]:
    """Start the servers with an empty Campaign database and its ledger; everything is removed at the end."""
    try:
        with (
            PostgresServer(folder / "postgres", settings={**_SETTINGS, **(settings or {})}) as postgres,
            S3Server(folder / "s3") as s3,
        ):
            stand = Stand(folder, postgres, s3, LocalFolder(folder / "local"))
            stand.scratch.mkdir(exist_ok=True)
            _make_include(folder / "include")
            create_database(postgres.dsn())
            with psycopg.connect(stand.dsn) as conn:
                create_tables(conn)
            upgrade(stand.dsn)
            yield stand
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _make_include(folder: Path) -> None:
    """The project's own, but for limits that days pressed into minutes would pass."""
    folder.mkdir()
    for path in (REPO / "include").iterdir():
        if path.name != "limits.yaml":
            (folder / path.name).symlink_to(path)
    limits = (REPO / "include" / "limits.yaml").read_text(encoding="utf-8")
    for used_up in ("contract: 6 ", "contract: 90 "):
        limits = limits.replace(used_up, "contract: 1000000 ")
    (folder / "limits.yaml").write_text(limits, encoding="utf-8")


def fill(dsn: str, recipients: int) -> int:
    """Put people into Campaign, and some events; returns how many events the tracking log has."""
    with psycopg.connect(dsn) as conn:
        seed(conn, recipients=recipients)
        found = simulate(
            conn,
            deliveries=_DELIVERIES,
            recipients=min(_DELIVERED_TO, recipients),
            at=datetime.now(UTC).replace(microsecond=0),
            span=timedelta(hours=1),
        )
    return sum(count for (log, _), count in found.items() if log == "tracking")


class Events:
    """Lets people open and click while file sets arrive.

    :param tracked: events of the tracking log so far.
    """

    def __init__(self, dsn: str, tracked: int) -> None:
        self._dsn, self.tracked = dsn, tracked

    def before(self, number: int) -> None:
        """With every tenth file set some tracking logs come in."""
        if number % _EVENTS_EVERY:
            return
        with psycopg.connect(self._dsn) as conn:
            at = datetime.now(UTC).replace(microsecond=0)
            found = late(conn, rows=_LATE_ROWS, at=at, max_age=timedelta(hours=1), seed=number + 1)
        self.tracked += sum(count for (log, _), count in found.items() if log == "tracking")
