"""What Azure Blob and its client report, mapped once onto this package's errors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError

from campaign_cdp.exceptions import (
    AccessDeniedError,
    FeedConfigError,
    RetriableSyncError,
    StorageFullError,
    SyncError,
)

_WRONG_CONTAINER_CODES: Final = frozenset(
    {"ContainerNotFound", "ContainerBeingDeleted", "ContainerDisabled", "InvalidResourceName", "OutOfRangeInput"}
    | {"ResourceNotFound"}  # the account
)
_GONE_CODES: Final = frozenset({"BlobNotFound", "ConditionNotMet", "TargetConditionNotMet"})
_BUSY_CODES: Final = frozenset(
    {"ServerBusy", "OperationTimedOut", "PendingCopyOperation", "BlobBeingRehydrated"}
    # Another writer committed the blob in between, and that took our blocks away.
    | {"InvalidBlockList"}
)
_SIGNATURE: Final = re.compile(r"sig=[^&\s'\"]+")


def code_of(err: HttpResponseError) -> str:
    code = getattr(err, "error_code", None)  # set by the storage client alone
    return str(getattr(code, "value", code) or "")


def is_gone(err: HttpResponseError) -> bool:
    """The blob is not there, or no longer in the version that was asked for."""
    return code_of(err) in _GONE_CODES


def is_source_gone(err: HttpResponseError) -> bool:
    """The same of the blob that the server was to copy."""
    code = code_of(err)
    return code == "SourceConditionNotMet" or (code == "CannotVerifyCopySource" and err.status_code in {404, 412})


@contextmanager
def mapped_errors(doing: str, connection: str) -> Iterator[None]:
    """Raise this package's error instead of the client's.

    :param doing: what was attempted, e.g. ``list abfs://container/prefix``.
    :param connection: Airflow connection id, for the next step.
    """
    try:
        yield
    except HttpResponseError as err:
        raise _of_response(err, doing, connection) from err
    except (AzureError, OSError, ValueError) as err:  # ValueError: an answer that the client cannot read
        raise _of_client(err, doing, connection) from err


@contextmanager
def connecting(url: str, connection: str) -> Iterator[None]:
    """The same while the client is made, which asks no server yet."""
    with mapped_errors(f"connect to {url}", connection):
        try:
            yield
        except (ValueError, TypeError) as err:
            raise FeedConfigError(
                f"Cannot connect to {url}: {_said(err)}. Check host, login, password and the extra of connection "
                f"{connection!r}."
            ) from err


def _of_response(err: HttpResponseError, doing: str, connection: str) -> SyncError:
    if err.response is None and not isinstance(err, ClientAuthenticationError):
        return _of_client(err, doing, connection)
    code, status = code_of(err), err.status_code or 0
    said = f"Cannot {doing}: Azure answered {status} {code} ({_said(err)})."
    if isinstance(err, ClientAuthenticationError) or status in {401, 403}:
        return AccessDeniedError(
            f"{said} Retrying cannot help. Check login, password, host and extra of connection {connection!r}, the "
            "clock of this machine, the account's firewall, and that the connection may list, read, create, write and "
            "delete in the container."
        )
    if code in _WRONG_CONTAINER_CODES:
        return FeedConfigError(
            f"{said} Check landing_zone.container of the feed and host of connection {connection!r}."
        )
    if status == 507:
        return StorageFullError(f"{said} Nothing was written. Make room in the account, then clear the failed task.")
    # With no code, or half of one, it was not Azure that answered, or not to the end.
    if not code or code in _BUSY_CODES or "Lease" in code or status >= 500 or status in {404, 408, 412, 429}:
        return RetriableSyncError(f"{said} It will be tried again.")
    return FeedConfigError(f"{said} Retrying cannot help. Check connection {connection!r} and the feed's landing_zone.")


def _of_client(err: Exception, doing: str, connection: str) -> SyncError:
    if "CERTIFICATE_VERIFY_FAILED" in str(err):
        return AccessDeniedError(
            f"Cannot {doing}: the server's certificate is not trusted ({_said(err)}). Add its CA to this machine, or "
            f"name the CA file as 'connection_verify' in the extra of connection {connection!r}."
        )
    return RetriableSyncError(
        f"Cannot {doing}: {type(err).__name__}: {_said(err)}. It will be tried again; if it persists, check login and "
        f"host of connection {connection!r} and the network."
    )


def _said(err: Exception) -> str:
    """The first line: more names request ids and may show a signature."""
    lines = (getattr(err, "message", None) or str(err)).strip().splitlines()
    return _SIGNATURE.sub("sig=***", lines[0].rstrip(".")) if lines else type(err).__name__
