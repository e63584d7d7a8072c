"""Looks at everything that could leak, every few seconds, while a soak run goes on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import psycopg
from psycopg.rows import tuple_row

from tests.soak.processes import connections_to, files_below, held
from tests.soak.stand import Stand

#: What was counted or measured at one moment, by resource.
Sample = dict[str, float]

_BACKENDS: Final = """
SELECT coalesce(state, 'starting'), count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() GROUP BY 1
"""
_COUNTS: Final = {
    "work tables": "SELECT count(*) FROM pg_class WHERE relnamespace = 'cdp'::regnamespace "
    "AND relname ~ '^(work|plan|leavers)_[0-9]'",
    "advisory locks": "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'",
    "applied runs": "SELECT count(*) FROM cdp.sync_run WHERE state IN ('applied', 'ended')",
    "ledger rows": "SELECT (SELECT count(*) FROM cdp.sync_run) + (SELECT count(*) FROM cdp.sync_step) "
    "+ (SELECT count(*) FROM cdp.sync_file)",
}


class Sampler(threading.Thread):
    """Takes a sample every ``every`` seconds.

    :param processes: pids of Airflow's components by name, asked anew each time.
    :param min_age: seconds after which a process counts as one that stays.
    """

    def __init__(
        self, stand: Stand, processes: Callable[[], Mapping[str, int]], *, every: float, min_age: float
    ) -> None:
        super().__init__(name="sampler", daemon=True)
        self._stand, self._processes, self._every, self._min_age = stand, processes, every, min_age
        self._ended = threading.Event()
        self._since = time.monotonic()
        self.samples: list[Sample] = []

    def run(self) -> None:
        while not self._ended.wait(self._every):
            self.take()

    def stop(self) -> None:
        self._ended.set()
        self.join()

    def take(self) -> Sample:
        """Take a sample now."""
        sample = {"seconds": round(time.monotonic() - self._since, 1), **self._of_processes(), **self._of_servers()}
        self.samples.append(sample)
        return sample

    def _of_processes(self) -> Sample:
        server = {"postgres": self._stand.postgres.record.process, "storage": self._stand.s3.record.process}
        pids = {**self._processes(), **{name: process.pid for name, process in server.items() if process}}
        sample: Sample = {"zombies": 0}
        for name, pid in pids.items():
            found = held(pid, min_age=self._min_age)
            sample |= {
                f"memory MB of {name}": found.memory_mb,
                f"handles of {name}": found.handles,
                f"threads of {name}": found.threads,
                f"cpu s of {name}": found.cpu_s,
            }
            sample["zombies"] += found.zombies
        return sample

    def _of_servers(self) -> Sample:
        stand = self._stand
        sample: Sample = dict.fromkeys(("connections active", "connections idle", "connections in transaction"), 0)
        with psycopg.connect(stand.dsn, autocommit=True, row_factory=tuple_row) as conn:
            for state, count in conn.execute(_BACKENDS):
                sample[_NAMES.get(state, "connections active")] += count
            sample |= {name: _one(conn, query) for name, query in _COUNTS.items()}
        sample["connections to the storage"] = connections_to(stand.s3.record.ports["s3"])
        sample["temporary files"] = files_below(stand.scratch)
        return sample


_NAMES: Final = {
    "idle": "connections idle",
    "idle in transaction": "connections in transaction",
    "idle in transaction (aborted)": "connections in transaction",
}


def staged_objects(stand: Stand) -> int:
    """Count what lies in staging folders, and uploads in parts that were never completed."""
    client, found = stand.s3.client(), 0
    for bucket in client.list_buckets()["Buckets"]:
        name = bucket["Name"]
        found += client.list_objects_v2(Bucket=name, Prefix="staging/").get("KeyCount", 0)
        found += len(client.list_multipart_uploads(Bucket=name).get("Uploads", []))
    return found


def _one(conn: psycopg.Connection[Any], query: str) -> float:
    row = conn.execute(query).fetchone()  # type: ignore[call-overload]
    return float(row[0]) if row else 0.0
