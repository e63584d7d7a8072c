"""The name that a component goes by, because all of them run on one machine."""

from __future__ import annotations

import os
import socket
from typing import Final

VARIABLE: Final = "CDP_SANDBOX_COMPONENT"


def name() -> str:
    """Return the component's name; Airflow shows it as the host of a task."""
    return os.environ.get(VARIABLE) or socket.gethostname()
