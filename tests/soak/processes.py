"""What the processes of a component hold, read from the system."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True, slots=True)
class Held:
    """What a component holds.

    :param memory_mb: resident, of the processes that stay; without memory that the system shares between programs.
    :param handles: open files and sockets of the same processes.
    :param threads: of the same processes.
    :param zombies: ended processes that nobody waited for.
    :param cpu_s: processor seconds so far, those of ended children that were waited for included.
    """

    memory_mb: float
    handles: int
    threads: int
    zombies: int
    cpu_s: float


def held(pid: int, *, min_age: float) -> Held:
    """Look at a process and all below it.

    :param min_age: seconds; younger processes are tasks, which end by themselves.
    """
    born_before = time.time() - min_age
    memory, handles, threads, zombies, cpu = 0, 0, 0, 0, 0.0
    for process in _tree(pid):
        with suppress(psutil.Error, OSError):
            cpu += sum(process.cpu_times()[:4])
            if process.status() == psutil.STATUS_ZOMBIE:
                # A child that has just ended is one too, until its parent looks.
                zombies += process.create_time() < born_before
            elif process.pid == pid or process.create_time() < born_before:
                memory += _own_memory(process.pid)
                handles += process.num_fds()
                threads += process.num_threads()
    return Held(round(memory / 1024, 1), handles, threads, zombies, round(cpu, 1))


def _tree(pid: int) -> Iterator[psutil.Process]:
    with suppress(psutil.Error):
        root = psutil.Process(pid)
        yield root
        yield from root.children(recursive=True)


def _own_memory(pid: int) -> int:
    """KiB that are resident; PostgreSQL's shared buffers fill over time and are no leak."""
    text = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    marks = (text.partition(f"{name}:")[2].split(maxsplit=1) for name in ("RssAnon", "RssFile"))
    return sum(int(mark[0]) for mark in marks if mark)


def connections_to(port: int) -> int:
    """Count established connections to a port of this machine, at the server's end."""
    found = 0
    for name in ("tcp", "tcp6"):
        with suppress(OSError):
            lines = Path(f"/proc/net/{name}").read_text(encoding="ascii").splitlines()[1:]
            found += sum(_is_at(line.split(), port) for line in lines)
    return found


def _is_at(fields: list[str], port: int) -> bool:
    return int(fields[1].rpartition(":")[2], 16) == port and fields[3] == "01"


def files_below(folder: Path) -> int:
    """Count temporary files."""
    return sum(path.is_file() for path in folder.rglob("*"))
