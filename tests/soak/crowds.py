"""A landing zone with a hundred thousand files, and a ledger that knows them: exports nobody ever cleaned up."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from campaign_cdp.file_sets import StoredObject

if TYPE_CHECKING:
    from campaign_cdp.feeds.model import AudienceFeed
    from campaign_cdp.hooks.landing_zone.base import LandingZone

_THREADS = 16
_SINCE = datetime(2026, 1, 1, tzinfo=UTC)

#: Stores bytes under a key.
Put = Callable[[str, bytes], None]

_RUN = """
INSERT INTO cdp.sync_run (
    feed, dag_run_id, file_set_id, fingerprint, ordered_at, manifest, config_hash, preview, state
) VALUES (%s, %s, %s, %s, %s, %s, '', FALSE, 'ended') RETURNING run_id
"""
_COPY = "COPY cdp.sync_file (run_id, part_no, feed, key, size, etag, modified, state) FROM STDIN"


def export_of(number: int) -> tuple[str, str, bytes, bytes]:
    """Return names and contents of a small export: its part and its manifest."""
    run_id = str(uuid.UUID(int=number))
    name, body = f"export_{number:07}.csv", b"email\n"
    at = _SINCE + timedelta(minutes=number)
    entry = {"sinkPath": "/in", "name": name, "size": len(body)}
    manifest = {"flowRunId": run_id, "scheduledTime": f"{at:%Y-%m-%dT%H:%M:%SZ}", "exportResults": [entry]}
    return name, f"manifest-d-{run_id}.json", body, json.dumps(manifest).encode()


def fill(put: Put, prefix: str, numbers: range, told: Callable[[int], None]) -> None:
    """Write exports, two files each; ``told`` of every one."""

    def one(number: int) -> None:
        part, manifest, body, listed = export_of(number)
        put(prefix + part, body)
        put(prefix + manifest, listed)
        told(number)

    with ThreadPoolExecutor(_THREADS) as pool:
        for _ in pool.map(one, numbers, chunksize=16):
            pass


def folder_put(root: Path, prefix: str) -> Put:
    """Write into the folder that a local landing zone or an SFTP server shows."""
    (root / prefix).mkdir(parents=True, exist_ok=True)

    def put(key: str, body: bytes) -> None:
        (root / key).write_bytes(body)

    return put


def make_known(dsn: str, feed: AudienceFeed, zone: LandingZone) -> int:
    """Write into the ledger that every complete export in the zone was applied; returns how many files that are."""
    with psycopg.connect(dsn) as conn:
        listed = {obj.name: obj for page in zone.iter_pages(feed.landing_zone.prefix) for obj in page}
        runs = list(_runs(listed))
        ids = [_insert_run(conn, feed.id, number, manifest) for number, _, manifest in runs]
        with conn.cursor().copy(_COPY) as copy:
            for run_id, (_, part, manifest) in zip(ids, runs, strict=True):
                for no, obj in ((1, part), (0, manifest)):
                    copy.write_row((run_id, no, feed.id, *obj.identity, obj.modified, "applied"))
        conn.commit()
        conn.autocommit = True
        conn.execute("VACUUM ANALYZE cdp.sync_file")
        conn.execute("VACUUM ANALYZE cdp.sync_run")
    return 2 * len(runs)


def _runs(listed: dict[str, StoredObject]) -> Iterator[tuple[int, StoredObject, StoredObject]]:
    for number in range(len(listed) // 2):
        part, manifest, _, _ = export_of(number)
        yield number, listed[part], listed[manifest]


def _insert_run(conn: psycopg.Connection[Any], feed: str, number: int, manifest: StoredObject) -> int:
    name, at = str(uuid.UUID(int=number)), _SINCE + timedelta(minutes=number)
    found = conn.execute(_RUN, (feed, f"crowd_{number}", name, name, at, json.dumps(manifest.to_json()))).fetchone()
    return int(found[0]) if found else 0
