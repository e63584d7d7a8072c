from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from campaign_cdp.exceptions import PgpMissingError
from campaign_cdp.hooks.pgp.connection import PgpKeys
from campaign_cdp.hooks.pgp.keyring import Keyring, remove_abandoned
from campaign_cdp.sandbox.pgp import PgpKeyPair
from tests.conftest import REPO
from tests.pgp import agents, needs_gpg

_KILLED = """
    import os, signal, sys
    from campaign_cdp.hooks.pgp.connection import PgpKeys
    from campaign_cdp.hooks.pgp.keyring import Keyring
    keyring = Keyring(PgpKeys("pgp", "secret", sys.stdin.read()))
    keyring.import_private()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def homes(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if "cdp-pgp-" in path.name)


@needs_gpg
def test_only_its_owner_may_look_into_it(temp: Path) -> None:
    with Keyring(PgpKeys("pgp")):
        (home,) = homes(temp)
        assert stat.S_IMODE(home.stat().st_mode) == 0o700


@needs_gpg
def test_what_a_killed_task_left_is_removed_by_the_next_one(temp: Path, key_pair: PgpKeyPair) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(_KILLED)],
        input=key_pair.private_key.encode(),
        env={**os.environ, "TMPDIR": str(temp), "PYTHONPATH": str(REPO / "plugins")},
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    (left,) = homes(temp)
    assert agents(left), "its agent outlives it"

    with Keyring(PgpKeys("pgp")):
        assert left not in homes(temp)


@needs_gpg
def test_a_living_keyring_is_left_alone(temp: Path, key_pair: PgpKeyPair) -> None:
    with Keyring(PgpKeys("pgp", key_pair.passphrase, key_pair.private_key)) as first, Keyring(PgpKeys("pgp")):
        remove_abandoned()
        assert len(homes(temp)) == 2
        first.import_private()
        assert first.private_key_ids()


def test_a_long_temporary_folder_is_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A socket's path is limited, and gpg only says that it cannot connect."""
    from campaign_cdp.hooks.pgp import keyring

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / ("x" * 60)))
    assert keyring._parent() == Path("/tmp")


def test_without_gpg_nothing_is_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    with pytest.raises(PgpMissingError, match=r"\(pgp: pgp_aep\).*Debian.*RHEL.*conda.*brew.*Dockerfile"):
        Keyring(PgpKeys("pgp_aep"))
    assert list(tmp_path.iterdir()) == []


def test_secrets_are_not_shown() -> None:
    assert repr(PgpKeys("pgp", "secret", "private", "public")) == "PgpKeys(connection='pgp')"
