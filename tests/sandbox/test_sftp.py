from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import paramiko
import pytest
from paramiko import AuthenticationException, SFTPClient, SSHClient

from campaign_cdp.sandbox.sftp import SftpServer
from campaign_cdp.sandbox.sftp_process import LOGIN
from campaign_cdp.sandbox.storages.sftp import SftpStorage


@pytest.fixture
def local(tmp_path: Path) -> Path:
    path = tmp_path / "local.csv"
    path.write_bytes(b"x" * 100_000)
    return path


@pytest.fixture
def storage(sftp_server: SftpServer, tmp_path: Path) -> SftpStorage:
    return sftp_server.storage(f"aep/{tmp_path.name}")


@pytest.fixture
def client(sftp_server: SftpServer) -> Iterator[SFTPClient]:
    with SSHClient() as ssh:
        ssh.set_missing_host_key_policy(paramiko.AutoAddPolicy())
        ssh.connect("127.0.0.1", sftp_server.port, LOGIN, sftp_server.password, allow_agent=False, look_for_keys=False)
        with ssh.open_sftp() as client:
            yield client


@pytest.mark.parametrize(("login", "password"), [(LOGIN, "wrong"), ("root", None)])
def test_strangers_are_refused(sftp_server: SftpServer, login: str, password: str | None) -> None:
    password = password or sftp_server.password
    stranger = SftpStorage("127.0.0.1", sftp_server.port, login, password, sftp_server.host_key, "")

    with pytest.raises(AuthenticationException):
        list(stranger.objects(""))


def test_a_stored_file_is_listed_and_read(storage: SftpStorage, local: Path) -> None:
    for key in ("in/2.csv", "in/1/a.csv", "in.csv"):
        storage.put(key, local)
    storage.put("in/2.csv", local)

    assert [obj.key for obj in storage.objects("in/")] == ["in/1/a.csv", "in/2.csv"]
    assert [obj.key for obj in storage.objects("in/1/")] == ["in/1/a.csv"]
    assert [obj.size for obj in storage.objects("")] == [100_000] * 3
    with storage.open("in/2.csv") as content:
        assert content.read() == local.read_bytes()


def test_a_file_appears_under_its_final_name_at_once(sftp_server: SftpServer, client: SFTPClient) -> None:
    """As AEP writes it: readers see it grow."""
    with client.open("growing.csv", "wb") as file:
        file.write(b"half")
        file.flush()
        assert client.stat("growing.csv").st_size == 4
    client.remove("growing.csv")


def test_nobody_leaves_the_data_folder(sftp_server: SftpServer, client: SFTPClient) -> None:
    assert client.listdir("/../..") == client.listdir("/")
    for path in ("../host_key", "/etc/passwd", str(sftp_server.folder / "host_key")):
        with pytest.raises(FileNotFoundError):
            client.stat(path)


def test_there_is_no_shell(sftp_server: SftpServer) -> None:
    with SSHClient() as ssh:
        ssh.set_missing_host_key_policy(paramiko.AutoAddPolicy())
        ssh.connect("127.0.0.1", sftp_server.port, LOGIN, sftp_server.password, allow_agent=False, look_for_keys=False)
        with pytest.raises(paramiko.SSHException):
            ssh.exec_command("true")


def test_a_plain_rename_never_overwrites(storage: SftpStorage, local: Path, client: SFTPClient) -> None:
    for key in ("a", "b"):
        storage.put(key, local)
    folder = storage.url.rsplit("/aep/", 1)[-1]

    with pytest.raises(OSError, match="exists"):
        client.rename(f"aep/{folder}/a", f"aep/{folder}/b")


def test_what_is_asked_for_too_fast_does_not_pile_up(sftp_server: SftpServer, client: SFTPClient) -> None:
    process, size = sftp_server.record.process, 120_000_000
    assert process
    with (sftp_server.data / "large").open("wb") as large:
        large.truncate(size)
    with client.open("large") as file:
        file.prefetch(size)
        client.stat("large")  # its answer comes after all the others
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process.pid}/status").read_text())

    assert peak
    assert int(peak[1]) < 100_000


def test_connections_hold_a_password_or_a_key_and_the_servers_key(sftp_server: SftpServer) -> None:
    connections = {name: json.loads(value) for name, value in sftp_server.connections().items()}
    by_password, by_key = (connections[f"AIRFLOW_CONN_LANDING_ZONE_{name}"] for name in ("SFTP", "SFTP_KEY"))

    assert (by_password["conn_type"], by_key["conn_type"]) == ("sftp", "sftp")
    assert by_password["extra"] == {"host_key": sftp_server.host_key, "compress": "false"}
    assert "password" not in by_key
    assert by_key["extra"]["private_key"].startswith("-----BEGIN RSA PRIVATE KEY-----")


def test_secrets_are_on_no_command_line_and_closed_to_others(sftp_server: SftpServer) -> None:
    command = " ".join(sftp_server.command())

    assert not any(secret in command for secret in sftp_server.record.secrets.values())
    assert (sftp_server.folder / "host_key").stat().st_mode & 0o777 == 0o600
    assert sftp_server.folder.stat().st_mode & 0o777 == 0o700


def test_its_key_and_data_stay_over_a_restart(tmp_path: Path, local: Path) -> None:
    server = SftpServer(tmp_path / "sftp")
    with server:
        server.storage("aep").put("g.csv", local)
        host_key, record = server.host_key, server.record
    again = SftpServer(tmp_path / "sftp", type(record).from_json(server.record.to_json()))
    with again:
        assert again.host_key == host_key
        assert [obj.key for obj in again.storage("aep").objects("")] == ["g.csv"]
