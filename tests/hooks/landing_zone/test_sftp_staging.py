from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from campaign_cdp.exceptions import FeedConfigError, RetriableSyncError, StorageFullError
from campaign_cdp.hooks.landing_zone import sftp_errors
from campaign_cdp.hooks.landing_zone.sftp import SftpLandingZone
from tests.hooks.landing_zone.contract import Killed, blocks, small, text_of
from tests.hooks.landing_zone.contract.bodies import keys_below
from tests.hooks.landing_zone.sftp_servers import Target, WithPassword
from tests.hooks.landing_zone.sftp_tests import SftpTests

LEFTOVER = ".g.csv.0123abcd.cdp-part"


class TestTemporaryNames(SftpTests):
    def test_they_are_hidden_and_beside_the_final_one(self, zone: SftpLandingZone, target: Target) -> None:
        seen: list[str] = []

        def body() -> Iterator[bytes]:
            yield from blocks(1)
            seen.extend(target.names)

        zone.stage("in/g.csv", body())
        assert len(seen) == 1
        assert seen[0].startswith("in/.g.csv.")
        assert target.names == ["in/g.csv"]

    def test_what_a_killed_attempt_left_is_not_shown(self, zone: SftpLandingZone, target: Target) -> None:
        target.write(f"in/{LEFTOVER}", b"half")
        target.write("in/.profile", b"x")
        assert keys_below(zone, "in/") == ["in/.profile"]
        assert zone.stat(f"in/{LEFTOVER}") is None

    def test_staging_removes_what_was_left_in_that_folder_a_day_ago(
        self, connect: Callable[..., SftpLandingZone], target: Target
    ) -> None:
        day, now = 86_400, time.time()
        for key, age in (
            (f"in/{LEFTOVER}", day + 60),
            ("in/.h.89abcdef.cdp-part", day - 60),
            ("in/.cdp-part", 9 * day),
        ):
            os.utime(target.write(key, b"half"), (now - age, now - age))
        os.utime(target.write(f"in/1/{LEFTOVER}", b"half"), (0, 0))
        connect().stage("in/g.csv", small("x"))
        assert target.names == ["in/.cdp-part", "in/.h.89abcdef.cdp-part", f"in/1/{LEFTOVER}", "in/g.csv"]

    def test_clearing_removes_all_of_them_and_the_folders(self, zone: SftpLandingZone, target: Target) -> None:
        for key in (f"tmp/1/{LEFTOVER}", "tmp/1/2/3/g.csv", "tmp/1/.profile", "tmp/10.csv"):
            target.write(key, b"x")
        (target.folder / "tmp/1/empty").mkdir()
        zone.clear("tmp/1/")
        assert target.names == ["tmp/10.csv"]
        assert target.folders == ["tmp"]
        zone.clear("tmp/")
        assert target.folders == []

    @pytest.mark.parametrize("failing", [Killed, ValueError])
    def test_a_failing_body_leaves_none(
        self, zone: SftpLandingZone, target: WithPassword, failing: type[BaseException]
    ) -> None:
        def body() -> Iterator[bytes]:
            yield from blocks(3)
            raise failing

        with pytest.raises(failing) as raised:
            zone.stage("in/g.csv", body())
        assert target.names == []
        assert target.open_files == [], raised

    @pytest.mark.parametrize("name", ["n" * 255, "名" * 85], ids=["ascii", "wide"])
    def test_the_longest_name_is_no_problem(self, zone: SftpLandingZone, name: str) -> None:
        assert zone.stage(f"in/{name}", small("x")).name == name

    def test_a_longer_name_is_a_mistake(self, zone: SftpLandingZone, target: Target) -> None:
        with pytest.raises(FeedConfigError, match="has 256 bytes, file systems take 255"):
            zone.stage("in/" + "n" * 256, small("x"))
        assert target.folders == []


class TestVersions(SftpTests):
    @pytest.mark.parametrize("ahead", [0, 100])
    def test_a_new_one_is_a_second_later_than_the_one_it_replaces(
        self, zone: SftpLandingZone, target: Target, ahead: int
    ) -> None:
        time_of_old = int(time.time()) + ahead
        os.utime(target.write("in/g.csv", b"old"), (time_of_old, time_of_old))
        old = zone.stat("in/g.csv")
        new = zone.stage("in/g.csv", small("new"))
        assert old
        assert new.etag != old.etag
        assert new.modified.timestamp() >= time_of_old + bool(ahead)
        assert zone.stat("in/g.csv") == new

    def test_one_that_was_moved_away_is_not_repeated(self, zone: SftpLandingZone) -> None:
        old = zone.stage("in/g.csv", small("old"))
        assert zone.move(old, "done/g.csv")
        assert zone.stage("in/g.csv", small("new")).etag != old.etag


class TestWriting(SftpTests):
    def test_what_the_server_lost_is_no_success(self, zone: SftpLandingZone, target: Target) -> None:
        def body() -> Iterator[bytes]:
            yield from blocks(1)
            [part] = (target.folder / "in").iterdir()
            while part.stat().st_size < 1024 * 1024:
                zone.stat("in")  # takes in what the server answers
            os.truncate(part, 10)

        with pytest.raises(RetriableSyncError, match="kept 10 of the 1,048,576 bytes"):
            zone.stage("in/g.csv", body())
        assert target.names == []

    def test_a_full_disk_is_noticed_though_the_server_does_not_say_so(
        self, small_zone: SftpLandingZone, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sftp_errors, "says_full", lambda err: False)
        with pytest.raises(StorageFullError, match=r"out/g\.csv"):
            small_zone.stage("out/g.csv", blocks(8))
        assert keys_below(small_zone, "") == []

    def test_a_folder_that_is_removed_meanwhile_is_made_again(
        self, connect: Callable[..., SftpLandingZone], target: Target
    ) -> None:
        def work(n: int) -> list[str | None]:
            found = []
            for turn in range(15):
                staged = zones[n].stage(f"in/1/2/{n}.csv", small(f"{n}.{turn}"))
                found.append(text_of(zones[n], staged.key))
                zones[n].delete(staged)
            return found

        zones = [connect() for _ in range(2)]
        with ThreadPoolExecutor(2) as pool:
            assert list(pool.map(work, range(2))) == [[f"{n}.{turn}" for turn in range(15)] for n in range(2)]
        assert target.names == []
