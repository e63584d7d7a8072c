from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from campaign_cdp.sandbox.pgp import PgpKeyPair, new_key_pair
from tests.pgp import agents


@pytest.fixture(scope="session")
def key_pair() -> PgpKeyPair:
    return new_key_pair("pässword ✓")


@pytest.fixture(scope="session")
def other_pair() -> PgpKeyPair:
    return new_key_pair(algorithm="curve25519")


@pytest.fixture
def temp(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for temporary files of the test alone; nothing and nobody may be left of it."""
    tmp_path_factory.getbasetemp()  # pytest's own folder is not one of them
    folder = Path(tempfile.mkdtemp(prefix="t-"))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == [], "files are left"
    deadline = time.monotonic() + 5
    while agents(folder) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert agents(folder) == [], "an agent still runs"
    shutil.rmtree(folder)


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Make an Airflow connection of a key pair; returns its id."""

    def make(keys: PgpKeyPair) -> str:
        for name, value in keys.connections("pgp_test").items():
            monkeypatch.setenv(name, value)
        return "pgp_test"

    return make
