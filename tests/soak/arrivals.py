"""AEP's side of a soak run: file sets that drop into the landing zones one after the other, and what they hold."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from campaign_cdp.feeds.model import AudienceFeed
from campaign_cdp.sandbox.audiences import Audience
from campaign_cdp.sandbox.feed_exports import audience_for, destination_for
from campaign_cdp.sandbox.platform import export
from campaign_cdp.sandbox.storages import OutsideStorage


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file set as AEP wrote it.

    :param written_at: when its manifest was written, by this machine's clock.
    :param truth: what a correct import makes of it.
    """

    feed: str
    file_set: str
    written_at: datetime
    truth: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """How many file sets come, how large, and how quickly.

    :param per_minute: 0: all at once.
    """

    feeds: Sequence[AudienceFeed]
    sets: int
    rows: int
    per_minute: float

    @property
    def recipients(self) -> int:
        """People whom Campaign has to know before; no two exports are about the same."""
        return self.sets * self.rows

    def audience(self, number: int) -> tuple[AudienceFeed, Audience]:
        """Return who is in an export, by its number from 0."""
        feed = self.feeds[number % len(self.feeds)]
        audience = audience_for(feed, lines=self.rows, known=self.recipients, first=number * self.rows + 1)
        # New people of each export get numbers of their own.
        return feed, replace(audience, known=self.recipients + number * audience.new)


class Arrivals(threading.Thread):
    """Drops the file sets of a plan, each in its feed's landing zone.

    :param storage: where a feed's files go.
    :param between: is done before every file set, e.g. events come in.
    """

    def __init__(
        self, plan: Plan, storage: Callable[[AudienceFeed], OutsideStorage], between: Callable[[int], None]
    ) -> None:
        super().__init__(name="arrivals", daemon=True)
        self._plan, self._storage, self._between = plan, storage, between
        self._ended = threading.Event()
        self.arrived: list[Arrival] = []
        self.failed: BaseException | None = None

    @property
    def is_over(self) -> bool:
        return not self.is_alive()

    def run(self) -> None:
        try:
            self._drop_all()
        except BaseException as err:
            self.failed = err
            raise

    def stop(self) -> None:
        self._ended.set()
        self.join()

    def _drop_all(self) -> None:
        started = time.monotonic()
        for number in range(self._plan.sets):
            due = started + (number * 60 / self._plan.per_minute if self._plan.per_minute else 0)
            if self._ended.wait(max(0.0, due - time.monotonic())):
                return
            self._between(number)
            self._drop(number)

    def _drop(self, number: int) -> None:
        feed, audience = self._plan.audience(number)
        # Exports of one audience are ordered by their schedule, in whole seconds.
        at = datetime.now(UTC) + timedelta(seconds=number // len(self._plan.feeds))
        written = export(audience, destination_for(feed), self._storage(feed).put, scheduled_at=at)
        self.arrived.append(Arrival(feed.id, written.flow_run_id, datetime.now(UTC), written.truth))
