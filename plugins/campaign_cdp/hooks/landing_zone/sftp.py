"""Landing zone in a folder of an SFTP server, on the SFTP provider's hook and connection.

Identity of content: SFTP tells a file's size and its time in whole seconds, nothing else. A rename keeps both, so a
file that was published or moved has the ETag of what it was. What is written here never gets the ETag of the version
it replaces: if need be its time is set a second ahead. A rename never overwrites, and it leaves its source or its
target, not both: that tells a move that was done before from a target that is taken.
"""

from __future__ import annotations

import io
import logging
import posixpath
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from typing import BinaryIO, Final

from paramiko import SFTPAttributes, SFTPClient

from campaign_cdp.exceptions import RetriableSyncError
from campaign_cdp.file_sets import StoredObject
from campaign_cdp.hooks.landing_zone import sftp_tree as tree
from campaign_cdp.hooks.landing_zone.base import LandingZone
from campaign_cdp.hooks.landing_zone.refusals import replaced, taken
from campaign_cdp.hooks.landing_zone.sftp_names import is_part
from campaign_cdp.hooks.landing_zone.sftp_session import SftpSession
from campaign_cdp.hooks.landing_zone.sftp_space import free_bytes
from campaign_cdp.hooks.landing_zone.sftp_staging import Staging
from campaign_cdp.hooks.landing_zone.sftp_transfer import RemoteStream

log = logging.getLogger(__name__)
_READ_BUFFER: Final = 256 * 1024
_PATIENCE: Final = 1.0
_POLL: Final = 0.05


class SftpLandingZone(LandingZone):
    """One folder.

    :param path: relative to where the login starts, or from ``/``; empty is where the login starts.
    :param connection: Airflow connection id of type ``sftp``, with the server's key as ``host_key`` in its extra.
    :param page_size: most objects of a page.
    :param timeout: seconds to wait for a connection, or for the server's next packet.
    """

    def __init__(
        self, path: str, *, connection: str = "landing_zone_sftp", page_size: int = 1000, timeout: float = 60
    ) -> None:
        self.path, self.connection, self.page_size = path, connection, page_size
        self._root = path or "."
        self._session = SftpSession(connection, self._root, timeout=timeout)
        self._staging = Staging(self._root)

    @property
    def url(self) -> str:  # type: ignore[override]
        return f"sftp://{self._session.address}/{self.path.strip('/')}".rstrip("/")

    def close(self) -> None:
        self._session.close()

    def iter_pages(self, prefix: str) -> Iterator[list[StoredObject]]:
        found = (_stored(key, entry) for key, entry in tree.files_below(self._scan, prefix))
        while page := list(islice(found, self.page_size)):
            yield page

    def stat(self, key: str) -> StoredObject | None:
        with self._session.doing(f"look for {self.url}/{key}") as client:
            return self._find(client, key)

    def open(self, obj: StoredObject) -> BinaryIO:
        url = f"{self.url}/{obj.key}"
        with self._session.doing(f"open {url}") as client:
            try:
                file = client.open(self._path(obj.key), "rb")
            except FileNotFoundError as err:
                raise replaced(url) from err
            if not _is_version(file.stat(), obj):
                file.close()
                raise replaced(url)
        raw = RemoteStream(
            file, obj, url, lambda found: _is_version(found, obj), lambda what: self._session.using(client, what)
        )
        return io.BufferedReader(raw, _READ_BUFFER)

    def stage(self, key: str, body: Iterator[bytes]) -> StoredObject:
        return _stored(key, self._staging.write(self._session, f"{self.url}/{key}", key, body))

    def publish(self, staged: StoredObject, key: str) -> StoredObject:
        published = self._move_once(staged, key)
        if published is None:
            raise replaced(f"{self.url}/{staged.key}")
        return published

    def move(self, obj: StoredObject, key: str) -> StoredObject | None:
        return self._move_once(obj, key)

    def delete(self, obj: StoredObject) -> bool:
        with self._session.doing(f"delete {self.url}/{obj.key}") as client:
            if not self._is_there(client, obj) or not tree.remove(client, self._path(obj.key)):
                return False
            tree.remove_emptied(client, self._root, posixpath.dirname(obj.key))
        return True

    def clear(self, prefix: str) -> None:
        with self._session.doing(f"clear {self.url}/{prefix}") as client:
            tree.remove_all(client, self._root, prefix)

    def free_bytes(self) -> int | None:
        with self._session.doing(f"ask {self.url} for its free space") as client:
            return free_bytes(client, self._root)

    # -- Moving ---------------------------------------------------------------------------------------------------

    def _move_once(self, obj: StoredObject, key: str) -> StoredObject | None:
        """Rename ``obj`` to ``key`` unless that was done before; ``None`` if ``obj`` is gone or newer and never was.

        :raises FileReplacedError: if ``key`` holds something else.
        """
        with self._session.doing(f"move {self.url}/{obj.key} to {key}") as client:
            if self._is_there(client, obj) and self._rename(client, obj.key, key):
                return self._arrived(client, obj, key)
            found = self._find(client, key)
            if found is None:
                return None
            if found.etag == obj.etag and self._leaves(client, obj):
                return found
        raise taken(f"{self.url}/{key}", found, obj)

    def _rename(self, client: SFTPClient, source: str, target: str) -> bool:
        """``False`` if the target is taken, or the source is gone."""
        paths = self._path(source), self._path(target)
        try:
            tree.with_folder(client, self._root, posixpath.dirname(target), lambda: client.rename(*paths))
        except OSError:
            # Servers say no more than "failure".
            if tree.lstat(client, paths[0]) is not None and tree.lstat(client, paths[1]) is None:
                raise
            return False
        return True

    def _arrived(self, client: SFTPClient, obj: StoredObject, key: str) -> StoredObject | None:
        """Make sure that no newer version was renamed: SFTP cannot make that a condition."""
        found = self._find(client, key)
        if found is None or found.etag == obj.etag:
            return found or replace(obj, key=key)
        log.info("%s/%s was replaced while it was moved; it goes back.", self.url, obj.key)
        if not self._rename(client, key, obj.key):
            raise RetriableSyncError(
                f"{self.url}/{obj.key} was replaced twice while it was moved to {key}, where its second version is "
                "now. It will be tried again."
            )
        return None

    def _leaves(self, client: SFTPClient, obj: StoredObject) -> bool:
        """OpenSSH renames by a link and an unlink, so for a moment there are both."""
        deadline = time.monotonic() + _PATIENCE
        while self._is_there(client, obj):
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL)
        return True

    # -- Files ----------------------------------------------------------------------------------------------------

    def _scan(self, folder: str) -> list[SFTPAttributes]:
        with self._session.doing(f"list {self.url}/{folder}") as client:
            return tree.scan(client, self._path(folder))

    def _find(self, client: SFTPClient, key: str) -> StoredObject | None:
        found = None if is_part(posixpath.basename(key)) else tree.lstat(client, self._path(key))
        return _stored(key, found) if tree.is_file(found) else None

    def _is_there(self, client: SFTPClient, obj: StoredObject) -> bool:
        found = self._find(client, obj.key)
        return found is not None and found.identity == obj.identity

    def _path(self, key: str) -> str:
        return posixpath.join(self._root, key)


def _etag(found: SFTPAttributes) -> str:
    return f"{found.st_mtime or 0:x}-{found.st_size or 0:x}"


def _is_version(found: SFTPAttributes, obj: StoredObject) -> bool:
    return _etag(found) == obj.etag


def _stored(key: str, found: SFTPAttributes) -> StoredObject:
    return StoredObject(key, found.st_size or 0, _etag(found), datetime.fromtimestamp(found.st_mtime or 0, UTC))
