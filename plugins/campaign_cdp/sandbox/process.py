"""Processes that outlive the command that started them, and that are only ever stopped if they are still the same."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

# Our own children stay zombies until they are waited for, so they are kept here.
_children: dict[int, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True, slots=True)
class ServerProcess:
    """A started process.

    :param pid: its id, which the system may give to another process later.
    :param started: when it started, as the system tells it; with the pid it names one process for good.
    """

    pid: int
    started: str

    @property
    def is_running(self) -> bool:
        return start_mark(self.pid) == self.started

    @property
    def exit_code(self) -> int | None:
        """How it ended, negative for a signal; ``None`` if it runs, or was not started by this program."""
        child = _children.get(self.pid)
        return child.poll() if child else None

    def stop(self, sign: signal.Signals = signal.SIGTERM, *, timeout: float = 20) -> bool:
        """Ask it to end, and kill it with its children after ``timeout`` seconds; ``False`` if it was not running."""
        if not self.is_running:
            return False
        with suppress(ProcessLookupError):
            os.kill(self.pid, sign)
        if not self._ends_within(timeout):
            return self.kill()
        self._reap()
        return True

    def kill(self) -> bool:
        """End it at once with all of its session, as a machine that loses power does; ``False`` if it was not running.

        Not only with its group: Airflow's tasks lead groups of their own.
        """
        if not self.is_running:
            return False
        members = [self.pid, *(pid for pid in psutil.pids() if _session(pid) == self.pid)]
        while members:
            for pid in members:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self._reap()
            time.sleep(0.01)
            # Meanwhile one of them may have started another.
            members = [pid for pid in psutil.pids() if _session(pid) == self.pid and start_mark(pid)]
        return True

    def _reap(self) -> None:
        child = _children.pop(self.pid, None)
        if child:
            child.wait()

    def _ends_within(self, timeout: float) -> bool:
        deadline = time.monotonic() + timeout
        while self.is_running:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except OSError:
        return None


def start_mark(pid: int) -> str | None:
    """Return what tells this process from a later one with the same pid; ``None`` if it has ended."""
    if not Path("/proc/self/stat").exists():
        return _start_mark_by_ps(pid)
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return None
    # The second field, the command, may hold blanks and brackets.
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in {"Z", "X"} else f"{boot}/{fields[19]}"


def _start_mark_by_ps(pid: int) -> str | None:
    shown = subprocess.run(
        ["/bin/ps", "-o", "state=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.split(maxsplit=1)
    return None if len(shown) < 2 or shown[0].startswith("Z") else shown[1].strip()


def launch(
    command: Sequence[str],
    *,
    cwd: Path,
    log: Path,
    env: Mapping[str, str] | None = None,
    user: int | None = None,
) -> ServerProcess:
    """Start ``command`` in a session of its own, so that Ctrl-C in the terminal does not reach it.

    :param env: added to the environment of this process.
    :param user: id of the user and group it shall run as.
    """
    with log.open("ab") as out:
        child = subprocess.Popen(
            list(command),
            cwd=cwd,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
        )
    _children[child.pid] = child
    return ServerProcess(child.pid, start_mark(child.pid) or "ended")
