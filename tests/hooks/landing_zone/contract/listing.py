from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

import pytest

from campaign_cdp.hooks.landing_zone.base import LandingZone
from tests.hooks.landing_zone.contract.bodies import blocks, keys_below, small
from tests.hooks.landing_zone.contract.zone import ZoneTests

ODD_NAMES = ("Luxury Audience/plus+and&percent%20.csv", "Käufer/ñ – 名前.csv", "a'b(c)!~$.csv")
#: Of 250 bytes: file systems take 255, and names beside them, of files that are being written, must fit too.
LONG_NAMES = ("n" * 246 + ".csv", "名" * 82 + ".csv")


class ListingContract(ZoneTests):
    def test_lists_everything_below_the_prefix_in_key_order_page_by_page(
        self, zone: LandingZone, paged: LandingZone
    ) -> None:
        keys = [f"in/{n % 7}/g_{n}.csv" for n in range(120)]
        for key in (*keys, "inside.csv", "other/g.csv"):
            zone.stage(key, small("x"))
        pages = list(paged.iter_pages("in/"))
        assert len(pages) >= 3
        assert [obj.key for page in pages for obj in page] == sorted(keys)

    def test_folders_and_files_come_in_the_order_of_their_whole_keys(self, zone: LandingZone) -> None:
        keys = ["in/a/b.csv", "in/a.csv", "in/a-1.csv", "in/a/b/c.csv", "in/a/b-c.csv", "in/a0.csv", "in/Z", "in/ä/z"]
        for key in keys:
            zone.stage(key, small("x"))
        assert sorted(keys_below(zone, "in/")) == sorted(keys)
        if self.unordered:
            pytest.skip(self.unordered)
        assert keys_below(zone, "in/") == sorted(keys)
        assert keys_below(zone, "") == sorted(keys)

    def test_a_long_listing_stays_in_order_and_complete(
        self, zone: LandingZone, put_many: Callable[[Iterable[str]], None]
    ) -> None:
        keys = [f"in/{n % 3}/{n % 11}-g.{n}.csv" for n in range(self.many)]
        put_many(random.Random(7).sample(keys, len(keys)))
        assert keys_below(zone, "in/") == sorted(keys)

    def test_an_empty_prefix_lists_nothing(self, zone: LandingZone) -> None:
        assert keys_below(zone, "nothing/") == []
        assert keys_below(zone, "") == []

    def test_listing_and_stat_agree_on_identity_and_time(self, zone: LandingZone) -> None:
        staged = zone.stage("in/g.csv", small("hello"))
        [listed] = [obj for page in zone.iter_pages("in/") for obj in page]
        assert zone.stat("in/g.csv") == listed == staged
        assert (listed.key, listed.size) == ("in/g.csv", 5)
        assert '"' not in listed.etag
        assert listed.modified.tzinfo is UTC
        assert abs(listed.modified - datetime.now(UTC)) < timedelta(minutes=1)

    def test_stat_of_a_missing_key_or_a_mere_prefix_is_none(self, zone: LandingZone) -> None:
        zone.stage("in/g.csv.gz", small("x"))
        assert zone.stat("in/g.csv") is None
        assert zone.stat("in") is None
        assert zone.stat("in/g.csv.gz/x") is None

    @pytest.mark.parametrize("name", ODD_NAMES)
    def test_names_may_hold_any_character(self, zone: LandingZone, name: str) -> None:
        staged = zone.stage(f"in/{name}", small("x"))
        assert keys_below(zone, "in/") == [f"in/{name}"]
        moved = zone.move(staged, f"done/{name}")
        assert moved
        assert zone.read_small(moved) == b"x"

    @pytest.mark.parametrize("name", LONG_NAMES, ids=["ascii", "wide"])
    def test_names_may_be_long(self, zone: LandingZone, name: str) -> None:
        staged = zone.stage(f"tmp/{name}", small("x"))
        published = zone.publish(staged, f"out/{name}")
        moved = zone.move(published, f"done/{name}")
        assert keys_below(zone, "") == [f"done/{name}"]
        assert moved
        assert zone.delete(moved)

    def test_an_object_that_is_being_written_is_not_listed(
        self, zone: LandingZone, connect: Callable[..., LandingZone]
    ) -> None:
        watching = connect()
        seen: list[str] = []

        def body() -> Iterable[bytes]:
            yield from blocks(9)
            seen.extend(keys_below(watching, ""))
            yield b"end"

        zone.stage("in/g.csv", iter(body()))
        assert seen == []
        assert keys_below(watching, "") == ["in/g.csv"]
