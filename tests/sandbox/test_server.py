from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest

from campaign_cdp.exceptions import SandboxError
from campaign_cdp.sandbox.ports import free_ports, is_free
from campaign_cdp.sandbox.server import EmbeddedServer, ServerRecord

_LISTEN = "import socket, sys, time; s = socket.create_server(('127.0.0.1', int(sys.argv[1]))); time.sleep(60)"


class Listener(EmbeddedServer):
    name = "listener"
    program = _LISTEN

    def new_secrets(self) -> dict[str, str]:
        return {"password": "generated"}

    def prepare(self) -> None:
        pass

    def command(self) -> list[str]:
        return [sys.executable, "-c", self.program, str(self.record.ports["main"])]

    def check_ready(self) -> None:
        socket.create_connection(("127.0.0.1", self.record.ports["main"]), timeout=1).close()


def test_start_adopts_a_server_that_runs(tmp_path: Path) -> None:
    with Listener(tmp_path) as server:
        adopted = Listener(tmp_path, ServerRecord.from_json(server.record.to_json())).start()

        assert adopted.record == server.record


def test_restart_keeps_the_port_unless_it_is_taken(tmp_path: Path) -> None:
    server = Listener(tmp_path).start()
    port = server.record.ports["main"]
    server.stop()
    server.start()
    assert server.record.ports["main"] == port
    server.stop()

    with socket.create_server(("127.0.0.1", port)):
        server.start()

    assert server.record.ports["main"] != port
    server.stop()


def test_a_server_that_ends_says_so_with_its_log(tmp_path: Path) -> None:
    server = Listener(tmp_path)
    server.program = "raise SystemExit('no such licence')"

    with pytest.raises(SandboxError, match=r"(?s)listener ended while it was starting.*no such licence"):
        server.start()


def test_a_server_that_never_answers_is_stopped(tmp_path: Path) -> None:
    server = Listener(tmp_path)
    server.program, server.start_timeout = "import time; time.sleep(60)", 0.3  # type: ignore[misc]
    started: list[ServerRecord] = []
    server.launched = started.append

    with pytest.raises(SandboxError, match="did not answer within 0 s"):
        server.start()

    assert started
    assert not started[0].is_running


def test_secrets_are_not_in_a_records_repr(tmp_path: Path) -> None:
    assert "generated" not in repr(Listener(tmp_path).record)


def test_ports_are_free_also_ten_thousand_above() -> None:
    ports = free_ports(["a", "b", "c"], with_grpc=True)

    assert len(set(ports.values())) == 3
    assert all(is_free(port) and is_free(port + 10_000) and port + 10_000 < 65_536 for port in ports.values())


def test_a_port_in_use_is_not_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert not is_free(taken.getsockname()[1])
