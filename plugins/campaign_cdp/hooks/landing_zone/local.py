"""Landing zone in a folder of this machine, on the standard provider's hook and connection of type ``fs``.

Identity of content: inode, time and size. A file is moved by giving it a second name (``link`` never overwrites and is
atomic) and removing the first, so it keeps its identity, and both names on one inode are an interrupted move.
"""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Final

from campaign_cdp.exceptions import RetriableSyncError
from campaign_cdp.file_sets import StoredObject
from campaign_cdp.hooks.landing_zone.base import LandingZone
from campaign_cdp.hooks.landing_zone.local_errors import mapped_errors
from campaign_cdp.hooks.landing_zone.local_files import files_below, link_version, remove_version, version_at
from campaign_cdp.hooks.landing_zone.local_part import ATTEMPTS, PartFile
from campaign_cdp.hooks.landing_zone.local_root import LocalRoot
from campaign_cdp.hooks.landing_zone.local_stream import FileStream, open_version
from campaign_cdp.hooks.landing_zone.refusals import replaced, taken

_READ_AHEAD: Final = 1024 * 1024


class LocalLandingZone(LandingZone):
    """One folder and all that is below it. Symbolic links below it are never followed.

    :param path: below the connection's path; empty is that path itself. It has to exist.
    :param connection: Airflow connection id of type ``fs``; the ``path`` in its extra is absolute.
    :param page_size: files of a listed page.
    :raises FeedConfigError: if the connection does not exist or names no folder.
    """

    def __init__(self, path: str = "", *, connection: str = "landing_zone_local", page_size: int = 1000) -> None:
        self.connection, self.page_size = connection, page_size
        self._root = LocalRoot(path, connection)
        self.url = str(self._root.folder)

    def iter_pages(self, prefix: str) -> Iterator[list[StoredObject]]:
        folder, slash, start = prefix.rpartition("/")
        self._root.locate(f"{folder}/x" if folder else "x")
        found = files_below(self._root.folder, folder + slash, start)
        while True:
            with self._mapped(f"list {self.url}/{prefix}"):
                page = list(islice(found, self.page_size))
            if not page:
                return
            yield page

    def stat(self, key: str) -> StoredObject | None:
        path = self._root.locate(key)
        with self._mapped(f"look for {self.url}/{key}"):
            return version_at(path, key)

    def open(self, obj: StoredObject) -> BinaryIO:
        path, url = self._root.locate(obj.key), f"{self.url}/{obj.key}"
        with self._mapped(f"open {url}"):
            fd = open_version(path, obj)
        if fd is None:
            raise replaced(url)
        return io.BufferedReader(FileStream(fd, obj, url, self._mapped), _READ_AHEAD)

    def stage(self, key: str, body: Iterator[bytes]) -> StoredObject:
        path = self._root.locate(key)
        with PartFile(path, key, lambda: self._mapped(f"write {self.url}/{key}")) as part:
            for chunk in body:
                part.write(chunk)
            return part.complete()

    def publish(self, staged: StoredObject, key: str) -> StoredObject:
        published = self._link_once(staged, key)
        if published is None:
            raise replaced(f"{self.url}/{staged.key}")
        self._remove(staged)
        return published

    def move(self, obj: StoredObject, key: str) -> StoredObject | None:
        moved = self._link_once(obj, key)
        if moved is not None:
            self._remove(obj)
        return moved

    def delete(self, obj: StoredObject) -> bool:
        """Delete exactly this version, and the folders that are empty then; ``False`` if it is gone or replaced."""
        deleted = self._remove(obj)
        if deleted:
            self._root.prune(self._root.locate(obj.key).parent)
        return deleted

    def clear(self, prefix: str) -> None:
        folder, _, start = prefix.rpartition("/")
        base = self._root.locate(f"{folder}/x" if folder else "x").parent
        with self._mapped(f"clear {self.url}/{prefix}"):
            with suppress(FileNotFoundError, NotADirectoryError), os.scandir(base) as entries:
                for entry in entries:
                    if entry.name.startswith(start):
                        _remove_tree(entry)
            self._root.prune(base)

    def free_bytes(self) -> int | None:
        self._root.require()
        with self._mapped(f"ask for the free space of {self.url}"):
            status = os.statvfs(self._root.folder)
        return status.f_bavail * status.f_frsize

    # -- Moving ---------------------------------------------------------------------------------------------------

    def _link_once(self, obj: StoredObject, key: str) -> StoredObject | None:
        """Link ``obj`` to ``key`` unless that was done before; ``None`` if ``obj`` is gone and never was linked.

        :raises FileReplacedError: if ``key`` holds something else.
        """
        source, target = self._root.locate(obj.key), self._root.locate(key)
        with self._mapped(f"move {self.url}/{obj.key} to {key}"):
            for _ in range(ATTEMPTS):
                if linked := self._linked(obj, target, key):
                    return linked
                with suppress(FileNotFoundError):
                    target.parent.mkdir(parents=True, exist_ok=True)
                # The key was taken meanwhile, or the folder removed because it was empty: look again.
                with suppress(FileExistsError, FileNotFoundError):
                    if not link_version(source, obj, target, f"{self.url}/{obj.key}"):
                        # Somebody else may have finished the same move since.
                        return self._linked(obj, target, key)
        raise RetriableSyncError(f"{self.url}/{key} comes and goes while it is written. It will be tried again.")

    def _linked(self, obj: StoredObject, target: Path, key: str) -> StoredObject | None:
        if not os.path.lexists(target):
            return None
        found = version_at(target, key)
        if found and (found.size, found.etag) == (obj.size, obj.etag):
            return found
        raise taken(f"{self.url}/{key}", found, obj)

    # -- Removing -------------------------------------------------------------------------------------------------

    def _remove(self, obj: StoredObject) -> bool:
        path = self._root.locate(obj.key)
        with self._mapped(f"delete {self.url}/{obj.key}"):
            return remove_version(path, obj)

    def _mapped(self, doing: str) -> AbstractContextManager[None]:
        return mapped_errors(doing, self.connection)


def _remove_tree(entry: os.DirEntry[str]) -> None:
    def unless_gone(_: object, __: str, err: Any) -> None:
        if not isinstance(err[1], FileNotFoundError):
            raise err[1]

    if entry.is_dir(follow_symlinks=False):
        shutil.rmtree(entry.path, onerror=unless_gone)
    else:
        Path(entry.path).unlink(missing_ok=True)
