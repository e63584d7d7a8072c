"""Runs the tasks of all feeds in this one process: the hardest way to run them for whatever is not given back.

Waiting is done as in Airflow's triggerer: all triggers in one event loop. Everything else runs in as many threads as
there are slots. A program that ends when it is told to, or with code 1 when a task failed for good.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from types import SimpleNamespace
from typing import Any, Final, TypeVar

from airflow.sdk.exceptions import AirflowSkipException, TaskDeferred

from campaign_cdp.exceptions import RetriableSyncError
from campaign_cdp.feeds.directions import Feed
from campaign_cdp.feeds.event_feed import EventFeed
from campaign_cdp.feeds.loader import load_feeds
from campaign_cdp.feeds.model import AudienceFeed
from campaign_cdp.operators.data_extraction import ExtractPartitionOperator
from campaign_cdp.operators.data_loading import LoadPartOperator
from campaign_cdp.operators.deduplication import DeduplicateOperator
from campaign_cdp.operators.end import EndImportOperator
from campaign_cdp.operators.end_export import EndExportOperator
from campaign_cdp.operators.incremental_query import IncrementalQueryOperator
from campaign_cdp.operators.publication import PublishFilesOperator
from campaign_cdp.operators.reconciliation import ReconcileOperator
from campaign_cdp.operators.update_data import ApplyAudienceOperator
from campaign_cdp.sensors.file_set import FileSetSensor
from campaign_cdp.sensors.landing_check import LandingCheckSensor

T = TypeVar("T")
_RETRIES: Final = 3
#: Seconds between two windows of an export.
_EXPORT_EVERY: Final = 10.0
_PARAMS: Final = {
    "audience_import": {"preview": False, "replay_of": None, "replay_file": None, "accept_stale": False},
    "event_export": {"preview": False, "backfill_from": None, "backfill_to": None, "accept_gap": False},
}
_STEPS: Final = (DeduplicateOperator, ReconcileOperator, ApplyAudienceOperator, EndImportOperator)
log = logging.getLogger("soak")


class OutletEvents:
    """Stands in for Airflow's accessor."""

    def __getitem__(self, asset: Any) -> Any:
        return SimpleNamespace(extra=None, add=lambda *_, **__: None)


def context_of(feed: Feed, number: int) -> dict[str, Any]:
    """Return what Airflow tells the tasks of a run."""
    return {
        "dag_run": SimpleNamespace(run_id=f"soak_{number}", start_date=datetime.now(UTC)),
        "params": dict(_PARAMS[feed.direction]),
        "outlet_events": OutletEvents(),
    }


class Carrier:
    """All feeds with their slots.

    :param slots: tasks that run side by side.
    """

    def __init__(self, slots: int) -> None:
        self._pool = ThreadPoolExecutor(slots, thread_name_prefix="slot")

    async def carry(self, feed: Feed) -> None:
        """Run a feed's Dag again and again."""
        number = 0
        while True:
            number += 1
            if isinstance(feed, AudienceFeed):
                await self.run_import(feed, context_of(feed, number))
            else:
                await self.run_export(feed, context_of(feed, number))
                await asyncio.sleep(_EXPORT_EVERY)

    async def run_import(self, feed: AudienceFeed, context: dict[str, Any]) -> None:
        sensor = FileSetSensor(task_id="file_transfer", feed=feed)
        for part in await self._sensed(sensor, context):
            await self._task(LoadPartOperator(task_id="data_loading", feed=feed, part=part), context)
        for step in _STEPS:
            await self._task(step(task_id=step.__name__, feed=feed), context)

    async def run_export(self, feed: EventFeed, context: dict[str, Any]) -> None:
        query = IncrementalQueryOperator(task_id="incremental_query", feed=feed)
        for partition in await self._task(query, context) or ():
            extract = ExtractPartitionOperator(task_id="data_extraction", feed=feed, partition=partition)
            await self._task(extract, context)
        await self._task(PublishFilesOperator(task_id="file_transfer", feed=feed), context)
        await self._sensed(LandingCheckSensor(task_id="landing_check", feed=feed), context)
        await self._task(EndExportOperator(task_id="end", feed=feed), context)

    async def _sensed(self, sensor: Any, context: dict[str, Any]) -> Any:
        try:
            return await self._task(sensor, context)
        except TaskDeferred as deferred:
            kind, settings = deferred.trigger.serialize()
            log.debug("%s waits in %s", sensor.task_id, kind)
            # The triggerer makes it anew from what was stored.
            events = type(deferred.trigger)(**settings).run()
            event = (await anext(events)).payload
            await events.aclose()
            kwargs = {**(deferred.kwargs or {}), "event": event}
            return await self._slot(partial(sensor.resume_execution, deferred.method_name, kwargs, context))

    async def _task(self, operator: Any, context: dict[str, Any]) -> Any:
        return await self._slot(partial(operator.execute, context))

    async def _slot(self, work: Callable[[], T]) -> T | None:
        for attempt in range(1, _RETRIES + 1):
            try:
                return await asyncio.get_running_loop().run_in_executor(self._pool, work)
            except RetriableSyncError as err:
                log.warning("attempt %d of %d: %s", attempt, _RETRIES, err)
                if attempt == _RETRIES:
                    raise
            except AirflowSkipException:
                return None
        return None


async def carry_all(slots: int) -> None:
    """Carry until SIGTERM, or until a task fails for good."""
    carrier = Carrier(slots)
    carried = [asyncio.ensure_future(carrier.carry(feed)) for feed in load_feeds()[0]]
    told = asyncio.ensure_future(_told_to_end())
    done, _ = await asyncio.wait([told, *carried], return_when=asyncio.FIRST_COMPLETED)
    for future in done - {told}:
        future.result()


async def _told_to_end() -> None:
    told = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.set)
    await told.wait()


if __name__ == "__main__":
    asyncio.run(carry_all(int(sys.argv[1])))
