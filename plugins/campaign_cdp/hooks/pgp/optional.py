"""PGP for feeds that have it; the others pay for none of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext

from campaign_cdp.rows.decompress import Decrypt

Encrypt = Callable[[Iterable[bytes]], Iterator[bytes]]


def decryption_for(conn_id: str | None) -> AbstractContextManager[Decrypt | None]:
    """Return what decrypts with a connection's key, or nothing without a connection."""
    if conn_id is None:
        return nullcontext()
    from campaign_cdp.hooks.pgp.decryption import Decryption

    return Decryption(conn_id)


def encryption_for(conn_id: str | None, *, own: bool = False) -> AbstractContextManager[Encrypt]:
    """Return what encrypts with a connection's key; without a connection nothing is done.

    :param own: so that :func:`decryption_for` can read it again, instead of AEP.
    """
    if conn_id is None:
        return nullcontext(iter)
    from campaign_cdp.hooks.pgp.encryption import Encryption

    return Encryption(conn_id, own=own)
