"""What Airflow knows of the feeds' Dags, and how to start a run of one. Works inside the API server only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from airflow.api.common.trigger_dag import trigger_dag
from airflow.api_fastapi.common.db.common import SessionDep
from airflow.exceptions import DagNotFound, DagRunAlreadyExists, ParamValidationError
from airflow.models import DagModel, DagRun
from airflow.utils.state import DagRunState
from airflow.utils.types import DagRunTriggeredByType
from fastapi import HTTPException, status
from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

__all__ = ["DagFacts", "SessionDep", "StartedRun", "facts_of", "failed_dags", "start"]


@dataclass(frozen=True, slots=True)
class DagFacts:
    """One Dag.

    :param dag_run_id: its newest run.
    :param state: of that run.
    :param first_run_at: when its oldest run that is still known was to start.
    """

    dag_id: str
    is_paused: bool
    dag_run_id: str | None = None
    state: str | None = None
    first_run_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StartedRun:
    """:param is_paused: the run waits until the Dag is unpaused."""

    dag_run_id: str
    is_paused: bool


def facts_of(session: Session, dag_ids: Iterable[str]) -> dict[str, DagFacts]:
    """Return what is known of these Dags; one that Airflow has not parsed yet is left out."""
    wanted = list(dag_ids)
    ends = (
        select(DagRun.dag_id, func.max(DagRun.id).label("newest"), func.min(DagRun.run_after).label("first_at"))
        .where(DagRun.dag_id.in_(wanted))
        .group_by(DagRun.dag_id)
        .subquery()
    )
    query = (
        select(DagModel.dag_id, DagModel.is_paused, DagRun.run_id, DagRun.state, ends.c.first_at)
        .outerjoin(ends, ends.c.dag_id == DagModel.dag_id)
        .outerjoin(DagRun, DagRun.id == ends.c.newest)
        .where(DagModel.dag_id.in_(wanted))
    )
    return {
        dag_id: DagFacts(dag_id, bool(is_paused), dag_run_id, state and str(state), first_at)
        for dag_id, is_paused, dag_run_id, state, first_at in session.execute(query)
    }


def failed_dags(session: Session, runs: Mapping[str, str]) -> set[str]:
    """Return which of these Dags failed in the given run, which need not be their newest.

    :param runs: Dag id -> Dag run id.
    """
    query = select(DagRun.dag_id).where(
        tuple_(DagRun.dag_id, DagRun.run_id).in_(list(runs.items())), DagRun.state == DagRunState.FAILED
    )
    return set(session.scalars(query)) if runs else set()


def start(session: Session, dag_id: str, conf: dict[str, Any], user_name: str) -> StartedRun:
    """Queue a manual run of a Dag with parameters. It exists once the session is committed.

    :raises HTTPException: 409 if the Dag is gone or takes no such run, 400 if it refuses a parameter.
    """
    model = session.get(DagModel, dag_id)
    if model is None or model.is_stale or model.has_import_errors:
        raise HTTPException(
            status.HTTP_409_CONFLICT,
            f"Airflow has no working Dag {dag_id} now. Nothing was started. See its import errors.",
        )
    try:
        run = trigger_dag(
            dag_id,
            triggered_by=DagRunTriggeredByType.UI,
            triggering_user_name=user_name,
            conf=conf,
            session=session,
        )
    except ParamValidationError as err:
        raise HTTPException(status.HTTP_400_BAD_REQUEST, f"{err}. Nothing was started.") from err
    except (DagNotFound, DagRunAlreadyExists, ValueError) as err:
        raise HTTPException(status.HTTP_409_CONFLICT, f"{err}. Nothing was started.") from err
    if run is None:
        raise HTTPException(status.HTTP_409_CONFLICT, f"Airflow did not start a run of {dag_id}.")
    return StartedRun(run.run_id, bool(model.is_paused))
