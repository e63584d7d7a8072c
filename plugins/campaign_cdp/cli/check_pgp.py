"""Examines a PGP connection: gpg is there, its keys can be used, and for how long."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from campaign_cdp.cli.checkup import Examination, Report
from campaign_cdp.feeds.directions import Feed
from campaign_cdp.feeds.event_feed import EventFeed
from campaign_cdp.feeds.model import AudienceFeed
from campaign_cdp.hooks.pgp.connection import pgp_keys
from campaign_cdp.hooks.pgp.decryption import Decryption
from campaign_cdp.hooks.pgp.encryption import Encryption
from campaign_cdp.hooks.pgp.keyring import Keyring

_PROBE: Final = b"probe"
_SOON: Final = timedelta(days=30)


def pgp_examination(conn_id: str, feeds: Sequence[Feed]) -> Examination:
    """Look at the keys with what their feeds need; they are in a keyring of their own that is gone afterwards.

    :param conn_id: Airflow connection.
    :param feeds: that name it.
    """

    def examine(report: Report) -> None:
        if any(isinstance(feed, AudienceFeed) for feed in feeds):
            with report.step("private key"):
                _private(report, conn_id)
        if any(isinstance(feed, EventFeed) for feed in feeds):
            with report.step("public key"):
                _public(report, conn_id)

    return Examination(conn_id, examine)


def _private(report: Report, conn_id: str) -> None:
    with Keyring(pgp_keys(conn_id)) as keyring:
        keyring.import_private()
        (key, *_) = keyring.gpg.list_keys()
        expires, owner = _expiry(key), key["fingerprint"]
        probe = keyring.gpg.encrypt(_PROBE, owner, always_trust=True, armor=False)
    if not probe.ok:
        report.warn(
            f"Key {owner[-16:]} decrypts what it was used for, but takes no new files{_since(expires)}. Make a new "
            f"key pair, give AEP its public half, and put the private one into the connection."
        )
        return
    with Decryption(conn_id) as decrypt:
        source = decrypt(io.BytesIO(probe.data))
        while source.read():
            pass
    report.ok(f"Key {owner[-16:]} decrypts a probe.")
    _say_expiry(report, expires)


def _public(report: Report, conn_id: str) -> None:
    with Encryption(conn_id) as encrypt:
        for _ in encrypt([_PROBE]):
            pass
    with Keyring(pgp_keys(conn_id)) as keyring:
        fingerprint = keyring.import_public()
        expires = _expiry(keyring.gpg.list_keys()[0])
    report.ok(f"A probe was encrypted for key {fingerprint[-16:]}.")
    _say_expiry(report, expires)


def _expiry(key: dict[str, Any]) -> datetime | None:
    """When nobody can encrypt for the key any more: the key itself or the last of its parts for that has expired."""
    parts = [part["expires"] for part in key["subkey_info"].values() if "e" in part["cap"].lower()]
    latest = [] if "" in parts else [max(parts, key=int)] if parts else []
    ends = [int(at) for at in [key["expires"], *latest] if at]
    return datetime.fromtimestamp(min(ends), UTC) if ends else None


def _since(expires: datetime | None) -> str:
    return f", because it expired on {expires:%Y-%m-%d}" if expires and expires < datetime.now(UTC) else ""


def _say_expiry(report: Report, expires: datetime | None) -> None:
    if expires and expires - datetime.now(UTC) < _SOON:
        report.warn(f"The key expires on {expires:%Y-%m-%d}. Exchange a new one with AEP before.")
