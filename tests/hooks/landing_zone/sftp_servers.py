"""SFTP servers that the contract runs against, and how many sessions they have open."""

from __future__ import annotations

import json
import os
import pwd
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncssh

from campaign_cdp.sandbox.sftp import SftpServer
from tests.hooks.landing_zone.proxy import free_port

SSHD = Path("/usr/sbin/sshd")
#: Established, and closed by the client only.
_OPEN_STATES = {"01", "08"}


class ConfinedServer(SftpServer):
    """Folders can be closed to it, even if root runs the tests."""

    def command(self) -> list[str]:
        confined = ["unshare", "-U", "--map-user=65534", "--map-group=65534", "--"] if os.getuid() == 0 else []
        return [*confined, *super().command()]


class SmallServer(SftpServer):
    """Its data is on a file system of two megabytes that only it sees."""

    def command(self) -> list[str]:
        mount = 'mount -t tmpfs -o size=2m tmpfs "$0" && exec "$@"'
        return ["unshare", "-Urm", "sh", "-c", mount, str(self.data), *super().command()]

    @staticmethod
    def why_not() -> str:
        """Why there can be none; empty if there can."""
        tried = subprocess.run(
            ["unshare", "-Urm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, text=True, check=False
        )
        return tried.stderr.strip()


class Target(ABC):
    """A server, and an empty folder of it."""

    def __init__(self, port: int, folder: Path, root: str) -> None:
        self.port, self.folder, self.root = port, folder, root

    @abstractmethod
    def connection(self, *, port: int | None = None, secret: str | None = None) -> str:
        """Return an Airflow connection (JSON); any ``secret`` is a wrong one."""

    def write(self, key: str, body: bytes) -> Path:
        """Write a file as AEP does: directly, under its final name."""
        path = self.folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
        return path

    @property
    def names(self) -> list[str]:
        """All files, hidden ones too."""
        return sorted(path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*") if path.is_file())

    @property
    def folders(self) -> list[str]:
        return sorted(path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*") if path.is_dir())


class WithPassword(Target):
    def __init__(self, server: SftpServer, root: str) -> None:
        super().__init__(server.port, server.data / root, root)
        self.folder.mkdir()
        self.server = server

    @property
    def open_files(self) -> list[str]:
        """What the server has open of this folder."""
        process = self.server.record.process
        assert process
        links = [fd.readlink().as_posix() for fd in Path(f"/proc/{process.pid}/fd").iterdir() if fd.is_symlink()]
        return [link for link in links if f"/{self.root}/" in link]

    def connection(self, *, port: int | None = None, secret: str | None = None) -> str:
        return self.server.connection(password=secret or self.server.password, port=port)


class WithKey(WithPassword):
    def connection(self, *, port: int | None = None, secret: str | None = None) -> str:
        return self.server.connection(private_key=another_key() if secret else self.server.private_key, port=port)


class OpenSsh(Target):
    """Login by key as the user who runs the tests."""

    def __init__(self, sshd: Path, port: int, folder: Path) -> None:
        folder.mkdir()
        super().__init__(port, folder, str(folder))
        self._sshd = sshd

    def connection(self, *, port: int | None = None, secret: str | None = None) -> str:
        key = another_key() if secret else (self._sshd / "client_key").read_text()
        extra = {"host_key": (self._sshd / "host_key.pub").read_text(), "private_key": key}
        user = pwd.getpwuid(os.getuid()).pw_name
        server = {"conn_type": "sftp", "host": "127.0.0.1", "port": port or self.port}
        return json.dumps({**server, "login": user, "extra": extra})


@contextmanager
def running_sshd(folder: Path) -> Iterator[int]:
    """Run OpenSSH without its system service, and give its port."""
    for name in ("host_key", "client_key"):
        key = asyncssh.generate_private_key("ssh-ed25519")
        (folder / name).touch(mode=0o600)
        (folder / name).write_bytes(key.export_private_key())
        (folder / f"{name}.pub").write_bytes(key.export_public_key())
    port, config = free_port(), folder / "config"
    config.write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host_key\nPidFile {folder}/sshd.pid\n"
        f"AuthorizedKeysFile {folder}/client_key.pub\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n"
        "KbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\nMaxStartups 100\n"
        "Subsystem sftp internal-sftp\nForceCommand internal-sftp\n"
    )
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([SSHD, "-D", "-e", "-f", config], stderr=log)
    try:
        deadline = time.monotonic() + 10
        while b"Server listening" not in (folder / "log").read_bytes():
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < deadline, (folder / "log").read_text()
            time.sleep(0.02)
        yield port
    finally:
        process.terminate()
        process.wait()


def another_key() -> str:
    return asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode()


def sessions(port: int) -> int:
    """Count the connections that a local server has not seen the end of."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(int(row[1].split(":")[1], 16) == port and row[3] in _OPEN_STATES for row in rows)


def wait_for_sessions(port: int, count: int, *, seconds: float = 5) -> int:
    """Wait until the server has noticed, and return what it has at last."""
    deadline = time.monotonic() + seconds
    while (found := sessions(port)) != count and time.monotonic() < deadline:
        time.sleep(0.02)
    return found
