"""Looks from the triggerer whether published files are where AEP will look for them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent
from asgiref.sync import sync_to_async

from campaign_cdp.exceptions import RetriableSyncError, SyncError
from campaign_cdp.feeds.event_feed import EventFeed
from campaign_cdp.file_sets import StoredObject

_POLL_SECONDS = 5.0


class LandingCheckTrigger(BaseTrigger):
    """Fire once: when every file is there with its size and ETag, when one is not what was published, or as late.

    :param feed: the feed as JSON-compatible dict.
    :param files: published objects, as :meth:`StoredObject.to_json` writes them.
    :param deadline: aware ISO 8601 time.
    """

    def __init__(self, *, feed: dict[str, Any], files: list[dict[str, Any]], deadline: str) -> None:
        super().__init__()
        self.feed, self.files, self.deadline = feed, files, deadline

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return (
            "campaign_cdp.triggers.landing_check.LandingCheckTrigger",
            {"feed": self.feed, "files": self.files, "deadline": self.deadline},
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        try:
            payload = await self._wait()
        except SyncError as err:
            payload = {"status": "broken", "code": err.code, "message": err.message}
        yield TriggerEvent(payload)

    async def _wait(self) -> dict[str, Any]:
        feed, deadline = EventFeed.model_validate(self.feed), datetime.fromisoformat(self.deadline)
        files = [StoredObject.from_json(file) for file in self.files]
        while True:
            is_last = datetime.now(UTC) >= deadline
            try:
                missing = await sync_to_async(self.missing, thread_sensitive=False)(feed, files)
            except RetriableSyncError as err:
                if is_last:
                    raise
                self.log.warning("Feed %s: looking for published files failed: %s", feed.id, err)
            else:
                if not missing:
                    return {"status": "landed", "files": len(files)}
                if is_last:
                    return {"status": "missing", "keys": missing}
            await asyncio.sleep(_POLL_SECONDS)

    def missing(self, feed: EventFeed, files: list[StoredObject]) -> list[str]:
        """Return the keys that are not there, or not with the size and ETag that were published. Blocks."""
        from campaign_cdp.hooks.landing_zone.factory import landing_zone_for

        with landing_zone_for(feed.landing_zone) as zone:
            found = {file.key: zone.stat(file.key) for file in files}
        return [file.key for file in files if (seen := found[file.key]) is None or seen.identity != file.identity]
