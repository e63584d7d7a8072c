"""Where the sandbox's servers listen, and under which name others find them: on this machine only, unless told more."""

from __future__ import annotations

import os
import socket
from typing import Final

LOOPBACK: Final = "127.0.0.1"


def host() -> str:
    """Name or address under which the servers are found; ``CDP_SANDBOX_HOST`` gives another one than loopback."""
    return os.environ.get("CDP_SANDBOX_HOST") or LOOPBACK


def bind_address() -> str:
    """Address that the servers listen on: that of :func:`host`, and no other."""
    return socket.gethostbyname(host())
