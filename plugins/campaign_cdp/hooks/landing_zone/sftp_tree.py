"""Folders on an SFTP server: walked in key order, made when needed, removed when emptied."""

from __future__ import annotations

import errno
import posixpath
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Final, TypeVar

from paramiko import SFTPAttributes, SFTPClient

from campaign_cdp.hooks.landing_zone.sftp_names import is_part

T = TypeVar("T")
_TRIES: Final = 10

#: Returns what is in a folder (its key, without a / at the end), or nothing if it is missing.
Scan = Callable[[str], list[SFTPAttributes]]


def is_file(found: SFTPAttributes | None) -> bool:
    return found is not None and stat.S_ISREG(found.st_mode or 0)


def is_folder(found: SFTPAttributes) -> bool:
    return stat.S_ISDIR(found.st_mode or 0)


def files_below(scan: Scan, prefix: str) -> Iterator[tuple[str, SFTPAttributes]]:
    """Yield keys and attributes of the files whose keys start with ``prefix``, in key order; links are not followed."""
    folder, _, start = prefix.rpartition("/")
    # A folder's files sort by its name with the / that their keys have: "a.csv" < "a/b" < "a0".
    named = sorted((entry.filename + "/" * is_folder(entry), entry) for entry in scan(folder))
    for name, entry in named:
        key = posixpath.join(folder, name)
        if is_folder(entry):
            if name.startswith(start):
                yield from files_below(scan, key)
        elif name.startswith(start) and is_file(entry) and not is_part(name):
            yield key, entry


def scan(client: SFTPClient, path: str) -> list[SFTPAttributes]:
    """Return what is in a folder, with one request per hundred entries or so; nothing if there is no such folder."""
    try:
        return list(client.listdir_attr(path))
    except FileNotFoundError:
        return []


def lstat(client: SFTPClient, path: str) -> SFTPAttributes | None:
    try:
        return client.lstat(path)
    except FileNotFoundError:
        return None


def with_folder(client: SFTPClient, root: str, folder: str, act: Callable[[], T]) -> T:
    """Do something that needs a folder below ``root``, which is made if it is missing.

    Somebody who empties folders may remove it again in between.
    """
    for _ in range(_TRIES):
        with suppress(FileNotFoundError):
            return act()
        with suppress(FileNotFoundError):
            _make(client, root, folder)
    return act()


def _make(client: SFTPClient, root: str, folder: str) -> None:
    path = root
    for name in filter(None, folder.split("/")):
        path = posixpath.join(path, name)
        try:
            client.mkdir(path)
        except OSError:
            # It is there, or somebody else was faster.
            if not is_folder(client.stat(path)):
                raise


def remove_emptied(client: SFTPClient, root: str, folder: str) -> None:
    """Remove a folder below ``root`` and those above it as long as they are empty."""
    with suppress(OSError):
        while folder:
            client.rmdir(posixpath.join(root, folder))
            folder = posixpath.dirname(folder)


def remove_all(client: SFTPClient, root: str, prefix: str) -> None:
    """Remove everything whose key starts with ``prefix``, and the folders that are empty then."""
    folder, _, start = prefix.rpartition("/")
    for entry in scan(client, posixpath.join(root, folder)):
        key = posixpath.join(folder, entry.filename)
        if not entry.filename.startswith(start):
            continue
        if is_folder(entry):
            remove_all(client, root, f"{key}/")
        else:
            remove(client, posixpath.join(root, key))
    remove_emptied(client, root, folder)


def remove(client: SFTPClient, path: str) -> bool:
    """Remove a file; ``False`` if it is gone already."""
    try:
        client.remove(path)
    except OSError as err:
        if err.errno != errno.ENOENT:
            raise
        return False
    return True
