from __future__ import annotations

import os
from pathlib import Path

import psycopg
import pytest

from campaign_cdp.sandbox.postgres import PostgresServer, bin_dir


@pytest.mark.parametrize("password", ["", "wrong"])
def test_nobody_gets_in_without_the_password(postgres_server: PostgresServer, password: str) -> None:
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(postgres_server.dsn(), password=password)


def test_settings_reach_the_server(postgres_server: PostgresServer) -> None:
    with psycopg.connect(postgres_server.dsn()) as conn:
        rows = conn.execute("SELECT name, current_setting(name) FROM pg_settings").fetchall()

    settings = dict(rows)
    assert settings["shared_buffers"] == "128MB"
    assert settings["fsync"] == "off"
    assert settings["client_connection_check_interval"] == "2s"
    assert settings["password_encryption"] == "scram-sha-256"
    assert settings["listen_addresses"] == "127.0.0.1"
    assert settings["unix_socket_directories"] == ""


def test_the_password_is_on_no_command_line(postgres_server: PostgresServer) -> None:
    assert postgres_server.password not in " ".join(postgres_server.command())
    assert not (postgres_server.folder / "password").exists()


def test_pg_bin_names_another_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PG_BIN", os.fspath(tmp_path))

    assert bin_dir() == tmp_path
