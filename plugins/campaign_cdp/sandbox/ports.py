"""Free TCP ports on the loopback interface."""

from __future__ import annotations

import random
import socket
from collections.abc import Sequence

# Below 32768, where Linux hands out ports for outgoing connections, also with the 10,000 that SeaweedFS adds.
_LOWEST, _HIGHEST = 12_000, 22_000
#: SeaweedFS listens for gRPC so much above each port.
GRPC_OFFSET = 10_000


def is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_ports(names: Sequence[str], *, with_grpc: bool = False) -> dict[str, int]:
    """Return a random free port for each name.

    :param with_grpc: the port 10,000 above must be free too.
    """
    candidates = random.SystemRandom().sample(range(_LOWEST, _HIGHEST), k=_HIGHEST - _LOWEST)
    free = (port for port in candidates if is_free(port) and (not with_grpc or is_free(port + GRPC_OFFSET)))
    return {name: next(free) for name in names}
