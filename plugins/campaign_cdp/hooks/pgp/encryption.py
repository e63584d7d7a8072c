"""Encrypts files of a feed for one public key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Final, Self

from campaign_cdp.exceptions import FeedConfigError
from campaign_cdp.hooks.pgp.connection import pgp_keys
from campaign_cdp.hooks.pgp.keyring import Keyring
from campaign_cdp.hooks.pgp.stream import GpgStream, Transcript

#: For nobody else, whatever gpg's own settings say; and not compressed, which the feed decides.
_ARGS: Final = ["--no-encrypt-to", "--compress-algo", "none"]
_REASONS: Final = {"3": "it cannot encrypt", "4": "it was revoked", "5": "it has expired", "13": "it is disabled"}


class Encryption:
    """Encrypts with the public key of an Airflow connection. A context manager: leaving it removes the keyring, and
    lets nothing of a file that was given up be read any more.

    :param conn_id: Airflow connection of type ``pgp``.
    :param own: for the owner of the connection's private key instead, to read it again later.
    :raises PgpMissingError: if there is no ``gpg``.
    :raises FeedConfigError: if the connection has no usable public key.
    """

    def __init__(self, conn_id: str, *, own: bool = False) -> None:
        self._stream: GpgStream | None = None
        self._keyring = Keyring(pgp_keys(conn_id))
        try:
            self._fingerprint = self._keyring.import_own() if own else self._keyring.import_public()
        except BaseException:
            self._keyring.close()
            raise

    def __call__(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Yield ``chunks`` encrypted, in constant memory. One file at a time: they are read in another thread.

        :raises FeedConfigError: if the key cannot encrypt; nothing was yielded then.
        """
        gpg = self._keyring.gpg
        self._stream = stream = GpgStream(
            gpg,
            _Chunks(chunks),
            lambda feed: gpg.encrypt_file(feed, [self._fingerprint], always_trust=True, armor=False, extra_args=_ARGS),
            self._judge,
        )
        while data := stream.read():
            yield data
        stream.close()

    def _judge(self, said: Transcript) -> None:
        if said.returncode == 0 and said.has("END_ENCRYPTION") and not said.has("INV_RECP"):
            return
        codes = [value.split()[0] for value in said.values("INV_RECP")]
        why = _REASONS.get(codes[0] if codes else "", "gpg does not take it for encryption")
        if said.has("KEYEXPIRED"):
            why = _REASONS["5"]
        raise FeedConfigError(
            f"The public key {self._fingerprint[-16:]} of connection {self._keyring.keys.connection!r} cannot be used: "
            f"{why}. Nothing was published. Enter AEP's current public key there, then clear the task."
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, err: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._stream:
                self._stream.close()
        finally:
            self._keyring.close()


class _Chunks:
    """An iterator of bytes as a source; an empty chunk is not its end."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)

    def read(self, size: int = 0) -> bytes:
        return next(filter(None, self._chunks), b"")
