from __future__ import annotations

import os
import threading
import tracemalloc
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from paramiko import SFTPClient
from paramiko.sftp import CMD_READ

from campaign_cdp.exceptions import FileReplacedError, RetriableSyncError, SyncDataError
from campaign_cdp.feeds.zones import SftpAudienceZone
from campaign_cdp.file_sets import StoredObject
from campaign_cdp.hooks.landing_zone.factory import landing_zone_for
from campaign_cdp.hooks.landing_zone.sftp import SftpLandingZone
from tests.hooks.landing_zone.contract import Killed, LandingZoneContract, blocks, small, text_of
from tests.hooks.landing_zone.contract.bodies import keys_below
from tests.hooks.landing_zone.contract.errors import ErrorContract
from tests.hooks.landing_zone.contract.reading import ReadingContract
from tests.hooks.landing_zone.sftp_servers import (
    SSHD,
    ConfinedServer,
    OpenSsh,
    Target,
    WithKey,
    WithPassword,
    running_sshd,
)
from tests.hooks.landing_zone.sftp_tests import SftpTests


class SftpContract(SftpTests, LandingZoneContract):
    @pytest.mark.parametrize("step", ["publish", "move"])
    def test_killed_before_the_source_is_deleted_the_next_call_finishes(
        self, connect: Callable[..., SftpLandingZone], step: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A rename deletes its source itself, so the process is killed right after it."""

        def killed(*_: object) -> None:
            raise Killed

        first = connect()
        staged = first.stage("tmp/g.csv", small("x"))
        monkeypatch.setattr(first, "_arrived", killed)
        with pytest.raises(Killed):
            getattr(first, step)(staged, "out/g.csv")
        finished = getattr(connect(), step)(staged, "out/g.csv")
        assert finished == connect().stat("out/g.csv")
        assert connect().stat("tmp/g.csv") is None


class TestPassword(SftpContract):
    pass


class TestKey(SftpTests, ReadingContract, ErrorContract):
    """A key changes how a session begins, and nothing after that."""

    @pytest.fixture
    def target(self, confined_server: ConfinedServer) -> Target:
        return WithKey(confined_server, f"lz-{uuid.uuid4().hex[:12]}")


@pytest.mark.skipif(not SSHD.exists(), reason=f"OpenSSH's server {SSHD} is not installed")
def test_openssh_is_tested_too() -> None:
    """Says once what else every test of the next class would say."""


class TestOpenSsh(SftpContract):
    __test__ = SSHD.exists()
    all_or_nothing = "OpenSSH runs as the user who runs the tests, and nothing is closed to root"
    bottomless = "the file system of the tests has no limit that a test could reach"

    @pytest.fixture(scope="class")
    @staticmethod
    def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, int]]:
        folder = tmp_path_factory.mktemp("sshd")
        with running_sshd(folder) as port:
            yield folder, port

    @pytest.fixture
    def target(self, sshd: tuple[Path, int], tmp_path: Path) -> Target:
        folder, port = sshd
        return OpenSsh(folder, port, tmp_path / "zone")

    @pytest.fixture
    def refuse(self) -> Any:
        pytest.skip(self.all_or_nothing)

    @pytest.fixture
    def small_zone(self) -> Any:
        pytest.skip(self.bottomless)


class TestReading(SftpTests):
    """AEP repeats a broken transfer hours later, under the same name and in place."""

    @pytest.mark.parametrize("size", [6_000_000, 8_000_000, 9_000_000], ids=["shorter", "same-size", "longer"])
    def test_a_file_sent_again_while_it_is_read_is_refused(
        self, zone: SftpLandingZone, target: Target, size: int
    ) -> None:
        path = target.write("in/g.csv", bytes(8_000_000))
        os.utime(path, (1_000, 1_000))
        obj = zone.stat("in/g.csv")
        assert obj
        with zone.open(obj) as stream:
            assert stream.read(1_000) == bytes(1_000)
            target.write("in/g.csv", b"n" * size)
            with pytest.raises(FileReplacedError, match="was replaced or removed while it was read"):
                stream.read()

    def test_the_last_bytes_are_held_back_until_the_version_is_checked(
        self, zone: SftpLandingZone, target: Target
    ) -> None:
        path = target.write("in/g.csv", b"12345")
        obj = zone.stat("in/g.csv")
        assert obj
        with zone.open(obj) as stream:
            os.utime(path, (1_000, 1_000))
            with pytest.raises(FileReplacedError):
                stream.read(5)

    def test_a_half_written_file_and_its_later_end_are_two_versions(
        self, zone: SftpLandingZone, target: Target
    ) -> None:
        target.write("in/g.csv", b"ha")
        half = zone.stat("in/g.csv")
        assert half
        target.write("in/g.csv", b"half and half")
        with pytest.raises(FileReplacedError):
            zone.open(half)
        assert zone.move(half, "done/g.csv") is None
        assert text_of(zone, "in/g.csv") == "half and half"

    def test_a_server_may_give_less_than_it_is_asked_for(
        self, zone: SftpLandingZone, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def stingy(client: SFTPClient, owner: object, kind: int, *rest: Any) -> int:
            less = (*rest[:-1], rest[-1] // 2 + 1) if kind == CMD_READ else rest
            return ask(client, owner, kind, *less)

        ask, obj = SFTPClient._async_request, zone.stage("in/g.csv", blocks(2))
        monkeypatch.setattr(SFTPClient, "_async_request", stingy)
        with zone.open(obj) as stream:
            assert stream.read() == b"".join(blocks(2))

    def test_no_file_stays_open(self, zone: SftpLandingZone, target: WithPassword) -> None:
        obj = zone.stage("in/g.csv", blocks(4))
        with zone.open(obj) as stream:
            stream.read(10)
            assert len(target.open_files) == 1
        assert target.open_files == []
        with pytest.raises(FileReplacedError) as raised:
            zone.open(replace(obj, etag="0-0"))
        assert target.open_files == [], raised

    def test_a_slow_reader_does_not_collect_what_it_has_not_read(self, zone: SftpLandingZone, target: Target) -> None:
        target.write("in/g.csv", bytes(16_000_000))
        obj = zone.stat("in/g.csv")
        assert obj
        tracemalloc.start()
        try:
            with zone.open(obj) as stream:
                while stream.read(300_000):
                    zone.stat("in/g.csv")  # takes in what has been answered until now
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < 6e6


class TestListing(SftpTests):
    def test_links_are_not_followed(self, zone: SftpLandingZone, target: Target) -> None:
        target.write("elsewhere/g.csv", b"x")
        target.write("in/g.csv", b"x")
        (target.folder / "in/link.csv").symlink_to("g.csv")
        (target.folder / "in/folder").symlink_to("../elsewhere")
        (target.folder / "in/dangling").symlink_to("nowhere")
        assert keys_below(zone, "in/") == ["in/g.csv"]
        assert zone.stat("in/link.csv") is None

    def test_no_file_is_asked_for_alone(
        self, zone: SftpLandingZone, target: Target, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for n in range(40):
            target.write(f"in/{n % 4}/{n}.csv", b"x")
        asked: list[object] = []
        request = SFTPClient._request
        monkeypatch.setattr(SFTPClient, "_request", lambda *args: asked.append(args[1]) or request(*args))
        assert len(keys_below(zone, "in/")) == 40
        assert len(asked) <= 5 * 4 + 1  # per folder: open, read, read the end, close; and once the root

    def test_a_prefix_needs_no_slash(self, zone: SftpLandingZone, target: Target) -> None:
        for key in ("in/g1.csv", "in/g2/x.csv", "in/h.csv", "g"):
            target.write(key, b"x")
        assert keys_below(zone, "in/g") == ["in/g1.csv", "in/g2/x.csv"]
        assert keys_below(zone, "i") == ["in/g1.csv", "in/g2/x.csv", "in/h.csv"]

    def test_a_name_that_is_not_utf_8_is_told(self, zone: SftpLandingZone, target: Target) -> None:
        target.write("in/g.csv", b"x")
        os.close(os.open(os.fsencode(target.folder / "in") + b"/K\xe4ufer.csv", os.O_CREAT))
        with pytest.raises(SyncDataError, match=r"not UTF-8 .*K\\xe4ufer"):
            keys_below(zone, "in/")
        assert zone.stat("in/g.csv") is not None

    def test_free_space_is_that_of_the_servers_file_system(self, zone: SftpLandingZone, target: Target) -> None:
        there = os.statvfs(target.folder)
        free = zone.free_bytes()
        assert free is not None
        assert abs(free - there.f_bavail * there.f_frsize) < 1e9


class TestMoving(SftpTests):
    def test_only_deleting_removes_emptied_folders(self, zone: SftpLandingZone, target: Target) -> None:
        moved = zone.move(zone.stage("in/1/g.csv", small("x")), "done/1/2/g.csv")
        assert moved
        assert zone.delete(moved)
        assert target.folders == ["in", "in/1"]
        assert zone.delete(zone.stage("g.csv", small("x")))
        assert target.folder.is_dir()

    def test_a_rename_that_another_has_under_way_is_waited_for(self, zone: SftpLandingZone, target: Target) -> None:
        """OpenSSH links the file to its new name, then removes the old one."""
        staged = zone.stage("tmp/g.csv", small("x"))
        (target.folder / "out").mkdir()
        (target.folder / "out/g.csv").hardlink_to(target.folder / "tmp/g.csv")
        removal = threading.Timer(0.2, (target.folder / "tmp/g.csv").unlink)
        removal.start()
        assert zone.publish(staged, "out/g.csv").identity == ("out/g.csv", 1, staged.etag)
        removal.join()

    @pytest.mark.parametrize("step", ["publish", "move"])
    def test_a_target_of_same_size_and_time_is_no_proof_while_the_source_is_there(
        self, zone: SftpLandingZone, target: Target, step: str
    ) -> None:
        for key, body in (("tmp/g.csv", b"a"), ("out/g.csv", b"b")):
            os.utime(target.write(key, body), (1_000, 1_000))
        staged = zone.stat("tmp/g.csv")
        assert staged
        with pytest.raises(FileReplacedError, match="is other content"):
            getattr(zone, step)(staged, "out/g.csv")
        assert target.names == ["out/g.csv", "tmp/g.csv"]

    def test_a_newer_version_is_not_even_renamed_for_a_moment(
        self, zone: SftpLandingZone, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        old = zone.stage("in/g.csv", small("old"))
        zone.stage("in/g.csv", small("newer"))
        monkeypatch.setattr(SFTPClient, "rename", lambda *_: pytest.fail("it was renamed"))
        assert zone.move(old, "done/g.csv") is None

    def test_a_version_that_comes_between_the_check_and_the_rename_goes_back(
        self, zone: SftpLandingZone, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        old = zone.stage("in/g.csv", small("old"))
        zone.stage("in/g.csv", small("newer"))
        monkeypatch.setattr(zone, "_is_there", lambda client, obj: True)
        assert zone.move(old, "done/g.csv") is None
        assert (text_of(zone, "in/g.csv"), zone.stat("done/g.csv")) == ("newer", None)

    def test_a_rename_that_fails_for_another_reason_is_worth_a_retry(
        self, zone: SftpLandingZone, target: Target
    ) -> None:
        staged = zone.stage("tmp/g.csv", small("x"))
        target.write("out", b"a file, where a folder should be")
        with pytest.raises(RetriableSyncError, match=r"Cannot move .*tmp/g\.csv to out/g\.csv"):
            zone.publish(staged, "out/g.csv")
        assert text_of(zone, "tmp/g.csv") == "x"

    def test_a_move_counts_as_done_for_what_was_kept_as_json(self, zone: SftpLandingZone) -> None:
        obj = zone.stage("in/g.csv", small("x"))
        moved = zone.move(obj, "done/g.csv")
        assert zone.move(StoredObject.from_json(obj.to_json()), "done/g.csv") == moved


def test_the_factory_makes_it_from_a_feed(confined_server: ConfinedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    (confined_server.data / "feed").mkdir()
    monkeypatch.setenv("AIRFLOW_CONN_LZ_FEED", confined_server.connection(password=confined_server.password))
    zone = SftpAudienceZone(type="sftp", connection="lz_feed", path="feed", prefix="in/")
    with landing_zone_for(zone) as made:
        assert (type(made), made.url) == (SftpLandingZone, f"sftp://127.0.0.1:{confined_server.port}/feed")
        assert made.stat("nothing") is None
