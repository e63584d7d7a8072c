"""What the Campaign database's errors mean, told without what they quote.

PostgreSQL puts rows into its messages: a constraint's DETAIL names the key, COPY's CONTEXT the line, a conversion the
value. Whoever reads logs need not be one who may read recipients.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg

from campaign_cdp.exceptions import (
    AccessDeniedError,
    FeedConfigError,
    RetriableSyncError,
    SyncDataError,
    SyncError,
)

#: SQLSTATE classes whose first line names objects and reasons only. Not so 22 (values) and P0 (what a trigger says).
_PLAIN: Final = frozenset({"08", "0A", "23", "25", "26", "28", "3D", "3F", "40", "42", "53", "54", "55", "57", "58"})
_REFUSED: Final = (psycopg.errors.InsufficientPrivilege, psycopg.errors.InvalidAuthorizationSpecification)
_ASKED_TO_WAIT: Final = (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected)
#: From a trigger of Campaign's database, which may say anything.
_OF_A_TRIGGER: Final = "P0"


@contextmanager
def mapped_errors(conn_id: str) -> Iterator[None]:
    """Turn the driver's errors into this package's; what caused them is kept, without values.

    :raises AccessDeniedError: if it refuses the user, the password or a right.
    :raises RetriableSyncError: if it is unreachable, breaks off, finds a deadlock, or a row breaks a constraint.
    :raises SyncDataError: if it, or one of its triggers, refuses a value.
    :raises FeedConfigError: if it lacks a table, a column or a function.
    """
    try:
        yield
    except SyncError:
        raise
    except psycopg.Error as err:
        raise _mapped(conn_id, err) from without_values(err)
    except UnicodeEncodeError:
        raise SyncDataError(
            f"A text for the Campaign database ({conn_id}) holds half a character (a surrogate). Nothing was changed. "
            "Look for a name of a file or a feed that is not UTF-8."
        ) from None


def without_values(err: psycopg.Error) -> psycopg.Error:
    """Return the same error for a log: where it arose, but no value of a row."""
    return type(err)(told(err)).with_traceback(err.__traceback__)


def told(err: psycopg.Error) -> str:
    """Return what of an error may be shown to anybody: one line, with the names of what it is about."""
    state = err.sqlstate
    if state is None:
        # The driver's own words. Those about a connection string quote it, with its password.
        words = _first(err) if isinstance(err, psycopg.OperationalError) else type(err).__name__
    else:
        words = _first(err) if state[:2] in _PLAIN else type(err).__name__
    about = [f"{name} {value}" for name, value in _names(err) if value and f'"{value}"' not in words]
    return f"{words} ({', '.join(about)})" if about else words


def _names(err: psycopg.Error) -> tuple[tuple[str, str | None], ...]:
    diag = err.diag
    return (
        ("SQLSTATE", err.sqlstate),
        ("constraint", diag.constraint_name),
        ("table", diag.table_name),
        ("column", diag.column_name),
    )


def _mapped(conn_id: str, err: psycopg.Error) -> SyncError:
    words, database = told(err), f"The Campaign database ({conn_id})"
    if isinstance(err, _REFUSED) or (isinstance(err, psycopg.OperationalError) and _is_about_login(err)):
        return AccessDeniedError(
            f"The Campaign database refuses connection {conn_id}: {words}. Nothing was changed. "
            f"Check its login, password and rights under Admin > Connections."
        )
    if isinstance(err, _ASKED_TO_WAIT):
        return RetriableSyncError(f"{database} asks to try again: {words}")
    if isinstance(err, psycopg.IntegrityError):
        return RetriableSyncError(
            f"{database} refuses a row: {words}. Nothing was changed; the row is not shown, it may be personal. It is "
            f"tried again, for Campaign may have written the same meanwhile. If it stays, ask who added the constraint."
        )
    if isinstance(err, psycopg.DataError) or (err.sqlstate or "").startswith(_OF_A_TRIGGER):
        return SyncDataError(
            f"{database} or one of its triggers refuses a value: {words}. Nothing was changed; the value is not shown, "
            f"it may be personal. The server's own log has it."
        )
    if isinstance(err, psycopg.ProgrammingError):
        return FeedConfigError(
            f"{database} has not what this package works with: {words}. Nothing was changed. Run `cdp doctor`."
        )
    return RetriableSyncError(f"{database} is unreachable or broke off: {words}")


def _is_about_login(err: psycopg.OperationalError) -> bool:
    return any(words in str(err) for words in ("authentication failed", "no password supplied"))


def _first(err: Exception) -> str:
    return str(err).strip().split("\n", 1)[0]
