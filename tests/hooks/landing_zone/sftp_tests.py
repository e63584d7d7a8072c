"""Fixtures of all tests of the SFTP landing zone."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, ClassVar

import pytest

from campaign_cdp.hooks.landing_zone.base import LandingZone
from campaign_cdp.hooks.landing_zone.sftp import SftpLandingZone
from tests.hooks.landing_zone.contract.zone import ZoneTests
from tests.hooks.landing_zone.sftp_servers import (
    ConfinedServer,
    SmallServer,
    Target,
    WithPassword,
    wait_for_sessions,
)


class SftpTests(ZoneTests):
    """On asyncssh, with a password. After each test the server must have no session left."""

    root_key: ClassVar[str] = r"landing_zone\.path"
    cuts: ClassVar[tuple[int, ...]] = (0, 1_000, 3_300, 4_000, 4_800, 5_000)

    @pytest.fixture
    def target(self, confined_server: ConfinedServer) -> Target:
        return WithPassword(confined_server, f"lz-{uuid.uuid4().hex[:12]}")

    @pytest.fixture
    def server_port(self, target: Target) -> int:
        return target.port

    @pytest.fixture
    def connect(self, target: Target, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., SftpLandingZone]]:
        zones: list[SftpLandingZone] = []

        def open_zone(port: int | None = None, secret: str | None = None, **options: Any) -> SftpLandingZone:
            name = f"lz_{len(zones)}"
            monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", target.connection(port=port, secret=secret))
            zone = SftpLandingZone(options.pop("bucket", target.root), connection=name, **options)
            zones.append(zone)
            return zone

        yield open_zone
        for zone in zones:
            zone.close()
        assert wait_for_sessions(target.port, 0) == 0

    @pytest.fixture
    def zone(self, connect: Callable[..., SftpLandingZone]) -> SftpLandingZone:
        return connect()

    @pytest.fixture
    def paged(self, connect: Callable[..., SftpLandingZone]) -> LandingZone:
        return connect(page_size=50)

    @pytest.fixture
    def put_many(self, target: Target) -> Callable[[Iterable[str]], None]:
        def put(keys: Iterable[str]) -> None:
            for key in keys:
                target.write(key, b"x")

        return put

    @pytest.fixture
    def refuse(self, target: Target) -> Callable[[str], AbstractContextManager[None]]:
        @contextmanager
        def refused(name: str) -> Iterator[None]:
            (target.folder / name).chmod(0)
            yield
            (target.folder / name).chmod(0o755)

        return refused

    @pytest.fixture
    def small_zone(self, small_server: SmallServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[SftpLandingZone]:
        monkeypatch.setenv("AIRFLOW_CONN_LZ_SMALL", small_server.connection(password=small_server.password))
        with SftpLandingZone("", connection="lz_small") as zone:
            zone.clear("")
            yield zone
