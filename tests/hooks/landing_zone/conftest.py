from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.hooks.landing_zone.sftp_servers import ConfinedServer, SmallServer


@pytest.fixture(scope="session")
def confined_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConfinedServer]:
    with ConfinedServer(tmp_path_factory.mktemp("sftp")) as server:
        yield server


@pytest.fixture(scope="session")
def small_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallServer]:
    if why_not := SmallServer.why_not():
        pytest.skip(f"a small file system needs user namespaces: {why_not}")
    with SmallServer(tmp_path_factory.mktemp("small")) as server:
        yield server
