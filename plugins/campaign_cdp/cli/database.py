"""How commands open a Campaign database."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any

import click
import psycopg

from campaign_cdp.exceptions import FeedConfigError
from campaign_cdp.hooks.campaign.errors import mapped_errors, told
from campaign_cdp.ledger.store import Ledger


def database_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options ``--conn`` and ``--url``."""
    command = click.option("--url", help="Connection string of the database, instead of --conn.")(command)
    return click.option(
        "--conn", "conn_id", default="campaign_db", show_default=True, help="Airflow connection of the database."
    )(command)


@contextmanager
def open_ledger(conn_id: str, url: str | None) -> Iterator[Ledger]:
    """Open the ledger of a database, which has to be of the version this package needs."""
    with open_database(conn_id, url) as conn:
        book = Ledger(conn)
        book.check_version()
        yield book


@contextmanager
def open_database(conn_id: str, url: str | None, connect_timeout: int | None = None) -> Iterator[psycopg.Connection]:
    """Open the database of an Airflow connection, or of a connection string.

    :param connect_timeout: seconds, unless the Airflow connection sets its own.
    """
    if url:
        with mapped_errors("--url"), _opened(url) as opened:
            yield opened
        return
    use_connections()
    from airflow.sdk.exceptions import AirflowNotFoundException

    from campaign_cdp.hooks.campaign.sql import connect

    try:
        with connect(conn_id, connect_timeout=connect_timeout) as conn:
            yield conn
    except AirflowNotFoundException as err:
        name = f"AIRFLOW_CONN_{conn_id.upper()}"
        raise FeedConfigError(
            f"Airflow has no connection {conn_id}. Nothing was done. Create it, or set {name}."
        ) from err


def _opened(url: str) -> psycopg.Connection:
    """A connection string holds a password, and the driver quotes one that it cannot read."""
    try:
        return psycopg.connect(url, options="-c timezone=UTC")
    except psycopg.ProgrammingError:
        raise click.ClickException("The database cannot be opened: --url is no connection string of libpq.") from None
    except psycopg.OperationalError as err:
        raise click.ClickException(f"The database cannot be opened: {told(err)}") from None


def use_connections() -> None:
    """Let Airflow look connections up in its own database: outside of a task it does so only for servers."""
    os.environ.setdefault("_AIRFLOW_PROCESS_CONTEXT", "server")
    os.environ.setdefault("AIRFLOW__LOGGING__LOGGING_LEVEL", "WARNING")
    if "airflow" not in sys.modules:
        _import_airflow()


def _import_airflow() -> None:
    """Import it so that it logs to standard error: programs read the answer from standard output."""
    errors = sys.__stderr__ or sys.stderr
    with redirect_stdout(errors):
        import airflow.settings  # noqa: F401 - it configures logging
        import structlog

    factory: Any = structlog.get_config()["logger_factory"]
    if hasattr(factory, "io"):
        factory.io = errors
