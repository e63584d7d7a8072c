from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest

from campaign_cdp.exceptions import FileReplacedError, RetriableSyncError
from campaign_cdp.hooks.landing_zone.base import LandingZone
from tests.hooks.landing_zone.contract.bodies import Killed, blocks, small
from tests.hooks.landing_zone.contract.zone import ZoneTests


class ReadingContract(ZoneTests):
    def test_reads_a_large_object_in_pieces(self, zone: LandingZone) -> None:
        obj = zone.stage("in/big.csv", blocks(20))
        with zone.open(obj) as stream:
            assert all(stream.read(len(block)) == block for block in blocks(20))
            assert stream.read(1) == b""

    def test_reads_an_empty_object(self, zone: LandingZone) -> None:
        with zone.open(zone.stage("in/empty.csv", iter(()))) as stream:
            assert stream.read() == b""

    def test_two_objects_are_read_side_by_side(self, zone: LandingZone) -> None:
        first, second = zone.stage("in/1.csv", blocks(3)), zone.stage("in/2.csv", blocks(3))
        with zone.open(first) as one, zone.open(second) as other:
            for block in blocks(3):
                assert one.read(len(block)) == other.read(len(block)) == block

    def test_a_stream_that_is_given_up_half_way_does_no_harm(self, zone: LandingZone) -> None:
        obj = zone.stage("in/big.csv", blocks(6))
        stream = zone.open(obj)
        assert stream.read(10) == bytes(10)
        stream.close()
        stream.close()
        assert zone.stat("in/big.csv") == obj
        with zone.open(obj) as again:
            assert len(again.read()) == obj.size

    def test_never_opens_another_version(self, zone: LandingZone) -> None:
        old = zone.stage("in/g.csv", small("old"))
        new = zone.stage("in/g.csv", small("new"))
        with pytest.raises(FileReplacedError, match=r"in/g\.csv was replaced or removed"):
            zone.open(old)
        zone.delete(new)
        with pytest.raises(FileReplacedError):
            zone.open(new)

    def test_a_version_replaced_while_it_is_read_is_never_mixed(self, zone: LandingZone) -> None:
        obj = zone.stage("in/big.csv", blocks(12))
        with zone.open(obj) as stream:
            start = stream.read(100)
            zone.stage("in/big.csv", small("new"))
            with suppress(RetriableSyncError, FileReplacedError):
                assert start + stream.read() == b"".join(blocks(12))

    def test_a_manifest_sized_read_refuses_more(self, zone: LandingZone) -> None:
        with pytest.raises(FileReplacedError):
            zone.read_small(zone.stage("in/m.json", small("12345")), max_bytes=4)

    # -- Closing --------------------------------------------------------------------------------------------------

    def test_closing_twice_or_before_any_use_is_harmless(self, connect: Callable[..., LandingZone]) -> None:
        unused, used = connect(), connect()
        used.stage("in/g.csv", small("x"))
        for zone in (unused, used):
            zone.close()
            zone.close()

    def test_a_block_that_fails_is_closed_too(
        self, connect: Callable[..., LandingZone], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        zone, closed = connect(), []
        close = zone.close
        monkeypatch.setattr(zone, "close", lambda: closed.append(close()))
        zone.stage("in/g.csv", small("x"))
        with pytest.raises(Killed), zone:
            raise Killed
        assert closed == [None]
