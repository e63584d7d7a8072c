"""The connections of this process. Downloads have their own: a slow one must not keep others from looking."""

from __future__ import annotations

from typing import Final

from campaign_cdp.ops_page.database import LedgerConnections

ledgers: Final = LedgerConnections()
downloads: Final = LedgerConnections()
