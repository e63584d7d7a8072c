"""The kill matrix: which processes die when, drawn from a seed, and what comes of each."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

from tests.chaos.child import Ended, Moment
from tests.chaos.compare import Harm, compare, holding, rewritten, stuck
from tests.chaos.scenarios import ExportScenario, ImportScenario
from tests.chaos.stand import Prepared, Stand
from tests.chaos.steps import Step
from tests.chaos.walk import Kill, Killer, StuckError, finished, walk

_KINDS: Final = ("event", "event", "event", "event", "event", "commit", "clock", "returned")
_MOST_DETAIL: Final = 12


@dataclass(frozen=True, slots=True)
class Row:
    """What came of one kill or disturbance.

    :param instant: moment of the kill, or the disturbance, in words.
    :param outcome: ``same``, ``harmed``, ``missed`` if nothing died or broke, or ``skipped``.
    """

    number: int
    direction: str
    zone: str
    task: str
    instant: str
    outcome: str
    lost: int
    doubled: int
    stuck: int
    seconds: float
    detail: str = ""
    disturbance: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def plan(seed: int, number: int, prepared: Sequence[Prepared]) -> tuple[Prepared, Kill]:
    """Draw one kill; equal arguments give equal kills, up to how much happened in the undisturbed run."""
    cells = [(each, name) for each in prepared for name in each.measures]
    turn, place = divmod(number, len(cells))
    Random(f"{seed} {turn}").shuffle(cells)
    chosen, name = cells[place]
    return chosen, kill_of(Random(f"{seed} {number}"), name, chosen.measures[name])


def kill_of(random: Random, name: str, measure: Ended) -> Kill:
    """Draw when and how a step dies."""
    moment = _moment(random, random.choice(_KINDS), measure)
    resumed = name.endswith(" resumed")
    what = random.random()
    if what < 0.12 and not resumed:
        return Kill(name, moment, twin=True)
    again = _moment(random, "event", measure) if what > 0.8 and not resumed else None
    return Kill(name, moment, again)


def _moment(random: Random, kind: str, measure: Ended) -> Moment:
    match kind:
        case "commit" if measure.commits:
            return Moment("commit", measure.commits)
        case "clock":
            return Moment("clock", round(random.uniform(0.0, 0.6) * measure.seconds, 4))
        case "event" if measure.events:
            return Moment("event", random.randint(1, measure.events))
        case _:
            return Moment("returned")


def kills(seed: int, prepared: Sequence[Prepared]) -> Iterator[tuple[int, Prepared, Kill]]:
    """Draw kills without end."""
    number = 0
    while True:
        yield number, *plan(seed, number, prepared)
        number += 1


def strike(stand: Stand, number: int, prepared: Prepared, kill: Kill, *, apart: bool = True) -> Row:
    """Run a copy, kill as planned, let Airflow go on, and compare.

    :param apart: see :func:`~tests.chaos.walk.walk`.
    """
    started = time.monotonic()
    with stand.copy(prepared) as scenario:
        seen: dict[str, object] = {}
        killer = Killer(kill, when_dead=lambda: seen.update(_published(scenario)))
        harm = outcome_of(scenario, prepared, kill.step, killer, seen, apart=apart)
    outcome = "harmed" if harm else "same" if killer.struck else "missed"
    notes = (*harm.detail[:_MOST_DETAIL], *killer.notes)
    return Row(
        *(number, prepared.direction, prepared.zone, kill.step, str(kill), outcome),
        *(harm.lost, harm.doubled, harm.stuck, round(time.monotonic() - started, 2), "; ".join(notes)),
    )


def outcome_of(
    scenario: ImportScenario | ExportScenario,
    prepared: Prepared,
    step: str,
    strike: Any,
    seen: Mapping[str, object],
    *,
    apart: bool = True,
) -> Harm:
    """Do the run with one step struck, and one more; compare both with undisturbed ones."""
    try:
        _walk_and_clear(scenario, step, strike, apart)
        harm = compare(prepared.expected[0], scenario.state(), "run1: ") + rewritten(seen, scenario.seen_by_aep())
        scenario.have_more()
        finished(Step("run2", lambda: scenario.run("run2")))
    except StuckError as err:
        return stuck(str(err)) + holding(scenario.dsn)
    return harm + compare(prepared.expected[1], scenario.state(), "run2: ") + holding(scenario.dsn)


def _walk_and_clear(scenario: ImportScenario | ExportScenario, step: str, strike: Any, apart: bool) -> None:
    """Clear the Dag run if a message asks for it, where it may: a database that crashed has lost its work tables."""
    try:
        walk(scenario.steps("run1"), step, strike, apart=apart)
    except StuckError as err:
        if not (getattr(strike, "may_clear", False) and "Clear " in str(err)):
            raise
        strike.notes.append("the Dag run was cleared")
        walk(scenario.steps("run1"))


def _published(scenario: ImportScenario | ExportScenario) -> dict[str, object]:
    """What AEP may have seen; most storages tell times by the second, so a rewriting must not fall into the same."""
    seen = scenario.seen_by_aep()
    while seen and datetime.now(UTC) <= max(version[1] for version in seen.values()) + timedelta(seconds=1):  # type: ignore[index]
        time.sleep(0.05)
    return seen
