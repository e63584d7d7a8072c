"""One local file being written: hidden until complete, removed when anything goes wrong."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

from campaign_cdp.exceptions import SyncError
from campaign_cdp.file_sets import StoredObject
from campaign_cdp.hooks.landing_zone.local_files import part_path, remove_leftovers, stored, sync_folder

log = logging.getLogger(__name__)

_WRITE_BEHIND: Final = 1024 * 1024
#: Somebody may remove a folder between its creation and the first file in it; not again and again.
ATTEMPTS: Final = 5


class PartFile:
    """Write a file beside its final name. Leaving the block without :meth:`complete` removes it.

    :param path: final name.
    :param key: of the object.
    :param mapped: context manager that maps the system's errors.
    """

    def __init__(self, path: Path, key: str, mapped: Callable[[], AbstractContextManager[None]]) -> None:
        self._path, self._key, self._mapped = path, key, mapped
        self._part = part_path(path)
        self._file: BinaryIO | None = None

    def __enter__(self) -> Self:
        with self._mapped():
            self._file = self._create()
        return self

    def write(self, data: bytes) -> None:
        with self._mapped():
            self._open.write(data)

    def complete(self) -> StoredObject:
        """Make the file appear under its name, in place of what was there."""
        with self._mapped():
            self._open.flush()
            fd = self._open.fileno()
            # The kernel's clock ticks in milliseconds: two versions of one size could look the same.
            os.utime(fd, ns=(time.time_ns(), time.time_ns()))
            os.fsync(fd)
            written = stored(self._key, os.fstat(fd))
            self._open.close()
            self._part.replace(self._path)
            self._file = None
            sync_folder(self._path.parent)
        return written

    def __exit__(
        self, kind: type[BaseException] | None, err: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is None:
            return
        with suppress(OSError):  # a full disk is told again
            self._file.close()
        try:
            with self._mapped():
                self._part.unlink(missing_ok=True)
        except SyncError as unlink_err:
            log.warning("%s stays and will be removed after a day: %s", self._part, unlink_err)

    @property
    def _open(self) -> BinaryIO:
        if self._file is None:
            raise ValueError("This file is not open, or is complete.")
        return self._file

    def _create(self) -> BinaryIO:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                remove_leftovers(self._path.parent)
                return self._part.open("xb", buffering=_WRITE_BEHIND)
            except FileNotFoundError:
                if attempt == ATTEMPTS:
                    raise
        raise AssertionError("unreachable")
