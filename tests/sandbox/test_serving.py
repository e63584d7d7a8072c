from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from campaign_cdp.sandbox.serving import READY
from campaign_cdp.sandbox.stack import Sandbox

ADDRESS = "127.0.0.2"


@contextmanager
def serving(folder: Path) -> Iterator[subprocess.Popen[str]]:
    # Not the loopback address that everything is used to, and still on no other machine's way.
    env = {**os.environ, "CDP_SANDBOX_DIR": str(folder), "CDP_SANDBOX_HOST": ADDRESS}
    command = [sys.executable, "-m", "campaign_cdp", "sandbox", "serve", "--zone", "sftp"]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as program:
        try:
            wait_until_ready(folder, program)
            yield program
        finally:
            program.terminate()
            program.wait(30)


def wait_until_ready(folder: Path, program: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60
    while not (folder / READY).exists() or not all(server.running for server in Sandbox(folder).status()):
        assert program.poll() is None, program.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.05)


def printed_connections(folder: Path) -> dict[str, str]:
    command = [sys.executable, "-m", "campaign_cdp", "sandbox", "env", "--raw"]
    env = {**os.environ, "CDP_SANDBOX_DIR": str(folder), "CDP_SANDBOX_HOST": ADDRESS}
    lines = subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout.splitlines()
    return dict(line.split("=", 1) for line in lines)


def test_servers_live_as_long_as_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDP_SANDBOX_HOST", ADDRESS)
    with serving(tmp_path) as first:
        box, connections = Sandbox(tmp_path), printed_connections(tmp_path)
        assert json.loads(connections["AIRFLOW_CONN_CAMPAIGN_DB"])["host"] == ADDRESS
        assert json.loads(connections["AIRFLOW_CONN_LANDING_ZONE_SFTP"])["host"] == ADDRESS
        first.terminate()
        said, _ = first.communicate(timeout=30)
    assert first.returncode == 0, said
    assert not any(server.running for server in box.status())
    assert not (tmp_path / READY).exists()

    # A container was killed: what it left names a process that is something else in the next one.
    (tmp_path / READY).touch()
    (tmp_path / "postgres" / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n")

    with serving(tmp_path) as second:
        with psycopg.connect(box.endpoints().campaign_dsn) as conn:
            assert conn.execute("SELECT count(*) FROM nmsrecipient").fetchone() == (1,)
        assert printed_connections(tmp_path) == connections
        sftp = next(server for server in box.status() if server.name == "sftp")
        os.kill(sftp.pid or 0, signal.SIGKILL)
        said, _ = second.communicate(timeout=30)
    assert second.returncode == 1
    assert "sftp ended by itself" in said
    assert not any(server.running for server in box.status())
