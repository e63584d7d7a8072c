"""A TCP proxy that breaks connections, to see what a client makes of it."""

from __future__ import annotations

import socket
import struct
import sys
import threading
from contextlib import suppress
from typing import Self


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class CuttingProxy:
    """Pass everything on to a local port, but hang up for good once enough was said, as a server that dies does.

    :param cut_after: bytes of answers, on all connections together.
    :param cut_sent_after: bytes of requests, on all connections together.
    :param reset: end connections with RST instead of FIN.
    """

    def __init__(
        self,
        target_port: int,
        *,
        cut_after: int = sys.maxsize,
        cut_sent_after: int = sys.maxsize,
        reset: bool = False,
    ) -> None:
        self._target, self._reset = ("127.0.0.1", target_port), reset
        self._left = {"answers": cut_after, "requests": cut_sent_after}
        self._open: list[socket.socket] = []
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        #: Whether it hung up.
        self.cut_off = False

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # else accept() would wait on
        self._listener.close()
        self._hang_up()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._target)
            except OSError:
                return
            with self._lock:
                self._open += [client, server]
            if self.cut_off:
                self._hang_up()
                continue
            threading.Thread(target=self._pump, args=(client, server, "requests"), daemon=True).start()
            threading.Thread(target=self._pump, args=(server, client, "answers"), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, what: str) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                with self._lock:
                    passed = data[: max(self._left[what], 0)]
                    self._left[what] -= len(data)
                sink.sendall(passed)
                if len(passed) < len(data):
                    self.cut_off = True
                    self._hang_up()
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _hang_up(self) -> None:
        with self._lock:
            ends, self._open = self._open, []
        for end in ends:
            with suppress(OSError):
                if self._reset:
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                # A pump that waits in recv() would keep the connection open after close().
                end.shutdown(socket.SHUT_RD if self._reset else socket.SHUT_RDWR)
            end.close()
