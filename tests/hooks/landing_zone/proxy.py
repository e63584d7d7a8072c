"""A TCP proxy that breaks connections, to see what a client makes of it."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import Self


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class CuttingProxy:
    """Pass everything on to a local port, but hang up on a client after ``cut_after`` bytes of answers."""

    def __init__(self, target_port: int, *, cut_after: int) -> None:
        self._target, self._left = ("127.0.0.1", target_port), cut_after
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(self._target)
            threading.Thread(target=self._pump, args=(client, server), daemon=True).start()
            threading.Thread(target=self._pump_and_cut, args=(server, client), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                sink.sendall(data)

    def _pump_and_cut(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while self._left > 0 and (data := source.recv(65_536)):
                self._left -= len(data)
                sink.sendall(data)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
