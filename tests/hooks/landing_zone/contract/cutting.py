from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest

from campaign_cdp.exceptions import RetriableSyncError
from campaign_cdp.hooks.landing_zone.base import LandingZone
from tests.hooks.landing_zone.contract.bodies import blocks, keys_below, small
from tests.hooks.landing_zone.contract.zone import ZoneTests
from tests.hooks.landing_zone.proxy import CuttingProxy


class CuttingContract(ZoneTests):
    """The server dies, or the network breaks, in the middle of something."""

    @pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
    def test_a_cut_transfer_is_an_error_not_an_end_of_file(
        self, zone: LandingZone, connect: Callable[..., LandingZone], server_port: int, reset: bool
    ) -> None:
        obj = zone.stage("in/big.csv", blocks(4))
        with CuttingProxy(server_port, cut_after=2_000_000, reset=reset) as proxy:
            stream = connect(port=proxy.port).open(obj)
            with pytest.raises(RetriableSyncError, match=r"of 4,194,304 bytes"):
                stream.read()

    @pytest.mark.parametrize("sent", [200_000, 12_000_000])
    @pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
    def test_a_cut_upload_leaves_nothing_and_is_worth_a_retry(
        self, zone: LandingZone, connect: Callable[..., LandingZone], server_port: int, sent: int, reset: bool
    ) -> None:
        with CuttingProxy(server_port, cut_sent_after=sent, reset=reset) as proxy:
            with pytest.raises(RetriableSyncError, match=r"out/g\.csv"):
                connect(port=proxy.port).stage("out/g.csv", blocks(16))
            assert proxy.cut_off
        assert zone.stat("out/g.csv") is None
        assert keys_below(zone, "") == []
        assert zone.stage("out/g.csv", blocks(1)).size == 1024 * 1024

    def test_a_cut_replacement_leaves_the_version_before(
        self, zone: LandingZone, connect: Callable[..., LandingZone], server_port: int
    ) -> None:
        before = zone.stage("out/g.csv", small("old"))
        with CuttingProxy(server_port, cut_sent_after=12_000_000) as proxy, pytest.raises(RetriableSyncError):
            connect(port=proxy.port).stage("out/g.csv", blocks(16))
        assert zone.stat("out/g.csv") == before

    def test_a_cut_listing_is_an_error_not_a_short_one(
        self, zone: LandingZone, connect: Callable[..., LandingZone], server_port: int
    ) -> None:
        keys = [f"in/{n:03}.csv" for n in range(60)]
        for key in keys:
            zone.stage(key, small("x"))
        for cut_after in self.listing_cuts:
            with CuttingProxy(server_port, cut_after=cut_after) as proxy:
                with pytest.raises(RetriableSyncError):
                    keys_below(connect(port=proxy.port), "in/")
                assert proxy.cut_off
        assert keys_below(zone, "in/") == keys

    @pytest.mark.parametrize("step", ["publish", "move"])
    def test_cut_off_anywhere_the_next_call_finishes(
        self, zone: LandingZone, connect: Callable[..., LandingZone], server_port: int, step: str
    ) -> None:
        cut_off = 0
        for n, cut_after in enumerate(self.cuts):
            staged = zone.stage(f"tmp/{n}.csv", small(f"x{n}"))
            with CuttingProxy(server_port, cut_after=cut_after, reset=bool(n % 2)) as proxy:
                with suppress(RetriableSyncError):
                    getattr(connect(port=proxy.port), step)(staged, f"out/{n}.csv")
                cut_off += proxy.cut_off
            found = zone.stat(f"out/{n}.csv")
            assert found is None or zone.read_small(found) == f"x{n}".encode()
            done = getattr(zone, step)(staged, f"out/{n}.csv")
            assert done == zone.stat(f"out/{n}.csv")
            assert zone.read_small(done) == f"x{n}".encode()
            assert zone.stat(f"tmp/{n}.csv") is None
        assert cut_off >= 2
