"""What of a run happens in which process: a task is one, a deferred one three, as with Airflow's workers and triggerer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Generator
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final, TypeAlias

from airflow.sdk import BaseSensorOperator
from airflow.sdk.exceptions import AirflowSkipException, TaskDeferred


@dataclass(frozen=True, slots=True)
class Step:
    """What one process does.

    :param name: of the task, with its map index or phase, if any.
    :param restarts: if it dies, its task starts over from ``execute``, so its generator is sent :data:`DIED`.
    """

    name: str
    work: Callable[[], Any]
    restarts: bool = False


#: Yields steps one after the other and is sent what each returned.
Steps: TypeAlias = Generator[Step, Any, None]
DIED: Final = "died"
SKIPPED: Final = "skipped"


@dataclass(frozen=True, slots=True)
class Deferral:
    """What Airflow keeps of a deferred task: the trigger by its serialised form, and how to go on."""

    path: str
    kwargs: str
    method: str
    method_kwargs: dict[str, Any]

    @classmethod
    def of(cls, deferred: TaskDeferred) -> Deferral:
        path, kwargs = deferred.trigger.serialize()
        return cls(path, json.dumps(kwargs), deferred.method_name, dict(deferred.kwargs or {}))

    def fire(self) -> Any:
        """Run the trigger to its first event, as a triggerer does."""
        module, _, name = self.path.rpartition(".")
        trigger = getattr(import_module(module), name)(**json.loads(self.kwargs))
        return asyncio.run(_first_event(trigger))


def sensor_steps(make: Callable[[], BaseSensorOperator], context: dict[str, Any]) -> Generator[Step, Any, Any]:
    """Wait, be woken, go on; each is a sensor of its own, as each is another process. Returns the task's result."""
    task = make().task_id
    while True:
        found = yield Step(task, lambda: _executed(make(), context))
        if not isinstance(found, Deferral):
            return found
        deferral = found
        event = yield Step(f"{task} trigger", deferral.fire)
        kwargs = {**deferral.method_kwargs, "event": event}
        resume = Step(f"{task} resumed", lambda: _resumed(make(), deferral.method, kwargs, context), restarts=True)  # noqa: B023
        found = yield resume
        if found != DIED:
            return found


def run_here(steps: Generator[Step, Any, Any]) -> dict[str, Any]:
    """Run steps one after the other in this process; returns what each returned.

    :raises AirflowSkipException: if the first task was skipped, which skips all others.
    """
    results: dict[str, Any] = {}
    sent: Any = None
    while True:
        try:
            step = steps.send(sent)
        except StopIteration:
            return results
        try:
            sent = results[step.name] = step.work()
        except AirflowSkipException:
            if not results or step.name.endswith(" resumed"):
                raise
            sent = SKIPPED


def _executed(sensor: BaseSensorOperator, context: dict[str, Any]) -> Any:
    try:
        return sensor.execute(context)  # type: ignore[arg-type]
    except TaskDeferred as deferred:
        return Deferral.of(deferred)


def _resumed(sensor: BaseSensorOperator, method: str, kwargs: dict[str, Any], context: dict[str, Any]) -> Any:
    return sensor.resume_execution(method, kwargs, context)  # type: ignore[arg-type]


async def _first_event(trigger: Any) -> dict[str, Any]:
    return (await anext(trigger.run())).payload
