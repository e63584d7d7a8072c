from __future__ import annotations

from tests.pgp import key_pair, other_pair, pgp_connection, temp

__all__ = ["key_pair", "other_pair", "pgp_connection", "temp"]
