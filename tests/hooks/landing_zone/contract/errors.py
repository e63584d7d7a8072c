from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from campaign_cdp.exceptions import AccessDeniedError, FeedConfigError, RetriableSyncError, StorageFullError
from campaign_cdp.file_sets import StoredObject
from campaign_cdp.hooks.landing_zone.base import LandingZone
from tests.hooks.landing_zone.contract.bodies import blocks, keys_below, small
from tests.hooks.landing_zone.contract.zone import ZoneTests
from tests.hooks.landing_zone.proxy import free_port


class ErrorContract(ZoneTests):
    @pytest.mark.usefixtures("with_server")
    def test_a_wrong_password_is_denied(self, zone: LandingZone, connect: Callable[..., LandingZone]) -> None:
        obj, denied = zone.stage("in/g.csv", small("x")), connect(secret="wrong")
        for call in _calls(denied, obj).values():
            with pytest.raises(AccessDeniedError, match=self.credentials_hint):
                call()

    @pytest.mark.usefixtures("with_server")
    def test_an_unreachable_server_is_worth_a_retry(
        self, zone: LandingZone, connect: Callable[..., LandingZone]
    ) -> None:
        obj, unreachable = zone.stage("in/g.csv", small("x")), connect(port=free_port())
        for call in _calls(unreachable, obj).values():
            with pytest.raises(RetriableSyncError, match="will be tried again"):
                call()

    def test_a_missing_root_is_a_mistake_in_the_feed(
        self, zone: LandingZone, connect: Callable[..., LandingZone]
    ) -> None:
        calls = _calls(connect(bucket="no-such-bucket"), zone.stage("in/g.csv", small("x")))
        for name in ("list", "stat", "stage"):
            with pytest.raises(FeedConfigError, match=self.root_key):
                calls[name]()

    def test_a_folder_closed_to_us_is_denied_and_stays_as_it_is(
        self, zone: LandingZone, refuse: Callable[[str], AbstractContextManager[None]]
    ) -> None:
        obj, elsewhere = zone.stage("in/g.csv", small("x")), zone.stage("other/h.csv", small("y"))
        calls = _calls(zone, obj) | {
            "list all": lambda: keys_below(zone, ""),
            "delete": lambda: zone.delete(obj),
            "move in": lambda: zone.move(elsewhere, "in/h.csv"),
        }
        with refuse("in"):
            for name, call in calls.items():
                with pytest.raises(AccessDeniedError):
                    pytest.fail(f"{name} gave {call()}")
            assert zone.stat("other/h.csv") == elsewhere
        assert keys_below(zone, "") == ["in/g.csv", "other/h.csv"]
        assert zone.stat("in/g.csv") == obj

    def test_a_full_storage_leaves_nothing_half_written(self, small_zone: LandingZone) -> None:
        before = small_zone.stage("out/g.csv", small("old"))
        with pytest.raises(StorageFullError, match=r"out/g\.csv"):
            small_zone.stage("out/g.csv", blocks(8))
        assert small_zone.stat("out/g.csv") == before
        assert keys_below(small_zone, "") == ["out/g.csv"]

    def test_a_full_storage_takes_more_once_there_is_space(self, small_zone: LandingZone) -> None:
        filler = small_zone.stage("out/filler.csv", blocks(1))
        with pytest.raises(StorageFullError):
            small_zone.stage("out/g.csv", blocks(2))
        small_zone.delete(filler)
        assert small_zone.stage("out/g.csv", blocks(7, 250_000)).size == 1_750_000, "the failed try takes no space"

    def test_free_space_shrinks_by_what_is_written(self, small_zone: LandingZone) -> None:
        before = small_zone.free_bytes()
        assert before is not None
        small_zone.stage("out/g.csv", blocks(1))
        after = small_zone.free_bytes()
        assert after is not None
        assert 1_000_000 < before - after < 1_200_000


def _calls(zone: LandingZone, obj: StoredObject) -> dict[str, Callable[[], object]]:
    return {
        "list": lambda: list(zone.iter_pages("in/")),
        "stat": lambda: zone.stat("in/g.csv"),
        "open": lambda: zone.open(obj),
        "stage": lambda: zone.stage("in/h.csv", small("x")),
        "publish": lambda: zone.publish(obj, "out/g.csv"),
        "move": lambda: zone.move(obj, "out/g.csv"),
    }
