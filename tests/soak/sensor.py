"""What one look of the sensor costs where a folder holds a hundred thousand files."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from campaign_cdp.feeds.model import AudienceFeed
from campaign_cdp.hooks.landing_zone.factory import landing_zone_for
from campaign_cdp.ledger.migrate import upgrade
from campaign_cdp.sandbox.campaign_database import create_database, drop_database
from campaign_cdp.sandbox.endpoints import campaign_connection
from campaign_cdp.sandbox.hosts import Zone, storage_server
from campaign_cdp.sandbox.local_folder import LocalFolder
from campaign_cdp.sandbox.postgres import PostgresServer
from tests.operators.importing import FEED
from tests.places import ROOT_KEYS
from tests.soak.crowds import Put, fill, folder_put, make_known
from tests.soak.environment import REPO, airflow_environment, environment

_PREFIX = "in/crowd/"
Told = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Stand:
    """A storage with its crowded folder.

    :param put: stores a file there, as quickly as the storage allows.
    """

    feed: AudienceFeed
    connections: Mapping[str, str]
    put: Put


def measured(folder: Path, postgres: PostgresServer, kind: Zone, keys: int, told: Told) -> dict[str, Any]:
    """Look at ``keys`` files that nobody knows, at the same when the ledger knows all, and when one set is new."""
    host = LocalFolder(folder / kind) if kind == "local" else storage_server(kind, folder, None).start()
    try:
        return _measured(_stand(host, kind), postgres, keys, told)
    finally:
        if not isinstance(host, LocalFolder):
            host.stop(timeout=0)
        shutil.rmtree(folder / kind, ignore_errors=True)


def _measured(stand: Stand, postgres: PostgresServer, keys: int, told: Told) -> dict[str, Any]:
    name = f"sensor_{stand.feed.landing_zone.type}"
    create_database(postgres.dsn(), name)
    upgrade(postgres.dsn(name))
    variables = {**stand.connections, "AIRFLOW_CONN_CAMPAIGN_DB": campaign_connection(postgres.dsn(name))}
    try:
        fill(stand.put, _PREFIX, range(keys // 2), told)
        result = {"unknown": _look(stand.feed, variables)}
        with environment(variables), landing_zone_for(stand.feed.landing_zone) as zone:
            make_known(postgres.dsn(name), stand.feed, zone)
        result["known"] = _look(stand.feed, variables)
        fill(stand.put, _PREFIX, range(keys // 2, keys // 2 + 1), told)
        return {**result, "known_but_one": _look(stand.feed, variables)}
    finally:
        drop_database(postgres.dsn(), name)


def _stand(host: Any, kind: Zone) -> Stand:
    root = "crowd"
    zone = {"type": kind, "connection": f"landing_zone_{kind}", ROOT_KEYS[kind]: root, "prefix": _PREFIX}
    feed = AudienceFeed.model_validate({**FEED, "export": "incremental", "list": None, "landing_zone": zone})
    storage = host.storage(root)
    match kind:
        case "s3":
            client = host.client()
            put: Put = partial(_put_s3, client, root)
        case "azure_blob":
            put = partial(_put_blob, storage)
        case "sftp":
            put = folder_put(host.data / root, _PREFIX)
        case "local":
            put = folder_put(host.folder / root, _PREFIX)
    return Stand(feed, host.connections(), put)


def _put_s3(client: Any, bucket: str, key: str, body: bytes) -> None:
    client.put_object(Bucket=bucket, Key=key, Body=body)


def _put_blob(storage: Any, key: str, body: bytes) -> None:
    storage._container.upload_blob(key, body, overwrite=True)


def _look(feed: AudienceFeed, variables: Mapping[str, str]) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.soak.look"],
        input=json.dumps({"feed": feed.model_dump(mode="json", by_alias=True)}),
        env=airflow_environment(variables),
        cwd=REPO,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"Looking at {feed.landing_zone.type} failed:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout)
