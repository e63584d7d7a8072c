"""Examines Airflow: pools and Dags of the feeds, and whether scheduler and triggerer are alive."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from campaign_cdp.cli.checkup import Examination, Report, Status
from campaign_cdp.feeds.directions import Feed

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_JOBS: Final = {
    "scheduler": ("SchedulerJob", "no task starts"),
    "triggerer": ("TriggererJob", "no waiting sensor ever goes on"),
}


def airflow_examination(feeds: Sequence[Feed]) -> Examination:
    """Look at Airflow's metadata database, where it can be reached; workers cannot, and need not."""
    from airflow import settings
    from airflow.utils.session import create_session
    from sqlalchemy.exc import SQLAlchemyError

    def examine(report: Report) -> None:
        with report.step("metadata database"):
            try:
                _refuse_missing_file(settings.engine)
                with create_session() as session:
                    _look(report, session, feeds)
            except (SQLAlchemyError, LookupError, RuntimeError) as err:
                report.add(
                    Status.SKIPPED,
                    f"Cannot be read from here ({type(err).__name__}), so pools, Dags, scheduler and triggerer were "
                    f"not checked. Run cdp doctor where `airflow dags list` works to have them checked.",
                )

    return Examination("airflow", examine)


def _refuse_missing_file(engine: object) -> None:
    """SQLite would create the file, and nothing shall be changed.

    :raises LookupError: if there is none.
    """
    url = getattr(engine, "url", None)
    if url is None:
        raise LookupError("there is no engine")
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        raise LookupError(str(url.database))


def _look(report: Report, session: Session, feeds: Sequence[Feed]) -> None:
    _pools(report, session, feeds)
    _dags(report, session, feeds)
    for name, (job_type, effect) in _JOBS.items():
        _job(report, session, name, job_type, effect)


def _pools(report: Report, session: Session, feeds: Sequence[Feed]) -> None:
    from airflow.models.pool import Pool
    from sqlalchemy import select

    wanted = sorted({pool for feed in feeds for pool in (feed.landing_zone.connection, feed.campaign)})
    known = set(session.scalars(select(Pool.pool).where(Pool.pool.in_(wanted))))
    with report.step("pools"):
        for pool in wanted:
            if pool not in known:
                report.warn(f"There is no pool {pool}, so its tasks wait for ever: airflow pools set {pool} 8 '{pool}'")
        if known.issuperset(wanted):
            report.ok(f"{', '.join(wanted)}")


def _dags(report: Report, session: Session, feeds: Sequence[Feed]) -> None:
    from airflow.models import DagModel
    from sqlalchemy import select

    wanted = [f"{feed.direction}__{feed.id}" for feed in feeds]
    found = {dag.dag_id: dag for dag in session.scalars(select(DagModel).where(DagModel.dag_id.in_(wanted)))}
    with report.step("Dags"):
        paused = [name for name in wanted if name in found and found[name].is_paused]
        gone = [name for name in wanted if name not in found or found[name].is_stale]
        if gone:
            report.warn(f"Airflow does not know {', '.join(gone)} yet. See: airflow dags list-import-errors")
        if paused:
            report.warn(f"Paused: {', '.join(paused)}. Start one with: airflow dags unpause {paused[0]}")
        if not gone and not paused:
            report.ok(f"{len(wanted)} known, none paused.")


def _job(report: Report, session: Session, name: str, job_type: str, effect: str) -> None:
    from airflow.jobs.job import Job
    from sqlalchemy import select

    query = select(Job).where(Job.job_type == job_type).order_by(Job.latest_heartbeat.desc()).limit(1)
    newest = session.scalars(query).first()
    with report.step(name):
        if newest is not None and newest.is_alive():
            report.ok("Alive.")
            return
        last = f"its last heartbeat was {newest.latest_heartbeat:%Y-%m-%d %H:%M:%S} UTC" if newest else "it never ran"
        report.problem(f"Not alive, {last}, so {effect}. Start it with: airflow {name}")
