from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from campaign_cdp.sandbox.storages import OutsideObject


class LocalStorage:
    """One folder."""

    def __init__(self, folder: Path) -> None:
        self._folder, self.url = folder, folder.as_uri()

    def put(self, key: str, path: Path) -> None:
        target = self._folder / key
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)

    def objects(self, prefix: str) -> Iterator[OutsideObject]:
        for path in sorted(self._folder.rglob("*")):
            key = path.relative_to(self._folder).as_posix()
            if path.is_file() and key.startswith(prefix):
                status = path.stat()
                yield OutsideObject(key, status.st_size, datetime.fromtimestamp(status.st_mtime, UTC))

    @contextmanager
    def open(self, key: str) -> Iterator[BinaryIO]:
        with (self._folder / key).open("rb") as content:
            yield content
