"""The keys in an Airflow connection of type ``pgp``."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException

from campaign_cdp.exceptions import FeedConfigError

_BEGIN = "-----BEGIN PGP "


@dataclass(frozen=True, slots=True)
class PgpKeys:
    """What a connection holds.

    :param connection: its id.
    :param passphrase: of the private key; ``None`` if that is not protected.
    """

    connection: str
    passphrase: str | None = field(default=None, repr=False)
    private_key: str | None = field(default=None, repr=False)
    public_key: str | None = field(default=None, repr=False)

    def required(self, name: str) -> str:
        """Return ``private_key`` or ``public_key``.

        :raises FeedConfigError: if the connection has none.
        """
        key = getattr(self, name)
        if not key:
            raise FeedConfigError(
                f"Connection {self.connection!r} has no {name} in its extra. Nothing was read or written. Enter the "
                f"armoured key as {name}, with \\n for its line ends, under Admin > Connections; then clear the task."
            )
        return str(key)


def pgp_keys(conn_id: str) -> PgpKeys:
    """Read a connection.

    :raises FeedConfigError: if it does not exist.
    """
    try:
        connection = BaseHook.get_connection(conn_id)
    except AirflowNotFoundException as err:
        raise FeedConfigError(
            f"Airflow connection {conn_id!r} does not exist, so nothing can be encrypted or decrypted. Create it (type "
            "pgp), or correct pgp of the feed."
        ) from err
    extra = connection.extra_dejson
    return PgpKeys(
        conn_id, connection.password or None, _armoured(extra.get("private_key")), _armoured(extra.get("public_key"))
    )


def _armoured(key: object) -> str | None:
    """Forms often turn line ends into the two characters of their escape, and Adobe hands keys out in Base64."""
    if not key:
        return None
    text = str(key).replace("\\n", "\n")
    if _BEGIN in text:
        return text
    try:
        return base64.b64decode("".join(text.split()), validate=True).decode()
    except ValueError:
        return text
