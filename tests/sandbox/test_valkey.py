from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from campaign_cdp.sandbox.valkey import ValkeyServer


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ValkeyServer]:
    with ValkeyServer(tmp_path_factory.mktemp("valkey")) as server:
        yield server


def _said(server: ValkeyServer, *commands: str) -> bytes:
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as link:
        link.sendall("".join(f"{command}\r\n" for command in (*commands, "QUIT")).encode())
        return b"".join(iter(lambda: link.recv(1000), b""))


def test_a_message_is_handed_over(server: ValkeyServer) -> None:
    said = _said(server, f"AUTH {server.password}", "LPUSH queue hello", "RPOP queue")

    assert b"hello" in said


@pytest.mark.parametrize("login", [[], ["AUTH wrong"]])
def test_strangers_are_refused(server: ValkeyServer, login: list[str]) -> None:
    assert b"NOAUTH" in _said(server, *login, "KEYS *")


def test_the_password_is_on_no_command_line_and_private(server: ValkeyServer) -> None:
    process = server.record.process
    assert process
    assert server.password in server.url
    assert server.password not in " ".join(server.command())
    assert server.password.encode() not in Path(f"/proc/{process.pid}/cmdline").read_bytes()
    assert (server.folder / "valkey.conf").stat().st_mode & 0o777 == 0o600


def test_it_listens_on_loopback_only(server: ValkeyServer) -> None:
    assert server.record.process
    listening = psutil.Process(server.record.process.pid).net_connections(kind="inet")

    assert {connection.laddr.ip for connection in listening} == {"127.0.0.1"}


def test_nothing_is_kept_on_disk(tmp_path: Path) -> None:
    with ValkeyServer(tmp_path) as server:
        _said(server, f"AUTH {server.password}", "LPUSH queue hello")

    assert {path.name for path in tmp_path.iterdir()} == {"valkey.conf", "valkey.log"}
