"""How commands start Dag runs: through Airflow's metadata database, as ``airflow dags trigger`` does."""

from __future__ import annotations

import getpass
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from campaign_cdp.cli.database import open_ledger, use_connections
from campaign_cdp.feeds.directions import Feed

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Started:
    """A Dag run that waits for the scheduler.

    :param is_paused: it waits until somebody unpauses its Dag.
    """

    dag_id: str
    dag_run_id: str
    is_paused: bool

    def to_json(self) -> dict[str, Any]:
        return {"dag_id": self.dag_id, "dag_run_id": self.dag_run_id, "is_paused": self.is_paused}

    def say(self) -> None:
        """Tell a person what happens now."""
        click.echo(f"Started {self.dag_run_id} of {self.dag_id}")
        if self.is_paused:
            click.secho(f"The Dag is paused, so the run waits: airflow dags unpause {self.dag_id}", fg="yellow")


def start(feed: Feed, action: str, conf: dict[str, Any]) -> Started:
    """Queue a run of the feed's Dag, and write it into the ledger's audit with the user's name.

    Airflow's commit comes last: nothing happens that is not in the audit.

    :param action: word of the audit, e.g. ``backfill``.
    :param conf: parameters of the Dag.
    :raises click.ClickException: if Airflow cannot be asked from here, or refuses; nothing was started then.
    """
    use_connections()
    from airflow.utils.session import create_session
    from sqlalchemy.exc import ArgumentError, SQLAlchemyError

    user, dag_id = getpass.getuser(), f"{feed.direction}__{feed.id}"
    try:
        with open_ledger(feed.campaign, None) as ledger, create_session() as session:
            started = _trigger(session, dag_id, conf, user)
            ledger.audit(user, action, feed.id, {"dag_id": dag_id, "dag_run_id": started.dag_run_id, **conf})
    except (SQLAlchemyError, ArgumentError) as err:
        raise click.ClickException(
            f"Airflow's metadata database cannot be used from here ({type(err).__name__}). Nothing was started. Run "
            f"this where `airflow dags list` works, e.g. beside the scheduler, or start it on the page Sync runs."
        ) from err
    return started


def _trigger(session: Session, dag_id: str, conf: dict[str, Any], user: str) -> Started:
    from airflow.api.common.trigger_dag import trigger_dag
    from airflow.exceptions import DagNotFound, DagRunAlreadyExists, ParamValidationError
    from airflow.models import DagModel
    from airflow.utils.types import DagRunTriggeredByType

    model = session.get(DagModel, dag_id)
    if model is None or model.is_stale or model.has_import_errors:
        raise click.ClickException(
            f"Airflow has no working Dag {dag_id} now. Nothing was started. Check the feed with `cdp feeds lint`, and "
            f"Airflow with `airflow dags list-import-errors`; a new feed gets its Dag within a minute or so."
        )
    try:
        run = trigger_dag(
            dag_id,
            triggered_by=DagRunTriggeredByType.CLI,
            triggering_user_name=user,
            conf=conf,
            session=session,
        )
    except (DagNotFound, DagRunAlreadyExists, ParamValidationError, ValueError) as err:
        raise click.ClickException(f"{err}. Nothing was started.") from err
    if run is None:
        raise click.ClickException(f"Airflow did not start a run of {dag_id}.")
    return Started(dag_id, run.run_id, bool(model.is_paused))
