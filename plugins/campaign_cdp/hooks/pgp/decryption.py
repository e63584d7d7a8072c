"""Decrypts parts of a feed. What is handed out is not to be trusted before its end was reached."""

from __future__ import annotations

from types import TracebackType
from typing import Final, Self

from campaign_cdp.exceptions import AccessDeniedError, DecompressionLimitError, FileFormatError, PgpError
from campaign_cdp.hooks.pgp.connection import pgp_keys
from campaign_cdp.hooks.pgp.keyring import Keyring
from campaign_cdp.hooks.pgp.stream import GpgStream, Transcript
from campaign_cdp.rows.stored import Readable

#: Signatures are not asked for: AEP makes none, and an unknown signer is no reason to refuse.
_ARGS: Final = ["--skip-verify"]
_BAD_PASSPHRASE, _NO_PINENTRY, _CANCELED = 11, 85, 99
_LOCKED: Final = frozenset({_BAD_PASSPHRASE, _NO_PINENTRY, _CANCELED})
_MOST_DRAINED: Final = 1_000_000_000


class Decryption:
    """Decrypts with the private key of an Airflow connection; gpg starts with the first encrypted part.

    A context manager: leaving it removes the keys. If a part cannot be read, and it was tampered with, that is raised
    instead: what is wrong with forged content does not matter.

    :param conn_id: Airflow connection of type ``pgp``.
    """

    def __init__(self, conn_id: str) -> None:
        self._conn_id = conn_id
        self._keyring: Keyring | None = None
        self._stream: GpgStream | None = None

    def __call__(self, source: Readable) -> Readable:
        """Return the decrypted source.

        :raises PgpMissingError: if there is no ``gpg``.
        :raises FeedConfigError: if the connection has no usable private key.
        """
        self.close()
        self._keyring = keyring = Keyring(pgp_keys(self._conn_id))
        keyring.import_private()
        passphrase = keyring.passphrase
        self._stream = GpgStream(
            keyring.gpg,
            source,
            lambda feed: keyring.gpg.decrypt_file(feed, passphrase=passphrase, extra_args=_ARGS),
            lambda said: _judge(said, keyring),
        )
        return self._stream

    def close(self) -> None:
        """Stop gpg and remove the keys; doing it again is a no-op."""
        try:
            if self._stream:
                self._stream.close()
        finally:
            if self._keyring:
                self._keyring.close()
            self._stream = self._keyring = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, err: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._stream and isinstance(err, FileFormatError) and not isinstance(err, DecompressionLimitError):
                _drain(self._stream)
        finally:
            self.close()


def _drain(stream: GpgStream) -> None:
    left = _MOST_DRAINED
    while left > 0 and (data := stream.read()):
        left -= len(data)


def _judge(said: Transcript, keyring: Keyring) -> None:
    """Good is only what gpg decrypted, found whole, and had nothing to add to."""
    if said.returncode == 0 and said.has("DECRYPTION_OKAY") and said.has("GOODMDC"):
        return
    ids, connection = said.values("ENC_TO"), keyring.keys.connection
    if _is_locked(said):
        raise AccessDeniedError(
            f"The private key of connection {connection!r} does not open with its passphrase. Nothing was loaded, and "
            "the file set is not quarantined. Correct the connection's password, then clear the task."
        )
    if said.has("NO_SECKEY") and not said.has("DECRYPTION_KEY"):
        wanted, own = ", ".join(map(_key_id, ids)), ", ".join(keyring.private_key_ids())
        raise PgpError(
            f"The part is encrypted for key {wanted}, connection {connection!r} has {own}. Nothing was loaded. Give "
            "AEP's destination the public key of that connection, or correct the connection; then export again."
        )
    raise PgpError(f"{_problem(said)} Nothing was loaded; plaintext was not kept. Have it exported again.")


def _key_id(recipient: str) -> str:
    """The id in an ``ENC_TO`` status; a sender may hide it."""
    id_ = recipient.split()[0]
    return id_ if id_.strip("0") else "(hidden)"


def _is_locked(said: Transcript) -> bool:
    """gpg's error codes, without the part that says which program raised them."""
    failures = [value.split()[-1] for value in said.values("ERROR") if value.startswith("pkdecrypt_failed")]
    return not said.has("DECRYPTION_KEY") and any(int(code) & 0xFFFF in _LOCKED for code in failures if code.isdigit())


def _problem(said: Transcript) -> str:
    if said.has("NEED_PASSPHRASE_SYM") and not said.has("ENC_TO"):
        return "The part is encrypted with a passphrase, not for a key."
    if not said.has("BEGIN_DECRYPTION"):
        return "The part is a PGP file, but not an encrypted one."
    if not said.has("DECRYPTION_KEY"):
        return "The part's encryption is damaged: its session key cannot be read."
    if (said.values("DECRYPTION_INFO") or [""])[0].startswith("0 ") and not said.has("BADMDC"):
        return "The part's encryption has no integrity check, so anybody could have changed it."
    return "The part was changed after it was encrypted, or was cut off: its integrity check fails."
