"""Runs work in a forked child, as a worker runs a task, and kills or pauses it at a chosen moment."""

from __future__ import annotations

import os
import pickle
import select
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from types import CodeType, FrameType
from typing import Any, Literal, Self

import psycopg

_WATCHED = ("campaign_cdp", "psycopg", "botocore/client", "azure/storage/blob/_", "paramiko/sftp_client")
_COMMIT = psycopg.Connection.commit.__code__


@dataclass(frozen=True, slots=True)
class Moment:
    """When a child is struck.

    :param kind: ``event``: what the interpreter does in this package and its clients, counted. ``commit``: a
        transaction was committed, and nothing else was done since. ``clock``: seconds since the start. ``returned``:
        all is done, but nobody was told; this is also when a child dies whose moment did not come.
    """

    kind: Literal["event", "commit", "clock", "returned"]
    at: float = 0

    def __str__(self) -> str:
        match self.kind:
            case "returned":
                return "before it could tell"
            case "clock":
                return f"after {self.at * 1000:.0f} ms"
            case _:
                return f"{self.kind} {self.at:.0f}"


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended.

    :param value: what the work returned.
    :param error: class and message of what it raised; empty if it did not.
    :param seconds: from fork to end.
    """

    status: int
    value: Any = None
    error: str = ""
    events: int = 0
    commits: int = 0
    seconds: float = 0
    timed_out: bool = False

    @property
    def killed(self) -> bool:
        return os.WIFSIGNALED(self.status) and not self.timed_out

    @property
    def ok(self) -> bool:
        return self.status == 0


class Child:
    """A forked process that does the work and writes its result into a pipe.

    :param moment: when it is struck; ``None`` for never.
    :param sign: SIGKILL, or SIGSTOP for a worker that hangs for a while.
    :param counting: count events and commits to the end.
    """

    def __init__(
        self,
        work: Callable[[], object],
        moment: Moment | None = None,
        *,
        sign: signal.Signals = signal.SIGKILL,
        counting: bool = False,
    ) -> None:
        self._moment, self._sign, self._started = moment, sign, time.monotonic()
        self._pipe, writing = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            _Inside(moment, sign, counting).run(work, writing)
        os.close(writing)

    def wait_for_stop(self, time_limit: float) -> bool:
        """Wait until it is paused; ``False`` if it ended before that, or was not within ``time_limit`` seconds."""
        deadline = time.monotonic() + time_limit
        while time.monotonic() < deadline:
            if self._is_due():
                os.kill(self.pid, self._sign)
            # Left waitable: ended() asks for the status of an end.
            found = os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if found is not None:
                return found.si_code == os.CLD_STOPPED
            time.sleep(0.003)
        return False

    def resume(self) -> Self:
        os.kill(self.pid, signal.SIGCONT)
        self._moment = None
        return self

    def ended(self, time_limit: float = 60) -> Ended:
        """Wait for the end; what takes longer than ``time_limit`` seconds is killed."""
        deadline, written, timed_out = time.monotonic() + time_limit, b"", False
        while not timed_out:
            due = deadline
            if self._moment and self._moment.kind == "clock":
                due = min(deadline, self._started + self._moment.at)
            if select.select([self._pipe], [], [], max(0.0, due - time.monotonic()))[0]:
                if not (data := os.read(self._pipe, 65_536)):
                    break
                written += data
                continue
            os.kill(self.pid, signal.SIGKILL)
            timed_out, self._moment = due == deadline, None
        os.close(self._pipe)
        _, status = os.waitpid(self.pid, 0)
        seconds = time.monotonic() - self._started
        ended = pickle.loads(written) if written else Ended(status)
        return replace(ended, status=status, seconds=seconds, timed_out=timed_out)

    def _is_due(self) -> bool:
        clock = self._moment if self._moment and self._moment.kind == "clock" else None
        return clock is not None and time.monotonic() >= self._started + clock.at


@dataclass(slots=True)
class _Inside:
    """The child's side: counts, and strikes itself."""

    moment: Moment | None
    sign: signal.Signals
    counting: bool
    counts: dict[str, int] = field(default_factory=lambda: {"event": 0, "commit": 0})
    watched: dict[CodeType, bool] = field(default_factory=dict)

    def run(self, work: Callable[[], object], writing: int) -> None:
        status, value, error = 1, None, ""
        try:
            be_quiet()
            if self.counting or (self.moment and self.moment.kind in self.counts):
                threading.setprofile(self.count)
                sys.setprofile(self.count)
            value = work()
            status = 0
        except BaseException as err:
            error = f"{type(err).__name__}: {err}"
        finally:
            sys.setprofile(None)
            threading.setprofile(None)
            if self.moment and self._was_spared(self.moment):
                os.kill(os.getpid(), self.sign)
            ended = Ended(status, value, error, self.counts["event"], self.counts["commit"])
            os.write(writing, pickle.dumps(ended))
            os._exit(status)

    def _was_spared(self, moment: Moment) -> bool:
        if moment.kind == "clock":
            return self.sign == signal.SIGKILL  # whether it was paused, only the parent knows
        return self.counts.get(moment.kind, 0) < moment.at or moment.kind == "returned"

    def count(self, frame: FrameType, event: str, argument: object) -> None:
        code = frame.f_code
        if code not in self.watched:
            self.watched[code] = any(part in code.co_filename for part in _WATCHED)
        if self.watched[code]:
            self._happened("event")
            if code is _COMMIT and event == "return":
                self._happened("commit")

    def _happened(self, kind: str) -> None:
        self.counts[kind] += 1
        if self.moment and self.moment.kind == kind and self.counts[kind] == int(self.moment.at):
            os.kill(os.getpid(), self.sign)


def be_quiet() -> None:
    """A task's log would bury the report; ``CDP_CHAOS_LOG`` names a file for it."""
    log = os.open(os.environ.get("CDP_CHAOS_LOG", os.devnull), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for descriptor in (1, 2):
        os.dup2(log, descriptor)


def in_child(work: Callable[[], object], kill_at: int = 0) -> Ended:
    """Do the work in a child, killed at an event if there is one, and else counted."""
    moment = Moment("event", kill_at) if kill_at else None
    return Child(work, moment, counting=not kill_at).ended()
