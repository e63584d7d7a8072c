"""Processor time, which tells more than the clock on a machine that others use too."""

from __future__ import annotations

import os
import resource
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PPID, _UTIME, _STIME, _CUTIME, _CSTIME = 1, 11, 12, 13, 14  # fields of /proc/PID/stat behind the command


def client_seconds() -> float:
    """Return what all programs that this process started and waited for have used."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def server_seconds(pid: int) -> float:
    """Return what a server's processes have used, those that ended too; 0 where the system does not tell.

    :param pid: of the process that starts all others.
    """
    used = 0.0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        if path.parent.name == str(pid):
            used += sum(int(fields[i]) for i in (_UTIME, _STIME, _CUTIME, _CSTIME))
        elif fields[_PPID] == str(pid):
            used += int(fields[_UTIME]) + int(fields[_STIME])
    return used / _TICKS
