from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from paramiko import SFTPClient

from campaign_cdp.exceptions import AccessDeniedError, FeedConfigError, RetriableSyncError
from campaign_cdp.hooks.landing_zone import sftp_session
from campaign_cdp.hooks.landing_zone.sftp import SftpLandingZone
from tests.hooks.landing_zone.contract import Killed, blocks, small, text_of
from tests.hooks.landing_zone.sftp_servers import (
    ConfinedServer,
    Target,
    another_key,
    sessions,
    wait_for_sessions,
)
from tests.hooks.landing_zone.sftp_tests import SftpTests


class TestSessions(SftpTests):
    def test_one_is_opened_when_it_is_needed_and_closed_at_the_end(
        self, connect: Callable[..., SftpLandingZone], target: Target
    ) -> None:
        with connect() as zone:
            assert zone.url.endswith(target.root)
            assert wait_for_sessions(target.port, 0) == 0
            first, second = (zone.stage(f"in/{n}.csv", blocks(1)) for n in range(2))
            with zone.open(first) as one, zone.open(second) as other:
                one.read(10)
                other.read(10)
                zone.stat("in/1.csv")
                assert sessions(target.port) == 1
        assert wait_for_sessions(target.port, 0) == 0

    def test_none_outlives_an_error(self, connect: Callable[..., SftpLandingZone], target: Target) -> None:
        with suppress(Killed), connect() as zone:
            stream = zone.open(zone.stage("in/g.csv", blocks(4)))
            stream.read(10)
            raise Killed
        assert wait_for_sessions(target.port, 0) == 0
        with pytest.raises(RetriableSyncError, match=r"got \d[\d,]* of 4,194,304 bytes"):
            stream.read()

    def test_a_refused_login_leaves_none(self, connect: Callable[..., SftpLandingZone], target: Target) -> None:
        zone = connect(secret="wrong")
        with pytest.raises(AccessDeniedError) as raised:
            zone.stat("in/g.csv")
        assert wait_for_sessions(target.port, 0) == 0, raised

    def test_one_that_was_interrupted_within_an_answer_is_not_used_again(
        self, zone: SftpLandingZone, target: Target, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def interrupted(client: SFTPClient, count: int) -> bytes:
            read(client, count)
            raise Killed

        obj, read = zone.stage("in/g.csv", small("x")), SFTPClient._read_all
        monkeypatch.setattr(SFTPClient, "_read_all", interrupted)
        with pytest.raises(Killed):
            zone.stat("in/g.csv")
        monkeypatch.setattr(SFTPClient, "_read_all", read)
        assert zone.stat("in/g.csv") == obj
        assert wait_for_sessions(target.port, 1) == 1

    def test_there_are_never_more_than_tasks(self, connect: Callable[..., SftpLandingZone], target: Target) -> None:
        zones, most, done = [connect() for _ in range(3)], 0, threading.Event()

        def task(zone: SftpLandingZone) -> None:
            with zone:
                for n in range(4):
                    zone.delete(zone.stage(f"in/{id(zone)}/{n}.csv", small("x")))

        def watch() -> None:
            nonlocal most
            while not done.wait(0.002):
                most = max(most, sessions(target.port))

        watcher = threading.Thread(target=watch)
        watcher.start()
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(task, zones))
        done.set()
        watcher.join()
        assert 1 <= most <= 3
        assert wait_for_sessions(target.port, 0) == 0


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[ConfinedServer]:
    """A server for one test, which may do to it what it likes."""
    with ConfinedServer(tmp_path / "own") as own:
        yield own


class TestBrokenServer:
    @pytest.fixture
    def zone(self, own_server: ConfinedServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[SftpLandingZone]:
        monkeypatch.setenv("AIRFLOW_CONN_LZ", own_server.connection(password=own_server.password))
        with SftpLandingZone("", connection="lz", timeout=1) as zone:
            yield zone

    def test_a_session_that_was_dropped_is_opened_anew(self, zone: SftpLandingZone, own_server: ConfinedServer) -> None:
        obj = zone.stage("in/big.csv", blocks(8))
        stream = zone.open(obj)
        stream.read(10)
        own_server.stop()
        with pytest.raises(RetriableSyncError, match=r"of 8,388,608 bytes"):
            stream.read()
        with pytest.raises(RetriableSyncError):
            zone.stat("in/big.csv")
        own_server.start()
        assert zone.stat("in/big.csv") == obj
        assert wait_for_sessions(own_server.port, 1) == 1

    def test_a_server_that_dies_during_an_upload_has_nothing_under_its_name(
        self, zone: SftpLandingZone, own_server: ConfinedServer
    ) -> None:
        def body() -> Iterator[bytes]:
            yield from blocks(3)
            own_server.stop(timeout=0)
            yield from blocks(3)

        with pytest.raises(RetriableSyncError, match=r"in/g\.csv"):
            zone.stage("in/g.csv", body())
        own_server.start()
        assert zone.stat("in/g.csv") is None
        assert zone.stage("in/g.csv", blocks(1)).size == 1024 * 1024

    def test_a_server_that_falls_silent_is_not_waited_for_for_ever(
        self, zone: SftpLandingZone, own_server: ConfinedServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stream = zone.open(zone.stage("in/big.csv", blocks(8)))
        stream.read(10)
        process = own_server.record.process
        assert process
        os.kill(process.pid, signal.SIGSTOP)
        try:
            begun = time.monotonic()
            with pytest.raises(RetriableSyncError):
                stream.read()
            with pytest.raises(RetriableSyncError):
                zone.stat("in/big.csv")
            assert time.monotonic() - begun < 8
        finally:
            os.kill(process.pid, signal.SIGCONT)
        assert zone.stat("in/big.csv") is not None

    def test_an_idle_session_is_tried_before_it_is_used(
        self, zone: SftpLandingZone, own_server: ConfinedServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A firewall forgets idle connections without a word; here the server does not answer on the old one."""
        monkeypatch.setattr(sftp_session, "_IDLE", 0)
        obj = zone.stage("in/g.csv", small("x"))
        zone._session._client.get_channel().send = lambda data: len(data)  # type: ignore[union-attr]
        assert zone.stat("in/g.csv") == obj
        assert wait_for_sessions(own_server.port, 1) == 1


class TestConnection:
    """What is wrong in an Airflow connection, or with the server it names."""

    @pytest.fixture
    def use(
        self,
        confined_server: ConfinedServer,
        monkeypatch: pytest.MonkeyPatch,
    ) -> Iterator[Callable[..., SftpLandingZone]]:
        zones: list[SftpLandingZone] = []

        def made(*, path: str = "", without: str = "", **extra: object) -> SftpLandingZone:
            parts = json.loads(confined_server.connection(password=confined_server.password))
            parts["extra"].update(extra)
            parts.pop(without, None) or parts["extra"].pop(without, None)
            monkeypatch.setenv("AIRFLOW_CONN_LZ", json.dumps(parts))
            zones.append(SftpLandingZone(path, connection="lz"))
            return zones[-1]

        yield made
        for zone in zones:
            zone.close()
        assert wait_for_sessions(confined_server.port, 0) == 0

    @pytest.fixture
    def stranger(self) -> str:
        """Host key of another server."""
        return "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKWzxIpZbE0fWbqQ2AUVtsKMXKHbwMuwcPhVnmTrLEpH"

    def test_an_unknown_host_is_refused(self, use: Callable[..., SftpLandingZone]) -> None:
        with pytest.raises(AccessDeniedError, match=r"host key is not known.* enter it as host_key in the extra"):
            use(without="host_key").stat("g")

    def test_another_host_key_is_refused(self, use: Callable[..., SftpLandingZone], stranger: str) -> None:
        with pytest.raises(AccessDeniedError, match=r"ssh-ed25519 host key is not the expected one"):
            use(host_key=stranger).stat("g")

    @pytest.mark.parametrize("value", [True, "true", "True"])
    @pytest.mark.parametrize("key", ["no_host_key_check", "ignore_hostkey_verification", "allow_host_key_change"])
    def test_not_to_look_at_the_host_key_is_refused(
        self, use: Callable[..., SftpLandingZone], key: str, value: object
    ) -> None:
        for without in ("", "host_key"):
            with pytest.raises(FeedConfigError, match=rf"sets {key}.* put the server's public key there as host_key"):
                use(without=without, **{key: value}).stat("g")

    def test_the_same_keys_set_to_false_are_fine(self, use: Callable[..., SftpLandingZone]) -> None:
        assert use(no_host_key_check=False, allow_host_key_change="false").stat("g") is None

    def test_nothing_is_compressed_whatever_it_says(self, use: Callable[..., SftpLandingZone]) -> None:
        zone = use(compress="true")
        zone.stat("g")
        transport = zone._session._ssh.get_transport()  # type: ignore[union-attr]
        assert (transport.local_compression, transport.remote_compression) == ("none", "none")

    def test_the_machines_own_keys_are_not_tried(
        self,
        use: Callable[..., SftpLandingZone],
        confined_server: ConfinedServer,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        (tmp_path / ".ssh").mkdir()
        (tmp_path / ".ssh/id_rsa").write_text(confined_server.private_key)
        monkeypatch.setenv("HOME", str(tmp_path))
        with pytest.raises(AccessDeniedError, match="Check login, password and private_key"):
            use(without="password").stat("g")

    def test_a_missing_connection_is_a_mistake_in_the_feed(self) -> None:
        zone = SftpLandingZone("", connection="lz_missing")
        for use in (lambda: zone.stat("g"), lambda: zone.url):
            with pytest.raises(FeedConfigError, match="'lz_missing' does not exist"):
                use()

    @pytest.mark.parametrize(
        ("extra", "told"),
        [
            ({"host_key": "ssh-ed25519"}, "missing key data"),
            ({"host_key": "ssh-ed25519 x"}, "cannot be used"),
            ({"host_key": "ssh-dss AAAA"}, "DSA"),
            ({"private_key": "no key"}, "BEGIN and END"),
            ({"conn_timeout": "soon"}, "soon"),
        ],
    )
    def test_nonsense_in_its_extra_is_told(
        self, use: Callable[..., SftpLandingZone], extra: dict[str, str], told: str
    ) -> None:
        with pytest.raises(FeedConfigError, match=told):
            use(**extra).stat("g")

    def test_a_key_that_the_server_does_not_know_is_refused(self, use: Callable[..., SftpLandingZone]) -> None:
        with pytest.raises(AccessDeniedError, match="private_key"):
            use(without="password", private_key=another_key()).stat("g")

    def test_a_root_that_is_a_file_is_a_mistake_in_the_feed(
        self,
        use: Callable[..., SftpLandingZone],
        confined_server: ConfinedServer,
    ) -> None:
        (confined_server.data / "a-file").write_text("x")
        with pytest.raises(FeedConfigError, match=r"a-file .*is not a folder.*landing_zone\.path"):
            use(path="a-file").stat("g")

    @pytest.mark.parametrize("path", ["", "/", "deep/er", "/deep/er"])
    def test_a_path_is_relative_to_where_the_login_starts_or_from_the_top(
        self,
        use: Callable[..., SftpLandingZone],
        confined_server: ConfinedServer,
        path: str,
    ) -> None:
        (confined_server.data / "deep/er").mkdir(parents=True, exist_ok=True)
        zone = use(path=path)
        zone.clear("in/")
        zone.stage("in/g.csv", small("x"))
        assert [obj.key for page in zone.iter_pages("in/") for obj in page] == ["in/g.csv"]
        assert text_of(zone, "in/g.csv") == "x"
        assert (confined_server.data / path.strip("/") / "in/g.csv").is_file()
        assert zone.url == f"sftp://127.0.0.1:{confined_server.port}/{path.strip('/')}".rstrip("/")
        zone.clear("in/")
