"""What happens to a step besides a kill: servers restart, connections break or hang, disks are full."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from campaign_cdp.sandbox.server import EmbeddedServer
from tests.chaos.child import Child, Ended, Moment
from tests.chaos.steps import DIED, Step
from tests.chaos.walk import TIME_LIMIT, StuckError, finished, may_skip
from tests.hooks.landing_zone.proxy import CuttingProxy

#: A full disk is nothing that a retry mends; a person makes room and clears the task.
_FOR_A_PERSON: Final = ("StorageFullError", "LimitError")
_CODED: Final = "ACR-"


@dataclass(slots=True)
class Trouble(ABC):
    """Disturbs a step, and lets it be tried again once that is over.

    :param struck: whether anything was disturbed at all.
    """

    struck: int = 0
    notes: list[str] = field(default_factory=list)
    #: Whether the Dag run may have to be cleared: a database that crashed has empty work tables.
    may_clear: bool = False

    def __call__(self, step: Step) -> Any:
        ended = self.disturb(step)
        if ended.ok:
            return ended.value
        if ended.timed_out:
            raise StuckError(f"{step.name} did not end within {ended.seconds:.0f} s")
        self.notes.append(ended.error)
        if not _may_be_tried_again(ended.error) and not (self.may_clear and "Clear " in ended.error):
            raise StuckError(f"{step.name} failed for good: {ended.error}")
        return DIED if step.restarts else finished(step)

    @abstractmethod
    def disturb(self, step: Step) -> Ended:
        """Do the step in trouble; there is none any more when this returns."""


def _may_be_tried_again(error: str) -> bool:
    """Airflow tries these again, or a person does; what has no code is a crash."""
    name, _, message = error.partition(": ")
    return message.startswith(_CODED) and (name in ("RetriableSyncError", *_FOR_A_PERSON))


@dataclass(slots=True)
class Restart(Trouble):
    """A server ends without a word and comes back, while the task is in the middle of something.

    :param moment: at which the task waits for that.
    """

    server: EmbeddedServer | None = None
    moment: Moment = field(default_factory=lambda: Moment("event", 1))
    how: signal.Signals = signal.SIGKILL

    def disturb(self, step: Step) -> Ended:
        child = Child(may_skip(step), self.moment, sign=signal.SIGSTOP)
        if not child.wait_for_stop(TIME_LIMIT):
            return child.ended(TIME_LIMIT)
        try:
            assert self.server
            assert self.server.record.process
            self.server.record.process.stop(self.how)
            self.server.start()
            self.struck += 1
        finally:
            child.resume()
        return child.ended(TIME_LIMIT)


@dataclass(slots=True)
class Broken(Trouble):
    """A proxy stands between the task and a server, and breaks connections.

    :param proxy: makes one.
    :param variable: Airflow connection that names the server.
    :param old_port: of the server.
    """

    proxy: Callable[[], CuttingProxy] = lambda: CuttingProxy(0)
    variable: str = ""
    old_port: int = 0
    patience: Mapping[str, Any] = field(default_factory=dict)

    def disturb(self, step: Step) -> Ended:
        with self.proxy() as proxy, _named(self.variable, self._through(proxy.port)):
            ended = Child(may_skip(step)).ended(TIME_LIMIT)
            self.struck += proxy.cut_off
        return ended

    def _through(self, port: int) -> str:
        connection = json.loads(os.environ[self.variable])
        connection["extra"] = {**connection.get("extra", {}), **self.patience}
        for block, name in ((connection, "host"), (connection["extra"], "endpoint_url")):
            if name in block:
                block[name] = block[name].replace(f":{self.old_port}", f":{port}")
        if connection.get("port") == self.old_port:
            connection["port"] = port
        return json.dumps(connection)


@dataclass(slots=True)
class Full(Trouble):
    """A disk is full until somebody makes room.

    :param filled: fills it, and makes room at its end.
    """

    filled: Callable[[], AbstractContextManager[None]] | None = None

    def disturb(self, step: Step) -> Ended:
        assert self.filled
        with self.filled():
            ended = Child(may_skip(step)).ended(TIME_LIMIT)
        self.struck += not ended.ok
        return ended


class StallingProxy(CuttingProxy):
    """Says nothing more after so many bytes, and resets all connections some seconds later; then it works again.

    :param stall: seconds.
    """

    def __init__(self, target_port: int, *, stall: float, cut_after: int) -> None:
        super().__init__(target_port, cut_after=cut_after, reset=True)
        self._stall, self._ends_at = stall, 0.0
        self._closing = False

    def __exit__(self, *exc: object) -> None:
        self._closing = True
        super().__exit__(*exc)

    def _hang_up(self) -> None:
        self._ends_at = self._ends_at or time.monotonic() + self._stall
        while not self._closing and time.monotonic() < self._ends_at:
            time.sleep(0.02)
        super()._hang_up()
        self._left = dict.fromkeys(self._left, sys.maxsize)


@contextmanager
def _named(variable: str, value: str) -> Iterator[None]:
    before = os.environ[variable]
    os.environ[variable] = value
    try:
        yield
    finally:
        os.environ[variable] = before
