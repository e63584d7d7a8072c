"""``python -m campaign_cdp`` is ``cdp``."""

from __future__ import annotations

from campaign_cdp.cli.main import cdp

if __name__ == "__main__":
    cdp()
