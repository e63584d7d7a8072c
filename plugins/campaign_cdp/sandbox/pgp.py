"""A PGP key pair for the sandbox, and what AEP does with its halves."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import gnupg

from campaign_cdp.exceptions import SandboxError

Algorithm = Literal["rsa", "curve25519"]
_ALGORITHMS: dict[Algorithm, dict[str, str | int]] = {
    "rsa": {"key_type": "RSA", "key_length": 2048, "subkey_type": "RSA", "subkey_length": 2048},
    "curve25519": {"key_type": "EDDSA", "key_curve": "ed25519", "subkey_type": "ECDH", "subkey_curve": "cv25519"},
}
_EXPIRED = {"creation_date": "20200101T120000", "expire_date": "20200102T120000"}
_NAMES = ("public.asc", "private.asc", "passphrase")


@dataclass(frozen=True, slots=True)
class PgpKeyPair:
    """Both halves, armoured.

    :param passphrase: of the private key; empty if it has none.
    """

    public_key: str
    private_key: str = field(repr=False)
    passphrase: str = field(default="", repr=False)

    def connections(self, conn_id: str = "pgp") -> dict[str, str]:
        """Return the Airflow connection as an environment variable."""
        extra = {"private_key": self.private_key, "public_key": self.public_key}
        connection = {"conn_type": "pgp", "password": self.passphrase, "extra": extra}
        return {f"AIRFLOW_CONN_{conn_id.upper()}": json.dumps(connection)}

    def encrypt(self, plain: Path, target: Path, *, armoured: bool = False) -> None:
        """Encrypt a file for the public key.

        :raises SandboxError: if gpg does not.
        """
        with _home() as gpg:
            fingerprint = gpg.import_keys(self.public_key).fingerprints[0]
            done = gpg.encrypt_file(str(plain), fingerprint, always_trust=True, armor=armoured, output=str(target))
        if not done.ok:
            raise SandboxError(f"gpg did not encrypt {plain.name}: {done.status}.")

    def decrypt(self, encrypted: Path, target: Path) -> None:
        """Decrypt a file with the private key.

        :raises SandboxError: if gpg does not.
        """
        with _home() as gpg:
            gpg.import_keys(self.private_key)
            done = gpg.decrypt_file(str(encrypted), passphrase=self.passphrase or None, output=str(target))
        if not done.ok:
            target.unlink(missing_ok=True)
            raise SandboxError(f"gpg did not decrypt {encrypted.name}: {done.status}.")


def new_key_pair(passphrase: str = "", *, algorithm: Algorithm = "rsa", expired: bool = False) -> PgpKeyPair:
    """Make a key that encrypts and decrypts.

    :param expired: make one that was valid for a day of 2020.
    :raises SandboxError: if gpg is missing or fails.
    """
    protection: dict[str, str | bool] = {"passphrase": passphrase} if passphrase else {"no_protection": True}
    with _home() as gpg:
        wanted = gpg.gen_key_input(
            **_ALGORITHMS[algorithm],
            **protection,
            subkey_usage="encrypt",
            name_real="Campaign CDP sandbox",
            name_email="sandbox@example.com",
            **(_EXPIRED if expired else {"expire_date": "0"}),
        )
        made = gpg.gen_key(wanted)
        if not made.fingerprint:
            raise SandboxError(f"gpg made no key: {made.status}.")
        secret = {"passphrase": passphrase} if passphrase else {"expect_passphrase": False}
        return PgpKeyPair(
            gpg.export_keys(made.fingerprint), gpg.export_keys(made.fingerprint, True, **secret), passphrase
        )


def kept_connections(folder: Path) -> dict[str, str]:
    """Return the Airflow connection ``pgp`` of the key pair kept in ``folder``; none if none was made."""
    return key_pair_in(folder).connections() if (folder / _NAMES[-1]).exists() else {}


def key_pair_in(folder: Path) -> PgpKeyPair:
    """Return the key pair kept in ``folder``, made if need be."""
    public, private, passphrase = (folder / name for name in _NAMES)
    if not passphrase.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        made = new_key_pair()
        public.write_text(made.public_key, encoding="utf-8")
        private.touch(mode=0o600)
        private.write_text(made.private_key, encoding="utf-8")
        passphrase.touch(mode=0o600)
        passphrase.write_text(made.passphrase, encoding="utf-8")
    return PgpKeyPair(*(path.read_text(encoding="utf-8") for path in (public, private, passphrase)))


@contextmanager
def _home() -> Iterator[gnupg.GPG]:
    if not shutil.which("gpg"):
        raise SandboxError("The program gpg is not installed, so nothing can be encrypted. Debian: apt-get install gpg")
    home = tempfile.mkdtemp(prefix="cdp-gpg-")
    # A sample key need not be slow to open.
    (Path(home) / "gpg-agent.conf").write_text("s2k-count 65536\ndisable-scdaemon\n", encoding="ascii")
    try:
        yield gnupg.GPG(gnupghome=home, encoding="utf-8")
    finally:
        for end in (["--kill", "gpg-agent"], ["--remove-socketdir"]):
            subprocess.run(["gpgconf", "--homedir", home, *end], check=False, capture_output=True)  # noqa: S607
        shutil.rmtree(home, ignore_errors=True)
