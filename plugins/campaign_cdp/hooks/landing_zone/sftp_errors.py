"""What an SFTP server and its client report, mapped once onto this package's errors."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from paramiko import SFTPClient
from paramiko.sftp import SFTPError
from paramiko.ssh_exception import AuthenticationException, BadHostKeyException, SSHException

from campaign_cdp.exceptions import (
    AccessDeniedError,
    FeedConfigError,
    RetriableSyncError,
    StorageFullError,
    SyncDataError,
    SyncError,
)

_FULL: Final = ("no space", "quota", "disk full", "filesystem full")
_NO_CREDENTIALS: Final = "No authentication methods"
#: Paramiko calls these failed logins too.
_LOST: Final = ("transport shut down", "Authentication timeout")
_UNKNOWN_HOST: Final = "not found in known_hosts"


def is_answer(err: BaseException, client: SFTPClient) -> bool:
    """The server refused a request, and the session goes on. Otherwise the session itself is broken."""
    # Paramiko raises a bare OSError for an answer without a better class, and the same when its own socket is closed.
    return type(err) in (OSError, FileNotFoundError, PermissionError) and not client.get_channel().closed


def says_full(err: OSError) -> bool:
    return any(words in str(err).lower() for words in _FULL)


@contextmanager
def mapped_login_errors(url: str, connection: str) -> Iterator[None]:
    """The same as :func:`mapped_errors` while a session is opened.

    :param url: what is connected to.
    """
    try:
        yield
    except BadHostKeyException as err:
        raise AccessDeniedError(
            f"Cannot connect to {url}: the server's {err.key.get_name()} host key is not the expected one, so it may "
            "be another server. No password was sent. If its operator confirms the new key, change host_key in the "
            f"extra of connection {connection!r}, or the worker's known_hosts."
        ) from err
    except SSHException as err:
        raise _of_login(err, url, connection) from err
    except (EOFError, OSError, SFTPError) as err:
        raise _unreachable(err, f"connect to {url}", connection) from err


@contextmanager
def mapped_errors(doing: str, connection: str) -> Iterator[None]:
    """Raise this package's error instead of the client's.

    :param doing: what was attempted, e.g. ``list sftp://host:22/folder``.
    :param connection: Airflow connection id, for the next step.
    """
    try:
        yield
    except UnicodeDecodeError as err:
        raise SyncDataError(
            f"Cannot {doing}: a file's name is not UTF-8 ({err.object!r}). Nothing was read. Rename or remove it."
        ) from err
    except OSError as err:
        raise _of_answer(err, doing, connection) from err
    except (EOFError, SSHException, SFTPError) as err:
        raise _unreachable(err, doing, connection) from err


def _of_login(err: SSHException, url: str, connection: str) -> SyncError:
    if _UNKNOWN_HOST in str(err):
        return AccessDeniedError(
            f"Cannot connect to {url}: the server's host key is not known, so it may be another server. No password "
            "was sent. Get the server's public host key from its operator and enter it as host_key in the extra of "
            f"connection {connection!r}."
        )
    refused = isinstance(err, AuthenticationException) and not any(words in str(err) for words in _LOST)
    if refused or _NO_CREDENTIALS in str(err):
        return AccessDeniedError(
            f"Cannot connect to {url}: the server refused the login ({err}). Retrying cannot help. Check login, "
            f"password and private_key of connection {connection!r}; hosted servers let passwords expire."
        )
    return _unreachable(err, f"connect to {url}", connection)


def _of_answer(err: OSError, doing: str, connection: str) -> SyncError:
    if err.errno == errno.ENOENT:
        return FeedConfigError(
            f"Cannot {doing}: the server has no such folder. Check landing_zone.path of the feed and who removes it."
        )
    if err.errno == errno.EACCES:
        return AccessDeniedError(
            f"Cannot {doing}: permission denied. Retrying cannot help. Give the user of connection {connection!r} the "
            "right to list, read, write, rename and remove in this folder."
        )
    if says_full(err):
        return full(doing)
    return _unreachable(err, doing, connection)


def full(doing: str) -> StorageFullError:
    return StorageFullError(
        f"Cannot {doing}: the server has no space left. Nothing half-written was left there. Remove old files or raise "
        "the quota, then clear this task."
    )


def _unreachable(err: Exception, doing: str, connection: str) -> RetriableSyncError:
    return RetriableSyncError(
        f"Cannot {doing}: {type(err).__name__}: {err}. It will be tried again; if it persists, check host and port of "
        f"connection {connection!r}, the network, and the server's log."
    )
