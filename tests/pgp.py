"""Key pairs and encrypted bytes for tests of every layer."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from campaign_cdp.sandbox.pgp import PgpKeyPair

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
