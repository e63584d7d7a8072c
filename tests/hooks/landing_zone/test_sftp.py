from __future__ import annotations

import uuid
from abc import abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from campaign_cdp.feeds.zones import SftpAudienceZone
from campaign_cdp.hooks.landing_zone.base import LandingZone
from campaign_cdp.hooks.landing_zone.factory import landing_zone_for
from campaign_cdp.hooks.landing_zone.sftp import SftpLandingZone
from tests.hooks.landing_zone.contract import LandingZoneContract
from tests.hooks.landing_zone.sftp_servers import (
    SSHD,
    OpenSsh,
    Target,
    WithKey,
    WithPassword,
    running_sshd,
    wait_for_sessions,
)

if TYPE_CHECKING:
    from campaign_cdp.sandbox.sftp import SftpServer


class SftpContract(LandingZoneContract):
    root_setting: ClassVar[str] = "path"

    @pytest.fixture
    @abstractmethod
    def target(self) -> Target: ...

    @pytest.fixture
    def server_port(self, target: Target) -> int:
        return target.port

    @pytest.fixture
    def connect(self, target: Target, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., LandingZone]]:
        zones: list[LandingZone] = []

        def open_zone(port: int | None = None, secret: str | None = None, **options: Any) -> LandingZone:
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
    def paged(self, connect: Callable[..., LandingZone]) -> LandingZone:
        return connect(page_size=50)


class TestPassword(SftpContract):
    @pytest.fixture
    def target(self, sftp_server: SftpServer) -> Target:
        return WithPassword(sftp_server, f"lz-{uuid.uuid4().hex[:12]}")

    def test_the_factory_makes_it_from_a_feed(self, target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AIRFLOW_CONN_LZ_FEED", target.connection())
        zone = SftpAudienceZone(type="sftp", connection="lz_feed", path=target.root, prefix="in/")
        with landing_zone_for(zone) as made:
            assert (type(made), made.url) == (SftpLandingZone, f"sftp://127.0.0.1:{target.port}/{target.root}")
            assert made.stat("nothing") is None


class TestKey(SftpContract):
    @pytest.fixture
    def target(self, sftp_server: SftpServer) -> Target:
        return WithKey(sftp_server, f"lz-{uuid.uuid4().hex[:12]}")


@pytest.mark.skipif(not SSHD.exists(), reason=f"OpenSSH's server {SSHD} is not installed")
class TestOpenSsh(SftpContract):
    @pytest.fixture(scope="class")
    def sshd(self, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, int]]:
        folder = tmp_path_factory.mktemp("sshd")
        with running_sshd(folder) as port:
            yield folder, port

    @pytest.fixture
    def target(self, sshd: tuple[Path, int], tmp_path: Path) -> Target:
        folder, port = sshd
        return OpenSsh(folder, port, tmp_path / "zone")
