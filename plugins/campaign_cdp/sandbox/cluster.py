"""Airflow as on several machines: each component is a process of its own, and tasks run on Celery workers."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from campaign_cdp.exceptions import SandboxError
from campaign_cdp.sandbox.airflow import AirflowServer
from campaign_cdp.sandbox.cluster_components import API_SERVER, Component, components
from campaign_cdp.sandbox.cluster_settings import CELERY
from campaign_cdp.sandbox.ports import free_ports, is_free
from campaign_cdp.sandbox.process import ServerProcess
from campaign_cdp.sandbox.server import ServerRecord

_DAG_SECONDS, _ANSWER_SECONDS = 120, 60


class AirflowCluster:
    """API server, scheduler, Dag processor, triggerer and Celery workers, on loopback only.

    :param folder: Airflow's home; holds logs and passwords.
    :param record: generated keys and the port of an earlier start.
    :param metadata_url: SQLAlchemy URL of the metadata database, PostgreSQL; results of Celery are kept there too.
    :param broker_url: of Valkey.
    :param connections: ``AIRFLOW_CONN_*`` variables.
    :param env: further variables of all components; they win over the cluster's own.
    :param workers: how many, named ``worker-1`` and so on.
    :param concurrency: tasks that each runs side by side.
    """

    def __init__(
        self,
        folder: Path,
        record: ServerRecord | None = None,
        *,
        metadata_url: str,
        broker_url: str,
        connections: dict[str, str],
        env: Mapping[str, str] | None = None,
        workers: int = 2,
        concurrency: int = 2,
    ) -> None:
        self._env = dict(env or {})
        # What sets Airflow up reads the feeds too, so it gets all variables.
        self.airflow = AirflowServer(folder, record, metadata_url=metadata_url, connections=connections | self._env)
        self.logs = self.airflow.folder / "logs"
        #: What was started, in its order; one that was killed stays until it is started again.
        self.components: dict[str, ServerProcess] = {}
        #: Told of each process as soon as there is one.
        self.launched: Callable[[str, ServerProcess], None] | None = None
        self._parts = components(self.logs / "components", workers, concurrency)
        self._slots = workers * concurrency
        self._broker_url, self._metadata_url = broker_url, metadata_url
        self._login: dict[str, str] | None = None

    @property
    def url(self) -> str:
        return self.airflow.url

    def environment(self) -> dict[str, str]:
        """Return the variables of a component; they hold secrets."""
        return {
            **self.airflow.environment(),
            **CELERY,
            "AIRFLOW__CORE__HOSTNAME_CALLABLE": "campaign_cdp.sandbox.cluster_host.name",
            "AIRFLOW__CORE__PARALLELISM": str(max(16, 2 * self._slots)),
            "AIRFLOW__CELERY__BROKER_URL": self._broker_url,
            "AIRFLOW__CELERY__RESULT_BACKEND": f"db+{self._metadata_url}",
            "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(self.logs),
            "AIRFLOW__LOGGING__LOGGING_LEVEL": "INFO",
            # A worker says at this level that it is ready.
            "AIRFLOW__LOGGING__CELERY_LOGGING_LEVEL": "INFO",
            **self._env,
        }

    def start(self) -> Self:
        """Start everything, and wait until every component works.

        :raises SandboxError: if one does not; what was started is stopped again.
        """
        record = self.airflow.record
        if not record.ports or not all(is_free(port) for port in record.ports.values()):
            self.airflow.record = replace(record, ports=free_ports(self.airflow.port_names))
        self.airflow.prepare()
        try:
            marks = {name: self._launch(part) for name, part in self._parts.items()}
            for name, mark in marks.items():
                self._wait(self._parts[name], mark)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self, *, timeout: float = 20) -> None:
        """Stop everything.

        :param timeout: seconds that running tasks and components get to end.
        """
        with ThreadPoolExecutor(len(self._parts)) as pool:
            list(pool.map(lambda process: process.stop(timeout=timeout), self.components.values()))
        self.components = {}

    def kill(self, name: str) -> None:
        """End a component at once, with the tasks that it runs: nothing of it is told or tidied up."""
        self.components[name].kill()

    def restart(self, name: str) -> None:
        """Start a component again, whether it runs or not, and wait until it works."""
        self.components[name].stop()
        self._wait(self._parts[name], self._launch(self._parts[name]))

    def client(self) -> httpx.Client:
        """Return a client of the REST API, logged in as administrator."""
        if self._login is None:
            who = {"username": "admin", "password": self.airflow.password("admin")}
            answer = httpx.post(f"{self.url}/auth/token", json=who, timeout=_ANSWER_SECONDS).raise_for_status()
            self._login = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        return httpx.Client(base_url=self.url, timeout=_ANSWER_SECONDS, headers=self._login)

    def trigger(self, dag_id: str, conf: Mapping[str, Any] | None = None) -> str:
        """Start a run of a Dag, unpaused if need be; returns the run's id.

        :raises SandboxError: if there is no such Dag within two minutes.
        """
        deadline = time.monotonic() + _DAG_SECONDS
        with self.client() as client:
            while (answer := client.patch(f"/api/v2/dags/{dag_id}", json={"is_paused": False})).status_code == 404:
                if time.monotonic() > deadline:
                    raise SandboxError(f"Airflow knows no Dag {dag_id} after {_DAG_SECONDS} s. Nothing was started.")
                time.sleep(0.2)
            answer.raise_for_status()
            wanted = {"logical_date": None, "conf": dict(conf or {})}
            run = client.post(f"/api/v2/dags/{dag_id}/dagRuns", json=wanted).raise_for_status().json()
        return str(run["dag_run_id"])

    def state(self, dag_id: str, run_id: str) -> str:
        """Return ``queued``, ``running``, ``success`` or ``failed``."""
        with self.client() as client:
            run = client.get(f"/api/v2/dags/{dag_id}/dagRuns/{run_id}").raise_for_status().json()
        return str(run["state"])

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, err: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def _launch(self, part: Component) -> int:
        since = part.size_of_log()
        process = part.launch(self.environment())
        self.components[part.name] = process
        if self.launched:
            self.launched(part.name, process)
        return since

    def _wait(self, part: Component, since: int) -> None:
        process = self.components[part.name]
        if part.is_worker:
            part.wait_for_worker(process, since)
            return
        deadline = time.monotonic() + self.airflow.start_timeout
        while True:
            with suppress(OSError):
                waiting = self.airflow.unhealthy()
                if part.name == API_SERVER or part.name.replace("-", "_") not in waiting:
                    return
            if not process.is_running or time.monotonic() > deadline:
                raise part.failed(
                    f"ended with code {process.exit_code}" if not process.is_running else "is not healthy"
                )
            time.sleep(0.2)
