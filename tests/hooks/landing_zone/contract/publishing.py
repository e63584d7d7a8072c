from __future__ import annotations

from collections.abc import Callable

import pytest

from campaign_cdp.exceptions import FileReplacedError
from campaign_cdp.file_sets import StoredObject
from campaign_cdp.hooks.landing_zone.base import LandingZone
from tests.hooks.landing_zone.contract.bodies import Killed, blocks, small, text_of
from tests.hooks.landing_zone.contract.zone import ZoneTests


class PublishingContract(ZoneTests):
    @pytest.mark.parametrize("mib", [0, 1, 9])
    def test_publishes_under_the_final_name_only(self, zone: LandingZone, mib: int) -> None:
        staged = zone.stage("tmp/g.csv", blocks(mib))
        published = zone.publish(staged, "out/g.csv")
        assert (published.key, published.size) == ("out/g.csv", staged.size)
        assert zone.stat("tmp/g.csv") is None
        with zone.open(published) as stream:
            assert all(stream.read(len(block)) == block for block in blocks(mib))

    def test_publishing_again_is_a_no_op(self, zone: LandingZone) -> None:
        staged = zone.stage("tmp/g.csv", small("x"))
        first = zone.publish(staged, "out/g.csv")
        assert zone.publish(staged, "out/g.csv") == first

    def test_what_is_published_is_found_with_the_same_identity(self, zone: LandingZone) -> None:
        published = zone.publish(zone.stage("tmp/g.csv", blocks(1)), "out/g.csv")
        [listed] = [obj for page in zone.iter_pages("out/") for obj in page]
        assert zone.stat("out/g.csv") == listed == published

    def test_publishing_never_overwrites_other_content(self, zone: LandingZone) -> None:
        zone.stage("out/g.csv", small("a"))
        staged = zone.stage("tmp/g.csv", small("b"))
        with pytest.raises(FileReplacedError, match="is other content"):
            zone.publish(staged, "out/g.csv")
        assert (text_of(zone, "out/g.csv"), text_of(zone, "tmp/g.csv")) == ("a", "b")

    def test_publishes_no_other_version_than_the_staged_one(self, zone: LandingZone) -> None:
        staged = zone.stage("tmp/g.csv", small("a"))
        zone.stage("tmp/g.csv", small("b"))
        with pytest.raises(FileReplacedError):
            zone.publish(staged, "out/g.csv")
        assert zone.stat("out/g.csv") is None
        assert text_of(zone, "tmp/g.csv") == "b"

    def test_what_was_never_staged_is_not_published(self, zone: LandingZone) -> None:
        staged = zone.stage("tmp/g.csv", small("a"))
        zone.delete(staged)
        with pytest.raises(FileReplacedError):
            zone.publish(staged, "out/g.csv")
        assert zone.stat("out/g.csv") is None

    @pytest.mark.parametrize("step", ["publish", "move"])
    def test_killed_before_the_source_is_deleted_the_next_call_finishes(
        self, connect: Callable[..., LandingZone], step: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def killed(obj: StoredObject) -> bool:
            raise Killed

        first = connect()
        staged = first.stage("tmp/g.csv", small("x"))
        monkeypatch.setattr(first, self.removal, killed)
        with pytest.raises(Killed):
            getattr(first, step)(staged, "out/g.csv")
        finished = getattr(connect(), step)(staged, "out/g.csv")
        assert finished == connect().stat("out/g.csv")
        assert connect().stat("tmp/g.csv") is None
