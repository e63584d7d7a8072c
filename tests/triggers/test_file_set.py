from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from airflow.sdk._shared.module_loading import import_string
from airflow.sdk.serde import deserialize, serialize

from campaign_cdp.exceptions import AccessDeniedError, FeedConfigError, RetriableSyncError, SyncError
from campaign_cdp.feeds.model import AudienceFeed
from campaign_cdp.file_sets import FileSet, StoredObject
from campaign_cdp.file_sets.rules import Finding, Problem
from campaign_cdp.triggers import file_set as module
from campaign_cdp.triggers.file_set import FileSetTrigger

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PART = StoredObject("in/g.csv", 10, "e", NOON)
COMPLETE = Finding(FileSet("r1", NOON, (PART,), PART), superseded=(FileSet("r0", NOON, (PART,)),))
NOTHING = Finding()
INCOMPLETE = Finding(waiting_for=("in/manifest.json: g_2.csv (10 bytes)",))
BUSY = RetriableSyncError("busy")
FEED = AudienceFeed.model_validate(
    {
        "id": "gold",
        "direction": "audience_import",
        "owner": "crm",
        "landing_zone": {
            "type": "s3",
            "connection": "lz",
            "bucket": "b",
            "prefix": "in/",
            "ignore_before": "2026-01-01",
        },
        "complete_when": {"stable": "2m"},
        "export": "full",
        "columns": {"email": {"from": "email"}},
        "reconciliation_key": "email",
        "list": {"name": "GOLD", "mode": "add"},
    }
)


def trigger(*, late_in: float = 60, poll_interval: float = 0.01, **options: Any) -> FileSetTrigger:
    return FileSetTrigger(
        feed_id="gold",
        feed=FEED.model_dump(mode="json", by_alias=True),
        deadline=(datetime.now(UTC) + timedelta(seconds=late_in)).isoformat(),
        poll_interval=poll_interval,
        **options,
    )


@pytest.fixture(autouse=True)
def _fast_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MIN_POLL_INTERVAL", 0.001)


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[datetime]]:
    """Say what each look shows; the last answer stays. Returns the times of the looks."""

    def script(*answers: Finding | Exception) -> list[datetime]:
        times: list[datetime] = []

        def answer() -> Iterator[Finding | Exception]:
            yield from answers
            while True:
                yield answers[-1]

        coming = answer()

        def look(self: FileSetTrigger, feed: AudienceFeed) -> Finding:
            assert feed == FEED
            times.append(datetime.now(UTC))
            found = next(coming)
            if isinstance(found, Exception):
                raise found
            return found

        monkeypatch.setattr(FileSetTrigger, "look", look)
        return times

    return script


async def events(waiting: FileSetTrigger) -> list[dict[str, Any]]:
    async with asyncio.timeout(20):
        return [event.payload async for event in waiting.run()]


def test_survives_serialisation_as_airflow_does_it(monkeypatch: pytest.MonkeyPatch) -> None:
    path, kwargs = trigger(poll_interval=7.5, max_transient_errors=3).serialize()
    back = deserialize(json.loads(json.dumps(serialize(kwargs))))
    assert import_string(path)(**back).serialize() == (path, kwargs)
    assert AudienceFeed.model_validate(back["feed"]) == FEED


def test_refuses_to_poll_too_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    with pytest.raises(ValueError, match=r"at most every 5\.0 s"):
        trigger(poll_interval=4.9)


async def test_fires_once_with_the_file_set_as_data(looks: Callable[..., list[datetime]]) -> None:
    looks(NOTHING, INCOMPLETE, COMPLETE)
    [event] = await events(trigger())
    assert event == json.loads(json.dumps(event))
    assert event["status"] == "complete"
    assert FileSet.from_json(event["file_set"]) == COMPLETE.file_set
    assert [FileSet.from_json(old) for old in event["superseded"]] == list(COMPLETE.superseded)


@pytest.mark.parametrize("finding", [NOTHING, INCOMPLETE])
async def test_late_is_not_broken(looks: Callable[..., list[datetime]], finding: Finding) -> None:
    looks(finding)
    [event] = await events(trigger(late_in=0.1))
    assert event == {"status": "late", "waiting_for": list(finding.waiting_for), "superseded": []}


async def test_looks_once_even_after_the_deadline(looks: Callable[..., list[datetime]]) -> None:
    times = looks(COMPLETE)
    [event] = await events(trigger(late_in=-3600))
    assert (event["status"], len(times)) == ("complete", 1)


async def test_the_last_look_comes_at_the_deadline_not_a_poll_later(looks: Callable[..., list[datetime]]) -> None:
    times = looks(NOTHING)
    waiting = trigger(late_in=0.3, poll_interval=30)
    [event] = await events(waiting)
    assert (event["status"], len(times)) == ("late", 2)
    assert times[-1] >= datetime.fromisoformat(waiting.deadline)


async def test_a_restarted_trigger_does_not_wait_longer(looks: Callable[..., list[datetime]]) -> None:
    times = looks(NOTHING)
    path, kwargs = trigger(late_in=0.2).serialize()
    await asyncio.sleep(0.25)
    [event] = await events(import_string(path)(**kwargs))
    assert (event["status"], len(times)) == ("late", 1)


async def test_what_is_overdue_is_broken_at_the_deadline_only(looks: Callable[..., list[datetime]]) -> None:
    times = looks(Finding(waiting_for=("x",), overdue=Problem("ACR-321", "blocked by x")))
    [event] = await events(trigger(late_in=0.1))
    assert event == {"status": "broken", "code": "ACR-321", "message": "blocked by x", "superseded": []}
    assert len(times) > 1


async def test_a_problem_ends_the_wait_at_once(looks: Callable[..., list[datetime]]) -> None:
    times = looks(Finding(problem=Problem("ACR-301", "unreadable"), superseded=COMPLETE.superseded))
    [event] = await events(trigger())
    assert (event["status"], event["code"], len(times)) == ("broken", "ACR-301", 1)
    assert len(event["superseded"]) == 1


async def test_transient_errors_are_counted_in_a_row_and_said(
    looks: Callable[..., list[datetime]], monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    looks(BUSY, BUSY, NOTHING, BUSY, BUSY, COMPLETE)
    waiting = trigger(max_transient_errors=3)
    monkeypatch.setattr(waiting.log, "warning", lambda message, *args: said.append(message % args))
    [event] = await events(waiting)
    assert event["status"] == "complete"
    assert [line[:31] for line in said] == [f"Feed gold: look {n} of 3 failed i" for n in (1, 2, 1, 2)]


async def test_too_many_transient_errors_in_a_row_end_the_wait(looks: Callable[..., list[datetime]]) -> None:
    times = looks(BUSY)
    [event] = await events(trigger(max_transient_errors=3))
    assert (event["status"], event["code"], event["message"], len(times)) == ("broken", "ACR-200", "busy", 3)


async def test_a_failed_last_look_is_not_called_late(looks: Callable[..., list[datetime]]) -> None:
    times = looks(BUSY)
    [event] = await events(trigger(late_in=-1))
    assert (event["status"], event["code"], len(times)) == ("broken", "ACR-200", 1)


@pytest.mark.parametrize("error", [AccessDeniedError("denied"), FeedConfigError("no bucket")])
async def test_what_no_retry_can_cure_ends_the_wait_at_once(
    looks: Callable[..., list[datetime]], error: SyncError
) -> None:
    times = looks(error)
    [event] = await events(trigger())
    assert (event["status"], event["code"], event["message"]) == ("broken", error.code, error.message)
    assert len(times) == 1


async def test_a_bug_still_ends_in_an_event(looks: Callable[..., list[datetime]]) -> None:
    logging.getLogger(FileSetTrigger.__module__).setLevel(logging.CRITICAL)
    looks(ZeroDivisionError("oops"))
    [event] = await events(trigger())
    assert (event["status"], event["code"]) == ("broken", "ACR-000")
    assert "ZeroDivisionError: oops" in event["message"]


async def test_looking_never_blocks_the_other_triggers(monkeypatch: pytest.MonkeyPatch) -> None:
    release = asyncio.Event()
    loop = asyncio.get_running_loop()

    def look(self: FileSetTrigger, feed: AudienceFeed) -> Finding:
        asyncio.run_coroutine_threadsafe(release.wait(), loop).result(10)
        return COMPLETE

    monkeypatch.setattr(FileSetTrigger, "look", look)
    waiting = asyncio.create_task(events(trigger()))
    await asyncio.sleep(0)
    release.set()
    [event] = await waiting
    assert event["status"] == "complete"
