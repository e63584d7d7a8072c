"""Walks through a run as Airflow does, one process per step, and strikes one of them."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from airflow.sdk.exceptions import AirflowSkipException

from campaign_cdp.exceptions import RetriableSyncError
from tests.chaos.child import Child, Ended, Moment
from tests.chaos.steps import DIED, SKIPPED, Step, Steps

#: Seconds that a step may take, and a retry of it.
TIME_LIMIT: Final = 60.0


class StuckError(Exception):
    """A step failed or did not end although nothing disturbs it any more."""


@dataclass(frozen=True, slots=True)
class Kill:
    """Which process dies, and when.

    :param step: name of the step, see :class:`~tests.chaos.steps.Step`.
    :param again: when the retry dies too, if it does.
    :param twin: it does not die but hangs; when it wakes up, its retry is at work already or done.
    """

    step: str
    moment: Moment
    again: Moment | None = None
    twin: bool = False

    def __str__(self) -> str:
        if self.twin:
            return f"hangs at {self.moment}"
        return f"{self.moment}, then {self.again}" if self.again else str(self.moment)


@dataclass(slots=True)
class Killer:
    """Strikes one step and lets it be tried again.

    :param when_dead: called between death and retry.
    """

    kill: Kill
    when_dead: Callable[[], None]
    time_limit: float = TIME_LIMIT
    #: Processes that really died, or hung.
    struck: int = 0
    notes: list[str] = field(default_factory=list)

    def __call__(self, step: Step) -> Any:
        if self.kill.twin:
            return self._hang(step)
        ended = self._die(step, self.kill.moment)
        if ended.ok:
            return ended.value
        self.when_dead()
        if step.restarts:
            return DIED
        if self.kill.again:
            ended = self._die(step, self.kill.again)
            if ended.ok:
                return ended.value
        return finished(step, self.time_limit)

    def _die(self, step: Step, moment: Moment) -> Ended:
        ended = _child(step, moment).ended(self.time_limit)
        if not ended.ok and not ended.killed:
            raise StuckError(_what(step, ended))
        self.struck += ended.killed
        return ended

    def _hang(self, step: Step) -> Any:
        """The first wakes up while the second is at work; what became of the second counts, as in Airflow."""
        first = _child(step, self.kill.moment, sign=signal.SIGSTOP)
        if not first.wait_for_stop(self.time_limit):
            return first.ended(self.time_limit).value
        self.struck += 1
        second = _child(step)
        time.sleep(0.15)  # not a wait for something: this long both are there
        late = first.resume().ended(self.time_limit)
        ended = second.ended(self.time_limit)
        self.notes += [f"the late one: {late.error}"] if late.error else []
        if ended.ok:
            return ended.value
        if not ended.error.startswith("RetriableSyncError"):
            raise StuckError(_what(step, ended))
        self.notes.append(f"tried again: {ended.error}")
        return finished(step, self.time_limit)


def walk(steps: Steps, at: str = "", strike: Callable[[Step], Any] | None = None, *, apart: bool = True) -> None:
    """Do all steps, each in a process of its own.

    :param at: name of the step that ``strike`` does instead, the first time it comes.
    :param apart: else all before it are one process, and all after it: quicker, and seldom another result.
    :raises StuckError: if another step fails.
    """
    sent: Any = None
    while step := (_next(steps, sent) if apart or _is_broken(sent) else _together(steps, sent, at if strike else "")):
        if strike and step.name == at:
            sent, strike = strike(step), None
        elif step.restarts and _is_broken(sent):
            sent = _told(step)
        else:
            sent = finished(step)


def _is_broken(event: Any) -> bool:
    """A trigger does not fail: it tells its task what went wrong."""
    return isinstance(event, dict) and event.get("status") == "broken" and event["code"] == RetriableSyncError.code


def _told(step: Step) -> str:
    """A task that is told of a passing trouble fails, and Airflow starts it over."""
    ended = _child(step).ended(TIME_LIMIT)
    if not ended.error.startswith(RetriableSyncError.__name__):
        raise StuckError(_what(step, ended))
    return DIED


def _next(steps: Steps, sent: Any) -> Step | None:
    try:
        return steps.send(sent)
    except StopIteration:
        return None


def _together(steps: Steps, sent: Any, until: str) -> Step | None:
    """Do all steps up to one in a single child, which has a copy of them, and follow it by what they returned."""

    def work() -> list[Any]:
        returned: list[Any] = []
        step = _next(steps, sent)
        while step and step.name != until:
            returned.append(may_skip(step)())
            step = _next(steps, returned[-1])
        return returned

    returned = finished(Step(f"everything before {until or 'the end'}", work))
    step = _next(steps, sent)
    for value in returned:
        step = _next(steps, value)
    return step


def finished(step: Step, time_limit: float = TIME_LIMIT) -> Any:
    """Do a step in a child, and return what it returned.

    :raises StuckError: if it fails or does not end.
    """
    ended = _child(step).ended(time_limit)
    if not ended.ok:
        raise StuckError(_what(step, ended))
    return ended.value


def measured(steps: Steps) -> dict[str, Ended]:
    """Do all steps and tell how much happens in each."""
    found: dict[str, Ended] = {}
    sent: Any = None
    while True:
        try:
            step = steps.send(sent)
        except StopIteration:
            return found
        found[step.name] = Child(may_skip(step), counting=True).ended()
        if not found[step.name].ok:
            raise StuckError(_what(step, found[step.name]))
        sent = found[step.name].value


def may_skip(step: Step) -> Callable[[], Any]:
    def work() -> Any:
        try:
            return step.work()
        except AirflowSkipException:
            return SKIPPED

    return work


def _child(step: Step, moment: Moment | None = None, **options: Any) -> Child:
    return Child(may_skip(step), moment, **options)


def _what(step: Step, ended: Ended) -> str:
    if ended.timed_out:
        return f"{step.name} did not end within {ended.seconds:.0f} s"
    return f"{step.name} failed: {ended.error or f'wait status {ended.status}'}"
