"""What carries the file sets: a real Airflow cluster, or one process that runs all tasks."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from types import TracebackType
from typing import Final, Protocol, Self

import psycopg

from campaign_cdp.sandbox.campaign_database import create_database
from campaign_cdp.sandbox.cluster import AirflowCluster
from campaign_cdp.sandbox.valkey import ValkeyServer
from tests.soak.environment import REPO, airflow_environment
from tests.soak.stand import Stand

_METADATA: Final = "airflow"
_SOAK: Final = {
    "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
    "AIRFLOW__LOGGING__LOGGING_LEVEL": "INFO",  # a worker says there that it is ready
}


class Engine(Protocol):
    """A context manager that carries while it is open."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, err: BaseException | None, at: TracebackType | None
    ) -> None: ...

    def processes(self) -> Mapping[str, int]:
        """Return the pids of what runs, by name.

        :raises SystemExit: if something of it has ended.
        """

    def is_waiting(self, feeds: int) -> bool:
        """Tell whether so many feeds wait for files."""


class OneProcess:
    """All tasks of all feeds in one process, see :mod:`tests.soak.carrier`.

    :param slots: tasks that run side by side.
    """

    def __init__(self, stand: Stand, slots: int) -> None:
        self._stand, self._slots = stand, slots
        self._log = stand.folder / "carrier.log"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "tests.soak.carrier", str(self._slots)]
        with self._log.open("wb") as out:
            environment = airflow_environment(self._stand.variables())
            self._process = subprocess.Popen(command, cwd=REPO, env=environment, stdout=out, stderr=out)
        return self

    def __exit__(self, kind: type[BaseException] | None, err: BaseException | None, at: TracebackType | None) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def processes(self) -> Mapping[str, int]:
        if self._process is None or self._process.poll() is not None:
            raise SystemExit(f"The carrier has ended:\n{self._log.read_text(errors='replace')[-3000:]}")
        return {"carrier": self._process.pid}

    def is_waiting(self, feeds: int) -> bool:
        return True  # within a second


class Cluster:
    """Scheduler, triggerer, Dag processor, API server and Celery workers.

    :param workers: how many; each runs two tasks side by side.
    """

    def __init__(self, stand: Stand, workers: int) -> None:
        self._stand = stand
        self._valkey = ValkeyServer(stand.folder / "valkey")
        self._workers = workers
        self._airflow: AirflowCluster | None = None

    def __enter__(self) -> Self:
        postgres = self._stand.postgres
        create_database(postgres.dsn(), _METADATA)
        self._valkey.start()
        try:
            self._airflow = AirflowCluster(
                self._stand.folder / "airflow",
                metadata_url=f"postgresql+psycopg2://postgres:{postgres.password}@127.0.0.1:{postgres.port}/{_METADATA}",
                broker_url=self._valkey.url,
                connections=self._stand.variables(),
                env=_SOAK,
                workers=self._workers,
            ).start()
        except BaseException:
            self._valkey.stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, err: BaseException | None, at: TracebackType | None) -> None:
        if self._airflow:
            self._airflow.stop()
        self._valkey.stop()

    def processes(self) -> Mapping[str, int]:
        if self._airflow is None:
            return {}
        ended = [name for name, process in self._airflow.components.items() if not process.is_running]
        if ended:
            raise SystemExit(f"{', '.join(ended)} of Airflow has ended; see {self._airflow.logs}.")
        return {name: process.pid for name, process in self._airflow.components.items()}

    def is_waiting(self, feeds: int) -> bool:
        with psycopg.connect(self._stand.postgres.dsn(_METADATA)) as conn:
            row = conn.execute("SELECT count(*) FROM task_instance WHERE state = 'deferred'").fetchone()
        return bool(row and row[0] >= feeds)


def engine_of(name: str, stand: Stand, workers: int) -> Engine:
    """Return the engine of that name; both have two slots a worker."""
    return Cluster(stand, workers) if name == "cluster" else OneProcess(stand, 2 * workers)
