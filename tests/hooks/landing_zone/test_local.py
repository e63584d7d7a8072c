from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from campaign_cdp.exceptions import AccessDeniedError, FeedConfigError, FileReplacedError, RetriableSyncError
from campaign_cdp.feeds.zones import LocalAudienceZone
from campaign_cdp.file_sets import StoredObject
from campaign_cdp.hooks.landing_zone import local, local_files
from campaign_cdp.hooks.landing_zone.base import LandingZone
from campaign_cdp.hooks.landing_zone.factory import landing_zone_for
from campaign_cdp.hooks.landing_zone.local import LocalLandingZone
from tests.hooks.landing_zone.contract import LandingZoneContract, blocks, small, text_of
from tests.hooks.landing_zone.contract.bodies import keys_below

_NOBODY = 65534


def connection(path: Path | str) -> str:
    return json.dumps({"conn_type": "fs", "extra": {"path": str(path)}})


@contextmanager
def as_nobody() -> Iterator[None]:
    """Nothing is closed to root, so be somebody else for a while."""
    user = os.geteuid()
    if user:
        yield
        return
    os.seteuid(_NOBODY)
    try:
        yield
    finally:
        os.seteuid(user)


def names_below(folder: Path) -> list[str]:
    """Everything there is, hidden names and folders as well."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


class TestLocalLandingZone(LandingZoneContract):
    no_server = "local: there is no server to be wrong, away or cut off"
    root_key = r"landing_zone\.path"
    removal = "_remove"

    @pytest.fixture
    def folder(self) -> Iterator[Path]:
        """Not pytest's own, which only its owner may enter."""
        base = Path(tempfile.mkdtemp(prefix="cdp-zone-"))
        base.chmod(0o755)
        folder = base / "root"
        folder.mkdir()
        folder.chmod(0o777)
        yield folder
        shutil.rmtree(base)

    @pytest.fixture
    def connect(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., LandingZone]:
        monkeypatch.setenv("AIRFLOW_CONN_LZ_LOCAL", connection(folder.parent))

        def open_zone(bucket: str = "root", **options: Any) -> LandingZone:
            return LocalLandingZone(bucket, connection="lz_local", **options)

        return open_zone

    @pytest.fixture
    def paged(self, connect: Callable[..., LandingZone]) -> LandingZone:
        return connect(page_size=50)

    @pytest.fixture
    def put_many(self, folder: Path) -> Callable[..., None]:
        def put(keys: list[str]) -> None:
            for key in keys:
                (folder / key).parent.mkdir(parents=True, exist_ok=True)
                (folder / key).write_bytes(b"x")

        return put

    @pytest.fixture
    def refuse(self, folder: Path) -> Callable[[str], AbstractContextManager[None]]:
        @contextmanager
        def refused(name: str) -> Iterator[None]:
            (folder / name).chmod(0)
            with as_nobody():
                yield
            (folder / name).chmod(0o755)

        return refused

    @pytest.fixture
    def small_zone(self, folder: Path, connect: Callable[..., LandingZone]) -> Iterator[LandingZone]:
        (folder / "small").mkdir()
        made = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder / "small"],
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode:
            pytest.skip(f"a small tmpfs needs root, or a run under unshare -rm: {made.stderr.strip()}")
        yield connect("root/small")
        subprocess.run(["umount", folder / "small"], check=True)

    # -- Versions -------------------------------------------------------------------------------------------------

    def test_a_file_truncated_while_it_is_read_is_worth_a_retry(self, zone: LandingZone, folder: Path) -> None:
        obj = zone.stage("in/big.csv", blocks(4))
        with zone.open(obj) as stream:
            stream.read(10)
            os.truncate(folder / "in/big.csv", 2_000_000)
            with pytest.raises(RetriableSyncError, match=r"ended after 2,000,000 of 4,194,304 bytes"):
                stream.read()

    @pytest.mark.parametrize("more", [b"", b"more"], ids=["same-size", "longer"])
    def test_a_file_written_anew_in_place_while_it_is_read_is_refused(
        self, zone: LandingZone, folder: Path, more: bytes
    ) -> None:
        obj = zone.stage("in/big.csv", blocks(4))
        with zone.open(obj) as stream:
            stream.read(10)
            with (folder / "in/big.csv").open("r+b") as file:
                file.seek(3_000_000)
                file.write(b"other")
                file.seek(0, os.SEEK_END)
                file.write(more)
            with pytest.raises(FileReplacedError, match="was replaced or removed"):
                stream.read()

    def test_a_name_that_became_a_link_or_a_pipe_is_another_version(self, zone: LandingZone, folder: Path) -> None:
        for make in (lambda path: path.symlink_to("../other"), os.mkfifo, os.mkdir):
            obj = zone.stage("in/g.csv", small("x"))
            (folder / "in/g.csv").rename(folder / "other")
            make(folder / "in/g.csv")
            assert zone.stat("in/g.csv") is None
            assert keys_below(zone, "in/") == []
            assert zone.move(obj, "done/g.csv") is None
            assert zone.delete(obj) is False
            with pytest.raises(FileReplacedError):
                zone.open(obj)
            with pytest.raises(FileReplacedError, match="no regular file"):
                zone.publish(zone.stage("tmp/g.csv", small("y")), "in/g.csv")
            shutil.rmtree(folder / "in")

    def test_a_version_that_comes_between_the_look_and_the_removal_stays(
        self, zone: LandingZone, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        old = zone.stage("in/g.csv", small("old"))
        newer = zone.stage("in/g.csv", small("newer"))
        monkeypatch.setattr(local_files, "is_version", lambda path, obj: True)
        assert zone.delete(old) is False
        assert zone.stat("in/g.csv") == newer
        assert zone.move(old, "done/g.csv") is None
        assert keys_below(zone, "") == ["in/g.csv"]

    @pytest.mark.parametrize("step", ["publish", "move"])
    def test_a_key_that_is_taken_between_the_look_and_the_link_is_not_overwritten(
        self, zone: LandingZone, monkeypatch: pytest.MonkeyPatch, step: str
    ) -> None:
        def taken_first(*args: Any) -> bool:
            zone.stage("out/g.csv", small("other"))
            return local_files.link_version(*args)

        staged = zone.stage("tmp/g.csv", small("x"))
        monkeypatch.setattr(local, "link_version", taken_first)
        with pytest.raises(FileReplacedError, match="is other content"):
            getattr(zone, step)(staged, "out/g.csv")
        assert (text_of(zone, "out/g.csv"), zone.stat("tmp/g.csv")) == ("other", staged)

    def test_a_folder_that_is_removed_between_its_creation_and_the_link_is_made_again(
        self, zone: LandingZone, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tries: list[Path] = []

        def removed_first(source: Path, obj: StoredObject, target: Path, url: str) -> bool:
            tries.append(target)
            if len(tries) == 1:
                target.parent.rmdir()
            return local_files.link_version(source, obj, target, url)

        staged = zone.stage("tmp/g.csv", small("x"))
        monkeypatch.setattr(local, "link_version", removed_first)
        assert zone.publish(staged, "out/g.csv") == zone.stat("out/g.csv")
        assert len(tries) == 2

    # -- Hidden files ---------------------------------------------------------------------------------------------

    def test_unfinished_files_are_never_seen_and_removed_after_a_day(
        self, zone: LandingZone, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        zone.stage("in/g.csv", small("x"))
        leftover, similar = ".g.csv.0123abcd.cdp-part", ".g.csv.cdp-part"
        for name in (leftover, similar):
            (folder / "in" / name).write_bytes(b"half")
        assert keys_below(zone, "in/") == [f"in/{similar}", "in/g.csv"]
        assert zone.stat(f"in/{leftover}") is None
        zone.stage("in/h.csv", small("x"))
        assert (folder / "in" / leftover).exists(), "it may be written right now"
        tomorrow = time.time() + 25 * 3600
        monkeypatch.setattr(local_files.time, "time", lambda: tomorrow)
        zone.stage("in/i.csv", small("x"))
        assert names_below(folder / "in") == [similar, "g.csv", "h.csv", "i.csv"]

    def test_nothing_hidden_stays_behind(self, zone: LandingZone, folder: Path) -> None:
        staged = zone.stage("tmp/g.csv", small("x"))
        moved = zone.move(zone.publish(staged, "out/g.csv"), "done/g.csv")
        assert moved
        assert names_below(folder) == ["done", "done/g.csv", "out", "tmp"]
        zone.delete(moved)
        assert names_below(folder) == ["out", "tmp"]

    def test_deleting_removes_emptied_folders_up_to_the_root(self, zone: LandingZone, folder: Path) -> None:
        first, second = zone.stage("old/1/2/g.csv", small("x")), zone.stage("old/h.csv", small("x"))
        zone.delete(first)
        assert names_below(folder) == ["old", "old/h.csv"]
        zone.delete(second)
        assert names_below(folder.parent) == ["root"]

    def test_clearing_removes_leftovers_and_folders_but_not_the_root(self, zone: LandingZone, folder: Path) -> None:
        zone.stage("tmp/1/2/g.csv", small("x"))
        (folder / "tmp/1/.g.csv.0123abcd.cdp-part").write_bytes(b"half")
        (folder / "tmp/1/3").mkdir()
        zone.clear("tmp/1/")
        assert names_below(folder.parent) == ["root"]

    # -- Keys -----------------------------------------------------------------------------------------------------

    @pytest.mark.parametrize(
        "key", ["../g.csv", "in/../../g.csv", "/etc/passwd", "in//g.csv", "", "in/", "a\0b", "./g"]
    )
    def test_keys_that_would_leave_the_root_are_refused(self, zone: LandingZone, key: str) -> None:
        obj = zone.stage("in/g.csv", small("x"))
        for call in (lambda: zone.stat(key), lambda: zone.stage(key, small("x")), lambda: zone.move(obj, key)):
            with pytest.raises(FeedConfigError, match="is no key below"):
                call()

    def test_no_symbolic_link_is_followed_out_of_the_root(self, zone: LandingZone, folder: Path) -> None:
        outside = folder.parent / "outside"
        outside.mkdir()
        (outside / "g.csv").write_bytes(b"x")
        (folder / "in").symlink_to(outside)
        (folder / "g.csv").symlink_to(outside / "g.csv")
        assert keys_below(zone, "") == []
        for call in (lambda: keys_below(zone, "in/"), lambda: zone.stage("in/h.csv", small("x"))):
            with pytest.raises(FeedConfigError, match="behind a symbolic link"):
                call()
        zone.clear("")
        assert names_below(folder.parent) == ["outside", "outside/g.csv", "root"]

    def test_a_name_that_is_not_text_is_passed_over_and_told(
        self, zone: LandingZone, folder: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        (Path(os.fsdecode(bytes(folder) + b"/caf\xe9.csv"))).write_bytes(b"x")
        assert keys_below(zone, "") == []
        assert "not UTF-8" in caplog.text

    # -- Set-up ---------------------------------------------------------------------------------------------------

    @pytest.mark.parametrize(
        ("code", "error", "words"),
        [
            (errno.EPERM, FeedConfigError, "hard links"),
            (errno.EOPNOTSUPP, FeedConfigError, "hard links"),
            (errno.EXDEV, FeedConfigError, "one file system"),
            (errno.EIO, RetriableSyncError, "will be tried again"),
        ],
    )
    def test_a_file_system_without_hard_links_is_told(
        self, zone: LandingZone, monkeypatch: pytest.MonkeyPatch, code: int, error: type[Exception], words: str
    ) -> None:
        def refused(*args: Any, **kwargs: Any) -> None:
            raise OSError(code, os.strerror(code))

        staged = zone.stage("tmp/g.csv", small("x"))
        monkeypatch.setattr(local_files.os, "link", refused)
        with pytest.raises(error, match=words):
            zone.publish(staged, "out/g.csv")
        assert keys_below(zone, "") == ["tmp/g.csv"]

    def test_a_file_of_another_user_that_may_not_be_linked_is_told(self, zone: LandingZone, folder: Path) -> None:
        if os.geteuid() or Path("/proc/sys/fs/protected_hardlinks").read_text().strip() != "1":
            pytest.skip("only root can write a file as another user, and the system has to protect hard links")
        staged = zone.stage("in/g.csv", small("x"))
        (folder / "in").chmod(0o777)
        with as_nobody(), pytest.raises(AccessDeniedError, match="belongs to another user"):
            zone.move(staged, "done/g.csv")
        assert zone.stat("in/g.csv") == staged

    @pytest.mark.parametrize(
        ("base", "path", "words"),
        [
            ("", "", "no absolute folder"),
            ("data/aep", "", "no absolute folder"),
            ("/data/aep", "../other", "not below /data/aep"),
            ("/data/aep", "/data/other", "not below /data/aep"),
        ],
    )
    def test_a_root_must_lie_below_the_absolute_path_of_its_connection(
        self, monkeypatch: pytest.MonkeyPatch, base: str, path: str, words: str
    ) -> None:
        monkeypatch.setenv("AIRFLOW_CONN_LZ_WRONG", connection(base))
        with pytest.raises(FeedConfigError, match=words):
            LocalLandingZone(path, connection="lz_wrong")

    def test_a_missing_connection_is_a_mistake_in_the_feed(self) -> None:
        with pytest.raises(FeedConfigError, match="'lz_missing' does not exist"):
            LocalLandingZone(connection="lz_missing")

    def test_the_factory_makes_it_from_a_feed(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AIRFLOW_CONN_LZ_FEED", connection(folder.parent))
        made = landing_zone_for(LocalAudienceZone(type="local", connection="lz_feed", path="root", prefix="in/"))
        assert (type(made), made.url) == (LocalLandingZone, str(folder))
        assert made.stat("nothing") is None
