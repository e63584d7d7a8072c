"""The processes of Airflow on several machines: how each is started, and how one sees that it works."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from campaign_cdp.exceptions import SandboxError
from campaign_cdp.sandbox.cluster_host import VARIABLE
from campaign_cdp.sandbox.process import ServerProcess, launch

API_SERVER: Final = "api-server"
_SINGLE: Final[Mapping[str, tuple[str, ...]]] = {
    API_SERVER: ("api-server",),
    "scheduler": ("scheduler", "--skip-serve-logs"),
    "dag-processor": ("dag-processor",),
    "triggerer": ("triggerer", "--skip-serve-logs"),
}
_READY_SECONDS: Final = 180


@dataclass(frozen=True, slots=True)
class Component:
    """One process with its children.

    :param arguments: of the command ``airflow``.
    :param folder: holds its log and, for a worker, its pid.
    """

    name: str
    arguments: tuple[str, ...]
    folder: Path

    @property
    def log(self) -> Path:
        return self.folder / f"{self.name}.log"

    @property
    def is_worker(self) -> bool:
        return self.name not in _SINGLE

    def launch(self, environment: Mapping[str, str]) -> ServerProcess:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / f"{self.name}.pid").unlink(missing_ok=True)  # of one that was killed
        command = [sys.executable, "-m", "airflow", *self.arguments]
        # PostgreSQL shows the name beside what a component does there.
        env = {**environment, VARIABLE: self.name, "PGAPPNAME": self.name}
        return launch(command, cwd=self.folder, log=self.log, env=env)

    def size_of_log(self) -> int:
        return self.log.stat().st_size if self.log.exists() else 0

    def wait_for_worker(self, process: ServerProcess, since: int) -> None:
        """Wait until a worker says that it takes tasks.

        :param since: size of its log when it was started.
        :raises SandboxError: if it ends, or says nothing.
        """
        deadline = time.monotonic() + _READY_SECONDS
        while b" ready" not in self.log.read_bytes()[since:]:
            if not process.is_running or time.monotonic() > deadline:
                raise self.failed(
                    f"ended with code {process.exit_code}"
                    if not process.is_running
                    else f"was not ready after {_READY_SECONDS} s"
                )
            time.sleep(0.1)

    def failed(self, what: str) -> SandboxError:
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:]
        return SandboxError(
            f"{self.name} of Airflow {what}. Its tasks do not run. The end of its log {self.log}:\n" + "\n".join(lines)
        )


def components(folder: Path, workers: int, concurrency: int) -> dict[str, Component]:
    """Return all components by name, in the order in which they are started.

    :param concurrency: tasks that a worker runs side by side.
    """
    named = dict(_SINGLE)
    for name in (f"worker-{number}" for number in range(1, workers + 1)):
        named[name] = (
            *("celery", "worker", "--skip-serve-logs", "--without-mingle", "--without-gossip"),
            *("--celery-hostname", name, "--concurrency", str(concurrency), "--pid", str(folder / f"{name}.pid")),
        )
    return {name: Component(name, arguments, folder) for name, arguments in named.items()}
