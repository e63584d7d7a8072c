"""What Airflow learns about this package through its provider entry point."""

from __future__ import annotations

from typing import Any

from campaign_cdp import __version__


def get_provider_info() -> dict[str, Any]:
    return {
        "package-name": "campaign-cdp",
        "name": "Campaign CDP",
        "description": "Audiences from Real-Time CDP into Adobe Campaign Classic, delivery events back.",
        "versions": [__version__],
    }
