"""What the operating system reports about a local landing zone, mapped once onto this package's errors."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from campaign_cdp.exceptions import (
    AccessDeniedError,
    FeedConfigError,
    RetriableSyncError,
    StorageFullError,
    SyncError,
)

_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
_DENIED: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_WRONG: Final = frozenset(
    {errno.ENAMETOOLONG, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.EFBIG, errno.EILSEQ, errno.EEXIST}
)


@contextmanager
def mapped_errors(doing: str, connection: str) -> Iterator[None]:
    """Raise this package's error instead of the system's.

    :param doing: what was attempted, e.g. ``list /mnt/aep/in/``.
    :param connection: Airflow connection id, for the next step.
    """
    try:
        yield
    except OSError as err:
        raise _of(err, doing, connection) from err


def no_links(err: OSError, *, own: bool, url: str) -> SyncError | None:
    """Return the error for a file system that refuses a second name for a file, ``None`` if it refused otherwise.

    :param own: the file belongs to the user of this process.
    """
    if err.errno == errno.EPERM and not own:
        return AccessDeniedError(
            f"Cannot move {url}: it belongs to another user, and the system lets only its owner, or who may write to "
            "it, give it a second name. Nothing was moved. Have the file written with group write permission, or run "
            "the worker as its owner."
        )
    if err.errno in {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV}:
        return FeedConfigError(
            f"Cannot move {url}: {err.strerror}. A local landing zone has to be one file system with hard links, else "
            "files could not be published whole and without overwriting. Nothing was moved. Choose another "
            "landing_zone.path, or mount the share so that it has them."
        )
    return None


def _of(err: OSError, doing: str, connection: str) -> SyncError:
    said = f"Cannot {doing}: {err.strerror or err}."
    if err.errno in _FULL:
        return StorageFullError(
            f"{said} Nothing half-written was left there. Free space in the folder or raise its quota, then clear this "
            "task."
        )
    if err.errno in _DENIED:
        return AccessDeniedError(
            f"{said} Retrying cannot help. Check that the worker's user may list, read, write and delete below the "
            f"path of connection {connection!r}, and that it is not mounted read-only."
        )
    if err.errno in _WRONG:
        return FeedConfigError(f"{said} Retrying cannot help. Check the feed's landing_zone and what lies there.")
    return RetriableSyncError(
        f"{said} It will be tried again; if it persists, check the mount behind connection {connection!r}."
    )
