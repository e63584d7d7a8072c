"""One soak run: file sets arrive, are carried, and everything is looked at meanwhile and afterwards."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from campaign_cdp.feeds.event_feed import EventFeed
from campaign_cdp.feeds.model import AudienceFeed
from tests.soak.arrivals import Arrival, Arrivals, Plan
from tests.soak.engines import engine_of
from tests.soak.feeds import Numbers, write_feeds
from tests.soak.samples import Sample, Sampler, staged_objects
from tests.soak.stand import Events, Stand, fill
from tests.soak.truth import applied_count, differences, exported_events, latencies, ledger_bytes_per_run
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


def soaked(
    soak: Soak, stand: Stand, told: Callable[[int, int], None], arrived: list[Arrival] | None = None
) -> dict[str, Any]:
    """Run it.

    :param told: of the file sets that have arrived and been applied, again and again.
    :param arrived: gets them, for a caller who wants more than the report.
    """
    feeds = write_feeds(stand.feeds, Numbers.of(soak.feeds))
    imports = [feed for feed in feeds if isinstance(feed, AudienceFeed)]
    exports = [feed for feed in feeds if isinstance(feed, EventFeed)]
    plan = Plan(imports, soak.sets, soak.rows, soak.per_minute)
    events = Events(stand.dsn, fill(stand.dsn, plan.recipients))
    for feed in feeds:
        stand.storage(feed.landing_zone)
    arrivals = Arrivals(plan, stand.storage_of(), events.before)
    with engine_of(soak.engine, stand, soak.workers) as engine:
        sampler = Sampler(stand, engine.processes, every=soak.every, min_age=soak.min_age)
        first = _quiet(sampler, stand)
        sampler.start()
        started = time.monotonic()
        arrivals.start()
        try:
            _wait(arrivals, soak.sets, stand, engine.processes, told)
            exported = _exported(exports, stand, events)
            seconds = time.monotonic() - started
        finally:
            arrivals.stop()
            sampler.stop()
        _quiet(sampler, stand, like=first)
    if arrived is not None:
        arrived += arrivals.arrived
    wrong = differences(stand.dsn, imports, arrivals.arrived, plan.recipients)
    missing = {name: count - events.tracked for name, count in exported.items() if count != events.tracked}
    judged = verdicts(sampler.samples)
    return {
        "seconds": round(seconds, 1),
        "file_sets": len(arrivals.arrived),
        "lines": len(arrivals.arrived) * soak.rows,
        "events": {"logged": events.tracked, "wrong": missing},
        **{name: len(found) for name, found in wrong.items()},
        "differences": {name: found[:20] for name, found in wrong.items() if found},
        "latency": latencies(stand.dsn, arrivals.arrived),
        "ledger_bytes_per_run": ledger_bytes_per_run(stand.dsn),
        "cpu_s": _used(sampler.samples),
        "samples": len(sampler.samples),
        "resources": {name: verdict.to_json() for name, verdict in judged.items()},
        "leaks": [name for name, verdict in judged.items() if verdict.leak],
    }


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
