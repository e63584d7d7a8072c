"""Runs work in a forked child that is killed after a chosen number of steps of the interpreter."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable

#: More points are more proof and more time; a release is checked with CDP_KILL_POINTS=100.
POINTS = int(os.environ.get("CDP_KILL_POINTS", "6"))
_WATCHED = ("campaign_cdp", "psycopg", "botocore/client")


def in_child(work: Callable[[], object], kill_at: int = 0, *, counting: bool = False) -> tuple[int, int]:
    """Return the child's wait status, and how often this package, the database driver or the storage client ran."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        _child(work, kill_at, counting, writing)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        counted = pipe.read()
    return os.waitpid(pid, 0)[1], int(counted or 0)


def _child(work: Callable[[], object], kill_at: int, counting: bool, writing: int) -> None:
    counted = 0
    watched: dict[object, bool] = {}

    def count(frame, event, argument) -> None:
        nonlocal counted
        code = frame.f_code
        if code not in watched:
            watched[code] = any(part in code.co_filename for part in _WATCHED)
        if watched[code]:
            counted += 1
            if counted == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)

    status = 1
    try:
        if kill_at or counting:
            sys.setprofile(count)
        work()
        status = 0
    finally:
        sys.setprofile(None)
        os.write(writing, str(counted).encode())
        os._exit(status)
