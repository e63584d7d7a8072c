"""Decryption for feeds that have it; the others pay for none of it."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from campaign_cdp.rows.decompress import Decrypt


def decryption_for(conn_id: str | None) -> AbstractContextManager[Decrypt | None]:
    """Return what decrypts with a connection's key, or nothing without a connection."""
    if conn_id is None:
        return nullcontext()
    from campaign_cdp.hooks.pgp.decryption import Decryption

    return Decryption(conn_id)
