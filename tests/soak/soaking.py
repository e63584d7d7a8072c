"""One soak run: file sets arrive, are carried, and everything is looked at meanwhile and afterwards."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from campaign_cdp.feeds.event_feed import EventFeed
from campaign_cdp.feeds.model import AudienceFeed
from tests.soak.arrivals import Arrival, Arrivals, Plan
from tests.soak.engines import Engine, engine_of
from tests.soak.feeds import Numbers, write_feeds
from tests.soak.samples import Sample, Sampler, staged_objects
from tests.soak.stand import Events, Stand, fill
from tests.soak.truth import applied_count, differences, exported_events, latencies, ledger_bytes_per_run, wal_bytes
from tests.soak.verdicts import verdicts

#: Seconds in which at least one more file set has to be applied, or the run counts as stuck.
_PATIENCE: Final = 600
#: Seconds in which connections and locks of the last run have to be gone.
_QUIET: Final = 60


@dataclass(frozen=True, slots=True)
class Soak:
    """What a soak run shall be.

    :param every: seconds between two samples.
    :param min_age: seconds after which a process counts as one that stays.
    """

    feeds: int
    sets: int
    rows: int
    workers: int
    per_minute: float
    engine: str = "cluster"
    every: float = 5.0
    min_age: float = 60.0


@dataclass(frozen=True, slots=True)
class Carried:
    """What came of the arrivals.

    :param exported: published events of each export.
    :param wal_bytes: what the database server has written ahead.
    """

    plan: Plan
    events: Events
    arrived: list[Arrival]
    exported: dict[str, int]
    samples: list[Sample]
    seconds: float
    wal_bytes: int


def soaked(
    soak: Soak, stand: Stand, told: Callable[[int, int], None], arrived: list[Arrival] | None = None
) -> dict[str, Any]:
    """Run it, and compare with the truth.

    :param told: of the file sets that have arrived and been applied, again and again.
    :param arrived: gets them, for a caller who wants more than the report.
    """
    feeds = write_feeds(stand.feeds, Numbers.of(soak.feeds))
    imports = [feed for feed in feeds if isinstance(feed, AudienceFeed)]
    plan = Plan(imports, soak.sets, soak.rows, soak.per_minute)
    events = Events(stand.dsn, fill(stand.dsn, plan.recipients))
    for feed in feeds:
        stand.storage(feed.landing_zone)
    carried = _carried(soak, stand, plan, events, [feed for feed in feeds if isinstance(feed, EventFeed)], told)
    if arrived is not None:
        arrived += carried.arrived
    # A cluster's own database writes into the same log.
    per_line = round(carried.wal_bytes / (soak.sets * soak.rows)) if soak.engine == "tasks" else None
    return {**_report(stand, carried), "lines": soak.sets * soak.rows, "wal_bytes_per_line": per_line}


def _carried(
    soak: Soak,
    stand: Stand,
    plan: Plan,
    events: Events,
    exports: list[EventFeed],
    told: Callable[[int, int], None],
) -> Carried:
    arrivals = Arrivals(plan, stand.storage_of(), events.before)
    with engine_of(soak.engine, stand, soak.workers) as engine:
        sampler = Sampler(stand, engine.processes, every=soak.every, min_age=soak.min_age)
        _wait_for_sensors(engine, len(plan.feeds))
        first, written = _quiet(sampler, stand), wal_bytes(stand.dsn)
        sampler.start()
        started = time.monotonic()
        arrivals.start()
        try:
            _wait(arrivals, soak.sets, stand, engine.processes, told)
            exported = _exported(exports, stand, events)
        finally:
            arrivals.stop()
            sampler.stop()
        seconds, written = time.monotonic() - started, wal_bytes(stand.dsn) - written
        _quiet(sampler, stand, like=first)
    return Carried(plan, events, arrivals.arrived, exported, sampler.samples, seconds, written)


def _report(stand: Stand, carried: Carried) -> dict[str, Any]:
    wrong = differences(stand.dsn, carried.plan.feeds, carried.arrived, carried.plan.recipients)
    tracked = carried.events.tracked
    judged = verdicts(carried.samples)
    return {
        "seconds": round(carried.seconds, 1),
        "file_sets": len(carried.arrived),
        "events": {
            "logged": tracked,
            "wrong": {name: count - tracked for name, count in carried.exported.items() if count != tracked},
        },
        **{name: len(found) for name, found in wrong.items()},
        "differences": {name: found[:20] for name, found in wrong.items() if found},
        "latency": latencies(stand.dsn, carried.arrived),
        "ledger_bytes_per_run": ledger_bytes_per_run(stand.dsn),
        "cpu_s": _used(carried.samples),
        "samples": len(carried.samples),
        "resources": {name: verdict.to_json() for name, verdict in judged.items()},
        "leaks": [name for name, verdict in judged.items() if verdict.leak],
    }


def _wait_for_sensors(engine: Engine, feeds: int) -> None:
    """Airflow has just been started, and starts the runs of all feeds at once; nobody's audience waits for that."""
    deadline = time.monotonic() + _PATIENCE
    while not engine.is_waiting(feeds):
        engine.processes()
        if time.monotonic() > deadline:
            raise SystemExit(f"Of {feeds} feeds not all wait for files after {_PATIENCE} s.")
        time.sleep(1)


def _wait(
    arrivals: Arrivals,
    sets: int,
    stand: Stand,
    processes: Callable[[], object],
    told: Callable[[int, int], None],
) -> None:
    """Wait until everything is applied.

    :raises SystemExit: if nothing was for ten minutes.
    """
    applied, since = 0, time.monotonic()
    while applied < sets:
        processes()
        if arrivals.failed:
            raise arrivals.failed
        now = applied_count(stand.dsn)
        if now > applied or len(arrivals.arrived) == now:
            applied, since = now, time.monotonic()
        if time.monotonic() - since > _PATIENCE:
            raise SystemExit(f"Stuck: {applied} of {len(arrivals.arrived)} file sets were applied, then none.")
        told(len(arrivals.arrived), applied)
        time.sleep(0.5)


def _exported(exports: list[EventFeed], stand: Stand, events: Events) -> dict[str, int]:
    """Wait until the windows have taken the last events; returns how many each feed has published."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        found = {feed.id: exported_events(feed, stand.storage(feed.landing_zone)) for feed in exports}
        if time.monotonic() > deadline or all(count >= events.tracked for count in found.values()):
            return found
        time.sleep(2)


def _quiet(sampler: Sampler, stand: Stand, like: Sample | None = None) -> Sample:
    """Take a sample of a moment in which no task runs: tasks that are about to end get a minute to do so."""
    deadline = time.monotonic() + _QUIET
    while True:
        sample = sampler.take()
        sample["staged objects"] = staged_objects(stand)
        busy = [name for name in _BUSY if sample[name] > (like or {}).get(name, 0)]
        if not busy or time.monotonic() > deadline:
            return sample
        sampler.samples.pop()
        time.sleep(0.5)


def _used(samples: list[Sample]) -> dict[str, float]:
    """Processor seconds of each component between the first and the last sample."""
    prefix = "cpu s of "
    names = [name for name in samples[-1] if name.startswith(prefix)]
    return {name.removeprefix(prefix): round(samples[-1][name] - samples[0][name], 1) for name in names}


_BUSY: Final = ("connections active", "connections in transaction", "work tables", "advisory locks", "staged objects")
