from __future__ import annotations

import pytest

from campaign_cdp.exceptions import FileReplacedError
from campaign_cdp.hooks.landing_zone.base import LandingZone
from tests.hooks.landing_zone.contract.bodies import small, text_of
from tests.hooks.landing_zone.contract.zone import ZoneTests


class MovingContract(ZoneTests):
    def test_moves_and_moving_again_is_a_no_op(self, zone: LandingZone) -> None:
        obj = zone.stage("in/g.csv", small("x"))
        moved = zone.move(obj, "done/g.csv")
        assert zone.stat("in/g.csv") is None
        assert zone.move(obj, "done/g.csv") == moved == zone.stat("done/g.csv")

    def test_what_was_moved_is_moved_on(self, zone: LandingZone) -> None:
        moved = zone.move(zone.stage("in/g.csv", small("x")), "done/g.csv")
        assert moved
        assert zone.move(moved, "old/1/2/g.csv") == zone.stat("old/1/2/g.csv")
        assert (zone.stat("done/g.csv"), text_of(zone, "old/1/2/g.csv")) == (None, "x")

    def test_leaves_a_newer_version_where_it_is(self, zone: LandingZone) -> None:
        old = zone.stage("in/g.csv", small("old"))
        zone.stage("in/g.csv", small("new"))
        assert zone.move(old, "done/g.csv") is None
        assert zone.delete(old) is False
        assert (text_of(zone, "in/g.csv"), zone.stat("done/g.csv")) == ("new", None)

    def test_a_newer_version_that_arrives_after_the_move_stays(self, zone: LandingZone) -> None:
        old = zone.stage("in/g.csv", small("old"))
        moved = zone.move(old, "done/g.csv")
        zone.stage("in/g.csv", small("new"))
        assert zone.move(old, "done/g.csv") == moved
        assert (text_of(zone, "in/g.csv"), text_of(zone, "done/g.csv")) == ("new", "old")

    def test_moving_what_is_gone_gives_none(self, zone: LandingZone) -> None:
        obj = zone.stage("in/g.csv", small("x"))
        zone.delete(obj)
        assert zone.move(obj, "done/g.csv") is None

    def test_moving_never_overwrites_other_content(self, zone: LandingZone) -> None:
        zone.stage("done/g.csv", small("a"))
        with pytest.raises(FileReplacedError):
            zone.move(zone.stage("in/g.csv", small("b")), "done/g.csv")
        assert (text_of(zone, "done/g.csv"), text_of(zone, "in/g.csv")) == ("a", "b")

    def test_deletes_once(self, zone: LandingZone) -> None:
        obj = zone.stage("in/g.csv", small("x"))
        assert [zone.delete(obj), zone.delete(obj)] == [True, False]
        assert zone.stat("in/g.csv") is None

    def test_deleting_leaves_the_neighbours(self, zone: LandingZone) -> None:
        obj, neighbour = zone.stage("in/1/g.csv", small("x")), zone.stage("in/1/h.csv", small("y"))
        zone.delete(obj)
        zone.stage("in/1/g.csv", small("z"))
        assert zone.stat("in/1/h.csv") == neighbour
        assert text_of(zone, "in/1/g.csv") == "z"
