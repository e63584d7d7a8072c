"""Writing a file so that it appears whole or not at all: under a hidden name first, then one atomic rename."""

from __future__ import annotations

import logging
import posixpath
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from paramiko import SFTPAttributes, SFTPClient, SFTPFile

from campaign_cdp.exceptions import RetriableSyncError, SyncError
from campaign_cdp.hooks.landing_zone import sftp_tree as tree
from campaign_cdp.hooks.landing_zone.rechunk import rechunked
from campaign_cdp.hooks.landing_zone.sftp_errors import full, is_answer
from campaign_cdp.hooks.landing_zone.sftp_names import is_part, part_of
from campaign_cdp.hooks.landing_zone.sftp_session import SftpSession
from campaign_cdp.hooks.landing_zone.sftp_space import free_bytes
from campaign_cdp.hooks.landing_zone.sftp_transfer import REQUEST, RemoteWriter

log = logging.getLogger(__name__)
_DAY: Final = 86_400
_NOTHING_LEFT: Final = 1024 * 1024


class Staging:
    """What one landing zone writes.

    :param root: of its keys.
    """

    def __init__(self, root: str) -> None:
        self._root = root
        self._swept: set[str] = set()
        #: Time of what was written last, by key: a version that was moved away meanwhile is not repeated either.
        self._times: dict[str, int] = {}

    def write(self, session: SftpSession, url: str, key: str, body: Iterator[bytes]) -> SFTPAttributes:
        """Make ``body`` the content of ``key``, and return what the server tells of it.

        :param url: of the key, for messages.
        """
        part = self._path(part_of(key))
        file: SFTPFile | None = None
        try:
            with session.doing(f"write {url}") as client:
                file = tree.with_folder(
                    client, self._root, posixpath.dirname(key), lambda: client.open(part, "wbx", bufsize=0)
                )
                writer = RemoteWriter(client, file)
            for chunk in rechunked(body, REQUEST):
                with self._sending(session, client, f"write {url} (sent {writer.written:,} bytes)"):
                    writer.write(chunk)
            with self._sending(session, client, f"write {url} (sent {writer.written:,} bytes)"):
                writer.finish()
                file.close()
                found = self._dated(client, key, self._whole(client, part, url, writer.written), part)
                client.posix_rename(part, self._path(key))
        except BaseException:
            self._discard(session, url, part, file)
            raise
        return found

    def _whole(self, client: SFTPClient, part: str, url: str, size: int) -> SFTPAttributes:
        found = client.lstat(part)
        if found.st_size != size:
            raise RetriableSyncError(
                f"The server kept {found.st_size:,} of the {size:,} bytes of {url}. Nothing appeared there. It will be "
                "tried again."
            )
        return found

    def _dated(self, client: SFTPClient, key: str, found: SFTPAttributes, part: str) -> SFTPAttributes:
        """Give the new version a time, and so an ETag, of its own; and tidy up, for its time is the server's now."""
        folder = posixpath.dirname(key)
        if folder not in self._swept:
            self._swept.add(folder)
            self._sweep(client, folder, before=found.st_mtime - _DAY)
        replaced = tree.lstat(client, self._path(key))
        newest = max(replaced.st_mtime if replaced else 0, self._times.get(key, 0))
        if found.st_mtime <= newest:
            client.utime(part, (newest + 1, newest + 1))
            found = client.lstat(part)
        self._times[key] = found.st_mtime
        return found

    def _sweep(self, client: SFTPClient, folder: str, *, before: int) -> None:
        """Remove what killed attempts left in this folder; one that still writes keeps its file's time current."""
        for entry in tree.scan(client, self._path(folder)):
            if is_part(entry.filename) and tree.is_file(entry) and entry.st_mtime < before:
                with suppress(PermissionError):
                    tree.remove(client, self._path(posixpath.join(folder, entry.filename)))

    def _discard(self, session: SftpSession, url: str, part: str, file: SFTPFile | None) -> None:
        try:
            with session.doing(f"remove the unfinished {url}") as client:
                if file is not None:
                    file.close()  # else its bytes stay taken
                tree.remove(client, part)
        except SyncError as err:
            log.warning("%s It is hidden, and removed when this folder is written to after a day.", err)

    @contextmanager
    def _sending(self, session: SftpSession, client: SFTPClient, what: str) -> Iterator[None]:
        with session.using(client, what):
            try:
                yield
            except OSError as err:
                # OpenSSH says "failure" and no more.
                if is_answer(err, client) and err.errno is None and self._is_full(client):
                    raise full(what) from err
                raise

    def _is_full(self, client: SFTPClient) -> bool:
        free = free_bytes(client, self._root)
        return free is not None and free < _NOTHING_LEFT

    def _path(self, key: str) -> str:
        return posixpath.join(self._root, key)
