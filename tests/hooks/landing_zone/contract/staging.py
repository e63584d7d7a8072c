from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import pytest

from campaign_cdp.hooks.landing_zone.base import LandingZone
from tests.hooks.landing_zone.contract.bodies import Killed, blocks, keys_below, small, text_of
from tests.hooks.landing_zone.contract.zone import ZoneTests


class StagingContract(ZoneTests):
    @pytest.mark.parametrize("mib", [0, 1, 8, 17])
    def test_stages_any_size_whole(self, zone: LandingZone, mib: int) -> None:
        staged = zone.stage("out/g.csv", blocks(mib))
        assert staged.size == mib * 1024 * 1024
        with zone.open(staged) as stream:
            assert all(stream.read(len(block)) == block for block in blocks(mib))

    def test_staging_again_replaces(self, zone: LandingZone) -> None:
        zone.stage("out/g.csv", small("old"))
        zone.stage("out/g.csv", small("new"))
        assert text_of(zone, "out/g.csv") == "new"

    def test_each_version_has_an_identity_of_its_own(self, zone: LandingZone) -> None:
        versions = [zone.stage("out/g.csv", small(text)) for text in ("abc", "bcd", "cde", "def", "efg")]
        assert len({version.identity for version in versions}) == 5

    @pytest.mark.parametrize("count", [1, 20])
    def test_nothing_appears_if_the_body_fails(self, zone: LandingZone, count: int) -> None:
        def failing() -> Iterator[bytes]:
            yield from blocks(count)
            raise Killed

        with pytest.raises(Killed):
            zone.stage("out/g.csv", failing())
        assert zone.stat("out/g.csv") is None
        assert keys_below(zone, "") == []

    def test_a_failing_body_leaves_the_version_before(self, zone: LandingZone) -> None:
        def failing() -> Iterator[bytes]:
            yield b"new"
            raise Killed

        old = zone.stage("out/g.csv", small("old"))
        with pytest.raises(Killed):
            zone.stage("out/g.csv", failing())
        assert zone.stat("out/g.csv") == old

    def test_staging_needs_constant_memory(self, zone: LandingZone) -> None:
        zone.stage("out/warm.csv", blocks(9))
        tracemalloc.start()
        try:
            zone.stage("out/g.csv", blocks(64))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < 34e6

    # -- Clearing -------------------------------------------------------------------------------------------------

    def test_clears_a_folder_and_nothing_else(self, zone: LandingZone) -> None:
        for key in ("tmp/1/a.csv", "tmp/1/2/b.csv", "tmp/10/c.csv", "tmp/1.csv", "out/d.csv"):
            zone.stage(key, small("x"))
        zone.clear("tmp/1/")
        assert keys_below(zone, "") == ["out/d.csv", "tmp/1.csv", "tmp/10/c.csv"]

    def test_clearing_nothing_or_again_is_a_no_op(self, zone: LandingZone) -> None:
        zone.clear("tmp/1/")
        zone.stage("tmp/1/a.csv", small("x"))
        zone.clear("tmp/1/")
        zone.clear("tmp/1/")
        assert keys_below(zone, "") == []
        assert zone.stage("tmp/1/a.csv", small("x")).size == 1

    # -- Space ----------------------------------------------------------------------------------------------------

    def test_free_space_is_a_number_of_bytes_or_unknown(self, zone: LandingZone) -> None:
        free = zone.free_bytes()
        assert free is None or free > 0
