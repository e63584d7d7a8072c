from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Run

REMOTES = ["campaign_db", "landing_zone_s3"]


@pytest.fixture(autouse=True)
def _no_pools_are_left(started_feeds: Path) -> Iterator[None]:
    from airflow.models.pool import Pool
    from airflow.utils.session import create_session
    from sqlalchemy import delete

    yield
    with create_session() as session:
        session.execute(delete(Pool).where(Pool.pool.in_(REMOTES)))


def slots() -> dict[str, int]:
    from airflow.models.pool import Pool

    return {pool.pool: pool.slots for pool in Pool.get_pools() if pool.pool in REMOTES}


def test_each_connection_of_the_feeds_gets_a_pool_and_keeps_its_slots(run: Run) -> None:
    first = run("pools", "create", "--slots", "8", "--json")
    again = run("pools", "create", "--slots", "2")

    assert json.loads(first.stdout) == {"created": REMOTES}
    assert again.output == "Created: nothing, every connection has its pool\n"
    assert slots() == dict.fromkeys(REMOTES, 8)


def test_only_what_is_missing_is_created(run: Run) -> None:
    from airflow.models.pool import Pool

    Pool.create_or_update_pool("campaign_db", slots=1, description="ours", include_deferred=False)

    assert run("pools", "create").output == "Created: landing_zone_s3\n"
    assert slots() == {"campaign_db": 1, "landing_zone_s3": 4}
