"""A keyring of its own for each task, gone with its keys and its agent when the task is done or was killed."""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import socket
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import gnupg

from campaign_cdp.exceptions import FeedConfigError, PgpMissingError
from campaign_cdp.hooks.pgp.connection import PgpKeys

log = logging.getLogger(__name__)
# It reports keys as they are, lines of gpg's output, and broken pipes, which are the normal end of a refused message.
# A filter outlives any level that somebody asks for.
logging.getLogger("gnupg").addFilter(lambda _: False)

_PREFIX, _LOCK = "cdp-pgp-", "owner.lock"
#: A socket's path has at most 107 bytes, of which the home's name and the agent's socket take 40.
_LONGEST_PARENT = 60
_OPTIONS = ("--no-auto-key-retrieve", "--no-auto-key-locate", "--disable-dirmngr")
#: A key that lives as long as its task needs no slow protection on top of its passphrase, and is on no smart card.
_AGENT = "s2k-count 65536\ndisable-scdaemon\n"
#: Expired, revoked, disabled, invalid.
_UNUSABLE = frozenset("erdi")
_NO_QUESTIONS = ("--pinentry-mode", "error")


class Keyring:
    """A private GNUPGHOME. A context manager: leaving it stops its agent and removes it.

    :param keys: of the feed's connection; they are not imported yet.
    :raises PgpMissingError: if there is no ``gpg``.
    """

    def __init__(self, keys: PgpKeys) -> None:
        if not shutil.which("gpg"):
            raise missing("gpg", keys.connection)
        self.keys = keys
        remove_abandoned()
        self._home, self._lock = _new_home()
        try:
            self.gpg = gnupg.GPG(
                gnupghome=str(self._home), options=[*_OPTIONS, *(() if keys.passphrase else _NO_QUESTIONS)]
            )
        except BaseException:
            self.close()
            raise

    @property
    def passphrase(self) -> str | None:
        """The passphrase so that python-gnupg, which writes Latin-1, hands its UTF-8 bytes to gpg."""
        if self.keys.passphrase is None:
            return None
        if not self.gpg.is_valid_passphrase(self.keys.passphrase):
            raise FeedConfigError(
                f"The password of connection {self.keys.connection!r} holds a line end, so it cannot be a passphrase. "
                "Nothing was read. Correct it, then clear the task."
            )
        return self.keys.passphrase.encode().decode("latin-1")

    def import_private(self) -> None:
        """:raises FeedConfigError: if the connection holds no private key that gpg can read."""
        found = self.gpg.import_keys(self.keys.required("private_key").encode())
        if found.sec_read and not found.sec_imported:
            raise missing("gpg-agent", self.keys.connection)
        if not found.sec_imported:
            raise self._unusable("private_key", "it holds no private key")

    def import_own(self) -> str:
        """Import the connection's private keys; return the fingerprint of one that encrypts for itself.

        :raises FeedConfigError: if there is none.
        """
        self.import_private()
        keys = self.gpg.list_keys(secret=True)
        usable = [key["fingerprint"] for key in keys if key["trust"] not in _UNUSABLE]
        return str((usable or [keys[0]["fingerprint"]])[0])

    def import_public(self) -> str:
        """Return the fingerprint of the connection's only public key.

        :raises FeedConfigError: if there is none or several.
        """
        found = self.gpg.import_keys(self.keys.required("public_key").encode())
        if found.sec_read:
            raise self._unusable("public_key", "it is a private key, which must not leave its owner")
        fingerprints = set(found.fingerprints)
        if len(fingerprints) != 1:
            raise self._unusable("public_key", f"it holds {len(fingerprints)} keys, and has to hold one")
        return str(fingerprints.pop())

    def private_key_ids(self) -> list[str]:
        """Ids of the private keys that can decrypt; they are public."""
        keys = self.gpg.list_keys(secret=True)
        return sorted(subkey[0] for key in keys for subkey in key["subkeys"]) or sorted(key["keyid"] for key in keys)

    def _unusable(self, name: str, why: str) -> FeedConfigError:
        return FeedConfigError(
            f"{name} of connection {self.keys.connection!r} cannot be used: {why}. Nothing was read or written. Enter "
            "the whole armoured block, from -----BEGIN to END----- with its line ends, then clear the task."
        )

    def close(self) -> None:
        """Remove everything; doing it again is a no-op."""
        _remove(self._home)
        self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, err: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def missing(program: str, connection: str) -> PgpMissingError:
    return PgpMissingError(
        f"The program {program} is not installed on {socket.gethostname()}, but the feed's files are encrypted (pgp: "
        f"{connection}). Nothing was read or written. Install it on every worker: Debian and Ubuntu 'apt-get install "
        "gpg gpg-agent', RHEL 'dnf install gnupg2', conda 'conda install -c conda-forge gnupg', macOS 'brew install "
        "gnupg'; in a Dockerfile 'RUN apt-get update && apt-get install -y gpg gpg-agent' as USER root. Then clear the "
        "task."
    )


def remove_abandoned() -> None:
    """Remove homes whose tasks were killed: the lock of a living one is held."""
    for home in _parent().glob(f"{_PREFIX}*"):
        with suppress(OSError), (home / _LOCK).open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if home.stat().st_uid == os.getuid():
                _remove(home)


def _parent() -> Path:
    parent = Path(tempfile.gettempdir())
    return parent if len(str(parent)) <= _LONGEST_PARENT else Path("/tmp")  # noqa: S108 - mkdtemp makes it private  # nosec B108


def _new_home() -> tuple[Path, IO[bytes]]:
    """It gets its final name when it is locked, so that nobody takes it for abandoned."""
    fresh = Path(tempfile.mkdtemp(prefix=f"new-{_PREFIX}", dir=_parent()))
    (fresh / "gpg-agent.conf").write_text(_AGENT, encoding="ascii")
    lock = (fresh / _LOCK).open("wb")
    fcntl.flock(lock, fcntl.LOCK_EX)
    return fresh.rename(fresh.with_name(fresh.name.removeprefix("new-"))), lock


def _remove(home: Path) -> None:
    if not home.exists():
        return
    for command in (("--kill", "gpg-agent"), ("--remove-socketdir",)):
        # Without gpgconf the agent ends by itself, once it finds its socket gone.
        with suppress(OSError):
            end = ["gpgconf", "--homedir", str(home), *command]
            subprocess.run(end, capture_output=True, check=False)  # noqa: S603 - nothing in it comes from outside
    for _ in range(3):  # the agent removes its sockets at the same time
        shutil.rmtree(home, ignore_errors=True)
        if not home.exists():
            return
    log.warning("Cannot remove %s, which holds a private key. Remove it by hand.", home)
