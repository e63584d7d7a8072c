"""Key pairs, encrypted bytes, and a folder where nothing may be left, for tests of every layer."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from campaign_cdp.sandbox.pgp import PgpKeyPair, new_key_pair

#: For tests that run the program.
needs_gpg = pytest.mark.skipif(not shutil.which("gpg"), reason="the program gpg is not installed (apt-get install gpg)")


def encrypted(keys: PgpKeyPair, plain: bytes, folder: Path, *, armoured: bool = False) -> bytes:
    """Encrypt as AEP would, without the product's own code."""
    source, target = folder / "plain", folder / "plain.gpg"
    source.write_bytes(plain)
    target.unlink(missing_ok=True)
    keys.encrypt(source, target, armoured=armoured)
    source.unlink()
    return target.read_bytes()


def decrypted(keys: PgpKeyPair, stored: bytes, folder: Path) -> bytes:
    """Decrypt as AEP would."""
    source, target = folder / "stored.gpg", folder / "stored"
    source.write_bytes(stored)
    keys.decrypt(source, target)
    plain = target.read_bytes()
    target.unlink()
    return plain


def agents(folder: Path) -> list[int]:
    """Processes that serve keyrings below a folder."""
    return [pid for pid, command in _commands() if b"gpg-agent" in command and os.fsencode(folder) in command]


def _commands() -> Iterator[tuple[int, bytes]]:
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield int(entry.parent.name), entry.read_bytes()
        except OSError:  # it has ended meanwhile
            continue


# -- Fixtures, for the conftest.py files ---------------------------------------------------------------------------


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
def pgp_connection(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Make an Airflow connection of a key pair; returns its id."""

    def make(keys: PgpKeyPair) -> str:
        for name, value in keys.connections("pgp_test").items():
            monkeypatch.setenv(name, value)
        return "pgp_test"

    return make
