from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from campaign_cdp.exceptions import FileReplacedError
from campaign_cdp.file_sets import StoredObject
from campaign_cdp.hooks.landing_zone.base import LandingZone
from tests.hooks.landing_zone.contract.bodies import keys_below, small, text_of
from tests.hooks.landing_zone.contract.zone import ZoneTests


class RacingContract(ZoneTests):
    def test_of_two_racing_publishers_exactly_one_wins(self, connect: Callable[..., LandingZone]) -> None:
        racers = 6
        zones = [connect() for _ in range(racers)]
        staged = [zone.stage(f"tmp/{n}.csv", small(f"racer {n}")) for n, zone in enumerate(zones)]
        outcomes = _race(racers, lambda n: zones[n].publish(staged[n], "out/g.csv"))
        winners = [n for n, outcome in enumerate(outcomes) if isinstance(outcome, StoredObject)]
        assert len(winners) == 1
        assert text_of(zones[0], "out/g.csv") == f"racer {winners[0]}"
        losers = [outcome for n, outcome in enumerate(outcomes) if n not in winners]
        assert all(isinstance(outcome, FileReplacedError) for outcome in losers), losers

    def test_of_two_publishers_of_the_same_object_both_succeed(self, connect: Callable[..., LandingZone]) -> None:
        zones = [connect() for _ in range(4)]
        staged = zones[0].stage("tmp/g.csv", small("x"))
        outcomes = _race(4, lambda n: zones[n].publish(staged, "out/g.csv"))
        assert outcomes == [zones[0].stat("out/g.csv")] * 4

    def test_stagings_of_one_key_at_once_leave_one_whole_object(self, connect: Callable[..., LandingZone]) -> None:
        zones = [connect() for _ in range(4)]
        outcomes = _race(4, lambda n: zones[n].stage("tmp/g.csv", iter([bytes([n]) * 5000] * 100)))
        assert all(isinstance(outcome, StoredObject) for outcome in outcomes), outcomes
        found = zones[0].stat("tmp/g.csv")
        assert found
        assert len(set(zones[0].read_small(found))) == 1
        assert found.size == 500_000
        assert keys_below(zones[0], "") == ["tmp/g.csv"]


def _race(racers: int, run: Callable[[int], StoredObject]) -> list[StoredObject | Exception]:
    barrier = threading.Barrier(racers)

    def racer(n: int) -> StoredObject | Exception:
        barrier.wait()
        try:
            return run(n)
        except Exception as err:
            return err

    with ThreadPoolExecutor(racers) as pool:
        return list(pool.map(racer, range(racers)))
