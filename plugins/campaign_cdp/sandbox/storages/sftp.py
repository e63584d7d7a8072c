from __future__ import annotations

import posixpath
import stat
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final, cast

import paramiko

from campaign_cdp.sandbox.storages import OutsideObject

_SECONDS: Final = 30
_PREFETCH: Final = 64


class SftpStorage:
    """One folder of an SFTP server, through paramiko; every call makes a connection of its own.

    :param host_key: public key that the server has to prove.
    :param root: folder, relative to where the login starts, or from ``/``.
    """

    def __init__(self, host: str, port: int, login: str, password: str, host_key: str, root: str) -> None:
        self._address, self._login, self._password = (host, port), login, password
        self._host_key, self._root = host_key, root
        self.url = f"sftp://{host}:{port}/{root.strip('/')}".rstrip("/")

    def create(self) -> None:
        """Make the folder unless it is there."""
        with self._client() as client:
            _make_folders(client, self._root)

    def put(self, key: str, path: Path) -> None:
        with self._client() as client:
            _make_folders(client, posixpath.dirname(self._path(key)))
            client.put(str(path), self._path(key))

    def remove(self, key: str) -> None:
        with self._client() as client:
            client.remove(self._path(key))

    def objects(self, prefix: str) -> Iterator[OutsideObject]:
        with self._client() as client:
            yield from self._below(client, "", prefix)

    @contextmanager
    def open(self, key: str) -> Iterator[BinaryIO]:
        with self._client() as client, client.open(self._path(key), "rb") as file:
            size = client.stat(self._path(key)).st_size
            file.prefetch(size, max_concurrent_requests=_PREFETCH)
            yield cast("BinaryIO", file)

    def _below(self, client: paramiko.SFTPClient, folder: str, prefix: str) -> Iterator[OutsideObject]:
        for entry in sorted(client.listdir_attr(self._path(folder) or "."), key=lambda entry: entry.filename):
            key = f"{folder}{entry.filename}"
            if stat.S_ISDIR(entry.st_mode or 0):
                if f"{key}/".startswith(prefix) or prefix.startswith(f"{key}/"):
                    yield from self._below(client, f"{key}/", prefix)
            elif key.startswith(prefix):
                yield OutsideObject(key, entry.st_size or 0, datetime.fromtimestamp(entry.st_mtime or 0, UTC))

    def _path(self, key: str) -> str:
        return posixpath.join(self._root, key)

    @contextmanager
    def _client(self) -> Iterator[paramiko.SFTPClient]:
        with paramiko.SSHClient() as ssh:
            host, port = self._address
            kind, key = self._host_key.split()[:2]
            ssh.get_host_keys().add(f"[{host}]:{port}", kind, paramiko.PKey.from_type_string(kind, b64decode(key)))
            ssh.connect(
                host,
                port,
                self._login,
                self._password,
                look_for_keys=False,
                allow_agent=False,
                timeout=_SECONDS,
                banner_timeout=_SECONDS,
                auth_timeout=_SECONDS,
            )
            with ssh.open_sftp() as client:
                client.get_channel().settimeout(_SECONDS)
                yield client


def _make_folders(client: paramiko.SFTPClient, path: str) -> None:
    """Make a folder and those above it; somebody else may do the same."""
    made = "/" if path.startswith("/") else ""
    for name in path.strip("/").split("/"):
        made = posixpath.join(made, name)
        with suppress(OSError):
            client.mkdir(made or ".")
    client.stat(path or ".")
