"""What all embedded servers share: free ports, one folder, ready within a deadline, stopped by identity."""

from __future__ import annotations

import secrets
import signal
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

from campaign_cdp.exceptions import SandboxError
from campaign_cdp.sandbox.ports import free_ports, is_free
from campaign_cdp.sandbox.process import ServerProcess, launch

_STARTS = 3


@dataclass(frozen=True, slots=True)
class ServerRecord:
    """What is remembered of a server between two commands.

    :param ports: by name; kept over a restart where they are still free.
    :param secrets: generated passwords and keys; never shown.
    """

    ports: Mapping[str, int] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    process: ServerProcess | None = None

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.is_running

    def to_json(self) -> dict[str, Any]:
        process = self.process and {"pid": self.process.pid, "started": self.process.started}
        return {"ports": dict(self.ports), "secrets": dict(self.secrets), "process": process}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ServerRecord:
        process = data["process"]
        return cls(data["ports"], data["secrets"], ServerProcess(**process) if process else None)


def _silent(_: str) -> None:
    pass


def generated_secret() -> str:
    """Return a password of letters, digits, ``-`` and ``_``, so that it needs no quoting anywhere."""
    return secrets.token_urlsafe(24)


class EmbeddedServer(ABC):
    """One server in one folder.

    :param folder: holds its data and its log; created when missing.
    :param record: of an earlier start; a server that still runs is adopted.
    """

    name: ClassVar[str]
    port_names: ClassVar[tuple[str, ...]] = ("main",)
    with_grpc: ClassVar[bool] = False
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM
    start_timeout: ClassVar[float] = 30

    def __init__(self, folder: Path, record: ServerRecord | None = None) -> None:
        self.folder = folder.absolute()
        self.record = record or ServerRecord(secrets=self.new_secrets())
        #: Told of the process before it is ready, so that even a killed command leaves no unknown server behind.
        self.launched: Callable[[ServerRecord], None] | None = None
        #: Told in words what takes long before the first start.
        self.progress: Callable[[str], None] = _silent

    @abstractmethod
    def new_secrets(self) -> dict[str, str]:
        """Return freshly generated passwords and keys."""

    @abstractmethod
    def prepare(self) -> None:
        """Create what the server needs before its first start."""

    @abstractmethod
    def command(self) -> list[str]:
        """Return the command line. It is public: no secrets."""

    @abstractmethod
    def check_ready(self) -> None:
        """Use the server once; any exception means *not yet*."""

    def environment(self) -> dict[str, str]:
        return {}

    def user(self) -> int | None:
        return None

    @property
    def log(self) -> Path:
        return self.folder / f"{self.name}.log"

    def start(self) -> Self:
        """Start the server, or adopt it if it runs, and wait until it answers.

        :raises SandboxError: if it does not.
        """
        if self.record.is_running:
            self._wait()
            return self
        self.folder.mkdir(parents=True, exist_ok=True)
        self.prepare()
        for attempt in range(1, _STARTS + 1):
            self._take_ports(fresh=attempt > 1)
            try:
                self._launch_and_wait()
            except SandboxError:
                # Another program may have taken a port in between; anything else fails again and is told.
                if attempt == _STARTS or not self._lost_a_port():
                    raise
            else:
                return self
        return self

    def stop(self, *, timeout: float = 20) -> bool:
        """Stop the server; ``False`` if it was not running.

        :param timeout: seconds after which it is killed.
        """
        stopped = self.record.process.stop(self.stop_signal, timeout=timeout) if self.record.process else False
        self.record = replace(self.record, process=None)
        return stopped

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, err: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def _take_ports(self, *, fresh: bool) -> None:
        known = self.record.ports
        if fresh or set(known) != set(self.port_names) or not all(is_free(port) for port in known.values()):
            self.record = replace(self.record, ports=free_ports(self.port_names, with_grpc=self.with_grpc))

    def _launch_and_wait(self) -> None:
        process = launch(self.command(), cwd=self.folder, log=self.log, env=self.environment(), user=self.user())
        self.record = replace(self.record, process=process)
        try:
            if self.launched:
                self.launched(self.record)
            self._wait()
        except BaseException:
            self.stop()
            raise

    def _wait(self) -> None:
        deadline = time.monotonic() + self.start_timeout
        while True:
            try:
                return self.check_ready()
            except Exception as err:
                if not self.record.is_running:
                    raise self._failed("ended while it was starting") from err
                if time.monotonic() > deadline:
                    raise self._failed(f"did not answer within {self.start_timeout:.0f} s ({err})") from err
                time.sleep(0.05)

    def _failed(self, what: str) -> SandboxError:
        return SandboxError(
            f"{self.name} {what}. Nothing that needs it was started. The end of its log {self.log}:\n{self._log_tail()}"
        )

    def _log_tail(self, lines: int = 15) -> str:
        if not self.log.exists():
            return "(empty)"
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])

    def _lost_a_port(self) -> bool:
        taken = not all(is_free(port) for port in self.record.ports.values())
        # SeaweedFS also makes sockets in /tmp named by port; another user's leftover is "not permitted".
        return taken or any(words in self._log_tail() for words in ("in use", "not permitted"))
