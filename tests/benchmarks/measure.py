"""Runs one program and measures it."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_SAMPLE_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Finished:
    """A program that ended well.

    :param seconds: from its start to its end.
    :param peak_rss_mb: most memory it held; ``None`` where the system does not tell.
    :param output: what it wrote.
    """

    seconds: float
    peak_rss_mb: float | None
    output: str


class _PeakMemory(threading.Thread):
    """Reads the kernel's own high-water mark, so that nothing between two looks is missed."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._status = Path(f"/proc/{pid}/status")
        self._ended = threading.Event()
        self.kilobytes: int | None = None

    def run(self) -> None:
        while not self._ended.wait(_SAMPLE_SECONDS):
            try:
                text = self._status.read_text(encoding="ascii", errors="replace")
            except OSError:
                return
            mark = text.partition("VmHWM:")[2].split(maxsplit=1)
            if mark:
                self.kilobytes = max(self.kilobytes or 0, int(mark[0]))

    def stop(self) -> None:
        self._ended.set()
        self.join()


def run(
    command: Sequence[str], *, env: Mapping[str, str] | None = None, cwd: Path | None = None, given: str | None = None
) -> Finished:
    """Run a program to its end.

    :param env: added to this process's environment.
    :param given: its standard input.
    :raises SystemExit: if it fails, with the end of what it wrote.
    """
    started = time.perf_counter()
    with subprocess.Popen(
        list(command),
        env={**os.environ, **(env or {})},
        cwd=cwd,
        stdin=subprocess.PIPE if given is not None else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        peak = _PeakMemory(process.pid)
        peak.start()
        try:
            output, _ = process.communicate(given)
        except BaseException:
            process.kill()
            raise
        finally:
            peak.stop()
    seconds = time.perf_counter() - started
    if process.returncode:
        tail = "\n".join(output.splitlines()[-30:])
        raise SystemExit(f"{command[0]} ended with code {process.returncode}:\n{tail}")
    return Finished(seconds, peak.kilobytes / 1024 if peak.kilobytes else None, output)
