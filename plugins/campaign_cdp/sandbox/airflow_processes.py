"""Runs Airflow's four processes until it is told to stop, or one of them ends.

Not ``airflow standalone``: that serves task logs on all interfaces, and leaves its children behind when it is stopped.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time

_COMMANDS = (
    ("api-server",),
    ("scheduler", "--skip-serve-logs"),
    ("triggerer", "--skip-serve-logs"),
    ("dag-processor",),
)
_STOP_SECONDS = 15


def main() -> int:
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    children = [subprocess.Popen([sys.executable, "-m", "airflow", *command]) for command in _COMMANDS]
    while not told.wait(0.2) and all(child.poll() is None for child in children):
        pass
    for child in children:
        child.terminate()
    deadline = time.monotonic() + _STOP_SECONDS
    for child in children:
        try:
            child.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
    return 0 if told.is_set() else 1


if __name__ == "__main__":
    sys.exit(main())
