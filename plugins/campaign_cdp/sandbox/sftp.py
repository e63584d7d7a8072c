"""An SFTP server (asyncssh) on the loopback interface, with a password and with a key."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import ClassVar

import asyncssh

from campaign_cdp.sandbox.addresses import host
from campaign_cdp.sandbox.hosts import StorageServer
from campaign_cdp.sandbox.server import generated_secret
from campaign_cdp.sandbox.sftp_process import LOGIN, PASSWORD
from campaign_cdp.sandbox.storages.sftp import SftpStorage

_READY = ".sandbox-ready"


class SftpServer(StorageServer):
    """Clients see the folder ``data`` as their root. The host key stays the same over restarts."""

    name: ClassVar[str] = "sftp"
    port_names: ClassVar[tuple[str, ...]] = ("sftp",)

    @property
    def port(self) -> int:
        return self.record.ports["sftp"]

    @property
    def data(self) -> Path:
        """What clients see as ``/``."""
        return self.folder / "data"

    @property
    def host_key(self) -> str:
        """The public one, as ``known_hosts`` and a connection's extra take it."""
        return (self.folder / "host_key.pub").read_text(encoding="ascii").strip()

    @property
    def password(self) -> str:
        return self.record.secrets["password"]

    @property
    def private_key(self) -> str:
        """Of the client, in PEM."""
        return self.record.secrets["private_key"]

    def connections(self) -> dict[str, str]:
        return {
            "AIRFLOW_CONN_LANDING_ZONE_SFTP": self.connection(password=self.password),
            "AIRFLOW_CONN_LANDING_ZONE_SFTP_KEY": self.connection(private_key=self.private_key),
        }

    def connection(
        self, *, password: str | None = None, private_key: str | None = None, port: int | None = None
    ) -> str:
        """Return an Airflow connection (JSON).

        :param port: of something in front of the server.
        """
        extra = {"host_key": self.host_key, "compress": "false"}
        if private_key:
            extra["private_key"] = private_key
        login = {"login": LOGIN, **({"password": password} if password else {})}
        return json.dumps({"conn_type": "sftp", "host": host(), "port": port or self.port, **login, "extra": extra})

    def storage(self, root: str) -> SftpStorage:
        storage = SftpStorage(host(), self.port, LOGIN, self.password, self.host_key, root)
        storage.create()
        return storage

    def new_secrets(self) -> dict[str, str]:
        # Adobe's own SFTP source and servers take RSA keys in PEM.
        key = asyncssh.generate_private_key("ssh-rsa", key_size=2048)
        return {"password": generated_secret(), "private_key": key.export_private_key("pkcs1-pem").decode("ascii")}

    def prepare(self) -> None:
        self.folder.chmod(0o700)
        self.data.mkdir(exist_ok=True)
        self._keep_host_key()
        allowed = asyncssh.import_private_key(self.private_key).export_public_key()
        (self.folder / "authorized_key.pub").write_bytes(allowed)

    def command(self) -> list[str]:
        return [sys.executable, "-m", "campaign_cdp.sandbox.sftp_process", str(self.folder), str(self.port)]

    def environment(self) -> dict[str, str]:
        return {PASSWORD: self.password}

    def check_ready(self) -> None:
        storage = SftpStorage(host(), self.port, LOGIN, self.password, self.host_key, "")
        storage.put(_READY, self.folder / "host_key.pub")
        storage.remove(_READY)

    def _keep_host_key(self) -> None:
        path = self.folder / "host_key"
        if path.exists():
            return
        key = asyncssh.generate_private_key("ssh-ed25519")
        # The public half comes first: with the private one the pair is complete.
        (self.folder / "host_key.pub").write_bytes(key.export_public_key())
        path.touch(mode=0o600)
        path.write_bytes(key.export_private_key())
