from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

import pytest

from campaign_cdp.sandbox.local_folder import LocalFolder
from campaign_cdp.sandbox.postgres import PostgresServer
from tests.chaos.disturb import CRASH_SAFE
from tests.chaos.preload import preload
from tests.chaos.stand import Prepared, Stand


@pytest.fixture(scope="session")
def local_stand(postgres_server, tmp_path_factory) -> Stand:
    """Servers for what disturbs nobody else."""
    preload("local")
    return Stand(postgres_server, {"local": LocalFolder(tmp_path_factory.mktemp("chaos_local"))})


@pytest.fixture(scope="module")
def own_postgres(tmp_path_factory) -> Iterator[PostgresServer]:
    """One that may be restarted at any time."""
    with PostgresServer(tmp_path_factory.mktemp("chaos_postgres"), settings=CRASH_SAFE) as server:
        yield server


@pytest.fixture(scope="module")
def stand(own_postgres, s3_server, azure_server, sftp_server, tmp_path_factory) -> Stand:
    preload("s3", "azure_blob", "sftp", "local")
    local = LocalFolder(tmp_path_factory.mktemp("chaos_local"))
    return Stand(own_postgres, {"s3": s3_server, "azure_blob": azure_server, "sftp": sftp_server, "local": local})


@pytest.fixture(scope="module")
def prepared(stand) -> Callable[[str, str], Prepared]:
    """Prepare a scenario by direction and storage, once."""
    return cache(stand.prepare)
