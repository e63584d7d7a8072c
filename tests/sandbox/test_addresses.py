from __future__ import annotations

import json
from pathlib import Path

import pytest

from campaign_cdp.sandbox.addresses import bind_address, host
from campaign_cdp.sandbox.azurite import AzuriteServer
from campaign_cdp.sandbox.postgres import PostgresServer
from campaign_cdp.sandbox.s3 import S3Server
from campaign_cdp.sandbox.server import EmbeddedServer, ServerRecord
from campaign_cdp.sandbox.sftp import SftpServer

SERVERS: tuple[type[EmbeddedServer], ...] = (PostgresServer, S3Server, AzuriteServer, SftpServer)


def with_ports(kind: type[EmbeddedServer], folder: Path) -> EmbeddedServer:
    """A server that was given its ports and was not started."""
    server = kind(folder)
    ports = {name: 12_000 + number for number, name in enumerate(server.port_names)}
    return kind(folder, ServerRecord(ports, server.record.secrets))


def test_servers_listen_on_loopback_unless_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CDP_SANDBOX_HOST", raising=False)
    assert (host(), bind_address()) == ("127.0.0.1", "127.0.0.1")


def test_in_a_network_of_containers_connections_name_the_service(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CDP_SANDBOX_HOST", "sandbox")
    monkeypatch.setattr("socket.gethostbyname", {"sandbox": "10.0.0.2"}.__getitem__)
    postgres, s3, azurite, sftp = (with_ports(kind, tmp_path / kind.name) for kind in SERVERS)
    assert isinstance(postgres, PostgresServer)
    assert isinstance(s3, S3Server)
    assert isinstance(azurite, AzuriteServer)
    assert isinstance(sftp, SftpServer)
    (sftp.folder).mkdir()
    (sftp.folder / "host_key.pub").write_text("ssh-ed25519 AAAA\n")

    blob = json.loads(azurite.connections()["AIRFLOW_CONN_LANDING_ZONE_AZURE_BLOB"])["extra"]["connection_string"]

    assert "host=sandbox" in postgres.dsn()
    assert "listen_addresses=10.0.0.2" in postgres.command()
    assert "http://sandbox:12000" in s3.connections()["AIRFLOW_CONN_LANDING_ZONE_S3"]
    assert "-ip.bind=0.0.0.0" in s3.command()
    assert "BlobEndpoint=http://sandbox:12000/sandbox;" in blob
    assert azurite.client().account_name == "sandbox"
    assert json.loads(sftp.connections()["AIRFLOW_CONN_LANDING_ZONE_SFTP"])["host"] == "sandbox"
