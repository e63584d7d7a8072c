"""Versions of local files: told apart by inode, time and size, listed in key order, linked and removed exactly."""

from __future__ import annotations

import errno
import logging
import os
import re
import stat
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from campaign_cdp.file_sets import StoredObject
from campaign_cdp.hooks.landing_zone.local_errors import no_links

log = logging.getLogger(__name__)

_PART: Final = re.compile(r"^\..*\.[0-9a-f]{8}\.cdp-part$", re.DOTALL)
_MAX_NAME_BYTES: Final = 255
_LEFTOVER_SECONDS: Final = 24 * 3600
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def stored(key: str, status: os.stat_result) -> StoredObject:
    """Describe a file. Moving it by link or rename changes neither inode nor time, so its ETag stays."""
    etag = f"{status.st_ino:x}-{status.st_mtime_ns:x}-{status.st_size:x}"
    return StoredObject(key, status.st_size, etag, _EPOCH + timedelta(microseconds=status.st_mtime_ns // 1000))


def version_at(path: Path, key: str) -> StoredObject | None:
    """Return the regular file at ``path``; links are not followed, and unfinished files do not count."""
    try:
        status = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return stored(key, status) if stat.S_ISREG(status.st_mode) and not _PART.match(path.name) else None


def is_version(path: Path, obj: StoredObject) -> bool:
    """Tell whether exactly this version is at ``path``."""
    found = version_at(path, obj.key)
    return found is not None and found.identity == obj.identity


def _holds(part: Path, obj: StoredObject) -> bool:
    return stored(obj.key, part.lstat()).identity == obj.identity


def part_path(path: Path) -> Path:
    """Return a hidden, unused name beside ``path``, no longer than a file system takes."""
    tail = f".{os.urandom(4).hex()}.cdp-part"
    head = path.name.encode()[: _MAX_NAME_BYTES - len(tail) - 1].decode(errors="ignore")
    return path.with_name(f".{head}{tail}")


def files_below(root: Path, folder: str, start: str) -> Iterator[StoredObject]:
    """Yield all files of a folder, in the order of their whole keys.

    :param folder: key prefix that is a folder, ending in / or empty.
    :param start: how names directly in it have to start.
    """
    pending = [folder + name for name in _names(root / folder, start)]
    while pending:
        key = pending.pop()
        if key.endswith("/"):
            pending.extend(key + name for name in _names(root / key))
        elif found := version_at(root / key, key):
            yield found


def _names(folder: Path, start: str = "") -> list[str]:
    """Names in a folder, the last first. A folder counts with its /, which sorts after . and - in a key."""
    try:
        with os.scandir(folder) as entries:
            names = [_shown(entry) for entry in entries]
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted((name for name in names if name and name.startswith(start)), reverse=True)


def _shown(entry: os.DirEntry[str]) -> str:
    if entry.is_dir(follow_symlinks=False):
        name = f"{entry.name}/"
    else:
        name = entry.name if entry.is_file(follow_symlinks=False) else ""
    try:
        name.encode()
    except UnicodeEncodeError:
        log.warning("%r has a name that is not UTF-8 and is passed over. Rename it.", os.fsencode(entry.path))
        return ""
    return name


def link_version(path: Path, obj: StoredObject, target: Path, url: str) -> bool:
    """Give exactly this version a second name; ``False`` if it is gone or replaced.

    :param url: of the file, for messages.
    :raises FileExistsError: if ``target`` is taken.
    :raises FileNotFoundError: if the folder of ``target`` is gone.
    """
    if not is_version(path, obj):
        return False
    # Only what lies under a name that nobody else knows can be looked at and then linked for sure.
    own = part_path(target)
    try:
        os.link(path, own, follow_symlinks=False)
    except FileNotFoundError:
        if path.exists():
            raise
        return False
    except OSError as err:
        if refused := no_links(err, own=path.lstat().st_uid == os.geteuid(), url=url):
            raise refused from err
        raise
    try:
        if not _holds(own, obj):
            return False
        os.link(own, target, follow_symlinks=False)
    finally:
        own.unlink(missing_ok=True)
    sync_folder(target.parent)
    return True


def remove_version(path: Path, obj: StoredObject) -> bool:
    """Remove exactly this version; ``False`` if it is gone or replaced."""
    if not is_version(path, obj):
        return False
    # A newer version may take the name between a look and an unlink, so the file is set aside first.
    aside = part_path(path)
    try:
        path.rename(aside)
    except FileNotFoundError:
        return False
    is_it = _holds(aside, obj)
    if not is_it:
        with suppress(FileExistsError):
            os.link(aside, path, follow_symlinks=False)
    aside.unlink(missing_ok=True)
    return is_it


def remove_leftovers(folder: Path) -> None:
    """Remove what killed processes left in a folder more than a day ago."""
    oldest = time.time() - _LEFTOVER_SECONDS
    with os.scandir(folder) as entries:
        parts = [entry for entry in entries if _PART.match(entry.name)]
    for entry in parts:
        with suppress(FileNotFoundError):
            # When it got this name or was written last: a file that is being moved keeps its own, older time.
            if entry.stat(follow_symlinks=False).st_ctime < oldest:
                Path(entry.path).unlink()
                log.info("Removed %s, which a killed process left", entry.path)


def sync_folder(folder: Path) -> None:
    """Make names in a folder survive a power failure."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    except OSError as err:
        if err.errno != errno.EINVAL:  # some network file systems have no such call
            raise
    finally:
        os.close(fd)
