"""A small soak run in which all tasks share one process, and leaks that are made on purpose."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from campaign_cdp.feeds.loader import audience_feeds
from campaign_cdp.sandbox.postgres import NOT_DURABLE
from tests.soak.arrivals import Arrival
from tests.soak.samples import Sampler, staged_objects
from tests.soak.soaking import Soak, soaked
from tests.soak.stand import Stand, started
from tests.soak.truth import differences
from tests.soak.verdicts import DRAINED, verdicts

SMALL = Soak(feeds=6, sets=20, rows=40, workers=1, per_minute=0, engine="tasks", every=0.5, min_age=0)


@dataclass(frozen=True)
class Soaked:
    stand: Stand
    report: dict[str, Any]
    arrivals: list[Arrival]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Soaked]:
    """Five imports and one export have carried 20 file sets."""
    folder: Path = tmp_path_factory.mktemp("soak")
    arrivals: list[Arrival] = []
    with started(folder, settings={**NOT_DURABLE, "shared_buffers": "64MB"}) as stand:
        yield Soaked(stand, soaked(SMALL, stand, lambda *_: None, arrivals), arrivals)


def not_drained(sampler: Sampler) -> set[str]:
    """Two samples say nothing of what may rise and fall."""
    return {name for name, verdict in verdicts(sampler.samples).items() if verdict.leak and name in DRAINED}


def test_every_file_set_is_applied_once_and_every_event_exported_once(run: Soaked) -> None:
    report = run.report

    assert (report["lost"], report["doubled"], report["wrong"]) == (0, 0, 0), report["differences"]
    assert report["events"]["wrong"] == {}
    assert report["events"]["logged"] > 0
    assert report["file_sets"] == SMALL.sets
    assert 0 < report["latency"]["median_s"] <= report["latency"]["max_s"]


def test_nothing_leaks(run: Soaked) -> None:
    assert run.report["leaks"] == []
    assert {"memory MB of carrier", "handles of carrier", "connections idle", "work tables", "staged objects"} <= set(
        run.report["resources"]
    )
    assert run.report["resources"]["work tables"]["max"] > 0


def test_connection_that_is_not_closed_is_seen(run: Soaked) -> None:
    sampler = Sampler(run.stand, dict, every=1, min_age=0)
    sampler.take()
    with psycopg.connect(run.stand.dsn) as forgotten:
        forgotten.execute("SELECT pg_advisory_xact_lock(1)")
        sampler.take()

    assert not_drained(sampler) == {"connections in transaction", "advisory locks"}


def test_work_table_and_staged_object_left_behind_are_seen(run: Soaked) -> None:
    sampler = Sampler(run.stand, dict, every=1, min_age=0)
    sampler.take()["staged objects"] = staged_objects(run.stand)
    client, key = run.stand.s3.client(), f"staging/{uuid.uuid4()}"
    with psycopg.connect(run.stand.dsn, autocommit=True) as conn:
        conn.execute("CREATE TABLE cdp.work_999999 (a int)")
        client.put_object(Bucket="aep-exports", Key=key, Body=b"x")
        sampler.take()["staged objects"] = staged_objects(run.stand)
        conn.execute("DROP TABLE cdp.work_999999")
        client.delete_object(Bucket="aep-exports", Key=key)

    assert not_drained(sampler) == {"work tables", "staged objects"}


def test_lost_and_wrongly_applied_file_sets_are_seen(run: Soaked) -> None:
    feeds = audience_feeds(run.stand.feeds)
    never_applied = replace(run.arrivals[0], file_set="nobody's")
    other_truth = replace(run.arrivals[1], truth={**run.arrivals[1].truth, "changed": 1000})

    found = differences(run.stand.dsn, feeds, [never_applied, other_truth], SMALL.sets * SMALL.rows)

    assert found["lost"] == [f"{never_applied.feed} nobody's"]
    assert any("updated" in text for text in found["wrong"])
